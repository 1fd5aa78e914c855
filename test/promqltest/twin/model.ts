import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Labels, labelsFromPairs, METRIC_NAME } from "#pkg/labels/mod.ts";

/** A float or a histogram; histograms are never changed in place. */
export type Value = number | FloatHistogram;

/** A label set as a map; the twin has no faster form. */
export type Metric = ReadonlyMap<string, string>;

/** One sample of one series at the step that is being evaluated. */
export interface Sample {
  readonly metric: Metric;
  readonly value: Value;
  /** The name says nothing of the value any more; it is dropped now or at the end. */
  readonly dropName?: boolean;
}

/** A stored sample; an undefined value is the stale marker. */
export interface Point<V = Value> {
  readonly timeMs: number;
  readonly value: V;
}

/** A series as it is stored. */
export interface StoredSeries {
  readonly metric: Metric;
  readonly points: readonly Point<Value | undefined>[];
}

/** The samples of one series in a range. */
export interface RangeSeries {
  readonly metric: Metric;
  readonly points: readonly Point[];
  readonly dropName?: boolean;
}

/** A query that has no answer. */
export class TwinError extends Error {}

export const isHistogram = (value: Value): value is FloatHistogram =>
  value instanceof FloatHistogram;

export const isFloat = (value: Value): value is number => typeof value === "number";

const METADATA = [METRIC_NAME, "__type__", "__unit__"];

/** `samples` without the names that are to be dropped. */
export function dropNames<T extends { readonly metric: Metric; readonly dropName?: boolean }>(
  samples: readonly T[],
): T[] {
  return samples.map((sample) =>
    sample.dropName ? { ...sample, metric: withoutName(sample.metric), dropName: false } : sample,
  );
}

/** The labels that still fit once values were changed. */
export function withoutName(metric: Metric): Metric {
  return new Map([...metric].filter(([name]) => !METADATA.includes(name)));
}

export function keep(metric: Metric, names: readonly string[]): Metric {
  return new Map([...metric].filter(([name]) => names.includes(name)));
}

export function without(metric: Metric, names: readonly string[]): Metric {
  return new Map([...metric].filter(([name]) => !names.includes(name)));
}

/** `metric` with one label set, or taken off if the value is empty. */
export function withLabel(metric: Metric, name: string, value: string): Metric {
  const out = new Map(metric);
  if (value === "") out.delete(name);
  else out.set(name, value);
  return out;
}

export function toLabels(metric: Metric): Labels {
  return labelsFromPairs(metric);
}

/** Equal for equal metrics only. */
export function keyOf(metric: Metric): string {
  return JSON.stringify([...metric].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Two series of a step that cannot be told apart are an error. */
export function checkDistinct<T extends { readonly metric: Metric }>(samples: readonly T[]): T[] {
  const keys = new Set(samples.map(({ metric }) => keyOf(metric)));
  if (keys.size < samples.length) {
    throw new TwinError("vector cannot contain metrics with the same labelset");
  }
  return [...samples];
}

/** The sum of `values`, Neumaier's way, as Prometheus adds. */
export class Sum {
  total = 0;
  #error = 0;

  constructor(start = 0) {
    this.total = start;
  }

  add(value: number): void {
    const next = this.total + value;
    if (Math.abs(next) === Infinity) this.#error = 0;
    else if (Math.abs(this.total) >= Math.abs(value)) this.#error += this.total - next + value;
    else this.#error += value - next + this.total;
    this.total = next;
  }

  scale(factor: number): void {
    this.total *= factor;
    this.#error *= factor;
  }

  divide(divisor: number): void {
    this.total /= divisor;
    this.#error /= divisor;
  }

  get error(): number {
    return this.#error;
  }

  get value(): number {
    return this.total + this.#error;
  }
}

/** The mean of floats: by the sum, and where that overflows by a mean that is updated. */
export function meanOf(values: readonly number[]): number {
  const sum = new Sum(values[0]!);
  let updated = false;
  for (let i = 1; i < values.length; i++) {
    const count = i + 1;
    if (!updated) {
      if (Math.abs(sum.total + values[i]!) !== Infinity) {
        sum.add(values[i]!);
        continue;
      }
      updated = true;
      sum.divide(count - 1);
    }
    sum.scale((count - 1) / count);
    sum.add(values[i]! / count);
  }
  if (updated) return sum.value;
  return sum.total / values.length + sum.error / values.length;
}

/** The `q`-quantile by interpolation between the two nearest ranks; NaN sorts first. */
export function quantileOf(q: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const sorted = [...values].sort((a, b) =>
    Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : a - b,
  );
  const rank = q * (sorted.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(sorted.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return sorted[lower]! * (1 - weight) + sorted[upper]! * weight;
}

/** Bytes that are no text cannot name a label; the parser shows them as halves of characters. */
export function checkLabelName(name: string): void {
  if (name === "" || /\p{Cs}/u.test(name)) throw new TwinError(`invalid label name ${name}`);
}
