import type { Labels } from "#pkg/labels/mod.ts";
import { parseDuration } from "#pkg/model/mod.ts";
import { parseSeriesDescription } from "#pkg/promql/mod.ts";

/** A line of a `load` that gives the start timestamps of the series in the next line. */
export interface StartLine {
  readonly labels: Labels;
  /** Ms after the sample's time, one per value; undefined where none is given. */
  readonly offsets: readonly (number | undefined)[];
}

/** True for `series@st …`. */
export function isStartLine(text: string): boolean {
  return /^\S+@st\s/.test(text.trim());
}

const DURATION = "[+-]?\\d+(?:ms|[smhdwy])?";
const ITEM = new RegExp(`^(?:(_)|(${DURATION})(?:([+-])(${DURATION}))?)(?:x(\\d+))?$`);

/** Parses `series@st -1m _ -30s-1mx3`. */
export function parseStartLine(text: string): StartLine {
  const line = text.trim();
  const [head] = line.split(/\s/) as [string];
  const { labels } = parseSeriesDescription(`${head.slice(0, -"@st".length)} _`);
  const items = line.slice(head.length).trim().split(/\s+/);
  return { labels, offsets: items.flatMap(expand) };
}

function expand(item: string): (number | undefined)[] {
  const match = ITEM.exec(item);
  if (!match) throw new Error(`invalid ST item ${JSON.stringify(item)}`);
  const [, omitted, base, sign, step, times] = match;
  if (omitted !== undefined) {
    if (times === "0") throw new Error("invalid repeat count");
    return new Array(Number(times ?? 1)).fill(undefined);
  }
  if (step !== undefined && times === undefined) {
    throw new Error("expected 'x<count>' after step duration");
  }
  const first = signed(base!);
  const delta = step === undefined ? 0 : signed(step) * (sign === "-" ? -1 : 1);
  return Array.from({ length: Number(times ?? 0) + 1 }, (_, i) => first + i * delta);
}

function signed(text: string): number {
  const ms = parseDuration(text.replace(/^[+-]/, ""));
  return text.startsWith("-") ? -ms : ms;
}
