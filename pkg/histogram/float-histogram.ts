import { assert } from "#pkg/errs/mod.ts";
import { combine, negativeSide, positiveSide } from "./combine.ts";
import { sameBounds } from "./custom-bounds.ts";
import { detectReset } from "./detect-reset.ts";
import { reduceSide } from "./merge-sides.ts";
import { CounterReset, CUSTOM_BUCKETS } from "./schema.ts";
import { spansMatch } from "./spans.ts";
import { trimBuckets } from "./trim.ts";
import { compactHistogram } from "./zero-bucket.ts";

const NO_SPANS = new Int32Array(0);
const NO_VALUES = new Float64Array(0);

/**
 * A native histogram with float counts. Bucket counts are absolute, not deltas.
 *
 * Spans are pairs `offset, length`: the first offset is the index of the first bucket, later ones
 * are the gap to the span before; lengths count buckets. A histogram in a column or a row of a
 * query is immutable and shared freely: `copy()` before any method that changes its receiver.
 */
export class FloatHistogram {
  /** What is known about a reset between the histogram before and this one. */
  counterReset: CounterReset = CounterReset.unknown;
  /** -4 to 8 for exponential buckets, or `CUSTOM_BUCKETS`. */
  schema = 0;
  /** Half the width of the zero bucket, which reaches from minus this to this. */
  zeroThreshold = 0;
  zeroCount = 0;
  /** Number of observations. */
  count = 0;
  /** Sum of observations. */
  sum = 0;
  positiveSpans: Int32Array = NO_SPANS;
  negativeSpans: Int32Array = NO_SPANS;
  positiveBuckets: Float64Array = NO_VALUES;
  negativeBuckets: Float64Array = NO_VALUES;
  /** Upper bounds of custom buckets, ascending, without +Inf; empty for other schemas. Shared
   * between histograms and never changed in place. */
  customValues: Float64Array = NO_VALUES;

  get usesCustomBuckets(): boolean {
    return this.schema === CUSTOM_BUCKETS;
  }

  /** A copy that shares nothing but the custom bounds. */
  copy(): FloatHistogram {
    const to = new FloatHistogram();
    to.counterReset = this.counterReset;
    to.schema = this.schema;
    to.count = this.count;
    to.sum = this.sum;
    to.positiveSpans = this.positiveSpans.slice();
    to.positiveBuckets = this.positiveBuckets.slice();
    to.customValues = this.customValues;
    if (this.usesCustomBuckets) return to;
    to.zeroThreshold = this.zeroThreshold;
    to.zeroCount = this.zeroCount;
    to.negativeSpans = this.negativeSpans.slice();
    to.negativeBuckets = this.negativeBuckets.slice();
    return to;
  }

  /**
   * A copy with the buckets of a coarser exponential schema. Of a counter reset nothing is known
   * any more, unless the schema is the same.
   */
  copyToSchema(schema: number): FloatHistogram {
    const to = this.copy();
    if (schema === this.schema) return to;
    to.counterReset = CounterReset.unknown;
    to.reduceResolution(schema);
    return to;
  }

  /** Unites the buckets into those of the coarser exponential `schema`, in place. */
  reduceResolution(schema: number): this {
    assert(!this.usesCustomBuckets && schema !== CUSTOM_BUCKETS, "custom buckets stay as they are");
    assert(schema < this.schema, "resolution can only be reduced");
    const positive = reduceSide(positiveSide(this, undefined), this.schema, schema);
    const negative = reduceSide(negativeSide(this, undefined), this.schema, schema);
    this.positiveSpans = positive.spans;
    this.positiveBuckets = positive.buckets;
    this.negativeSpans = negative.spans;
    this.negativeBuckets = negative.buckets;
    this.schema = schema;
    return this;
  }

  /**
   * Adds `other`, in place. Of different schemas or zero thresholds the coarser one is the result's,
   * of different custom bounds those that both have. Returns `CombineNote` bits; `incompatible`
   * means that nothing was added.
   */
  add(other: FloatHistogram): number {
    return combine(this, other, false, undefined);
  }

