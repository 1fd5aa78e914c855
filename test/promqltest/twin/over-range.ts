import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import {
  averageHistograms,
  extendedHistogramRate,
  histogramDelta,
  histogramRate,
  sumHistograms,
} from "./histograms.ts";
import { isFloat, isHistogram, meanOf, type Point, quantileOf, Sum, type Value } from "./model.ts";

/** What a function over a range is given for one series at one step. Times in ms. */
export interface Window {
  readonly points: readonly Point[];
  /** The range is `startMs < t <= endMs`. */
  readonly startMs: number;
  readonly endMs: number;
  /** The step itself, which `offset` and `@` do not move. */
  readonly stepMs: number;
  /** The scalar arguments in order. */
  readonly args: readonly number[];
  readonly anchored: boolean;
  readonly smoothed: boolean;
}

type RangeFunction = (window: Window) => Value | undefined;

const floatsOf = ({ points }: Window): Point<number>[] =>
  points.filter((point): point is Point<number> => isFloat(point.value));
const histogramsOf = ({ points }: Window): Point<FloatHistogram>[] =>
  points.filter((point): point is Point<FloatHistogram> => isHistogram(point.value));
const seconds = (ms: number): number => ms / 1000;

/** A function that looks at floats only, and at least `min` of them. */
const overFloats =
  (
    min: number,
    apply: (floats: readonly Point<number>[], window: Window) => number,
  ): RangeFunction =>
  (window) => {
    const floats = floatsOf(window);
    return floats.length < min ? undefined : apply(floats, window);
  };

const valuesOf = (points: readonly Point<number>[]): number[] => points.map(({ value }) => value);

/** A sum or mean: all floats or all histograms, nothing for a mix. */
const overOneKind =
  (
    ofFloats: (values: readonly number[]) => number,
    ofHistograms: (values: readonly FloatHistogram[]) => FloatHistogram | undefined,
  ): RangeFunction =>
  (window) => {
    const floats = valuesOf(floatsOf(window));
    const histograms = histogramsOf(window).map(({ value }) => value);
    if (floats.length > 0 && histograms.length > 0) return undefined;
    return histograms.length > 0 ? ofHistograms(histograms) : ofFloats(floats);
  };

function sumOf(values: readonly number[]): number {
  const sum = new Sum();
  for (const value of values) sum.add(value);
  return Math.abs(sum.total) === Infinity ? sum.total : sum.value;
}

function varianceOf(values: readonly number[]): number {
  const mean = new Sum();
  const squares = new Sum();
  values.forEach((value, i) => {
    const delta = value - mean.value;
    mean.add(delta / (i + 1));
    squares.add(delta * (value - mean.value));
  });
  return squares.value / values.length;
}

function medianDeviation(values: readonly number[]): number {
  if (values.some((value) => Number.isNaN(value))) return NaN;
  const median = quantileOf(0.5, values);
  return quantileOf(
    0.5,
    values.map((value) => Math.abs(value - median)),
  );
}

/** The last (or first) of the extreme points. */
function extreme(
  points: readonly Point<number>[],
  wins: (candidate: number, held: number) => boolean,
): Point<number> {
  return points.reduce((held, point) =>
    wins(point.value, held.value) || Number.isNaN(held.value) ? point : held,
  );
}

/** Least squares; x in seconds from `originMs`. */
function regression(
  points: readonly Point<number>[],
  originMs: number,
): { readonly slope: number; readonly intercept: number } {
  const first = points[0]!.value;
  if (points.every(({ value }) => value === first) || points.length === 1) {
    return Math.abs(first) === Infinity
      ? { slope: NaN, intercept: NaN }
      : { slope: 0, intercept: first };
  }
  const n = points.length;
  const sums = [new Sum(), new Sum(), new Sum(), new Sum()] as const;
  for (const { timeMs, value } of points) {
    const x = seconds(timeMs - originMs);
    sums[0].add(x);
    sums[1].add(value);
    sums[2].add(x * value);
    sums[3].add(x * x);
  }
  const [sumX, sumY, sumXY, sumX2] = sums.map((sum) => sum.value) as [
    number,
    number,
    number,
    number,
  ];
  const slope = (sumXY - (sumX * sumY) / n) / (sumX2 - (sumX * sumX) / n);
  return { slope, intercept: sumY / n - (slope * sumX) / n };
}

function smoothing(points: readonly Point<number>[], { args }: Window): number {
  const [factor, trendFactor] = args as [number, number];
  let smoothed = points[0]!.value;
  let trend = points[1]!.value - points[0]!.value;
  let before = 0;
  for (let i = 1; i < points.length; i++) {
    if (i > 1) trend = trendFactor * (smoothed - before) + (1 - trendFactor) * trend;
    const next = factor * points[i]!.value + (1 - factor) * (smoothed + trend);
    before = smoothed;
    smoothed = next;
  }
  return smoothed;
}

