/** High half of the stale marker, the NaN `0x7ff0000000000002`. Source: Prometheus model/value. */
export const STALE_HI = 0x7ff00000;
/** Low half of the stale marker. */
export const STALE_LO = 0x00000002;

/**
 * Samples of one series as columns, owned by the caller and reused between series.
 *
 * Values keep their exact bits, stale markers (a signalling NaN) included, as long as they are
 * moved by `bits` or by typed-array copies; arithmetic and plain arrays may change the bits of a
 * NaN. `bits[2*i]` is the low and `bits[2*i+1]` the high half of `values[i]` (little endian).
 */
export class SampleColumns {
  /** Milliseconds since the epoch, ascending, unique. */
  timestamps: Float64Array;
  values: Float64Array;
  bits: Uint32Array;
  /** How many entries of the columns are filled. */
  length = 0;

  constructor(capacity = 256) {
    this.timestamps = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
    this.bits = new Uint32Array(this.values.buffer);
  }

  /** Makes room for `count` entries in all; what is filled stays. */
  reserve(count: number): void {
    if (count <= this.timestamps.length) return;
    let capacity = this.timestamps.length * 2;
    while (capacity < count) capacity *= 2;
    const timestamps = new Float64Array(capacity);
    timestamps.set(this.timestamps.subarray(0, this.length));
    const values = new Float64Array(capacity);
    const bits = new Uint32Array(values.buffer);
    // Copied as integers: a float copy may quieten a signalling NaN.
    bits.set(this.bits.subarray(0, this.length * 2));
    this.timestamps = timestamps;
    this.values = values;
    this.bits = bits;
  }

  clear(): void {
    this.length = 0;
  }

  /** True if entry `i` is the stale marker. */
  isStale(i: number): boolean {
    return this.bits[2 * i + 1] === STALE_HI && this.bits[2 * i] === STALE_LO;
  }

  /** Appends one sample by value; for stale markers use `pushStale`. */
  push(timestamp: number, value: number): void {
    this.reserve(this.length + 1);
    this.timestamps[this.length] = timestamp;
    this.values[this.length++] = value;
  }

  /** Appends a stale marker. */
  pushStale(timestamp: number): void {
    this.reserve(this.length + 1);
    this.timestamps[this.length] = timestamp;
    this.bits[2 * this.length] = STALE_LO;
    this.bits[2 * this.length + 1] = STALE_HI;
    this.length++;
  }
}
