import {
  BucketCursor,
  BucketOrder,
  type FloatHistogram,
  fractionBelow,
  KahanSum,
  log2,
} from "#pkg/histogram/mod.ts";

/** What is to be said about a number taken from a histogram with NaN observations. */
export const HistogramNote = {
  none: 0,
  /** Quantile: NaN observations count as above all others, so the result may be too high. */
  nanSkew: 1,
  /** Quantile: it falls among the NaN observations, so the result is NaN. */
  nanResult: 2,
  /** Fraction: NaN observations are in no bucket, but in the count. */
  nanInFraction: 3,
} as const;
export type HistogramNote = (typeof HistogramNote)[keyof typeof HistogramNote];

/** A number taken from a histogram, with what is to be said about it. */
export interface HistogramNumber {
  readonly value: number;
  readonly note: HistogramNote;
}

function plain(value: number): HistogramNumber {
  return { value, note: HistogramNote.none };
}

/**
 * The `q` quantile of the observations in `h`. Within an exponential bucket it is interpolated on a
 * logarithmic scale; within custom buckets and the zero bucket linearly. A zero bucket beside
 * buckets of one sign only is taken to reach to 0 on the other side. NaN for an empty histogram,
 * ∓Inf for a `q` below 0 or above 1.
 */
export function histogramQuantile(q: number, h: FloatHistogram): HistogramNumber {
  if (q < 0) return plain(Number.NEGATIVE_INFINITY);
  if (q > 1) return plain(Number.POSITIVE_INFINITY);
  if (h.count === 0 || Number.isNaN(q)) return plain(Number.NaN);
  // NaN observations are in the count but in no bucket, so ranks are only right from below.
  const hasNan = Number.isNaN(h.sum);
  const fromBelow = hasNan || q < 0.5;
  const bucket = new BucketCursor(h, fromBelow ? BucketOrder.ascending : BucketOrder.descending);
  const rank = (fromBelow ? q : 1 - q) * h.count;
  const reached = seekRank(bucket, rank);
  let { lower, upper } = bucket;
  if (h.usesCustomBuckets) {
    if (lower === Number.NEGATIVE_INFINITY) {
      if (upper <= 0) return plain(upper);
      lower = 0;
    } else if (upper === Number.POSITIVE_INFINITY) return plain(lower);
  } else if (lower < 0 && upper > 0) {
    if (isOneSided(h.positiveBuckets, h.negativeBuckets)) lower = 0;
    else if (isOneSided(h.negativeBuckets, h.positiveBuckets)) upper = 0;
  }
  const count = reached > h.count ? h.count : reached;
  if (count < rank) {
    // Only NaN observations can be above all buckets; otherwise it is a matter of precision.
    return hasNan ? { value: Number.NaN, note: HistogramNote.nanResult } : plain(upper);
  }
  const rankInBucket = fromBelow ? rank - (count - bucket.count) : count - rank;
  let total = count;
  // With a sum of NaN, Prometheus interpolates within the last bucket, as far as the rank is into
  // its own: odd, but answers are to be the same.
  while (hasNan && bucket.next()) {
    total += bucket.count;
    ({ lower, upper } = bucket);
  }
  const value = interpolate({ lower, upper }, rankInBucket / bucket.count, h.usesCustomBuckets);
  return { value, note: hasNan && total < h.count ? HistogramNote.nanSkew : HistogramNote.none };
}

/** Moves to the bucket in which the running count reaches `rank`, or to the last; returns the count
 * up to and with it. */
function seekRank(bucket: BucketCursor, rank: number): number {
  let count = 0;
  while (bucket.next()) {
    if (bucket.count === 0) continue;
    count += bucket.count;
    if (count >= rank) break;
  }
  return count;
}

function isOneSided(present: Float64Array, absent: Float64Array): boolean {
  return absent.length === 0 && present.length > 0;
}

