import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { METRIC_NAME } from "#pkg/labels/mod.ts";
import { nativeFraction, nativeQuantile, nativeVariance } from "./buckets.ts";
import { type ClassicBucket, classicFraction, classicQuantile } from "./histograms.ts";
import {
  checkLabelName,
  isFloat,
  keyOf,
  type Metric,
  type Sample,
  withLabel,
  without,
} from "./model.ts";

/** Functions of one float. */
export const MAPS: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (value) => (value * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (value) => (value * Math.PI) / 180,
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
};

const inUtc =
  (get: (date: Date) => number) =>
  (seconds: number): number =>
    get(new Date(Math.trunc(seconds) * 1000));

/** Functions of a time in seconds. */
export const DATES: Readonly<Record<string, (seconds: number) => number>> = {
  day_of_month: inUtc((date) => date.getUTCDate()),
  day_of_week: inUtc((date) => date.getUTCDay()),
  day_of_year: inUtc(
    (date) =>
      (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) -
        Date.UTC(date.getUTCFullYear(), 0, 0)) /
      86_400_000,
  ),
  days_in_month: inUtc((date) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  ),
  hour: inUtc((date) => date.getUTCHours()),
  minute: inUtc((date) => date.getUTCMinutes()),
  month: inUtc((date) => date.getUTCMonth() + 1),
  year: inUtc((date) => date.getUTCFullYear()),
};

/** `apply` to each float; names are to be dropped, histograms left out. */
export function mapFloats(samples: readonly Sample[], apply: (value: number) => number): Sample[] {
  return samples.flatMap(({ metric, value }) =>
    isFloat(value) ? [{ metric, value: apply(value), dropName: true }] : [],
  );
}

/** `label_replace`: `$1` in the replacement is what the first group matched. */
export function labelReplace(samples: readonly Sample[], args: readonly string[]): Sample[] {
  const [target, replacement, source, pattern] = args as [string, string, string, string];
  checkLabelName(target);
  const compiled = new RegExp(`^(?:${pattern})$`, "su");
  return samples.map((sample) => {
    const match = compiled.exec(sample.metric.get(source) ?? "");
    if (match === null) return sample;
    const value = replacement.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? "");
    return renamed(sample, target, value);
  });
}

/** A label set anew; a name that is set is there to stay. */
function renamed(sample: Sample, target: string, value: string): Sample {
  const metric = withLabel(sample.metric, target, value);
  return target === METRIC_NAME ? { ...sample, metric, dropName: false } : { ...sample, metric };
}

export function labelJoin(samples: readonly Sample[], args: readonly string[]): Sample[] {
  const [target, separator, ...sources] = args as [string, string, ...string[]];
  for (const name of [target, ...sources]) checkLabelName(name);
  return samples.map((sample) => {
    const value = sources.map((source) => sample.metric.get(source) ?? "").join(separator);
    return renamed(sample, target, value);
  });
}

/** The classic histograms among `samples`, without those that stand beside a native one. */
function classicHistograms(
  samples: readonly Sample[],
): { metric: Metric; buckets: ClassicBucket[] }[] {
  const out = new Map<string, { metric: Metric; buckets: ClassicBucket[] }>();
  for (const { metric, value } of samples) {
    const le = parseBound(metric.get("le") ?? "");
    if (!isFloat(value) || le === undefined) continue;
    const rest = without(metric, ["le"]);
    const known = out.get(keyOf(rest)) ?? { metric: rest, buckets: [] };
    known.buckets.push({ le, count: value });
    out.set(keyOf(rest), known);
  }
  for (const { metric } of nativeHistograms(samples)) out.delete(keyOf(metric));
  return [...out.values()];
}

function nativeHistograms(samples: readonly Sample[]): { metric: Metric; value: FloatHistogram }[] {
  return samples.flatMap(({ metric, value }) => (isFloat(value) ? [] : [{ metric, value }]));
}

/** Those that do not stand beside a classic one. */
function loneNatives(samples: readonly Sample[]): { metric: Metric; value: FloatHistogram }[] {
  const classic = new Set(
    samples
      .filter(
        ({ metric, value }) => isFloat(value) && parseBound(metric.get("le") ?? "") !== undefined,
      )
      .map(({ metric }) => keyOf(without(metric, ["le"]))),
  );
  return nativeHistograms(samples).filter(({ metric }) => !classic.has(keyOf(metric)));
}

function parseBound(text: string): number | undefined {
  if (/^\+?Inf$/i.test(text)) return Infinity;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** What is found out of histograms of both kinds. */
function ofBoth(
  samples: readonly Sample[],
  ofNative: (h: FloatHistogram) => number,
  ofClassic: (buckets: readonly ClassicBucket[]) => number,
): Sample[] {
  return [
    ...loneNatives(samples).map(({ metric, value }) => ({ metric, value: ofNative(value) })),
    ...classicHistograms(samples).map(({ metric, buckets }) => ({
      metric,
      value: ofClassic(buckets),
    })),
  ].map((sample) => ({ ...sample, dropName: true }));
}

export function histogramQuantile(q: number, samples: readonly Sample[]): Sample[] {
  return ofBoth(
    samples,
    (h) => nativeQuantile(q, h),
    (buckets) => classicQuantile(q, buckets),
  );
}

export function histogramFraction(
  lower: number,
  upper: number,
  samples: readonly Sample[],
): Sample[] {
  return ofBoth(
    samples,
    (h) => nativeFraction(lower, upper, h),
    (buckets) => classicFraction(lower, upper, buckets),
  );
}

/** Functions of one histogram; floats are left out. */
export const OF_HISTOGRAMS: Readonly<Record<string, (h: FloatHistogram) => number>> = {
  histogram_avg: ({ sum, count }) => sum / count,
  histogram_count: ({ count }) => count,
  histogram_stddev: (h) => Math.sqrt(nativeVariance(h)),
  histogram_stdvar: nativeVariance,
  histogram_sum: ({ sum }) => sum,
};

export function ofHistograms(
  samples: readonly Sample[],
  apply: (h: FloatHistogram) => number,
): Sample[] {
  return nativeHistograms(samples).map(({ metric, value }) => ({
    ...{ metric, dropName: true },
    value: apply(value),
  }));
}
