import { NarthexError } from "#pkg/errs/mod.ts";
import { CombineNote, type FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Labels, labelsFromPairs } from "#pkg/labels/mod.ts";
import { parseHistogram } from "./histogram-literal.ts";
import { parseNumber } from "./literals.ts";
import { parseMetricSelector } from "./parser.ts";

/** One value of a described series. */
export type SequenceValue =
  | { readonly kind: "omitted" }
  | { readonly kind: "stale" }
  | { readonly kind: "float"; readonly value: number }
  /** `isHintGiven`: the counter reset hint was written, so it is meant. */
  | {
      readonly kind: "histogram";
      readonly histogram: FloatHistogram;
      readonly isHintGiven: boolean;
    };

/** A series and its values, one per interval. */
export interface SeriesDescription {
  readonly labels: Labels;
  readonly values: readonly SequenceValue[];
}

/** More values than this in one series are a mistake. */
const VALUES_MAX = 10_000_000;

const HISTOGRAM = "\\{\\{.*?\\}\\}";
const NUMBER = "[+-]?(?:inf|nan|(?:\\d[\\d_]*\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?)";
const ITEM = new RegExp(
  `^(?:(_)|(stale)|(${NUMBER})([+-]${NUMBER.slice(5)})?|(${HISTOGRAM})(?:([+-])(${HISTOGRAM}))?)(?:x(\\d+))?$`,
  "i",
);

/**
 * Parses a series as unit tests of rules and of PromQL write it: `up{job="x"} 1 2+3x4 _ stale`.
 * Errors: `bad_data`.
 */
export function parseSeriesDescription(text: string): SeriesDescription {
  const end = metricEnd(text);
  const pairs = parseMetricSelector(text.slice(0, end)).map((matcher) => {
    if (matcher.type === "=") return [matcher.name, matcher.value] as const;
    throw new NarthexError("bad_data", `unexpected ${matcher.type} in series ${text}`);
  });
  const values: SequenceValue[] = [];
  for (const item of splitItems(text.slice(end))) expand(item, values);
  return { labels: labelsFromPairs(pairs), values };
}

/** Index of the first space outside braces and quotes. */
function metricEnd(text: string): number {
  let quote = "";
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== "") {
      if (char === "\\" && quote !== "`") i++;
      else if (char === quote) quote = "";
    } else if ("\"'`".includes(char)) quote = char;
    else if (char === "{") depth++;
    else if (char === "}") depth--;
    else if (depth === 0 && /\s/.test(char) && !/^\s*\{[^{]/.test(text.slice(i))) return i;
  }
  return text.length;
}

function splitItems(text: string): string[] {
  return text.match(/(?:\{\{.*?\}\}|\S)+/g) ?? [];
}

function expand(item: string, out: SequenceValue[]): void {
  const match = ITEM.exec(item);
  if (!match) throw new NarthexError("bad_data", `invalid series value ${JSON.stringify(item)}`);
  const [, omitted, stale, number, step, histogram, sign, histogramStep, times] = match;
  if (times === undefined && (step ?? histogramStep) !== undefined) {
    throw new NarthexError("bad_data", `invalid series value ${JSON.stringify(item)}: no count`);
  }
  // `axN` is a and N more of it; `_xN` is N of it.
  const count = times === undefined ? 1 : Number(times) + (omitted === undefined ? 1 : 0);
  if (out.length + count > VALUES_MAX) {
    throw new NarthexError("bad_data", `series of more than ${VALUES_MAX} values`);
  }
  if (histogram !== undefined) {
    expandHistogram({ base: histogram, step: histogramStep, isMinus: sign === "-" }, count, out);
    return;
  }
  let value = number === undefined ? 0 : parseSigned(number);
  for (let i = 0; i < count; i++) {
    if (omitted !== undefined) out.push({ kind: "omitted" });
    else if (stale !== undefined) out.push({ kind: "stale" });
    else {
      out.push({ kind: "float", value });
      if (step !== undefined) value += parseSigned(step);
    }
  }
}

interface HistogramItem {
  readonly base: string;
  readonly step: string | undefined;
  readonly isMinus: boolean;
}

function expandHistogram(item: HistogramItem, count: number, out: SequenceValue[]): void {
  const base = parseHistogram(item.base);
  const step = item.step === undefined ? undefined : parseHistogram(item.step);
  // Of two hints the one written last decides.
  const { isHintGiven } = step ?? base;
  let current = base.histogram;
  for (let i = 0; i < count; i++) {
    if (i > 0 && step !== undefined) current = next(current, step.histogram, item.isMinus);
    out.push({ kind: "histogram", histogram: current, isHintGiven });
  }
}

function next(current: FloatHistogram, step: FloatHistogram, isMinus: boolean): FloatHistogram {
  if (current.schema > step.schema) {
    const schemas = `from schema ${step.schema} to ${current.schema}`;
    throw new NarthexError("bad_data", `error combining histograms: cannot merge ${schemas}`);
  }
  const sum = current.copy();
  const note = isMinus ? sum.sub(step) : sum.add(step);
  if ((note & CombineNote.incompatible) === 0) return sum;
  throw new NarthexError(
    "bad_data",
    "cannot apply this operation on histograms with a mix of exponential and custom bucket schemas",
  );
}

function parseSigned(text: string): number {
  const value = parseNumber(text.replace(/^[+-]/, ""));
  if (value === undefined) throw new NarthexError("bad_data", `invalid number ${text}`);
  return text.startsWith("-") ? -value : value;
}
