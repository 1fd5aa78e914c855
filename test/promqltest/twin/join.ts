import { CounterReset } from "#pkg/histogram/mod.ts";
import { METRIC_NAME } from "#pkg/labels/mod.ts";
import { combined } from "./histograms.ts";
import {
  isFloat,
  isHistogram,
  keep,
  keyOf,
  type Metric,
  type Sample,
  TwinError,
  type Value,
  withLabel,
  without,
  withoutName,
} from "./model.ts";

/** `on`/`ignoring`, `group_…` and fills of a binary operator. */
export interface Matching {
  readonly card: "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";
  readonly labels: readonly string[];
  readonly on: boolean;
  readonly include: readonly string[];
  readonly fillLeft: number | undefined;
  readonly fillRight: number | undefined;
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": power,
  atan2: Math.atan2,
};

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** As IEEE 754 (and Go) have it: JavaScript differs for bases of 1 and -1. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Infinity) return 1;
  return base ** exponent;
}

const isTrim = (op: string): boolean => op === "</" || op === ">/";
export const isComparison = (op: string): boolean => op in COMPARISONS;

/** Two scalars. */
export function scalarOperation(op: string, a: number, b: number): number {
  const compare = COMPARISONS[op];
  return compare ? Number(compare(a, b)) : ARITHMETIC[op]!(a, b);
}

/** Two values: what comes out, and whether a filter would let it through. Undefined: nothing. */
function combine(op: string, a: Value, b: Value): { value: Value; keep: boolean } | undefined {
  if (isFloat(a) && isFloat(b)) {
    const compare = COMPARISONS[op];
    if (compare) return { value: a, keep: compare(a, b) };
    const apply = ARITHMETIC[op];
    return apply && { value: apply(a, b), keep: true };
  }
  if (isFloat(a) && isHistogram(b)) {
    return op === "*" ? { value: b.copy().mul(a).compact(0), keep: true } : undefined;
  }
  if (isHistogram(a) && isFloat(b)) {
    if (op === "*") return { value: a.copy().mul(b).compact(0), keep: true };
    if (op === "/") return { value: a.copy().div(b).compact(0), keep: true };
    if (op === "</" || op === ">/") return { value: a.copy().trim(b, op === "</"), keep: true };
    return undefined;
  }
  if (!isHistogram(a) || !isHistogram(b)) return undefined;
  if (op === "==" || op === "!=") return { value: a, keep: a.equals(b) === (op === "==") };
  if (op !== "+" && op !== "-") return undefined;
  const value = combined(a, b, op === "+" ? 1 : -1);
  if (value === undefined) return undefined;
  if (op === "-") value.counterReset = CounterReset.gauge;
  return { value: value.compact(0), keep: true };
}

/** A vector and a scalar, which is on the left if `swapped`. */
export function withScalar(
  op: string,
  samples: readonly Sample[],
  options: { readonly scalar: number; readonly swapped: boolean; readonly returnBool: boolean },
): Sample[] {
  const { scalar, swapped, returnBool } = options;
  return samples.flatMap((sample): Sample[] => {
    const { metric, value } = sample;
    const result = swapped ? combine(op, scalar, value) : combine(op, value, scalar);
    if (result === undefined) return [];
    if (returnBool) return [{ metric, value: Number(result.keep), dropName: true }];
    if (!result.keep) return [];
    if (isComparison(op) || isTrim(op))
      return [{ ...sample, value: isTrim(op) ? result.value : value }];
    return [{ metric, value: result.value, dropName: true }];
  });
}

const matchMetric = (metric: Metric, { on, labels }: Matching): Metric =>
  on ? keep(metric, labels) : without(metric, [...labels, METRIC_NAME]);
const signature = (metric: Metric, matching: Matching): string =>
  keyOf(matchMetric(metric, matching));

/** `and`, `or`, `unless`. */
export function setOperation(
  op: string,
  left: readonly Sample[],
  right: readonly Sample[],
  matching: Matching,
): Sample[] {
  const keys = (samples: readonly Sample[]): Set<string> =>
    new Set(samples.map(({ metric }) => signature(metric, matching)));
  if (op === "or") {
    const known = keys(left);
    return [...left, ...right.filter(({ metric }) => !known.has(signature(metric, matching)))];
  }
  const other = keys(right);
  return left.filter(({ metric }) => other.has(signature(metric, matching)) === (op === "and"));
}

/** Two vectors. */
export function join(
  op: string,
  operands: readonly [readonly Sample[], readonly Sample[]],
  matching: Matching,
  returnBool: boolean,
): Sample[] {
  const { card, fillLeft, fillRight } = matching;
  const swapped = card === "one-to-many";
  const [many, one] = swapped ? [operands[1], operands[0]] : operands;
  if (many.length === 0 && one.length === 0) return [];
  const filled = fillLeft !== undefined || fillRight !== undefined;
  if ((many.length === 0 || one.length === 0) && !filled) return [];
  const ones = new Map<string, Sample>();
  for (const sample of one) {
    const key = signature(sample.metric, matching);
    if (ones.has(key)) throw new TwinError("found duplicate series for the match group");
    ones.set(key, sample);
  }
  const out: Sample[] = [];
  const matched = new Map<string, Set<string>>();
  const pair = (a: Sample, b: Sample, key: string): void => {
    const result = swapped ? combine(op, b.value, a.value) : combine(op, a.value, b.value);
    if (result === undefined) return;
    const metric = resultMetric(op, a.metric, b.metric, matching);
    const seen = matched.get(key) ?? new Set();
    const id = card === "one-to-one" ? "" : keyOf(metric);
    if (seen.has(id)) throw new TwinError("multiple matches for labels");
    matched.set(key, seen.add(id));
    if (returnBool) out.push({ metric, value: Number(result.keep), dropName: true });
    else if (result.keep) out.push({ metric, value: result.value });
  };
  for (const sample of many) {
    const key = signature(sample.metric, matching);
    const other = ones.get(key);
    if (other) pair(sample, other, key);
    else if (fillRight !== undefined) {
      pair(sample, { metric: matchMetric(sample.metric, matching), value: fillRight }, key);
    }
  }
  if (fillLeft !== undefined) {
    for (const [key, sample] of ones) {
      if (matched.has(key)) continue;
      pair({ metric: matchMetric(sample.metric, matching), value: fillLeft }, sample, key);
    }
  }
  return out;
}

function resultMetric(op: string, many: Metric, one: Metric, matching: Matching): Metric {
  let out = isComparison(op) || isTrim(op) ? many : withoutName(many);
  if (matching.card === "one-to-one") {
    out = matching.on ? keep(out, matching.labels) : without(out, matching.labels);
  }
  for (const name of matching.include) out = withLabel(out, name, one.get(name) ?? "");
  return out;
}
