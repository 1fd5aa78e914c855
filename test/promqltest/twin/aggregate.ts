import { formatHistogram } from "#pkg/histogram/mod.ts";
import { METRIC_NAME } from "#pkg/labels/mod.ts";
import { formatFloat } from "#pkg/model/mod.ts";
import { averageHistograms, sumHistograms } from "./histograms.ts";
import {
  checkLabelName,
  isFloat,
  isHistogram,
  keep,
  keyOf,
  type Metric,
  meanOf,
  quantileOf,
  type Sample,
  Sum,
  TwinError,
  type Value,
  withLabel,
  without,
} from "./model.ts";

/** How samples are put into groups. */
export interface Grouping {
  readonly names: readonly string[];
  readonly without: boolean;
}

interface Group {
  readonly metric: Metric;
  readonly samples: Sample[];
}

function groupMetric(metric: Metric, grouping: Grouping): Metric {
  return grouping.without
    ? without(metric, [...grouping.names, METRIC_NAME])
    : keep(metric, grouping.names);
}

function groupsOf(samples: readonly Sample[], grouping: Grouping): Group[] {
  const out = new Map<string, Group>();
  for (const sample of samples) {
    const metric = groupMetric(sample.metric, grouping);
    const key = keyOf(metric);
    const group = out.get(key) ?? { metric, samples: [] };
    group.samples.push(sample);
    out.set(key, group);
  }
  return [...out.values()];
}

const floatsIn = (samples: readonly Sample[]): number[] =>
  samples.map(({ value }) => value).filter(isFloat);

/** The value of a group, or undefined if it has none. */
function groupValue(op: string, samples: readonly Sample[], param: number): Value | undefined {
  const floats = floatsIn(samples);
  const histograms = samples.map(({ value }) => value).filter(isHistogram);
  switch (op) {
    case "count":
      return samples.length;
    case "group":
      return 1;
    case "sum":
    case "avg": {
      if (floats.length > 0 && histograms.length > 0) return undefined;
      if (histograms.length > 0) {
        const out = op === "sum" ? sumHistograms(histograms) : averageHistograms(histograms);
        return out?.copy().compact(0);
      }
      return op === "sum" ? sumOf(floats) : meanOf(floats);
    }
  }
  if (floats.length === 0) return undefined;
  switch (op) {
    case "min":
      return floats.reduce((held, value) => (value < held || Number.isNaN(held) ? value : held));
    case "max":
      return floats.reduce((held, value) => (value > held || Number.isNaN(held) ? value : held));
    case "stddev":
      return Math.sqrt(varianceOf(floats));
    case "stdvar":
      return varianceOf(floats);
    case "quantile":
      return quantileOf(param, floats);
    default:
      throw new TwinError(`unsupported: ${op}`);
  }
}

function sumOf(values: readonly number[]): number {
  const sum = new Sum(values[0]!);
  for (const value of values.slice(1)) sum.add(value);
  return sum.value;
}

function varianceOf(values: readonly number[]): number {
  let mean = values[0]!;
  let squares = Number.isFinite(mean) ? 0 : NaN;
  values.slice(1).forEach((value, i) => {
    const delta = value - mean;
    mean += delta / (i + 2);
    squares += delta * (value - mean);
  });
  return squares / values.length;
}

/** An aggregation that gives one sample per group. */
export function aggregate(
  op: string,
  samples: readonly Sample[],
  options: { readonly grouping: Grouping; readonly param: number },
): Sample[] {
  return groupsOf(samples, options.grouping).flatMap(({ metric, samples: members }) => {
    const value = groupValue(op, members, options.param);
    const dropName = members.some((member) => member.dropName === true);
    return value === undefined ? [] : [{ metric, value, dropName }];
  });
}

/** `topk`, `bottomk` and `limitk`: some samples of each group, as they are. */
export function pick(
  op: string,
  samples: readonly Sample[],
  options: { readonly grouping: Grouping; readonly param: number },
): Sample[] {
  const { grouping, param } = options;
  if (Number.isNaN(param)) throw new TwinError("Parameter value is NaN");
  if (Math.abs(param) >= 2 ** 63) throw new TwinError("Scalar value overflows int64");
  const k = Math.trunc(param);
  if (k < 1) return [];
  return groupsOf(samples, grouping).flatMap((group) => {
    if (op === "limitk") return group.samples.slice(0, k);
    const sign = op === "topk" ? -1 : 1;
    const floats = group.samples.filter(({ value }) => isFloat(value));
    const order = (a: number, b: number): number =>
      Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : sign * (a - b) || 0;
    return floats.sort((a, b) => order(a.value as number, b.value as number)).slice(0, k);
  });
}

/** `count_values`: the values become a label. */
export function countValues(
  label: string,
  samples: readonly Sample[],
  grouping: Grouping,
): Sample[] {
  checkLabelName(label);
  const named = samples.map((sample) => {
    const { value } = sample;
    const text = isFloat(value) ? formatFloat(value) : formatHistogram(value);
    return { ...sample, metric: withLabel(sample.metric, label, text) };
  });
  const names = grouping.without ? grouping.names : [...grouping.names, label];
  return groupsOf(named, { ...grouping, names }).map(({ metric, samples: members }) => ({
    metric,
    value: members.length,
  }));
}
