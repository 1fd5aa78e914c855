import { CounterReset, FloatHistogram } from "#pkg/histogram/mod.ts";
import type { HistogramWindows } from "../mixed-windows.ts";
import { HistogramArithmetic, isGauge, RateNote } from "./histogram-arithmetic.ts";
import { extrapolation, isStartReset, startsOverlap } from "./start-times.ts";

export interface RateOptions {
  readonly isCounter: boolean;
  readonly isRate: boolean;
}

/** Rates of histograms, window by window; `notes` are those of the last call. */
export class HistogramRates extends HistogramArithmetic {
  readonly #windows: HistogramWindows;

  constructor(windows: HistogramWindows) {
    super();
    this.#windows = windows;
  }

  /** `rate`, `increase` or `delta` over window `i`, which has a histogram; undefined for nothing. */
  extrapolated(i: number, { isCounter, isRate }: RateOptions): FloatHistogram | undefined {
    this.notes = RateNote.none;
    const { timestamps, values, starts, rangeMs } = this.#windows;
    const lo = this.#windows.lo[i]!;
    const hi = this.#windows.hi[i]!;
    const rangeEndMs = this.#windows.firstEndMs + i * this.#windows.endStepMs;
    const rangeStartMs = rangeEndMs - rangeMs;
    let result = hi - lo > 1 ? this.#increase(lo, hi, isCounter) : undefined;
    if (hi - lo > 1 && result === undefined) return undefined;
    const firstMs = timestamps[lo]!;
    const start = isCounter ? (starts?.[lo] ?? 0) : 0;
    const startMs = start !== 0 && start > rangeStartMs && start < firstMs ? start : undefined;
    if (startMs !== undefined) {
      if (result === undefined) result = values[lo]!.copy();
      else if (!this.add(result, values[lo]!)) return undefined;
    }
    const first = values[lo]!.count;
    const hasSlope = isCounter && result !== undefined && result.count > 0 && first >= 0;
    const factor = extrapolation({
      firstMs,
      lastMs: timestamps[hi - 1]!,
      rangeStartMs,
      rangeEndMs,
      count: hi - lo,
      startMs,
      firstPart: hasSlope ? first / result!.count : undefined,
    });
    if (factor === undefined) return undefined;
    return result!.mul(isRate ? factor / (rangeMs / 1000) : factor);
  }

  /** `irate` or `idelta` of histograms `before` and `before + 1`. */
  instant(before: number, { isRate }: { readonly isRate: boolean }): FloatHistogram | undefined {
    this.notes = RateNote.none;
    const { timestamps, values } = this.#windows;
    const last = values[before + 1]!;
    const previous = values[before]!;
    const interval = timestamps[before + 1]! - timestamps[before]!;
    if (interval === 0) return undefined;
    const gauges = Number(isGauge(last)) + Number(isGauge(previous));
    if (isRate && gauges > 0) this.notes |= RateNote.notCounter;
    if (!isRate && gauges < 2) this.notes |= RateNote.notGauge;
    const result = last.copy();
    const isReset =
      isRate && (isStartReset(this.#windows, before + 1) || this.#windows.isReset(before + 1));
    if (!isReset && !this.sub(result, previous)) return undefined;
    result.counterReset = CounterReset.gauge;
    result.compact(0);
    return isRate ? result.div(interval / 1000) : result;
  }

  /** From the first to the last of the histograms `[lo, hi)`, resets made up for. */
  #increase(lo: number, hi: number, isCounter: boolean): FloatHistogram | undefined {
    const { values } = this.#windows;
    const first = values[lo]!;
    const last = values[hi - 1]!;
    if (isCounter && (isGauge(first) || isGauge(last))) this.notes |= RateNote.notCounter;
    // After a reset the first sample does not matter, nor does the layout of its buckets.
    const second = values[lo + 1]!;
    const skipsFirst =
      isCounter && (isStartReset(this.#windows, lo + 1) || this.#windows.isReset(lo + 1));
    const base = skipsFirst ? emptyLike(second) : first;
    if (last.usesCustomBuckets !== base.usesCustomBuckets) return this.#mixed(this.notes);
    let schema = Math.min(last.schema, base.schema);
    if (isCounter) {
      for (let j = lo + 1; j < hi - 1; j++) {
        const h = values[j]!;
        if (isGauge(h)) this.notes |= RateNote.notCounter;
        schema = Math.min(schema, h.schema);
        if (h.usesCustomBuckets !== base.usesCustomBuckets) return this.#mixed(RateNote.none);
      }
    }
    const result = last.copyToSchema(schema);
    if (!this.sub(result, base)) return this.#mixed(RateNote.none);
    if (!isCounter) {
      if (!isGauge(first) || !isGauge(last)) this.notes |= RateNote.notGauge;
    } else if (!this.#addResets(result, { lo, hi, base })) return this.#mixed(RateNote.none);
    result.counterReset = CounterReset.gauge;
    return result.compact(0);
  }

  /** Adds what each reset among the histograms took away. */
  #addResets(
    result: FloatHistogram,
    { lo, hi, base }: { readonly lo: number; readonly hi: number; readonly base: FloatHistogram },
  ): boolean {
    const { values } = this.#windows;
    let previous = base;
    for (let j = lo + 1; j < hi; j++) {
      if (startsOverlap(this.#windows, j)) this.notes |= RateNote.overlap;
      const h = values[j]!;
      const isReset =
        previous === values[j - 1] ? this.#windows.isReset(j) : h.detectReset(previous);
      if (isReset || isStartReset(this.#windows, j)) {
        if (!this.add(result, previous)) return false;
      }
      previous = h;
    }
    return true;
  }

  #mixed(others: number): undefined {
    this.notes = others | RateNote.mixedSchemas;
    return undefined;
  }
}

function emptyLike(h: FloatHistogram): FloatHistogram {
  const empty = new FloatHistogram();
  empty.schema = h.schema;
  empty.customValues = h.customValues;
  return empty;
}
