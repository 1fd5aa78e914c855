/** The marker that ends a series: a NaN of its own, as halves of its bits. */
export const STALE_HI = 0x7ff00000;
export const STALE_LO = 2;

/**
 * Samples of one scrape as columns; `series` are numbers of one `ScrapeCache`. Values are bits, so
 * that stale markers pass unharmed. Reused from scrape to scrape.
 */
export class SampleBatch {
  count = 0;
  series: Int32Array = new Int32Array(256);
  timestamps: Float64Array = new Float64Array(256);
  hi: Uint32Array = new Uint32Array(256);
  lo: Uint32Array = new Uint32Array(256);
  /** Newest timestamp of the series before this sample, to undo a scrape that fails. */
  previous: Float64Array = new Float64Array(256);

  push(series: number, timestampMs: number, hi: number, lo: number): void {
    const i = this.count;
    if (i === this.series.length) this.#grow();
    this.series[i] = series;
    this.timestamps[i] = timestampMs;
    this.hi[i] = hi;
    this.lo[i] = lo;
    this.previous[i] = NaN;
    this.count = i + 1;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    const size = this.series.length * 2;
    this.series = copied(this.series, new Int32Array(size));
    this.timestamps = copied(this.timestamps, new Float64Array(size));
    this.hi = copied(this.hi, new Uint32Array(size));
    this.lo = copied(this.lo, new Uint32Array(size));
    this.previous = copied(this.previous, new Float64Array(size));
  }
}

function copied<T extends Int32Array | Uint32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
