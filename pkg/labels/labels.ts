import { compareBytes } from "./compare.ts";

/** The label that holds a series' metric name. */
export const METRIC_NAME = "__name__";

/**
 * A label set: flat `[name0, value0, name1, value1, …]`, sorted by name in byte order, names
 * unique, no empty values. Immutable and shared: never modify one that was handed to you.
 */
export type Labels = readonly string[];

/** The label set without labels. */
export const EMPTY_LABELS: Labels = [];

/** The value of label `name`, or `""` where the set has none (as in PromQL, both are the same). */
export function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === name) return labels[i + 1]!;
  }
  return "";
}

/** True if both sets hold the same names and values. */
export function labelsEqual(a: Labels, b: Labels): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Prometheus's order of label sets: pair by pair, name before value, a prefix first. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < length; i++) {
    const order = a[i] === b[i] ? 0 : compareBytes(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** An owned label set from pairs in any order; empty values are dropped, the last of equal names
 * wins. */
export function labelsFromPairs(pairs: Iterable<readonly [string, string]>): Labels {
  const map = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (value === "") map.delete(name);
    else map.set(name, value);
  }
  const names = [...map.keys()].sort(compareBytes);
  const out: string[] = [];
  for (const name of names) out.push(name, map.get(name)!);
  return out;
}

/** An owned label set from an object; see `labelsFromPairs`. */
export function labelsFromObject(object: Readonly<Record<string, string>>): Labels {
  return labelsFromPairs(Object.entries(object));
}

/** The label set as a plain object, for JSON. Safe for a label named `__proto__`. */
export function labelsToObject(labels: Labels): Record<string, string> {
  const out: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) out.push([labels[i]!, labels[i + 1]!]);
  return Object.fromEntries(out);
}

/** A string that is equal for equal sets only; usable as a `Map` key. */
export function labelsKey(labels: Labels): string {
  return labels.join("\xff");
}

const LEGACY_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** True for names that need no quotes in PromQL as a label name. */
export function isLegacyLabelName(name: string): boolean {
  return LEGACY_NAME.test(name);
}

/** True for names that need no quotes in PromQL as a metric name. */
export function isLegacyMetricName(name: string): boolean {
  return LEGACY_METRIC.test(name);
}

/** The set in PromQL notation, as Prometheus prints it: `{a="b", c="d"}`. */
export function formatLabels(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i]!;
    parts.push(`${isLegacyLabelName(name) ? name : quote(name)}=${quote(labels[i + 1]!)}`);
  }
  return `{${parts.join(", ")}}`;
}

/** The series in PromQL notation: `name{a="b"}`. */
export function formatSeries(labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME);
  if (name === "" || !isLegacyMetricName(name)) return formatLabels(labels);
  const rest: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] !== METRIC_NAME) rest.push(labels[i]!, labels[i + 1]!);
  }
  return rest.length === 0 ? name : name + formatLabels(rest);
}

/** A Go-quoted string (`strconv.Quote`), for names and values in messages and printed PromQL. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === "\\") out += `\\${char}`;
    else if (char === "\n") out += "\\n";
    else if (char === "\t") out += "\\t";
    else if (char === "\r") out += "\\r";
    else if (code === 7) out += "\\a";
    else if (code === 8) out += "\\b";
    else if (code === 11) out += "\\v";
    else if (code === 12) out += "\\f";
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += char;
  }
  return `${out}"`;
}
