import { yieldNow } from "#pkg/async/mod.ts";
import {
  EXEMPLAR_LABEL_CHARS_MAX,
  type Exemplar,
  type ExemplarParams,
  exemplarLabelChars,
  type SeriesExemplars,
} from "#pkg/exemplar/mod.ts";
import { compareLabels, type Labels, labelValue, type Matcher } from "#pkg/labels/mod.ts";
import { canonicalLabelBytes, decodeLabels } from "#pkg/remotewrite/mod.ts";

/** Outcome of one exemplar. */
export type ExemplarStatus = "added" | "duplicate" | "outOfOrder" | "labelsTooLong";

/** A series that has exemplars: a list of slots in ascending order, its oldest first. */
interface Owner {
  readonly labels: Labels;
  /** Number in the head; -1 when the series has left it. */
  ref: number;
  oldest: number;
  newest: number;
}

/** Where the arrays start; they double up to the limit. */
const SLOTS_FIRST = 64;
const SERIES_PER_SLICE = 1024;
const NONE = -1;

/**
 * The newest exemplars of a tenant, up to a limit: a ring in which the next one takes the place of
 * the oldest. Without a limit nothing is kept, and no memory taken.
 *
 *     slot i: time, value, labels (canonical label bytes, a character each), its series, and the
 *             next slot of the same series
 *
 * A series is found by its number in the head, as long as it is there. One that leaves keeps its
 * exemplars under its labels, and gets them back with another number: numbers are used again, and an
 * exemplar is never another series'. Exemplars are numbered as they come; the WAL goes by that.
 *
 * Rules: Prometheus tsdb/exemplar.go, without a window for late ones.
 */
export class HeadExemplars {
  #limit: number;
  #times = new Float64Array(0);
  #values = new Float64Array(0);
  #next = new Int32Array(0);
  #labels: string[] = [];
  #owners: Owner[] = [];
  /** The slot of the oldest; not 0 only where the ring is full. */
  #start = 0;
  #length = 0;
  readonly #byRef = new Map<number, Owner>();
  /** Series that have left the head, by their labels. */
  readonly #left = new Map<string, Owner>();
  /** Number of the next exemplar. */
  nextSequence = 0;
  /** Exemplars that were ever added. */
  appended = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  get length(): number {
    return this.#length;
  }

  /** Series that have exemplars. */
  get seriesCount(): number {
    return this.#byRef.size + this.#left.size;
  }

  /** Time of the one that goes next, ms; 0 where there is none. */
  get oldestTime(): number {
    return this.#length === 0 ? 0 : this.#times[this.#start]!;
  }

