import type { InstanceEntry } from "./instance.ts";

/**
 * Where instances register. One entry per instance and ring; an entry is a lease that its owner
 * renews by writing it with a new heartbeat. All methods raise `unavailable` when the store cannot
 * be reached.
 */
export interface RingStore {
  /** All entries of `ring`. */
  read(ring: string): Promise<InstanceEntry[]>;
  /**
   * Writes the entry of one instance; returns the one that it replaces. With `announce`, watchers
   * are told at once.
   */
  write(ring: string, entry: InstanceEntry, announce: boolean): Promise<InstanceEntry | undefined>;
  /** Removes the entry of `id` unless its heartbeat is newer; true if it was removed. */
  remove(ring: string, id: string, heartbeatAtMost: number): Promise<boolean>;
  /** Calls `onChange` soon after an announced change, as far as the store can tell. */
  watch(ring: string, onChange: () => void): () => void;
}

/** A ring store within one process. Several parts that share it see each other. */
export class MemoryRingStore implements RingStore {
  readonly #rings = new Map<string, Map<string, InstanceEntry>>();
  readonly #watchers = new Map<string, Set<() => void>>();

  read(ring: string): Promise<InstanceEntry[]> {
    return Promise.resolve([...this.#entries(ring).values()]);
  }

  write(ring: string, entry: InstanceEntry, announce: boolean): Promise<InstanceEntry | undefined> {
    const entries = this.#entries(ring);
    const before = entries.get(entry.id);
    entries.set(entry.id, entry);
    if (announce) this.#announce(ring);
    return Promise.resolve(before);
  }

  remove(ring: string, id: string, heartbeatAtMost: number): Promise<boolean> {
    const entries = this.#entries(ring);
    const entry = entries.get(id);
    if (!entry || entry.heartbeat > heartbeatAtMost) return Promise.resolve(false);
    entries.delete(id);
    this.#announce(ring);
    return Promise.resolve(true);
  }

  watch(ring: string, onChange: () => void): () => void {
    let watchers = this.#watchers.get(ring);
    if (!watchers) {
      watchers = new Set();
      this.#watchers.set(ring, watchers);
    }
    watchers.add(onChange);
    return () => void this.#watchers.get(ring)?.delete(onChange);
  }

  #entries(ring: string): Map<string, InstanceEntry> {
    let entries = this.#rings.get(ring);
    if (!entries) {
      entries = new Map();
      this.#rings.set(ring, entries);
    }
    return entries;
  }

  #announce(ring: string): void {
    for (const watcher of [...(this.#watchers.get(ring) ?? [])]) watcher();
  }
}
