// Hot path: `find` for every series of every request; about 10 ns, 0 B.

/** Slots of the table at first; it doubles up to the limit. */
const FIRST_CAPACITY = 1024;

/**
 * Which slot of the ring a series belongs to, by the 64-bit hash of its raw label bytes: a series
 * that is in here was parsed and found valid once. Two hashes that collide would only send a series
 * to another slot, which queries do not notice. At most `limit` entries per generation: when one is
 * full it becomes the old one, and what is asked for moves over.
 */
export class KnownSeries {
  readonly #limit: number;
  #young = new Table(FIRST_CAPACITY);
  #old = new Table(2);

  constructor(limit = 4_000_000) {
    this.#limit = limit;
  }

  /** The slot of the series, or -1. */
  find(lo: number, hi: number): number {
    const slot = this.#young.find(lo, hi);
    if (slot >= 0) return slot;
    const older = this.#old.find(lo, hi);
    if (older >= 0) this.add(lo, hi, older);
    return older;
  }

  add(lo: number, hi: number, slot: number): void {
    if (this.#young.count >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Table(FIRST_CAPACITY);
    }
    this.#young.add(lo, hi, slot);
  }

  /** Entries of both generations. */
  get count(): number {
    return this.#young.count + this.#old.count;
  }
}

/** Open addressing, at most half full; a slot of -1 marks a free place. */
class Table {
  count = 0;
  #lo: Int32Array;
  #hi: Int32Array;
  #slot: Int32Array;

  constructor(capacity: number) {
    this.#lo = new Int32Array(capacity);
    this.#hi = new Int32Array(capacity);
    this.#slot = new Int32Array(capacity).fill(-1);
  }

  find(lo: number, hi: number): number {
    const mask = this.#slot.length - 1;
    for (let at = lo & mask; ; at = (at + 1) & mask) {
      const slot = this.#slot[at]!;
      if (slot < 0 || (this.#lo[at] === lo && this.#hi[at] === hi)) return slot;
    }
  }

  add(lo: number, hi: number, slot: number): void {
    if (2 * (this.count + 1) > this.#slot.length) this.#grow();
    const mask = this.#slot.length - 1;
    let at = lo & mask;
    while (this.#slot[at]! >= 0) {
      if (this.#lo[at] === lo && this.#hi[at] === hi) return;
      at = (at + 1) & mask;
    }
    this.#lo[at] = lo;
    this.#hi[at] = hi;
    this.#slot[at] = slot;
    this.count++;
  }

  #grow(): void {
    const larger = new Table(this.#slot.length * 2);
    for (let at = 0; at < this.#slot.length; at++) {
      if (this.#slot[at]! >= 0) larger.add(this.#lo[at]!, this.#hi[at]!, this.#slot[at]!);
    }
    this.#lo = larger.#lo;
    this.#hi = larger.#hi;
    this.#slot = larger.#slot;
  }
}
