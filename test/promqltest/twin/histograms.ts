import {
  CombineNote,
  CompensatedHistogram,
  CounterReset,
  FloatHistogram,
} from "#pkg/histogram/mod.ts";
import type { Point } from "./model.ts";

/** `a + b` (or `a - b`), or undefined where they cannot be combined. */
export function combined(
  a: FloatHistogram,
  b: FloatHistogram,
  sign: 1 | -1 = 1,
): FloatHistogram | undefined {
  const out = a.copy();
  const note = sign === 1 ? out.add(b) : out.sub(b);
  return (note & CombineNote.incompatible) !== 0 ? undefined : out;
}

/** The sum, with what rounding takes from it; undefined where two cannot be added. */
export function sumHistograms(all: readonly FloatHistogram[]): FloatHistogram | undefined {
  const sum = new CompensatedHistogram(all[0]!);
  for (const one of all.slice(1)) {
    if ((sum.add(one) & CombineNote.incompatible) !== 0) return undefined;
  }
  return sum.total();
}

/** The mean: by the sum, and where that overflows by a mean that is updated. */
export function averageHistograms(all: readonly FloatHistogram[]): FloatHistogram | undefined {
  let mean = new CompensatedHistogram(all[0]!);
  let updated = false;
  for (let i = 1; i < all.length; i++) {
    const count = i + 1;
    if (!updated) {
      const next = mean.copy();
      if ((next.add(all[i]!) & CombineNote.incompatible) !== 0) return undefined;
      updated = next.value.hasOverflow();
      if (!updated) {
        mean = next;
        continue;
      }
      mean.div(count - 1);
    }
    mean.mul((count - 1) / count);
    const part = all[i]!.copy().div(count);
    if ((mean.add(part) & CombineNote.incompatible) !== 0) return undefined;
  }
  if (!updated) mean.div(all.length);
  return mean.total();
}

/** From the first to the last, resets made good if `isCounter`; undefined if they do not fit. */
export function histogramRate(
  all: readonly FloatHistogram[],
  isCounter: boolean,
): FloatHistogram | undefined {
  let first = all[0]!;
  const last = all.at(-1)!;
  if (isCounter && all[1]!.detectReset(first)) {
    // Of a first one that ends in a reset nothing is left, its layout neither.
    first = new FloatHistogram();
    first.schema = all[1]!.schema;
    first.customValues = all[1]!.customValues;
  }
  const schemas = isCounter ? [first, ...all.slice(1)] : [first, last];
  if (schemas.some((one) => one.usesCustomBuckets !== first.usesCustomBuckets)) return undefined;
  const schema = Math.min(...schemas.map((one) => one.schema));
  let out = combined(last.copyToSchema(schema), first, -1);
  if (isCounter) {
    let before = first;
    for (const one of all.slice(1)) {
      if (one.detectReset(before)) out = out && combined(out, before);
      before = one;
    }
  }
  if (out === undefined) return undefined;
  out.counterReset = CounterReset.gauge;
  return out.compact(0);
}

/** From one to the next; undefined if they do not fit. */
export function histogramDelta(
  before: FloatHistogram,
  after: FloatHistogram,
  isCounter: boolean,
): FloatHistogram | undefined {
  const out = isCounter && after.detectReset(before) ? after.copy() : combined(after, before, -1);
  if (out === undefined) return undefined;
  out.counterReset = CounterReset.gauge;
  return out.compact(0);
}

/** The line between two histograms; a counter that was reset is taken to have started at 0. */
export function histogramBetween(
  a: Point<FloatHistogram>,
  b: Point<FloatHistogram>,
  { timeMs, isCounter }: { readonly timeMs: number; readonly isCounter: boolean },
): FloatHistogram | undefined {
  if (timeMs === a.timeMs) return a.value.copy();
  if (timeMs === b.timeMs) return b.value.copy();
  const fraction = (timeMs - a.timeMs) / (b.timeMs - a.timeMs);
  if (isCounter && b.value.detectReset(a.value)) return b.value.copy().mul(fraction);
  const difference = combined(b.value, a.value, -1)?.mul(fraction);
  return difference && combined(difference, a.value);
}

/** What a range is given that looks beyond its ends. */
interface Ends {
  readonly startMs: number;
  readonly endMs: number;
  readonly smoothed: boolean;
}

