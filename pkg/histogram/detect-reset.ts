import { exponentialBound } from "./bounds.ts";
import { commonBounds, rollUp, sameBounds } from "./custom-bounds.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { coarserIndex } from "./merge-sides.ts";
import { CounterReset } from "./schema.ts";
import { SpanCursor } from "./spans.ts";
import { widenedZero } from "./zero-bucket.ts";

/**
 * True if `h` cannot follow `previous` without a counter reset: a count is smaller, a filled bucket
 * is gone, the resolution is finer or the zero bucket narrower. A hint of `h` that says so, or that
 * there was none, is believed. The sum of observations does not matter.
 */
export function detectReset(h: FloatHistogram, previous: FloatHistogram): boolean {
  if (h.counterReset === CounterReset.reset) return true;
  if (h.counterReset === CounterReset.notReset) return false;
  return countsWereReset(h, previous);
}

/**
 * True if a bucket of `h`, the zero bucket among them, is smaller than that of `previous`, which
 * has the same schema, zero threshold and custom bounds. Unlike `detectReset`, this counts buckets
 * that lie within the zero bucket.
 */
export function bucketsShrank(h: FloatHistogram, previous: FloatHistogram): boolean {
  const target = { schema: h.schema, zeroThreshold: 0, usesCustomBuckets: h.usesCustomBuckets };
  return (
    h.zeroCount < previous.zeroCount ||
    sideReset(h, previous, true, target) ||
    sideReset(h, previous, false, target)
  );
}

function countsWereReset(h: FloatHistogram, previous: FloatHistogram): boolean {
  if (h.count < previous.count) return true;
  if (h.usesCustomBuckets) {
    if (!previous.usesCustomBuckets) return true;
    if (!sameBounds(h.customValues, previous.customValues)) return rolledUpReset(h, previous);
  }
  // Exponential buckets after custom ones are such an increase too.
  if (h.schema > previous.schema) return true;
  if (h.zeroThreshold < previous.zeroThreshold) return true;
  const before = widenedZero(previous, h.zeroThreshold, undefined);
  if (before.threshold !== h.zeroThreshold || h.zeroCount < before.count) return true;
  return sideReset(h, previous, true, h) || sideReset(h, previous, false, h);
}

function rolledUpReset(h: FloatHistogram, previous: FloatHistogram): boolean {
  const bounds = commonBounds(h.customValues, previous.customValues);
  const now = rollUp(customSide(h), bounds);
  const before = rollUp(customSide(previous), bounds);
  return now.some((count, i) => count < before[i]!);
}

function customSide(h: FloatHistogram) {
  return {
    spans: h.positiveSpans,
    buckets: h.positiveBuckets,
    compensations: undefined,
    bounds: h.customValues,
  };
}

/** Which buckets two histograms are compared by. */
type Target = Pick<FloatHistogram, "schema" | "zeroThreshold" | "usesCustomBuckets">;

function sideReset(
  h: FloatHistogram,
  previous: FloatHistogram,
  positive: boolean,
  target: Target,
): boolean {
  const now = new MergedCursor(h, positive, target);
  const before = new MergedCursor(previous, positive, target);
  let hasNow = now.next();
  while (before.next()) {
    while (hasNow && now.index < before.index) hasNow = now.next();
    if (hasNow && now.index === before.index) {
      if (now.count < before.count) return true;
    } else if (before.count !== 0) return true;
  }
  return false;
}

/** The buckets of one sign as a coarser histogram has them, without those in its zero bucket. */
class MergedCursor {
  index = 0;
  count = 0;
  readonly #cursor: SpanCursor;
  readonly #buckets: Float64Array;
  readonly #from: number;
  readonly #to: number;
  readonly #threshold: number;
  #pending = false;
  #isBelow = true;

  constructor(h: FloatHistogram, positive: boolean, target: Target) {
    this.#buckets = positive ? h.positiveBuckets : h.negativeBuckets;
    this.#cursor = new SpanCursor(
      positive ? h.positiveSpans : h.negativeSpans,
      this.#buckets.length,
    );
    this.#from = h.schema;
    this.#to = target.schema;
    this.#threshold = target.zeroThreshold;
    this.#isBelow = this.#threshold !== 0 && !target.usesCustomBuckets;
    this.#pending = this.#cursor.next();
  }

  next(): boolean {
    while (this.#pending) {
      this.index = this.#target();
      this.count = this.#buckets[this.#cursor.at]!;
      while ((this.#pending = this.#cursor.next()) && this.#target() === this.index) {
        this.count += this.#buckets[this.#cursor.at]!;
      }
      if (!this.#isBelow || exponentialBound(this.index, this.#to) > this.#threshold) {
        this.#isBelow = false;
        return true;
      }
    }
    return false;
  }

  #target(): number {
    const { index } = this.#cursor;
    return this.#from === this.#to ? index : coarserIndex(index, this.#from, this.#to);
  }
}
