import type { InstanceEntry } from "./instance.ts";

/** An instance and what is known of its lease. */
export interface Member {
  readonly entry: InstanceEntry;
  /** Ms since its heartbeat was last seen to move, in time during which the store was reachable. */
  readonly ageMs: number;
  /** Its lease holds. */
  readonly alive: boolean;
}

interface Known {
  entry: InstanceEntry;
  /** Monotonic time of the last progress. */
  progressAt: number;
  /** Monotonic time since which the store does not have it; NaN while it does. */
  missingSince: number;
}

/** Times in ms. */
export interface LeaseOptions {
  /** A lease without progress for longer has run out. */
  readonly timeoutMs: number;
  /** Longer between two reads than this, and the store was out of reach. */
  readonly outageMs: number;
}

/**
 * Who is in a ring, by what the store said over time. Leases are measured on this process's own
 * monotonic clock, by whether heartbeats move; so neither a clock that is wrong elsewhere nor a
 * store that was down makes a live instance look dead:
 *
 * - time during which the store was out of reach does not count;
 * - an entry that vanishes (a store that came back empty) is kept for as long as a lease, in which
 *   its owner registers again. Only LEFT is final.
 */
export class Members {
  readonly #options: LeaseOptions;
  readonly #known = new Map<string, Known>();
  #readAt = Number.NaN;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /**
   * Takes in what the store holds.
   * @param monotonic now, on the clock that leases are measured with.
   * @param wall now, ms since the epoch; used only for entries not seen before.
   */
  update(entries: readonly InstanceEntry[], monotonic: number, wall: number): void {
    this.#forgiveOutage(monotonic);
    this.#readAt = monotonic;
    const missing = new Set(this.#known.keys());
    for (const entry of entries) {
      missing.delete(entry.id);
      const known = this.#known.get(entry.id);
      if (!known) {
        const age = Math.max(0, wall - entry.heartbeat);
        const progressAt = monotonic - age;
        this.#known.set(entry.id, { entry, progressAt, missingSince: Number.NaN });
        continue;
      }
      const moved =
        entry.heartbeat !== known.entry.heartbeat ||
        entry.incarnation !== known.entry.incarnation ||
        entry.state !== known.entry.state;
      if (moved) known.progressAt = monotonic;
      known.entry = entry;
      known.missingSince = Number.NaN;
    }
    for (const id of missing) this.#missing(id, monotonic);
  }

  /** The entry of `id`, if it is known. */
  get(id: string): InstanceEntry | undefined {
    return this.#known.get(id)?.entry;
  }

  /** All that are known, sorted by id. */
  list(): Member[] {
    const members: Member[] = [];
    for (const { entry, progressAt } of this.#known.values()) {
      const ageMs = this.#readAt - progressAt;
      members.push({ entry, ageMs, alive: ageMs <= this.#options.timeoutMs });
    }
    return members.sort((a, b) => (a.entry.id < b.entry.id ? -1 : 1));
  }

  #forgiveOutage(monotonic: number): void {
    const gap = monotonic - this.#readAt;
    if (!(gap > this.#options.outageMs)) return;
    for (const known of this.#known.values()) {
      known.progressAt += gap;
      known.missingSince += gap;
    }
  }

  #missing(id: string, monotonic: number): void {
    const known = this.#known.get(id) as Known;
    if (Number.isNaN(known.missingSince)) known.missingSince = monotonic;
    const goneFor = monotonic - known.missingSince;
    if (known.entry.state === "LEFT" || goneFor >= this.#options.timeoutMs) this.#known.delete(id);
  }
}
