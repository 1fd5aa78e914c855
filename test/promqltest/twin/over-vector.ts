import { type ClassicBucket, classicFraction, classicQuantile } from "./histograms.ts";
import {
  isFloat,
  keyOf,
  type Sample,
  TwinError,
  withLabel,
  without,
  withoutName,
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

/** `apply` to each float; names are dropped, histograms left out. */
export function mapFloats(samples: readonly Sample[], apply: (value: number) => number): Sample[] {
  return samples.flatMap(({ metric, value }) =>
    isFloat(value) ? [{ metric: withoutName(metric), value: apply(value) }] : [],
  );
}

/** `label_replace`: `$1` in the replacement is what the first group matched. */
export function labelReplace(samples: readonly Sample[], args: readonly string[]): Sample[] {
  const [target, replacement, source, pattern] = args as [string, string, string, string];
  const compiled = new RegExp(`^(?:${pattern})$`, "su");
  return samples.map((sample) => {
    const match = compiled.exec(sample.metric.get(source) ?? "");
    if (match === null) return sample;
    const value = replacement.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? "");
    return { ...sample, metric: withLabel(sample.metric, target, value) };
  });
}

export function labelJoin(samples: readonly Sample[], args: readonly string[]): Sample[] {
  const [target, separator, ...sources] = args as [string, string, ...string[]];
  return samples.map((sample) => {
    const value = sources.map((source) => sample.metric.get(source) ?? "").join(separator);
    return { ...sample, metric: withLabel(sample.metric, target, value) };
  });
}

/** The series of buckets that belong together. */
function classicHistograms(
  samples: readonly Sample[],
): Map<string, { sample: Sample; buckets: ClassicBucket[] }> {
  const out = new Map<string, { sample: Sample; buckets: ClassicBucket[] }>();
  for (const sample of samples) {
    if (!isFloat(sample.value)) throw new TwinError("unsupported: quantiles of native histograms");
    const le = parseBound(sample.metric.get("le") ?? "");
    if (le === undefined) continue;
    const rest = without(sample.metric, ["le"]);
    const key = keyOf(rest);
    const known = out.get(key) ?? { sample: { ...sample, metric: withoutName(rest) }, buckets: [] };
    known.buckets.push({ le, count: sample.value });
    out.set(key, known);
  }
  return out;
}

function parseBound(text: string): number | undefined {
  if (/^\+?Inf$/i.test(text)) return Infinity;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

export function histogramQuantile(q: number, samples: readonly Sample[]): Sample[] {
  return [...classicHistograms(samples).values()].map(({ sample, buckets }) => ({
    metric: sample.metric,
    value: classicQuantile(q, buckets),
  }));
}

export function histogramFraction(
  lower: number,
  upper: number,
  samples: readonly Sample[],
): Sample[] {
  return [...classicHistograms(samples).values()].map(({ sample, buckets }) => ({
    metric: sample.metric,
    value: classicFraction(lower, upper, buckets),
  }));
}

/** Functions of one histogram; floats are left out. */
export const OF_HISTOGRAMS = {
  histogram_avg: (count: number, sum: number): number => sum / count,
  histogram_count: (count: number): number => count,
  histogram_sum: (_: number, sum: number): number => sum,
} as const;

export function ofHistograms(
  samples: readonly Sample[],
  apply: (count: number, sum: number) => number,
): Sample[] {
  return samples.flatMap(({ metric, value }) =>
    isFloat(value) ? [] : [{ metric: withoutName(metric), value: apply(value.count, value.sum) }],
  );
}