  /** Changes how many are kept; the oldest go where there are more. */
  resize(limit: number): void {
    if (limit === this.#limit) return;
    const kept = Math.min(limit, this.#length);
    while (this.#length > kept) this.#evict();
    this.#limit = limit;
    this.#move(kept);
  }

  /** Adds an exemplar of series `ref`, whose labels are `labelsOf()`, if it may be. */
  add(ref: number, labelsOf: () => Labels, exemplar: Exemplar): ExemplarStatus {
    if (exemplarLabelChars(exemplar.labels) > EXEMPLAR_LABEL_CHARS_MAX) return "labelsTooLong";
    const text = textOf(exemplar.labels);
    const owner = this.#find(ref, labelsOf);
    if (owner !== undefined) {
      const order = this.#compareNewest(owner, exemplar, text);
      if (order <= 0) return order === 0 ? "duplicate" : "outOfOrder";
    }
    if (this.#length === this.#limit) this.#evict();
    else if (this.#length === this.#times.length) {
      this.#move(Math.min(this.#limit, Math.max(SLOTS_FIRST, 2 * this.#length)));
    }
    // What went may have been the last of this very series.
    const at = owner !== undefined && owner.oldest !== NONE ? owner : this.#own(ref, labelsOf());
    this.#put(at, exemplar, text);
    this.nextSequence++;
    this.appended++;
    return "added";
  }

  /** Negative where the exemplar stands before the newest of its series, 0 where it is that one. */
  #compareNewest({ newest }: Owner, { timestamp, value }: Exemplar, text: string): number {
    if (timestamp !== this.#times[newest]) return timestamp - this.#times[newest]!;
    const known = this.#values[newest]!;
    if (value < known) return -1;
    if (value > known) return 1;
    const order = Number(Number.isNaN(known)) - Number(Number.isNaN(value));
    if (order !== 0) return order;
    const labels = this.#labels[newest]!;
    return text === labels ? 0 : text < labels ? -1 : 1;
  }

  #find(ref: number, labelsOf: () => Labels): Owner | undefined {
    const known = this.#byRef.get(ref);
    if (known !== undefined || this.#left.size === 0) return known;
    const key = JSON.stringify(labelsOf());
    const owner = this.#left.get(key);
    if (owner === undefined || ref < 0) return owner;
    this.#left.delete(key);
    owner.ref = ref;
    this.#byRef.set(ref, owner);
    return owner;
  }

  #own(ref: number, labels: Labels): Owner {
    const owner = { labels, ref, oldest: NONE, newest: NONE };
    if (ref >= 0) this.#byRef.set(ref, owner);
    else this.#left.set(JSON.stringify(labels), owner);
    return owner;
  }

  #put(owner: Owner, { timestamp, value }: Exemplar, text: string): void {
    const slot = (this.#start + this.#length++) % this.#times.length;
    this.#times[slot] = timestamp;
    this.#values[slot] = value;
    this.#labels[slot] = text;
    this.#owners[slot] = owner;
    this.#next[slot] = NONE;
    if (owner.oldest === NONE) owner.oldest = slot;
    else this.#next[owner.newest] = slot;
    owner.newest = slot;
  }

  /** Drops the oldest, which is the oldest of its series too. */
  #evict(): void {
    const slot = this.#start;
    const owner = this.#owners[slot]!;
    owner.oldest = this.#next[slot]!;
    this.#start = (slot + 1) % this.#times.length;
    this.#length--;
    if (owner.oldest !== NONE) return;
    owner.newest = NONE;
    if (owner.ref >= 0) this.#byRef.delete(owner.ref);
    else this.#left.delete(JSON.stringify(owner.labels));
  }

  /** Moves all to arrays of `capacity` slots, which hold them, the oldest first. */
  #move(capacity: number): void {
    const { length } = this;
    const slots = Array.from({ length }, (_, i) => (this.#start + i) % this.#times.length);
    const [times, values, labels, owners] = [this.#times, this.#values, this.#labels, this.#owners];
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#labels = [];
    this.#owners = [];
    this.#start = 0;
    this.#length = 0;
    for (const slot of slots) owners[slot]!.oldest = owners[slot]!.newest = NONE;
    for (const slot of slots) {
      const one = { timestamp: times[slot]!, value: values[slot]!, labels: [] };
      this.#put(owners[slot]!, one, labels[slot]!);
    }
  }

  /** Series `ref` leaves the head: its number may become another series'. */
  leave(ref: number): void {
    const owner = this.#byRef.get(ref);
    if (owner === undefined) return;
    this.#byRef.delete(ref);
    owner.ref = NONE;
    this.#left.set(JSON.stringify(owner.labels), owner);
  }

  /**
   * Puts back exemplar number `sequence` of a log, unless it is here already. `labelsOf` is undefined
   * where the series is not known; `ref` is -1 where it has left the head.
   */
  restore(
    sequence: number,
    ref: number,
    labelsOf: (() => Labels) | undefined,
    exemplar: Exemplar,
  ): void {
    if (sequence < this.nextSequence) return;
    this.nextSequence = sequence;
    if (this.#limit > 0 && labelsOf !== undefined) this.add(ref, labelsOf, exemplar);
    this.nextSequence = sequence + 1;
  }

  /** The exemplars with numbers `[from, to)` that are still here, in order. */
  visit(
    from: number,
    to: number,
    each: (
      sequence: number,
      series: { readonly ref: number; readonly labels: Labels },
      exemplar: { labelBytes: Uint8Array; value: number; timestamp: number },
    ) => void,
  ): void {
    const first = this.nextSequence - this.#length;
    for (let sequence = Math.max(from, first); sequence < to; sequence++) {
      const slot = (this.#start + sequence - first) % this.#times.length;
      const labelBytes = Buffer.from(this.#labels[slot]!, "latin1");
      const [value, timestamp] = [this.#values[slot]!, this.#times[slot]!];
      each(sequence, this.#owners[slot]!, { labelBytes, value, timestamp });
    }
  }

  /** The exemplars that are asked for, sorted by series; owned. */
  async select(params: ExemplarParams, signal: AbortSignal): Promise<readonly SeriesExemplars[]> {
    const out: SeriesExemplars[] = [];
    const all = [...this.#byRef.values(), ...this.#left.values()];
    for (const [i, owner] of all.entries()) {
      if (i % SERIES_PER_SLICE === SERIES_PER_SLICE - 1) {
        await yieldNow();
        signal.throwIfAborted();
      }
      // It may have lost its last one during a pause.
      if (owner.oldest === NONE || !matchesOne(owner.labels, params.matcherSets)) continue;
      const exemplars = this.#within(owner, params.mint, params.maxt);
      if (exemplars.length > 0) out.push({ labels: owner.labels, exemplars });
    }
    return out.sort((a, b) => compareLabels(a.labels, b.labels));
  }

  #within({ oldest }: Owner, mint: number, maxt: number): Exemplar[] {
    const out: Exemplar[] = [];
    for (let slot = oldest; slot !== NONE; slot = this.#next[slot]!) {
      const timestamp = this.#times[slot]!;
      if (timestamp > maxt) break;
      if (timestamp < mint) continue;
      const bytes = Buffer.from(this.#labels[slot]!, "latin1");
      const { labels } = decodeLabels(bytes, 0, bytes.length);
      out.push({ labels, value: this.#values[slot]!, timestamp });
    }
    return out;
  }
}

/** A string whose characters are the canonical label bytes: compact, and in their order. */
function textOf(labels: Labels): string {
  return Buffer.from(canonicalLabelBytes(labels)).toString("latin1");
}

function matchesOne(labels: Labels, sets: readonly (readonly Matcher[])[]): boolean {
  return sets.some((matchers) => matchers.every((m) => m.matches(labelValue(labels, m.name))));
}
