import { BucketCursor, BucketOrder } from "./bucket-cursor.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { fractionBelow } from "./interpolate.ts";

/** What a trim keeps of a bucket, and the value that stands for the observations kept. */
interface Kept {
  readonly count: number;
  readonly midpoint: number;
}

interface Bounds {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

interface Cut {
  readonly at: number;
  /** What is above is cut off; otherwise what is below. */
  readonly isUpper: boolean;
  readonly isCustom: boolean;
}

/**
 * Drops from `h` the observations above `at` (`isUpper`) or below it, estimating how the bucket
 * that holds `at` is divided. Count and sum become those of what is left, if anything was dropped.
 * Returns true if so.
 */
export function trimBuckets(h: FloatHistogram, at: number, isUpper: boolean): boolean {
  const cut: Cut = { at, isUpper, isCustom: h.usesCustomBuckets };
  const total = { count: 0, sum: 0, trimmed: false };
  const hasPositive = trimSide(h, cut, true, total);
  const hasNegative = trimSide(h, cut, false, total);
  if (h.zeroCount > 0) {
    const kept = trimZeroBucket(h, cut, hasNegative, hasPositive);
    if (h.zeroCount !== kept.count) {
      h.zeroCount = kept.count;
      total.trimmed = true;
    }
    total.sum += kept.midpoint * kept.count;
    total.count += kept.count;
  }
  if (total.trimmed) {
    h.count = total.count;
    h.sum = total.sum;
  }
  return total.trimmed;
}

/** Trims the buckets of one sign; returns true if any was filled. */
function trimSide(
  h: FloatHistogram,
  cut: Cut,
  positive: boolean,
  total: { count: number; sum: number; trimmed: boolean },
): boolean {
  const buckets = positive ? h.positiveBuckets : h.negativeBuckets;
  const bucket = new BucketCursor(h, positive ? BucketOrder.positive : BucketOrder.negative);
  let filled = false;
  while (bucket.next()) {
    if (bucket.count === 0) continue;
    filled = true;
    const isKept = cut.isUpper ? bucket.upper <= cut.at : bucket.lower >= cut.at;
    const isCut = cut.isUpper ? bucket.lower < cut.at : bucket.upper > cut.at;
    if (isKept) {
      total.count += bucket.count;
      total.sum += midpoint(bucket.lower, bucket.upper, positive, cut.isCustom) * bucket.count;
    } else if (isCut) {
      const kept = trimBucket(bucket, cut, positive);
      total.count += kept.count;
      total.sum += kept.midpoint * kept.count;
      if (buckets[bucket.at] !== kept.count) {
        buckets[bucket.at] = kept.count;
        total.trimmed = true;
      }
    } else {
      buckets[bucket.at] = 0;
      total.trimmed = true;
    }
  }
  return filled;
}

function trimBucket(bucket: Bounds, cut: Cut, positive: boolean): Kept {
  if (bucket.lower === Number.NEGATIVE_INFINITY) return trimLowestBucket(bucket, cut);
  if (bucket.upper === Number.POSITIVE_INFINITY) return trimHighestBucket(bucket, cut);
  const below = countBelow(bucket, cut);
  if (cut.isUpper) {
    return { count: below, midpoint: midpoint(bucket.lower, cut.at, positive, cut.isCustom) };
  }
  return {
    count: bucket.count - below,
    midpoint: midpoint(cut.at, bucket.upper, positive, cut.isCustom),
  };
}

/** A bucket from -Inf. With a positive upper bound it is taken to begin at 0. */
function trimLowestBucket({ lower, upper, count }: Bounds, cut: Cut): Kept {
  const { at } = cut;
  const hasEnd = upper !== Number.POSITIVE_INFINITY;
  if (cut.isUpper) {
    if (at >= upper) return { count, midpoint: 0 };
    if (at > 0 && upper > 0 && hasEnd) return { count: (count * at) / upper, midpoint: at / 2 };
    if (upper <= 0) return { count, midpoint: at };
    return { count: 0, midpoint: finiteOrZero(upper) };
  }
  if (at <= lower) return { count, midpoint: 0 };
  if (at >= 0 && upper > at && hasEnd) {
    return { count: count * (1 - at / upper), midpoint: (at + upper) / 2 };
  }
  return { count: 0, midpoint: finiteOrZero(upper) };
}

/** A bucket to +Inf: how its observations are spread is not known, so all go or all stay. */
function trimHighestBucket({ lower, count }: Bounds, cut: Cut): Kept {
  if (!cut.isUpper && cut.at >= lower) return { count, midpoint: cut.at };
  return { count: 0, midpoint: finiteOrZero(lower) };
}

function finiteOrZero(value: number): number {
  return isInfinite(value) ? 0 : value;
}

function isInfinite(value: number): boolean {
  return Math.abs(value) === Number.POSITIVE_INFINITY;
}

function countBelow(bucket: Bounds, { at, isCustom }: Cut): number {
  if (at <= bucket.lower) return 0;
  if (at >= bucket.upper) return bucket.count;
  return bucket.count * fractionBelow(bucket, at, isCustom);
}

function trimZeroBucket(
  h: FloatHistogram,
  { at, isUpper }: Cut,
  hasNegative: boolean,
  hasPositive: boolean,
): Kept {
  const lower = hasPositive && !hasNegative ? 0 : -h.zeroThreshold;
  const upper = hasNegative && !hasPositive ? 0 : h.zeroThreshold;
  const all = { count: h.zeroCount, midpoint: (lower + upper) / 2 };
  const none = { count: 0, midpoint: 0 };
  if (at <= lower) return isUpper ? none : all;
  if (at >= upper) return isUpper ? all : none;
  if (isUpper) {
    return { count: h.zeroCount * ((at - lower) / (upper - lower)), midpoint: (lower + at) / 2 };
  }
  return { count: h.zeroCount * ((upper - at) / (upper - lower)), midpoint: (at + upper) / 2 };
}

/** The value that stands for observations between two bounds. */
function midpoint(lower: number, upper: number, positive: boolean, isLinear: boolean): number {
  if (isInfinite(lower)) {
    if (isInfinite(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (isInfinite(upper)) return lower;
  if (isLinear) return (lower + upper) / 2;
  const mean = Math.sqrt(Math.abs(lower * upper));
  return positive ? mean : -mean;
}
