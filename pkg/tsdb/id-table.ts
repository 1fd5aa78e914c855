/** Slots of a new table; a bucket with more than the most is split in two rather than doubled. */
const FIRST_SLOTS = 16;
const BUCKET_SLOTS_MAX = 4096;
/** Beyond so many buckets, which 2^32 entries would not fill evenly, they double after all. */
const DEPTH_MAX = 20;
const NONE = -1;

/**
 * Hash table of numbers, whose keys are kept elsewhere: who searches compares them. Slots are in
 * buckets, which the highest bits of the hash choose (extendible hashing): a table that grows splits one
 * small bucket at a time, some 50 µs of work, so nobody ever waits for the whole to be rebuilt. Within a
 * bucket: linear probing, at most two thirds full.
 *
 *     const slots = table.slotsOf(hash);
 *     for (let at = hash & (slots.length - 1); slots[at]! >= 0; at = (at + 1) & (slots.length - 1)) …
 */
export class IdTable {
  readonly #hashOf: (id: number) => number;
  /** `2 ** depth` buckets, some of them under several numbers. */
  #directory: Bucket[] = [new Bucket(0, FIRST_SLOTS)];
  /** Leading bits of the hash that are the place in the directory. */
  #depth = 0;
  count = 0;

  /** @param hashOf the hash of an entry, an integer of 32 bits, all of them well spread. */
  constructor(hashOf: (id: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The slots in which entries of this hash are; -1 ends a search. Borrowed until `add`. */
  slotsOf(hash: number): Int32Array {
    return this.#bucketOf(hash).slots;
  }

  /** Adds an entry that is not there, whose hash can be asked for already. */
  add(id: number): void {
    const hash = this.#hashOf(id);
    let bucket = this.#bucketOf(hash);
    while ((bucket.count + 1) * 3 > bucket.slots.length * 2) {
      this.#grow(bucket);
      bucket = this.#bucketOf(hash);
    }
    place(bucket, id, hash);
    this.count++;
  }

  /** Removes an entry that is there; those behind it move up, so that searches find them. */
  remove(id: number): void {
    const hash = this.#hashOf(id);
    const bucket = this.#bucketOf(hash);
    const { slots } = bucket;
    const mask = slots.length - 1;
    let hole = hash & mask;
    while (slots[hole] !== id) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[at]! >= 0; at = (at + 1) & mask) {
      const home = this.#hashOf(slots[at]!) & mask;
      // It may move if its home is not between the hole and itself.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = slots[at]!;
      hole = at;
    }
    slots[hole] = NONE;
    bucket.count--;
    this.count--;
  }

  get bytesReserved(): number {
    let bytes = 0;
    for (const bucket of new Set(this.#directory)) bytes += bucket.slots.byteLength;
    return bytes;
  }

  #bucketOf(hash: number): Bucket {
    return this.#directory[this.#depth === 0 ? 0 : hash >>> (32 - this.#depth)]!;
  }

  /** Doubles a small bucket, splits a large one. */
  #grow(bucket: Bucket): void {
    const { slots } = bucket;
    if (slots.length < BUCKET_SLOTS_MAX || bucket.depth === DEPTH_MAX) {
      bucket.reset(slots.length * 2);
      for (const id of slots) if (id >= 0) place(bucket, id, this.#hashOf(id));
      return;
    }
    if (bucket.depth === this.#depth) {
      this.#directory = this.#directory.flatMap((one) => [one, one]);
      this.#depth++;
    }
    const depth = bucket.depth + 1;
    const low = new Bucket(depth, BUCKET_SLOTS_MAX);
    const high = new Bucket(depth, BUCKET_SLOTS_MAX);
    for (const id of slots) {
      if (id < 0) continue;
      const hash = this.#hashOf(id);
      place(((hash >>> (32 - depth)) & 1) === 0 ? low : high, id, hash);
    }
    for (const [i, one] of this.#directory.entries()) {
      if (one !== bucket) continue;
      this.#directory[i] = ((i >>> (this.#depth - depth)) & 1) === 0 ? low : high;
    }
  }
}

function place(bucket: Bucket, id: number, hash: number): void {
  const { slots } = bucket;
  const mask = slots.length - 1;
  let at = hash & mask;
  while (slots[at]! >= 0) at = (at + 1) & mask;
  slots[at] = id;
  bucket.count++;
}

/** Slots of the entries whose hashes begin with the same `depth` bits. */
class Bucket {
  readonly depth: number;
  slots: Int32Array;
  count = 0;

  constructor(depth: number, slots: number) {
    this.depth = depth;
    this.slots = new Int32Array(slots).fill(NONE);
  }

  /** Empties the bucket. */
  reset(slots: number): void {
    this.slots = new Int32Array(slots).fill(NONE);
    this.count = 0;
  }
}