function interpolate(
  { lower, upper }: { readonly lower: number; readonly upper: number },
  fraction: number,
  isCustom: boolean,
): number {
  if (isCustom || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const from = log2(Math.abs(lower));
  const to = log2(Math.abs(upper));
  if (lower > 0) return 2 ** (from + (to - from) * fraction);
  return -(2 ** (to + (from - to) * (1 - fraction)));
}

/**
 * Which part of the observations in `h`, 0 to 1, is between `lower` and `upper`. Buckets are
 * interpolated as `histogramQuantile` does. NaN for an empty histogram or a bound that is NaN.
 */
export function histogramFraction(
  lower: number,
  upper: number,
  h: FloatHistogram,
): HistogramNumber {
  if (h.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return plain(Number.NaN);
  if (lower >= upper) return plain(0);
  const bucket = new BucketCursor(h, BucketOrder.ascending);
  const from = new RankSearch(lower, h);
  const to = new RankSearch(upper, h);
  let rank = 0;
  let count = 0;
  while (bucket.next()) {
    count += bucket.count;
    const bounds = boundsOf(bucket, h);
    from.visit(bucket, bounds, rank);
    to.visit(bucket, bounds, rank);
    if (from.found && to.found) break;
    rank += bucket.count;
  }
  let note: HistogramNote = HistogramNote.none;
  if (Number.isNaN(h.sum)) {
    while (bucket.next()) count += bucket.count;
    if (count < h.count) note = HistogramNote.nanInFraction;
  } else count = h.count;
  return { value: (to.rankWithin(count) - from.rankWithin(count)) / h.count, note };
}

interface BucketBounds {
  readonly lower: number;
  readonly upper: number;
  readonly spansZero: boolean;
}

/** The bounds to interpolate between: 0 is one of those of a zero bucket of one sign. */
function boundsOf({ lower, upper }: BucketCursor, h: FloatHistogram): BucketBounds {
  const spansZero = lower <= 0 && upper >= 0;
  if (spansZero && isOneSided(h.positiveBuckets, h.negativeBuckets)) {
    return { lower: 0, upper, spansZero };
  }
  if (spansZero && isOneSided(h.negativeBuckets, h.positiveBuckets)) {
    return { lower, upper: 0, spansZero };
  }
  return { lower, upper, spansZero };
}

/** Finds how many observations are below a value, from buckets in ascending order. */
class RankSearch {
  found = false;
  readonly #value: number;
  readonly #isCustom: boolean;
  #rank = 0;

  constructor(value: number, h: FloatHistogram) {
    this.#value = value;
    this.#isCustom = h.usesCustomBuckets;
  }

  /** `rank` is the number of observations below `bucket`. */
  visit(bucket: BucketCursor, bounds: BucketBounds, rank: number): void {
    if (this.found) return;
    if (bounds.lower >= this.#value) {
      this.#rank = rank;
      this.found = true;
    } else if (bounds.upper > this.#value) {
      this.#rank = this.#inside(bucket.count, bounds, rank);
      this.found = true;
    }
  }

  #inside(count: number, bounds: BucketBounds, rank: number): number {
    const isLinear = this.#isCustom || bounds.spansZero;
    // Nothing can be said about where in an infinite bucket its observations are.
    if (isLinear && bounds.lower === Number.NEGATIVE_INFINITY) return count;
    return rank + count * fractionBelow(bounds, this.#value, isLinear);
  }

  /** The rank, at most `count`, which it is for values above all buckets. */
  rankWithin(count: number): number {
    return !this.found || this.#rank > count ? count : this.#rank;
  }
}

/** The mean of the observations in `h`. */
export function histogramAvg(h: FloatHistogram): number {
  return h.sum / h.count;
}

/**
 * The variance of the observations in `h`, each of which is taken to be where its bucket is: at the
 * arithmetic mean of custom bounds, at the geometric one of exponential bounds, at 0 for the zero
 * bucket.
 */
export function histogramVariance(h: FloatHistogram): number {
  const mean = h.sum / h.count;
  const total = new KahanSum();
  const bucket = new BucketCursor(h, BucketOrder.ascending);
  while (bucket.next()) {
    if (bucket.count === 0) continue;
    const delta = centre(bucket, h.usesCustomBuckets) - mean;
    total.add(bucket.count * delta * delta);
  }
  return (total.sum + total.compensation) / h.count;
}

/** The standard deviation of the observations in `h`; see `histogramVariance`. */
export function histogramStddev(h: FloatHistogram): number {
  return Math.sqrt(histogramVariance(h));
}

function centre({ lower, upper }: BucketCursor, isCustom: boolean): number {
  if (isCustom) return (upper + lower) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const mean = Math.sqrt(upper * lower);
  return upper < 0 ? -mean : mean;
}
