import { labelsKey } from "#pkg/labels/mod.ts";
import { parseDuration, parseFloatText } from "#pkg/model/mod.ts";
import { parseSeriesDescription, type SeriesDescription } from "#pkg/promql/mod.ts";
import { isStartLine, parseStartLine, type StartLine } from "./start-line.ts";

/** A line of `expect`: what an annotation, or the error, must be. */
export interface Expectation {
  readonly kind: "fail" | "warn" | "info" | "no_warn" | "no_info" | "ordered";
  readonly matches: (text: string) => boolean;
  readonly text: string;
}

export interface LoadCommand {
  readonly kind: "load";
  readonly line: number;
  readonly stepMs: number;
  readonly series: readonly LoadSeries[];
  /** Classic histograms are loaded as native ones with custom buckets too. */
  readonly withNhcb: boolean;
}

export interface LoadSeries extends SeriesDescription {
  /** Start timestamps, ms after the sample's time; one per value, undefined where none is given. */
  readonly starts: readonly (number | undefined)[] | undefined;
}

export interface EvalCommand {
  readonly kind: "eval";
  readonly line: number;
  readonly query: string;
  readonly isRange: boolean;
  /** Both ends of a range of samples; an instant query that expects none has no end. */
  startMs: number;
  endMs: number;
  stepMs: number;
  /** Time of an instant query. */
  evalMs: number;
  readonly expectations: Expectation[];
  /** The result of an instant query is a range of samples. */
  isOfSamples: boolean;
  /** The result is a range of samples or a string, which a range query cannot give. */
  instantOnly: boolean;
  scalar: number | undefined;
  string: string | undefined;
  readonly series: SeriesDescription[];
}

export type Command = { readonly kind: "clear" } | LoadCommand | EvalCommand;

/** A script that cannot be read; says in which line. */
export class ScriptError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Parses a script of Prometheus's test language. `line` of its commands counts from 1. */
export function parseScript(text: string): Command[] {
  const lines = text.split("\n").map((line) => {
    const trimmed = line.trim();
    return trimmed.startsWith("#") ? "" : trimmed;
  });
  const commands: Command[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line === "") continue;
    let end = i + 1;
    while (end < lines.length && lines[end] !== "") end++;
    const body = lines.slice(i + 1, end);
    const word = line.split(/\s+/)[0]!.toLowerCase();
    try {
      if (word === "clear") {
        commands.push({ kind: "clear" });
        continue;
      }
      if (word.startsWith("load")) commands.push(parseLoad(line, body, i + 1));
      else if (word.startsWith("eval")) commands.push(parseEval(line, body, i + 1));
      else throw new Error(`invalid command ${JSON.stringify(line)}`);
    } catch (error) {
      throw new ScriptError(i + 1, error instanceof Error ? error.message : String(error));
    }
    i = end - 1;
  }
  return commands;
}

function parseLoad(line: string, body: readonly string[], number: number): LoadCommand {
  const match = /^load(?:_(with_nhcb))?\s+(.+?)$/.exec(line);
  if (!match) throw new Error("invalid load command");
  const series: LoadSeries[] = [];
  let starts: StartLine | undefined;
  for (const text of body) {
    if (isStartLine(text)) {
      if (starts) throw new Error("@st line has no following sample line");
      starts = parseStartLine(text);
      continue;
    }
    const described = parseSeriesDescription(text);
    if (starts && labelsKey(starts.labels) !== labelsKey(described.labels)) {
      throw new Error("@st metric does not match the following sample line metric");
    }
    if (starts && starts.offsets.length !== described.values.length) {
      const counts = `${starts.offsets.length} values but sample line has ${described.values.length}`;
      throw new Error(`@st line has ${counts}`);
    }
    series.push({ ...described, starts: starts?.offsets });
    starts = undefined;
  }
  if (starts) throw new Error("@st line has no following sample line");
  const stepMs = parseDuration(match[2]!);
  return { kind: "load", line: number, stepMs, series, withNhcb: match[1] !== undefined };
}

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/;
const RANGE =
  /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/;