/** `rate`, `increase` and `delta` with their guess of what lies beyond the samples. */
const extrapolated =
  (isCounter: boolean, isRate: boolean): RangeFunction =>
  (window) => {
    const { points, startMs, endMs } = window;
    if (window.anchored || window.smoothed) return extended(isCounter, isRate)(window);
    if (points.length < 2) return undefined;
    const floats = floatsOf(window);
    const histograms = histogramsOf(window);
    if (floats.length > 0 && histograms.length > 0) return undefined;
    const firstMs = points[0]!.timeMs;
    const lastMs = points.at(-1)!.timeMs;
    const sampled = seconds(lastMs - firstMs);
    const between = sampled / (points.length - 1);
    let result: Value | undefined;
    let first: number;
    let grown: number;
    if (floats.length > 0) {
      result = floats.at(-1)!.value - floats[0]!.value;
      if (isCounter) {
        for (let i = 1; i < floats.length; i++) {
          if (floats[i]!.value < floats[i - 1]!.value) result += floats[i - 1]!.value;
        }
      }
      first = floats[0]!.value;
      grown = result;
    } else {
      result = histogramRate(
        histograms.map(({ value }) => value),
        isCounter,
      );
      if (result === undefined) return undefined;
      first = histograms[0]!.value.count;
      grown = result.count;
    }
    let toStart = seconds(firstMs - startMs);
    let toEnd = seconds(endMs - lastMs);
    if (toStart >= between * 1.1) toStart = between / 2;
    if (isCounter && grown > 0 && first >= 0)
      toStart = Math.min(toStart, sampled * (first / grown));
    if (toEnd >= between * 1.1) toEnd = between / 2;
    let factor = (sampled + toStart + toEnd) / sampled;
    if (isRate) factor /= seconds(endMs - startMs);
    return isFloat(result) ? result * factor : result.copy().mul(factor);
  };

/** The line between two samples; a counter that was reset is taken to have started at 0. */
function between(
  a: Point<number>,
  b: Point<number>,
  { timeMs, isCounter }: { readonly timeMs: number; readonly isCounter: boolean },
): number {
  const from = isCounter && b.value < a.value ? 0 : a.value;
  return from + ((b.value - from) * (timeMs - a.timeMs)) / (b.timeMs - a.timeMs);
}

/** The values at both ends of the range, and what lies strictly between the ends. */
export function extendedEnds(
  points: readonly Point<number>[],
  window: Pick<Window, "startMs" | "endMs" | "smoothed">,
  isCounter: boolean,
):
  | { readonly left: number; readonly right: number; readonly inside: readonly Point<number>[] }
  | undefined {
  const { startMs, endMs, smoothed } = window;
  const inside = points.filter(({ timeMs }) => timeMs > startMs && timeMs < endMs);
  const beforeOrAt = points.filter(({ timeMs }) => timeMs <= startMs).at(-1);
  const after = points.filter(({ timeMs }) => timeMs > startMs)[0];
  if (after === undefined) return undefined;
  if (smoothed && (beforeOrAt ?? after).timeMs > endMs) return undefined;
  const leftAt = beforeOrAt ?? after;
  const left =
    smoothed && leftAt.timeMs < startMs
      ? between(leftAt, after, { timeMs: startMs, isCounter })
      : leftAt.value;
  const upTo = points.filter(({ timeMs }) => timeMs < endMs).at(-1);
  const from = points.find(({ timeMs }) => timeMs >= endMs);
  let right: number;
  if (!smoothed) right = points.filter(({ timeMs }) => timeMs <= endMs).at(-1)!.value;
  else if (from === undefined) right = points.at(-1)!.value;
  else if (from.timeMs > endMs && upTo !== undefined) {
    right = between(upTo, from, { timeMs: endMs, isCounter });
  } else right = from.value;
  return { left, right, inside };
}

/** As `extrapolated`, but with the samples around the range in place of a guess. */
const extended =
  (isCounter: boolean, isRate: boolean): RangeFunction =>
  (window) => {
    const floats = floatsOf(window);
    const histograms = histogramsOf(window);
    if (floats.length > 0 && histograms.length > 0) return undefined;
    const rangeSeconds = seconds(window.endMs - window.startMs);
    if (histograms.length > 0) {
      const rate = extendedHistogramRate(histograms, window, isCounter);
      return rate && isRate ? rate.div(rangeSeconds) : rate;
    }
    if (floats.length === 0) return undefined;
    const ends = extendedEnds(floats, window, isCounter);
    if (ends === undefined) return undefined;
    let result = ends.right - ends.left;
    if (isCounter) {
      const all = [ends.left, ...valuesOf(ends.inside), ends.right];
      // A single sample is both ends; there is nothing between it and itself.
      for (let i = 1; i < all.length; i++) if (all[i]! < all[i - 1]!) result += all[i - 1]!;
    }
    return isRate ? result / rangeSeconds : result;
  };

