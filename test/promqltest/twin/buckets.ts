import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { Sum } from "./model.ts";

/** One bucket of a native histogram. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** All buckets from the lowest to the highest, those without observations too. */
export function bucketsOf(h: FloatHistogram): Bucket[] {
  const zero = { lower: -h.zeroThreshold, upper: h.zeroThreshold, count: h.zeroCount };
  const positive = side(h, h.positiveSpans, h.positiveBuckets);
  const negative = side(h, h.negativeSpans, h.negativeBuckets)
    .map(({ lower, upper, count }) => ({ lower: -upper, upper: -lower, count }))
    .reverse();
  const cut = ({ lower, upper, count }: Bucket): Bucket => ({
    lower: lower > 0 && !h.usesCustomBuckets ? Math.max(lower, h.zeroThreshold) : lower,
    upper: upper < 0 && !h.usesCustomBuckets ? Math.min(upper, -h.zeroThreshold) : upper,
    count,
  });
  return [...negative.map(cut), ...(h.zeroCount > 0 ? [zero] : []), ...positive.map(cut)];
}

function side(h: FloatHistogram, spans: Int32Array, counts: Float64Array): Bucket[] {
  const out: Bucket[] = [];
  let index = 0;
  for (let s = 0; s < spans.length; s += 2) {
    index += spans[s]!;
    for (let n = 0; n < spans[s + 1]!; n++, index++) {
      out.push({ lower: bound(h, index - 1), upper: bound(h, index), count: counts[out.length]! });
    }
  }
  return out;
}

/** The upper bound of the bucket of `index`. */
function bound(h: FloatHistogram, index: number): number {
  if (!h.usesCustomBuckets) return 2 ** (index * 2 ** -h.schema);
  if (index < 0) return -Infinity;
  return h.customValues[index] ?? Infinity;
}

/** Where nothing is on one side of zero, the zero bucket ends there. */
function clipped(h: FloatHistogram, bucket: Bucket): Bucket {
  if (bucket.lower > 0 || bucket.upper < 0) return bucket;
  const [negative, positive] = [h.negativeBuckets.length > 0, h.positiveBuckets.length > 0];
  if (positive && !negative) return { ...bucket, lower: 0 };
  return negative && !positive ? { ...bucket, upper: 0 } : bucket;
}

/** The value that `fraction` of the bucket's observations are below. */
function valueIn(h: FloatHistogram, { lower, upper }: Bucket, fraction: number): number {
  if (h.usesCustomBuckets || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  if (lower > 0) return lower * (upper / lower) ** fraction;
  return -(-upper * (lower / upper) ** (1 - fraction));
}

/** Which part of the bucket's observations is below `value`, which is inside of it. */
function fractionIn(h: FloatHistogram, { lower, upper }: Bucket, value: number): number {
  if (h.usesCustomBuckets || (lower <= 0 && upper >= 0)) return (value - lower) / (upper - lower);
  const log = (from: number, to: number): number => Math.log2(to / from);
  if (lower > 0) return log(lower, value) / log(lower, upper);
  return 1 - log(-upper, -value) / log(-upper, -lower);
}

/** The quantile, counted from the side that is nearer. */
export function nativeQuantile(q: number, h: FloatHistogram): number {
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  if (h.count === 0 || Number.isNaN(q)) return NaN;
  const forward = Number.isNaN(h.sum) || q < 0.5;
  const buckets = bucketsOf(h);
  if (!forward) buckets.reverse();
  const rank = (forward ? q : 1 - q) * h.count;
  let found: Bucket = { lower: 0, upper: 0, count: 0 };
  let seen = 0;
  for (const bucket of buckets) {
    found = bucket;
    if (bucket.count === 0) continue;
    seen += bucket.count;
    if (seen >= rank) break;
  }
  if (!h.usesCustomBuckets) found = clipped(h, found);
  if (h.usesCustomBuckets && found.lower === -Infinity) {
    if (found.upper <= 0) return found.upper;
    found = { ...found, lower: 0 };
  } else if (h.usesCustomBuckets && found.upper === Infinity) return found.lower;
  seen = Math.min(seen, h.count);
  if (seen < rank) return Number.isNaN(h.sum) ? NaN : found.upper;
  const inside = forward ? rank - (seen - found.count) : seen - rank;
  return valueIn(h, found, inside / found.count);
}

/** Which part of the observations is between two values. */
export function nativeFraction(lower: number, upper: number, h: FloatHistogram): number {
  if (h.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const buckets = bucketsOf(h).map((bucket) => clipped(h, bucket));
  // Observations that are NaN are in the count and in no bucket.
  const total = Number.isNaN(h.sum) ? buckets.reduce((sum, { count }) => sum + count, 0) : h.count;
  const below = (value: number): number => {
    let rank = 0;
    for (const bucket of buckets) {
      if (bucket.lower >= value) return rank;
      if (bucket.upper > value) {
        if (bucket.lower === -Infinity) return bucket.count;
        return rank + bucket.count * fractionIn(h, bucket, value);
      }
      rank += bucket.count;
    }
    return total;
  };
  return (Math.min(below(upper), total) - Math.min(below(lower), total)) / h.count;
}

/** The variance, as if observations stood in the middle of their buckets. */
export function nativeVariance(h: FloatHistogram): number {
  const mean = h.sum / h.count;
  const sum = new Sum();
  for (const { lower, upper, count } of bucketsOf(h)) {
    if (count === 0) continue;
    let middle = Math.sign(upper) * Math.sqrt(upper * lower);
    if (h.usesCustomBuckets) middle = (upper + lower) / 2;
    else if (lower <= 0 && upper >= 0) middle = 0;
    sum.add(count * (middle - mean) * (middle - mean));
  }
  return sum.value / h.count;
}
