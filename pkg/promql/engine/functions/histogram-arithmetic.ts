import { CombineNote, CounterReset, type FloatHistogram } from "#pkg/histogram/mod.ts";

/** What is found out about histograms besides a result; bits. */
export const RateNote = {
  none: 0,
  notCounter: 1,
  notGauge: 2,
  /** Exponential and custom buckets: there is no result. */
  mixedSchemas: 4,
  reconciledSub: 8,
  reconciledAdd: 16,
  overlap: 32,
} as const;

/** Two histograms, their times, and the time between them that is asked for; all ms. */
export interface HistogramGap {
  readonly from: FloatHistogram;
  readonly fromMs: number;
  readonly to: FloatHistogram;
  readonly toMs: number;
  readonly atMs: number;
  readonly isCounter: boolean;
}

/** Sums and differences of histograms; what there is to say of them gathers in `notes`. */
export class HistogramArithmetic {
  /** Bits of `RateNote`. */
  notes = 0;

  /** Adds `h` to `to`, in place; false if they do not go together. */
  add(to: FloatHistogram, h: FloatHistogram): boolean {
    return this.#noted(to.add(h), RateNote.reconciledAdd);
  }

  /** Takes `h` from `from`, in place; false if they do not go together. */
  sub(from: FloatHistogram, h: FloatHistogram): boolean {
    return this.#noted(from.sub(h), RateNote.reconciledSub);
  }

  /** The histogram at a time between two: on the line between them, after a reset from nothing. */
  between(gap: HistogramGap): FloatHistogram | undefined {
    const { from, to, fromMs, toMs, atMs } = gap;
    if (atMs === fromMs) return from.copy();
    if (atMs === toMs) return to.copy();
    const fraction = (atMs - fromMs) / (toMs - fromMs);
    if (gap.isCounter && to.detectReset(from)) return to.copy().mul(fraction);
    const result = to.copy();
    if (!this.sub(result, from)) return undefined;
    result.mul(fraction);
    return this.add(result, from) ? result : undefined;
  }

  #noted(note: number, reconciled: number): boolean {
    if ((note & CombineNote.boundsReconciled) !== 0) this.notes |= reconciled;
    if ((note & CombineNote.incompatible) === 0) return true;
    this.notes |= RateNote.mixedSchemas;
    return false;
  }
}

export function isGauge(h: FloatHistogram): boolean {
  return h.counterReset === CounterReset.gauge;
}