/** `irate` and `idelta`: the last two samples only. */
const lastTwo =
  (isRate: boolean): RangeFunction =>
  ({ points }) => {
    const [a, b] = points.slice(-2);
    if (a === undefined || b === undefined) return undefined;
    const interval = seconds(b.timeMs - a.timeMs);
    if (isFloat(a.value) && isFloat(b.value)) {
      const difference = isRate && b.value < a.value ? b.value : b.value - a.value;
      return isRate ? difference / interval : difference;
    }
    if (!isHistogram(a.value) || !isHistogram(b.value)) return undefined;
    const difference = histogramDelta(a.value, b.value, isRate);
    return difference && isRate ? difference.div(interval) : difference;
  };

/** How often a condition holds between neighbours. */
const neighbours =
  (counts: (before: Value, after: Value) => boolean): RangeFunction =>
  (window) => {
    let { points } = window;
    if (window.anchored) {
      const anchor = points.filter(({ timeMs }) => timeMs <= window.startMs).length - 1;
      if (anchor + 1 >= points.length) return undefined;
      points = points.slice(Math.max(0, anchor));
    }
    if (points.length === 0) return undefined;
    let count = 0;
    for (let i = 1; i < points.length; i++) {
      if (counts(points[i - 1]!.value, points[i]!.value)) count++;
    }
    return count;
  };

function isReset(before: Value, after: Value): boolean {
  if (isFloat(before) && isFloat(after)) return after < before;
  if (isHistogram(before) && isHistogram(after)) return after.detectReset(before);
  return true;
}

function isChange(before: Value, after: Value): boolean {
  if (isFloat(before) && isFloat(after)) {
    return after !== before && !(Number.isNaN(after) && Number.isNaN(before));
  }
  if (isHistogram(before) && isHistogram(after)) return !after.equals(before);
  return true;
}

const greater = (a: number, b: number): boolean => a > b;
const less = (a: number, b: number): boolean => a < b;
const notLess = (a: number, b: number): boolean => a >= b;
const notGreater = (a: number, b: number): boolean => a <= b;

/** Every function over a range; undefined where it gives nothing. */
export const RANGE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  absent_over_time: ({ points }) => (points.length > 0 ? 1 : undefined),
  avg_over_time: overOneKind(meanOf, averageHistograms),
  changes: neighbours(isChange),
  count_over_time: ({ points }) => points.length,
  delta: extrapolated(false, false),
  deriv: overFloats(2, (floats) => regression(floats, floats[0]!.timeMs).slope),
  double_exponential_smoothing: overFloats(2, smoothing),
  first_over_time: ({ points }) => points[0]?.value,
  idelta: lastTwo(false),
  increase: extrapolated(true, false),
  irate: lastTwo(true),
  last_over_time: ({ points }) => points.at(-1)?.value,
  mad_over_time: overFloats(1, (floats) => medianDeviation(valuesOf(floats))),
  max_over_time: overFloats(1, (floats) => extreme(floats, greater).value),
  min_over_time: overFloats(1, (floats) => extreme(floats, less).value),
  predict_linear: overFloats(2, (floats, { stepMs, args }) => {
    const { slope, intercept } = regression(floats, stepMs);
    return slope * args[0]! + intercept;
  }),
  present_over_time: ({ points }) => (points.length > 0 ? 1 : undefined),
  quantile_over_time: overFloats(1, (floats, { args }) => quantileOf(args[0]!, valuesOf(floats))),
  rate: extrapolated(true, true),
  resets: neighbours(isReset),
  stddev_over_time: overFloats(1, (floats) => Math.sqrt(varianceOf(valuesOf(floats)))),
  stdvar_over_time: overFloats(1, (floats) => varianceOf(valuesOf(floats))),
  sum_over_time: overOneKind(sumOf, sumHistograms),
  ts_of_first_over_time: ({ points }) => seconds(points[0]!.timeMs),
  ts_of_last_over_time: ({ points }) => seconds(points.at(-1)!.timeMs),
  ts_of_max_over_time: overFloats(1, (floats) => seconds(extreme(floats, notLess).timeMs)),
  ts_of_min_over_time: overFloats(1, (floats) => seconds(extreme(floats, notGreater).timeMs)),
};
