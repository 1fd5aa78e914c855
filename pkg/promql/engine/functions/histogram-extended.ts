import { CounterReset, type FloatHistogram } from "#pkg/histogram/mod.ts";
import type { HistogramWindows } from "../mixed-windows.ts";
import { HistogramArithmetic, isGauge, RateNote } from "./histogram-arithmetic.ts";
import type { RateOptions } from "./histogram-rate.ts";

/** Rates over `anchored` and `smoothed` ranges of histograms; `notes` are those of the last call. */
export class ExtendedHistogramRates extends HistogramArithmetic {
  readonly #windows: HistogramWindows;
  readonly #smoothed: boolean;

  constructor(windows: HistogramWindows, smoothed: boolean) {
    super();
    this.#windows = windows;
    this.#smoothed = smoothed;
  }

  /** `rate`, `increase` or `delta` over window `i`, which has a histogram; undefined for nothing. */
  rate(i: number, { isCounter, isRate }: RateOptions): FloatHistogram | undefined {
    this.notes = RateNote.none;
    const ends = this.#ends(i);
    if (!ends || !this.#checkRange(ends, isCounter)) return undefined;
    const left = this.#left(ends, isCounter);
    if (!left) return undefined;
    const right = this.#right(ends, isCounter);
    if (!right) return undefined;
    if (!isCounter && (!isGauge(left) || !isGauge(right))) this.notes |= RateNote.notGauge;
    const result = right.copy();
    if (!this.sub(result, left)) return undefined;
    if (isCounter && !this.#addResets(result, ends, { left, right })) return undefined;
    if (isRate) result.div(this.#windows.rangeMs / 1000);
    result.counterReset = CounterReset.gauge;
    return result.compact(0);
  }

  /** The samples that stand for the ends of window `i`, or undefined if it has nothing. */
  #ends(i: number): WindowEnds | undefined {
    const { timestamps, lo, hi, rangeMs, firstEndMs, endStepMs } = this.#windows;
    const end = firstEndMs + i * endStepMs;
    const start = end - rangeMs;
    const begin = lo[i]!;
    let last = hi[i]! - 1;
    let first = begin;
    while (first < last && timestamps[first]! <= start) first++;
    first = Math.max(begin, first - 1);
    if (this.#smoothed) {
      let j = begin;
      while (j < last && timestamps[j]! < end) j++;
      last = j;
    }
    if (timestamps[last]! <= start) return undefined;
    if (this.#smoothed && timestamps[first]! > end) return undefined;
    return { first, last, begin, start, end };
  }

  #checkRange({ first, last }: WindowEnds, isCounter: boolean): boolean {
    const { values } = this.#windows;
    const isCustom = values[first]!.usesCustomBuckets;
    for (let j = first; j <= last; j++) {
      if (values[j]!.usesCustomBuckets !== isCustom) {
        this.notes |= RateNote.mixedSchemas;
        return false;
      }
      if (isCounter && isGauge(values[j]!)) this.notes |= RateNote.notCounter;
    }
    return true;
  }

  #left({ first, start }: WindowEnds, isCounter: boolean): FloatHistogram | undefined {
    const { timestamps, values } = this.#windows;
    if (!this.#smoothed || timestamps[first]! >= start) return values[first]!.copy();
    return this.#at(first, start, isCounter);
  }

  #right({ last, begin, end }: WindowEnds, isCounter: boolean): FloatHistogram | undefined {
    const { timestamps, values } = this.#windows;
    const isBeyond = this.#smoothed && last > begin && timestamps[last]! > end;
    return isBeyond ? this.#at(last - 1, end, isCounter) : values[last]!.copy();
  }

  #at(j: number, atMs: number, isCounter: boolean): FloatHistogram | undefined {
    const { timestamps, values } = this.#windows;
    return this.between({
      from: values[j]!,
      fromMs: timestamps[j]!,
      to: values[j + 1]!,
      toMs: timestamps[j + 1]!,
      atMs,
      isCounter,
    });
  }

  /** Adds what resets between the two ends took away. */
  #addResets(
    result: FloatHistogram,
    { first, last, start }: WindowEnds,
    { left, right }: { readonly left: FloatHistogram; readonly right: FloatHistogram },
  ): boolean {
    const { timestamps, values } = this.#windows;
    let from = first + 1;
    let previous = left;
    if (
      this.#smoothed &&
      timestamps[first]! < start &&
      values[first + 1]!.detectReset(values[first]!)
    ) {
      // The left end lies behind this reset already.
      previous = values[first + 1]!;
      from++;
    }
    // Nothing between the ends: both may lie behind the same reset.
    if (from > last) return true;
    let correction: FloatHistogram | undefined;
    // The right end has the hint of the last sample, which stands for that one here.
    for (let j = from; j <= last; j++) {
      const h = j === last ? right : values[j]!;
      if (h.detectReset(previous)) {
        if (correction === undefined) correction = previous.copy();
        else if (!this.add(correction, previous)) return false;
      }
      previous = h;
    }
    return correction === undefined || this.add(result, correction);
  }
}

interface WindowEnds {
  /** Indices of the first sample of the window, and of the samples at the ends of the range. */
  readonly begin: number;
  readonly first: number;
  readonly last: number;
  /** Ends of the range, ms. */
  readonly start: number;
  readonly end: number;
}
