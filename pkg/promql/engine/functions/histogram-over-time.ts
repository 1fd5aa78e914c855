import {
  CombineNote,
  CompensatedHistogram,
  CounterReset,
  type FloatHistogram,
} from "#pkg/histogram/mod.ts";

/** What is found out while histograms are summed up; bits. */
export const SumNote = {
  none: 0,
  /** Some histograms say that there was a counter reset before them. */
  reset: 1,
  /** Some say that there was none. */
  notReset: 2,
  /** Custom bounds differed. */
  reconciled: 4,
  /** Exponential and custom buckets came together; there is no result. */
  incompatible: 8,
} as const;

/** True if the hints of the summed histograms contradict each other. */
export function resetsCollide(notes: number): boolean {
  return (notes & SumNote.reset) !== 0 && (notes & SumNote.notReset) !== 0;
}

/** The bit of `SumNote` that a histogram's counter reset hint is. */
export function hintNote(h: FloatHistogram): number {
  if (h.counterReset === CounterReset.reset) return SumNote.reset;
  return h.counterReset === CounterReset.notReset ? SumNote.notReset : SumNote.none;
}

/** A growing sum or mean of histograms. */
export interface HistogramTotal {
  /** Bits of `SumNote`. */
  readonly notes: number;
  /** Takes in one more; nothing changes once there was an incompatible one. */
  add(h: FloatHistogram): void;
  /** The result, not compacted, of which the total is used up; undefined if there is none. */
  finish(): FloatHistogram | undefined;
}

export class HistogramSum implements HistogramTotal {
  notes: number;
  readonly #sum: CompensatedHistogram;

  constructor(first: FloatHistogram) {
    this.notes = hintNote(first);
    this.#sum = new CompensatedHistogram(first);
  }

  add(h: FloatHistogram): void {
    if ((this.notes & SumNote.incompatible) !== 0) return;
    this.notes |= hintNote(h) | noteOf(this.#sum.add(h));
  }

  finish(): FloatHistogram | undefined {
    return (this.notes & SumNote.incompatible) === 0 ? this.#sum.total() : undefined;
  }
}

/** The mean by way of the sum or, once that would leave the range of floats, of the mean so far. */
export class HistogramMean implements HistogramTotal {
  notes: number;
  #sum: CompensatedHistogram;
  #count = 1;
  #isMean = false;
  /** No number of the sum is larger than this. */
  #bound: number;

  constructor(first: FloatHistogram) {
    this.notes = hintNote(first);
    this.#sum = new CompensatedHistogram(first);
    this.#bound = largest(first);
  }

  add(h: FloatHistogram): void {
    if ((this.notes & SumNote.incompatible) !== 0) return;
    this.#count++;
    this.notes |= hintNote(h);
    this.#bound += largest(h);
    if (this.#bound < OVERFLOW_FROM) {
      this.notes |= noteOf(this.#sum.add(h));
      return;
    }
    if (!this.#isMean) {
      const next = this.#sum.copy();
      this.notes |= noteOf(next.add(h));
      if ((this.notes & SumNote.incompatible) !== 0) return;
      if (!next.value.hasOverflow()) {
        this.#sum = next;
        return;
      }
      this.#isMean = true;
      this.#sum.div(this.#count - 1);
    }
    this.#sum.mul((this.#count - 1) / this.#count);
    this.notes |= noteOf(this.#sum.add(h.copy().div(this.#count)));
  }

  finish(): FloatHistogram | undefined {
    if ((this.notes & SumNote.incompatible) !== 0) return undefined;
    if (!this.#isMean) this.#sum.div(this.#count);
    return this.#sum.total();
  }
}

/** Sums below this are finite, whatever rounding does. */
const OVERFLOW_FROM = Number.MAX_VALUE / 2;

/** The largest number of a histogram, without its sign; NaN if there is one. */
function largest(h: FloatHistogram): number {
  let max = Math.max(Math.abs(h.count), Math.abs(h.sum), Math.abs(h.zeroCount));
  const { positiveBuckets, negativeBuckets } = h;
  for (let i = 0; i < positiveBuckets.length; i++)
    max = Math.max(max, Math.abs(positiveBuckets[i]!));
  for (let i = 0; i < negativeBuckets.length; i++)
    max = Math.max(max, Math.abs(negativeBuckets[i]!));
  return max;
}

function noteOf(bits: number): number {
  let note: number = SumNote.none;
  if ((bits & CombineNote.boundsReconciled) !== 0) note |= SumNote.reconciled;
  if ((bits & CombineNote.incompatible) !== 0) note |= SumNote.incompatible;
  return note;
}
