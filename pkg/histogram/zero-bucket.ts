import { BucketCursor, BucketOrder } from "./bucket-cursor.ts";
import { compactSide } from "./compact.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { KahanSum } from "./kahan.ts";

/** A zero bucket as it would be with a larger threshold. */
export interface WidenedZero {
  readonly threshold: number;
  readonly count: number;
  readonly compensation: number;
}

/**
 * The zero bucket of `h` if its threshold were `wanted`, which is not below the one it has. A
 * threshold inside a filled bucket is moved to the far bound of that bucket. `compensations`, of
 * the layout of `h`, is counted too.
 */
export function widenedZero(
  h: FloatHistogram,
  wanted: number,
  compensations: FloatHistogram | undefined,
): WidenedZero {
  const before = compensations?.zeroCount ?? 0;
  if (wanted === h.zeroThreshold) {
    return { threshold: wanted, count: h.zeroCount, compensation: before };
  }
  let threshold = wanted;
  const sum = new KahanSum(h.zeroCount, before);
  for (;;) {
    sum.sum = h.zeroCount;
    threshold = takePositive(h, compensations, threshold, sum);
    const moved = takeNegative(h, compensations, threshold, sum);
    // What the positive side has given was for the old threshold, so all begins anew.
    if (Object.is(moved, threshold))
      return { threshold, count: sum.sum, compensation: sum.compensation };
    threshold = moved;
  }
}

function takePositive(
  h: FloatHistogram,
  compensations: FloatHistogram | undefined,
  threshold: number,
  sum: KahanSum,
): number {
  const bucket = new BucketCursor(h, BucketOrder.positive);
  while (bucket.next() && !(bucket.lower >= threshold)) {
    sum.add(bucket.count);
    if (compensations) sum.add(compensations.positiveBuckets[bucket.at]!);
    if (bucket.upper > threshold) return bucket.count === 0 ? threshold : bucket.upper;
  }
  return threshold;
}

function takeNegative(
  h: FloatHistogram,
  compensations: FloatHistogram | undefined,
  threshold: number,
  sum: KahanSum,
): number {
  const bucket = new BucketCursor(h, BucketOrder.negative);
  while (bucket.next() && !(bucket.upper <= -threshold)) {
    sum.add(bucket.count);
    if (compensations) sum.add(compensations.negativeBuckets[bucket.at]!);
    if (bucket.lower < -threshold) return bucket.count === 0 ? threshold : -bucket.lower;
  }
  return threshold;
}

/**
 * Widens the zero bucket of `h` (and of its compensations) until its threshold suits both, and is
 * in no filled bucket of either. `other` is left alone; returned is the zero bucket it would have.
 */
export function reconcileZeroBuckets(
  h: FloatHistogram,
  other: FloatHistogram,
  compensations: FloatHistogram | undefined,
): WidenedZero {
  let theirs: WidenedZero = {
    threshold: other.zeroThreshold,
    count: other.zeroCount,
    compensation: 0,
  };
  // Each turn raises one of the thresholds. A threshold that is NaN cannot be reconciled.
  while (h.zeroThreshold > theirs.threshold || theirs.threshold > h.zeroThreshold) {
    if (h.zeroThreshold > theirs.threshold) {
      theirs = widenedZero(other, h.zeroThreshold, undefined);
    }
    if (theirs.threshold > h.zeroThreshold) {
      const ours = widenedZero(h, theirs.threshold, compensations);
      h.zeroThreshold = ours.threshold;
      h.zeroCount = ours.count;
      if (compensations) compensations.zeroCount = ours.compensation;
      dropInsideZero(h, compensations);
    }
  }
  return theirs;
}

/** Drops the buckets that are in the zero bucket, and counted there. */
function dropInsideZero(h: FloatHistogram, compensations: FloatHistogram | undefined): void {
  const positive = new BucketCursor(h, BucketOrder.positive);
  while (positive.next() && positive.lower < h.zeroThreshold) {
    h.positiveBuckets[positive.at] = 0;
    if (compensations) compensations.positiveBuckets[positive.at] = 0;
  }
  const negative = new BucketCursor(h, BucketOrder.negative);
  while (negative.next() && negative.upper > -h.zeroThreshold) {
    h.negativeBuckets[negative.at] = 0;
    if (compensations) compensations.negativeBuckets[negative.at] = 0;
  }
  compactHistogram(h, compensations, 0);
}

/** Compacts both signs of `h`, and its compensations along with it. */
export function compactHistogram(
  h: FloatHistogram,
  compensations: FloatHistogram | undefined,
  emptyMax: number,
): void {
  const positive = compactSide(
    {
      spans: h.positiveSpans,
      buckets: h.positiveBuckets,
      compensations: compensations?.positiveBuckets,
    },
    emptyMax,
  );
  const negative = compactSide(
    {
      spans: h.negativeSpans,
      buckets: h.negativeBuckets,
      compensations: compensations?.negativeBuckets,
    },
    emptyMax,
  );
  h.positiveSpans = positive.spans;
  h.positiveBuckets = positive.buckets;
  h.negativeSpans = negative.spans;
  h.negativeBuckets = negative.buckets;
  if (!compensations) return;
  compensations.positiveSpans = positive.spans;
  compensations.positiveBuckets = positive.compensations!;
  compensations.negativeSpans = negative.spans;
  compensations.negativeBuckets = negative.compensations!;
}