  /** Takes `other` away, in place; otherwise as `add`. The result may have negative counts, and
   * its counter reset hint is that of a sum. */
  sub(other: FloatHistogram): number {
    return combine(this, other, true, undefined);
  }

  /** Multiplies all counts and the sum, in place. A negative factor makes it a gauge. */
  mul(factor: number): this {
    this.zeroCount *= factor;
    this.count *= factor;
    this.sum *= factor;
    for (let i = 0; i < this.positiveBuckets.length; i++) this.positiveBuckets[i]! *= factor;
    for (let i = 0; i < this.negativeBuckets.length; i++) this.negativeBuckets[i]! *= factor;
    if (factor < 0) this.counterReset = CounterReset.gauge;
    return this;
  }

  /** Divides all counts and the sum, in place. Division by zero leaves no buckets. A negative
   * divisor makes it a gauge. */
  div(divisor: number): this {
    this.zeroCount /= divisor;
    this.count /= divisor;
    this.sum /= divisor;
    if (divisor === 0) {
      this.positiveSpans = this.negativeSpans = NO_SPANS;
      this.positiveBuckets = this.negativeBuckets = NO_VALUES;
      return this;
    }
    for (let i = 0; i < this.positiveBuckets.length; i++) this.positiveBuckets[i]! /= divisor;
    for (let i = 0; i < this.negativeBuckets.length; i++) this.negativeBuckets[i]! /= divisor;
    if (divisor < 0) this.counterReset = CounterReset.gauge;
    return this;
  }

  /** Drops empty buckets, in place, but for up to `emptyMax` in a row between filled ones. */
  compact(emptyMax: number): this {
    compactHistogram(this, undefined, emptyMax);
    return this;
  }

  /**
   * Drops what was observed above `at` (`isUpper`) or below it, in place, estimating how a bucket
   * that holds `at` is divided. If anything is dropped, count and sum are estimated anew.
   */
  trim(at: number, isUpper: boolean): this {
    if (trimBuckets(this, at, isUpper)) this.compact(0);
    return this;
  }

  /**
   * True if this cannot follow `previous` without a counter reset: a count (not the sum) is
   * smaller, a filled bucket is gone, the resolution is finer or the zero bucket narrower. The
   * hints `reset` and `notReset` of this one are believed.
   */
  detectReset(previous: FloatHistogram): boolean {
    return detectReset(this, previous);
  }

  /** True if both are the same data: every number (NaN equals NaN, -0 is not 0) and every bucket,
   * empty ones too. The counter reset hint does not matter. */
  equals(other: FloatHistogram): boolean {
    return (
      this.schema === other.schema &&
      Object.is(this.count, other.count) &&
      Object.is(this.sum, other.sum) &&
      this.zeroThreshold === other.zeroThreshold &&
      Object.is(this.zeroCount, other.zeroCount) &&
      (!this.usesCustomBuckets || sameBounds(this.customValues, other.customValues)) &&
      spansMatch(this.negativeSpans, other.negativeSpans) &&
      sameNumbers(this.negativeBuckets, other.negativeBuckets) &&
      spansMatch(this.positiveSpans, other.positiveSpans) &&
      sameNumbers(this.positiveBuckets, other.positiveBuckets)
    );
  }

  /** True if any number is infinite, as after a sum that left the range of a float64. */
  hasOverflow(): boolean {
    return (
      isInfinite(this.zeroCount) ||
      isInfinite(this.count) ||
      isInfinite(this.sum) ||
      this.positiveBuckets.some(isInfinite) ||
      this.negativeBuckets.some(isInfinite) ||
      this.customValues.some(isInfinite)
    );
  }
}

function isInfinite(value: number): boolean {
  return Math.abs(value) === Number.POSITIVE_INFINITY;
}

function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
