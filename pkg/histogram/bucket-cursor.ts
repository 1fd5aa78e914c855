import { bucketBound } from "./bounds.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { CUSTOM_BUCKETS } from "./schema.ts";
import { ReverseSpanCursor, SpanCursor } from "./spans.ts";

/** Which buckets a cursor visits, and in which order. */
export const BucketOrder = {
  /** All, from the lowest to the highest. */
  ascending: 0,
  /** All, from the highest to the lowest. */
  descending: 1,
  /** The positive ones, from the zero bucket up. */
  positive: 2,
  /** The negative ones, from the zero bucket down. */
  negative: 3,
} as const;
export type BucketOrder = (typeof BucketOrder)[keyof typeof BucketOrder];

const Stage = { first: 0, zero: 1, last: 2, done: 3 } as const;

/**
 * Visits the buckets of a histogram, empty ones included, but for an empty zero bucket. Only when
 * all are visited, bounds that reach into the zero bucket are cut at its threshold.
 */
export class BucketCursor {
  lower = 0;
  upper = 0;
  count = 0;
  /** Index in the schema; of no meaning for the zero bucket. */
  index = 0;
  /** Position in the array of counts of its sign; -1 for the zero bucket. */
  at = -1;
  isZeroBucket = false;
  readonly #h: FloatHistogram;
  readonly #order: BucketOrder;
  #stage: number = Stage.first;
  #cursor: SpanCursor | ReverseSpanCursor;
  #positive = false;

  constructor(h: FloatHistogram, order: BucketOrder) {
    this.#h = h;
    this.#order = order;
    this.#positive = order === BucketOrder.positive || order === BucketOrder.descending;
    const spans = this.#positive ? h.positiveSpans : h.negativeSpans;
    const buckets = this.#positive ? h.positiveBuckets : h.negativeBuckets;
    if (order === BucketOrder.positive || order === BucketOrder.negative) {
      this.#stage = Stage.last;
      this.#cursor = new SpanCursor(spans, buckets.length);
    } else {
      this.#cursor = new ReverseSpanCursor(spans, buckets.length);
    }
  }

  /** True if the lower bound belongs to the bucket. */
  get lowerInclusive(): boolean {
    if (this.isZeroBucket) return true;
    return this.#h.schema === CUSTOM_BUCKETS ? this.index === 0 : this.lower < 0;
  }

  /** True if the upper bound belongs to the bucket. */
  get upperInclusive(): boolean {
    return this.isZeroBucket || this.#h.schema === CUSTOM_BUCKETS || this.upper > 0;
  }

  /** Moves to the next bucket; false if there is none. */
  next(): boolean {
    if (this.#stage === Stage.first) {
      if (this.#cursor.next()) return this.#load();
      this.#stage = Stage.zero;
    }
    if (this.#stage === Stage.zero) {
      this.#turn();
      if (this.#h.zeroCount > 0) return this.#loadZero();
    }
    this.isZeroBucket = false;
    if (this.#stage === Stage.last) {
      if (this.#cursor.next()) return this.#load();
      this.#stage = Stage.done;
    }
    return false;
  }

  #turn(): void {
    this.#stage = Stage.last;
    this.#positive = !this.#positive;
    const h = this.#h;
    this.#cursor = this.#positive
      ? new SpanCursor(h.positiveSpans, h.positiveBuckets.length)
      : new SpanCursor(h.negativeSpans, h.negativeBuckets.length);
  }

  #load(): boolean {
    const h = this.#h;
    const { index, at } = this.#cursor;
    this.index = index;
    this.at = at;
    const outer = bucketBound(index, h.schema, h.customValues);
    const inner = bucketBound(index - 1, h.schema, h.customValues);
    if (this.#positive) {
      this.count = h.positiveBuckets[at]!;
      this.lower = inner;
      this.upper = outer;
    } else {
      this.count = h.negativeBuckets[at]!;
      this.lower = -outer;
      this.upper = -inner;
    }
    if (this.#order <= BucketOrder.descending) {
      if (this.upper < 0 && this.upper > -h.zeroThreshold) this.upper = -h.zeroThreshold;
      else if (this.lower > 0 && this.lower < h.zeroThreshold) this.lower = h.zeroThreshold;
    }
    return true;
  }

  #loadZero(): boolean {
    this.isZeroBucket = true;
    this.lower = -this.#h.zeroThreshold;
    this.upper = this.#h.zeroThreshold;
    this.count = this.#h.zeroCount;
    this.index = 0;
    this.at = -1;
    return true;
  }
}
