import { CombineNote, CompensatedHistogram, type FloatHistogram } from "#pkg/histogram/mod.ts";

/**
 * The mean of histograms as they come. Sums are compensated and divided at the end; from where the
 * sum would leave the range of a float64 on, the mean is carried instead.
 */
export class HistogramMean {
  #sum: CompensatedHistogram;
  #count = 1;
  #isMean = false;

  /** Begins with a copy of `first`. */
  constructor(first: FloatHistogram) {
    this.#sum = new CompensatedHistogram(first);
  }

  /** Takes one more histogram in, which stays as it is. Returns `CombineNote` bits; after
   * `incompatible` there is no mean. */
  add(h: FloatHistogram): number {
    this.#count++;
    const count = this.#count;
    let note: number = CombineNote.none;
    if (!this.#isMean) {
      const next = this.#sum.copy();
      note = next.add(h);
      if ((note & CombineNote.incompatible) !== 0) return note;
      if (!next.value.hasOverflow()) {
        this.#sum = next;
        return note;
      }
      this.#isMean = true;
      this.#sum.div(count - 1);
    }
    this.#sum.mul((count - 1) / count);
    return note | this.#sum.add(h.copy().div(count));
  }

  /** Ends the series. The histogram is the caller's, and not compacted. */
  result(): FloatHistogram {
    if (!this.#isMean) this.#sum.div(this.#count);
    return this.#sum.total();
  }
}
