import { messageOf } from "#pkg/errs/mod.ts";
import { FloatHistogram, formatHistogram } from "#pkg/histogram/mod.ts";
import { formatSeries, type Labels, labelsToObject, METRIC_NAME } from "#pkg/labels/mod.ts";
import {
  childrenOf,
  type Engine,
  type Expr,
  parseExpr,
  positionOf,
  type QueryValue,
  typeOf,
  walk,
} from "#pkg/promql/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import { MemoryStorage } from "./memory-storage.ts";
import {
  evaluateTwin,
  type StoredSeries,
  type Times,
  type TwinOptions,
  toLabels,
  type Value,
} from "./twin/mod.ts";

/** All of the language is on. */
export const PARSE_ALL = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  binopFillModifiers: true,
} as const;

/** An error's message, or values by series and time. */
export type Answer = string | ReadonlyMap<string, ReadonlyMap<number, Value>>;

/** `series` as the engine reads them. */
export function storageOf(series: readonly StoredSeries[]): MemoryStorage {
  const storage = new MemoryStorage(5);
  for (const { metric, points } of series) {
    storage.append(
      toLabels(metric),
      points.map(({ timeMs, value }) =>
        value instanceof FloatHistogram
          ? { timeMs, value: 0, histogram: value }
          : { timeMs, value },
      ),
    );
  }
  return storage;
}

/**
 * All series of `storage` as the twin reads them: with the counter reset hints of histograms that
 * come out of a storage.
 */
export async function storedIn(storage: MemoryStorage): Promise<StoredSeries[]> {
  const out: StoredSeries[] = [];
  const matchers = [newMatcher("!=", METRIC_NAME, "not this one")];
  const all = { mint: -Number.MAX_SAFE_INTEGER, maxt: Number.MAX_SAFE_INTEGER, matchers };
  for await (const batch of storage.select(all, new AbortController().signal)) {
    for (const series of batch) {
      const columns = new SampleColumns();
      series.read(columns, all.mint, all.maxt);
      const points = Array.from({ length: columns.length }, (_, i) => ({
        timeMs: columns.timestamps[i]!,
        value: columns.isStale(i) ? undefined : (columns.histograms?.[i] ?? columns.values[i]!),
      }));
      out.push({ metric: new Map(Object.entries(labelsToObject(series.labels))), points });
    }
  }
  return out;
}

/** What the engine answers. */
export async function engineAnswer(
  engine: Engine,
  storage: MemoryStorage,
  query: string,
  times: Times,
): Promise<Answer> {
  const { signal } = new AbortController();
  try {
    const { value } =
      times.stepMs === 0
        ? await engine.instant(storage, query, { timeMs: times.startMs }, signal)
        : await engine.range(storage, query, times, signal);
    return answerOf(value);
  } catch (error) {
    return messageOf(error);
  }
}

function answerOf(value: QueryValue): Answer {
  const out = new Map<string, Map<number, Value>>();
  const put = (labels: Labels, timeMs: number, one: Value): void => {
    const key = formatSeries(labels);
    const points = out.get(key) ?? new Map<number, Value>();
    out.set(key, points.set(timeMs, one));
  };
  switch (value.type) {
    case "scalar":
      put([], value.timeMs, value.value);
      break;
    case "vector":
      value.labels.forEach((labels, i) => {
        put(labels, value.timeMs, value.histograms?.[i] ?? value.values[i]!);
      });
      break;
    case "matrix":
      for (const { labels, kinds, values, histograms } of value.series) {
        kinds.forEach((kind, i) => {
          const timeMs = value.startMs + i * value.stepMs;
          if (kind !== 0) put(labels, timeMs, kind === 2 ? histograms![i]! : values[i]!);
        });
      }
      break;
    case "samples":
      for (const { labels, timestamps, values, histograms } of value.series) {
        timestamps.forEach((timeMs, i) => {
          put(labels, timeMs, histograms?.[i] ?? values[i]!);
        });
      }
      break;
    default:
      return `a ${value.type}`;
  }
  return out;
}

/** What the twin answers. */
export function twinAnswer(
  series: readonly StoredSeries[],
  { query, times }: Question,
  options?: TwinOptions,
): Answer {
  const out = new Map<string, Map<number, Value>>();
  try {
    for (const { labels, points } of evaluateTwin(
      series,
      parseExpr(query, PARSE_ALL),
      times,
      options,
    )) {
      out.set(formatSeries(labels), new Map(points.map(({ timeMs, value }) => [timeMs, value])));
    }
  } catch (error) {
    return messageOf(error);
  }
  return out;
}

