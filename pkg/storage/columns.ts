import type { FloatHistogram } from "#pkg/histogram/mod.ts";

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
  /**
   * The histograms among the samples: entry `i` is one if `histograms[i]` is not undefined, and then
   * `values[i]` means nothing. Undefined: all entries are floats. May be shorter than `length`. A
   * stale marker is a float even in a series of histograms.
   */
  histograms: (FloatHistogram | undefined)[] | undefined = undefined;
  /** Start timestamp of each entry, ms; 0 is unknown. Undefined: none is known. */
  starts: Float64Array | undefined = undefined;
  /** How many entries of the columns are filled. */
  length = 0;
  #spareStarts: Float64Array | undefined = undefined;

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
    if (this.starts === undefined) return;
    const starts = new Float64Array(capacity);
    starts.set(this.starts.subarray(0, this.length));
    this.starts = starts;
  }

  clear(): void {
    this.length = 0;
    this.histograms = undefined;
    if (this.starts !== undefined) this.#spareStarts = this.starts;
    this.starts = undefined;
  }

  /** True if entry `i` is a histogram. */
  isHistogram(i: number): boolean {
    return this.histograms !== undefined && this.histograms[i] !== undefined;
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

  /** Appends a histogram, which is shared and not to be changed any more. */
  pushHistogram(timestamp: number, histogram: FloatHistogram): void {
    this.reserve(this.length + 1);
    this.histograms ??= [];
    this.histograms[this.length] = histogram;
    this.timestamps[this.length] = timestamp;
    this.values[this.length++] = 0;
  }

  /** Sets the start timestamp, ms, of entry `i`, which is below `length`; 0 for unknown. */
  setStart(i: number, start: number): void {
    if (this.starts === undefined) {
      if (start === 0) return;
      this.ensureStarts();
    }
    this.starts![i] = start;
  }

  /** The column of start timestamps, made of zeros if there is none; as long as `timestamps`. */
  ensureStarts(): Float64Array {
    if (this.starts !== undefined) return this.starts;
    const spare = this.#spareStarts;
    if (spare !== undefined && spare.length >= this.timestamps.length) {
      this.starts = spare.fill(0);
    } else this.starts = new Float64Array(this.timestamps.length);
    this.#spareStarts = undefined;
    return this.starts;
  }

  /** Moves entry `from` to `to`, with all its columns; for taking entries out in place. */
  move(from: number, to: number): void {
    this.timestamps[to] = this.timestamps[from]!;
    this.bits[2 * to] = this.bits[2 * from]!;
    this.bits[2 * to + 1] = this.bits[2 * from + 1]!;
    if (this.histograms !== undefined) this.histograms[to] = this.histograms[from];
    if (this.starts !== undefined) this.starts[to] = this.starts[from]!;
  }

  /** Forgets the entries from `length` on. */
  truncate(length: number): void {
    this.length = length;
    if (this.histograms !== undefined && this.histograms.length > length) {
      this.histograms.length = length;
    }
    this.starts?.fill(0, length);
  }
}