const RANGE_VECTOR = /^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$/;

function parseEval(line: string, body: readonly string[], number: number): EvalCommand {
  const instant = INSTANT.exec(line);
  const range = RANGE.exec(line);
  if (!instant && !range) throw new Error("invalid evaluation command");
  const times = instant
    ? [parseDuration(instant[2] ?? "0"), Number.NEGATIVE_INFINITY, 0]
    : [parseDuration(range![2]!), parseDuration(range![3]!), parseDuration(range![4]!)];
  const command: EvalCommand = {
    kind: "eval",
    line: number,
    query: instant ? instant[3]! : range![5]!,
    isRange: !instant,
    startMs: times[0]!,
    endMs: times[1]!,
    stepMs: times[2]!,
    evalMs: times[0]!,
    isOfSamples: false,
    expectations: [],
    instantOnly: false,
    scalar: undefined,
    string: undefined,
    series: [],
  };
  const modifier = (instant ?? range)![1]?.toLowerCase();
  if (modifier !== undefined) command.expectations.push(anything(modifier as "fail"));
  if (!instant && command.endMs < command.startMs) throw new Error("end is before start");
  for (const text of body) if (!parseResultLine(text, command)) break;
  checkExpectations(command);
  return command;
}

function checkExpectations({ expectations }: EvalCommand): void {
  const count = (kind: Expectation["kind"]): number =>
    expectations.filter((expectation) => expectation.kind === kind).length;
  for (const kind of ["info", "warn"] as const) {
    if (count(kind) > 0 && count(`no_${kind}`) > 0) {
      throw new Error(`invalid expect lines, ${kind} and no_${kind} cannot be used together`);
    }
  }
  if (count("fail") > 1) throw new Error("multiple expect fail lines are not allowed");
}

function anything(kind: Expectation["kind"]): Expectation {
  return { kind, matches: () => true, text: "anything" };
}

/** Takes one line below `eval`; returns false after the last that counts. */
function parseResultLine(text: string, command: EvalCommand): boolean {
  const oldFail = /^expected_fail_(message|regexp)\s+(.*)$/.exec(text);
  if (oldFail) {
    command.expectations.splice(0, 1, expectation("fail", oldFail[1] === "message", oldFail[2]!));
    return false;
  }
  const vector = RANGE_VECTOR.exec(text);
  if (vector) {
    command.startMs = parseDuration(vector[1]!);
    command.endMs = command.evalMs = parseDuration(vector[2]!);
    command.stepMs = parseDuration(vector[3]!);
    command.instantOnly = command.isOfSamples = true;
    return true;
  }
  const string = /^expect string\s+(["`].*["`])$/.exec(text);
  if (string) {
    command.string = string[1]!.startsWith("`")
      ? string[1]!.slice(1, -1)
      : (JSON.parse(string[1]!) as string);
    command.instantOnly = true;
    return true;
  }
  if (text.split(" ")[0] === "expect") {
    const match =
      /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/.exec(text);
    if (!match) throw new Error(`invalid expect statement ${text}`);
    const kind = match[1] as Expectation["kind"];
    command.expectations.push(
      match[2] ? expectation(kind, match[2] === "msg", match[3]!.trim()) : anything(kind),
    );
    return true;
  }
  const scalar = parseFloatText(text) ?? (/^[+-]?0x/i.test(text) ? Number(text) : undefined);
  if (scalar !== undefined) {
    command.scalar = scalar;
    return false;
  }
  const series = parseSeriesDescription(text);
  if (series.values.length > 1 && !command.isRange && !command.isOfSamples) {
    throw new Error("expecting multiple values in instant evaluation not allowed");
  }
  command.series.push(series);
  return true;
}

function expectation(kind: Expectation["kind"], exact: boolean, text: string): Expectation {
  if (exact) return { kind, matches: (got) => got === text, text };
  const pattern = new RegExp(text);
  return { kind, matches: (got) => pattern.test(got), text };
}
