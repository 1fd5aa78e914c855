import { CounterReset, CUSTOM_BUCKETS } from "./schema.ts";

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
}