/** From one end of the range to the other; undefined if there is nothing, or it does not fit. */
export function extendedHistogramRate(
  all: readonly Point<FloatHistogram>[],
  { startMs, endMs, smoothed }: Ends,
  isCounter: boolean,
): FloatHistogram | undefined {
  let first = all.findLastIndex(({ timeMs }, i) => timeMs <= startMs && i < all.length - 1);
  if (first < 0) first = 0;
  let last = all.length - 1;
  if (smoothed) {
    const reached = all.findIndex(({ timeMs }) => timeMs >= endMs);
    if (reached >= 0) last = reached;
  }
  if (all[last]!.timeMs <= startMs || (smoothed && all[first]!.timeMs > endMs)) return undefined;
  const inside = all.slice(first, last + 1);
  const custom = inside[0]!.value.usesCustomBuckets;
  if (inside.some(({ value }) => value.usesCustomBuckets !== custom)) return undefined;
  const [from, next] = [all[first]!, all[first + 1]];
  const left =
    smoothed && from.timeMs < startMs
      ? histogramBetween(from, next!, { timeMs: startMs, isCounter })
      : from.value.copy();
  const to = all[last]!;
  const right =
    smoothed && last > 0 && to.timeMs > endMs
      ? histogramBetween(all[last - 1]!, to, { timeMs: endMs, isCounter })
      : to.value.copy();
  if (left === undefined || right === undefined) return undefined;
  let out = combined(right, left, -1);
  if (isCounter) {
    let before = left;
    let middle = all.slice(first + 1, last);
    let crossed = false;
    if (smoothed && from.timeMs < startMs && next!.value.detectReset(from.value)) {
      // The line to the left end has crossed this reset already.
      before = next!.value;
      middle = all.slice(first + 2, last);
      crossed = first + 2 > last;
    }
    if (first + 1 > last) crossed = true;
    for (const value of crossed ? [] : [...middle.map((point) => point.value), right]) {
      if (value.detectReset(before)) out = out && combined(out, before);
      before = value;
    }
  }
  if (out === undefined) return undefined;
  out.counterReset = CounterReset.gauge;
  return out.compact(0);
}

/** A bucket of a classic histogram: how many observations were at most `le`. */
export interface ClassicBucket {
  readonly le: number;
  readonly count: number;
}

/** Sorted, with equal bounds made one; undefined without the bucket of infinity. */
function prepared(buckets: readonly ClassicBucket[]): ClassicBucket[] | undefined {
  const counts = new Map<number, number>();
  for (const { le, count } of [...buckets].sort((a, b) => a.le - b.le)) {
    counts.set(le, (counts.get(le) ?? 0) + count);
  }
  const out = Array.from(counts, ([le, count]) => ({ le, count }));
  return out.at(-1)!.le === Infinity ? out : undefined;
}

/** Counts that never fall; differences of rounding are none. */
function monotonic(buckets: readonly ClassicBucket[]): ClassicBucket[] {
  let held = buckets[0]!.count;
  return buckets.map(({ le, count }, i) => {
    if (i > 0 && count > held && !almostEqual(count, held)) held = count;
    else if (i > 0 && Number.isNaN(count)) held = count;
    return { le, count: held };
  });
}

function almostEqual(a: number, b: number): boolean {
  const difference = Math.abs(a - b);
  const sum = Math.abs(a) + Math.abs(b);
  return a === b || difference / Math.min(sum, Number.MAX_VALUE) < 1e-12;
}

/** The quantile of a classic histogram, by interpolation in the bucket that holds it. */
export function classicQuantile(q: number, all: readonly ClassicBucket[]): number {
  if (Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const complete = prepared(all);
  if (complete === undefined) return NaN;
  const buckets = monotonic(complete);
  const total = buckets.at(-1)!.count;
  if (buckets.length < 2 || total === 0) return NaN;
  const rank = q * total;
  const found = buckets.slice(0, -1).findIndex(({ count }) => count >= rank);
  if (found < 0) return buckets.at(-2)!.le;
  const { le, count } = buckets[found]!;
  if (found === 0) return le <= 0 ? le : le * (rank / count);
  const below = buckets[found - 1]!;
  return below.le + (le - below.le) * ((rank - below.count) / (count - below.count));
}

/** Which part of the observations is between two values. */
export function classicFraction(
  lower: number,
  upper: number,
  all: readonly ClassicBucket[],
): number {
  const buckets = prepared(all);
  if (buckets === undefined) return NaN;
  const total = buckets.at(-1)!.count;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const below = (at: number): number => {
    let start = buckets[0]!.le <= 0 ? -Infinity : 0;
    let rank = 0;
    for (const { le, count } of buckets) {
      if (start >= at) return rank;
      if (at < le) {
        return start === -Infinity ? count : rank + ((count - rank) * (at - start)) / (le - start);
      }
      rank = count;
      start = le;
    }
    return total;
  };
  return (Math.min(below(upper), total) - Math.min(below(lower), total)) / total;
}