/** How far floats may be apart, relative to the larger one and at all. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** How `got` differs from `want`; undefined if it does not. Of errors only that there is one. */
export function differenceOf(want: Answer, got: Answer, tolerance: Tolerance): string | undefined {
  if (typeof want === "string" || typeof got === "string") {
    if (typeof want === typeof got) return undefined;
    return typeof want === "string" ? `no error, want: ${want}` : `error: ${String(got)}`;
  }
  for (const name of new Set([...want.keys(), ...got.keys()])) {
    const wanted = want.get(name) ?? new Map<number, Value>();
    const given = got.get(name) ?? new Map<number, Value>();
    for (const time of new Set([...wanted.keys(), ...given.keys()])) {
      const [a, b] = [wanted.get(time), given.get(time)];
      if (!isSame(a, b, tolerance)) return `${name} at ${time}: ${show(b)}, want ${show(a)}`;
    }
  }
  return undefined;
}

function show(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  return typeof value === "number" ? String(value) : formatHistogram(value);
}

function isSame(a: Value | undefined, b: Value | undefined, tolerance: Tolerance): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (typeof a === "number" && typeof b === "number") return isClose(a, b, tolerance);
  if (typeof a === "number" || typeof b === "number") return false;
  return sameHistogram(a.copy().compact(0), b.copy().compact(0), tolerance);
}

function isClose(a: number, b: number, { relative, absolute }: Tolerance): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Math.abs(a - b) <= absolute + relative * Math.max(Math.abs(a), Math.abs(b));
}

function sameHistogram(a: FloatHistogram, b: FloatHistogram, tolerance: Tolerance): boolean {
  const numbers = (h: FloatHistogram): number[] => [
    ...[h.count, h.sum, h.zeroCount, h.zeroThreshold, h.schema],
    ...[...h.positiveSpans, ...h.negativeSpans, ...h.customValues],
    ...[...h.positiveBuckets, ...h.negativeBuckets],
  ];
  const [left, right] = [numbers(a), numbers(b)];
  return left.length === right.length && left.every((n, i) => isClose(n, right[i]!, tolerance));
}

/** A query with the times it is asked for. */
export interface Question {
  readonly query: string;
  readonly times: Times;
}

/** The smallest question made from `question` that still `fails`; each step takes something away. */
export async function shrink(
  question: Question,
  fails: (question: Question) => Promise<boolean>,
): Promise<Question> {
  let smallest = question;
  for (let tries = 0; tries < 500; ) {
    let found: Question | undefined;
    for (const candidate of candidates(smallest)) {
      tries++;
      if (!(await fails(candidate))) continue;
      found = candidate;
      break;
    }
    if (found === undefined) break;
    smallest = found;
  }
  return smallest;
}

function* candidates({ query, times }: Question): Generator<Question> {
  const { startMs, endMs, stepMs } = times;
  const expr = parseExpr(query, PARSE_ALL);
  const texts = new Set<string>();
  walk(expr, (node) => {
    if (typeOf(node) === "matrix") return;
    texts.add(textOf(query, node));
    for (const part of childrenOf(node)) {
      if (typeOf(part) !== typeOf(node) || part.kind === "number") continue;
      const { start, end } = positionOf(node);
      texts.add(`${query.slice(0, start)}${textOf(query, part)}${query.slice(end)}`);
    }
  });
  for (const text of [...texts].sort((a, b) => a.length - b.length)) {
    if (text.length >= query.length || !isQuery(text)) continue;
    yield { query: text, times };
  }
  if (stepMs > 0 && endMs - startMs >= stepMs) {
    const steps = Math.floor((endMs - startMs) / stepMs);
    const half = Math.floor(steps / 2) * stepMs;
    yield { query, times: { ...times, endMs: startMs + half } };
    yield { query, times: { ...times, startMs: startMs + half + stepMs } };
    yield { query, times: { ...times, startMs: startMs + stepMs } };
  }
}

function textOf(query: string, expr: Expr): string {
  const { start, end } = positionOf(expr);
  return query.slice(start, end);
}

function isQuery(text: string): boolean {
  try {
    const type = typeOf(parseExpr(text, PARSE_ALL));
    return type === "vector" || type === "scalar";
  } catch {
    return false;
  }
}
