import { messageOf } from "#pkg/errs/mod.ts";
import {
  Engine,
  type Expr,
  formatExpr,
  isTimeDependent,
  parseExpr,
  type QueryResult,
  type QueryValue,
  walk,
} from "#pkg/promql/mod.ts";
import { compareValue } from "./compare.ts";
import { type MemorySample, MemoryStorage } from "./memory-storage.ts";
import { type LoadedSeries, nativeFromClassic } from "./nhcb.ts";
import {
  type EvalCommand,
  type LoadCommand,
  type LoadSeries,
  parseScript,
  ScriptError,
} from "./script.ts";

/** One evaluation that did not give what its script expects. */
export interface Failure {
  readonly line: number;
  readonly query: string;
  readonly reason: string;
}

export interface ScriptResult {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

const PARSE = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  binopFillModifiers: true,
} as const;

/** As upstream's tests have it. */
const SAMPLES_MAX = 10_000;

/**
 * Runs a script; every `eval` counts as one test, with the variants that upstream derives. `visit` is
 * told of each, before it is run, and of what there is to evaluate over.
 */
export async function runScript(
  text: string,
  visit?: (command: EvalCommand, storage: MemoryStorage) => Promise<void>,
): Promise<ScriptResult> {
  const engine = new Engine({
    parse: PARSE,
    features: { delayedNameRemoval: true, useStartTimestamps: true },
    maxSamples: SAMPLES_MAX,
    maxSteps: 0,
  });
  const storage = new MemoryStorage();
  const failures: Failure[] = [];
  let passed = 0;
  let commands: ReturnType<typeof parseScript>;
  try {
    commands = parseScript(text);
  } catch (error) {
    const line = error instanceof ScriptError ? error.line : 0;
    return { passed: 0, failures: [{ line, query: "", reason: messageOf(error) }] };
  }
  for (const command of commands) {
    if (command.kind === "clear") storage.clear();
    else if (command.kind === "load") {
      const reason = tryLoad(command, storage);
      if (reason !== undefined) failures.push({ line: command.line, query: "load", reason });
    } else {
      await visit?.(command, storage);
      const reason = await new Evaluation(command, engine, storage).run();
      if (reason === undefined) passed++;
      else failures.push({ line: command.line, query: command.query, reason });
    }
  }
  return { passed, failures };
}

/** What is wrong with a `load`; undefined if nothing. */
function tryLoad(command: LoadCommand, storage: MemoryStorage): string | undefined {
  try {
    const loaded = command.series.map((series) => loadedSeries(series, command.stepMs));
    const all = command.withNhcb ? [...loaded, ...nativeFromClassic(loaded)] : loaded;
    for (const { labels, samples } of all) storage.append(labels, samples);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function loadedSeries({ labels, values, starts }: LoadSeries, stepMs: number): LoadedSeries {
  const samples: MemorySample[] = [];
  values.forEach((value, i) => {
    const timeMs = i * stepMs;
    const offset = starts?.[i];
    const startMs = offset === undefined ? 0 : timeMs + offset;
    if (value.kind === "float") samples.push({ timeMs, value: value.value, startMs });
    else if (value.kind === "stale") samples.push({ timeMs, value: undefined, startMs });
    else if (value.kind === "histogram") {
      samples.push({ timeMs, value: 0, histogram: value.histogram, startMs });
    }
  });
  return { labels, samples };
}

class Evaluation {
  readonly #command: EvalCommand;
  readonly #engine: Engine;
  readonly #storage: MemoryStorage;
  readonly #signal = new AbortController().signal;

  constructor(command: EvalCommand, engine: Engine, storage: MemoryStorage) {
    this.#command = command;
    this.#engine = engine;
    this.#storage = storage;
  }

  /** What went wrong; undefined if all is as expected. */
  async run(): Promise<string | undefined> {
    const { query, isRange, startMs, endMs, stepMs, evalMs } = this.#command;
    const unreadable = parseProblem(query);
    // Scripts say nothing about queries that are no PromQL, not even that they fail.
    if (unreadable !== undefined) return unreadable;
    if (isRange) {
      return this.#check(query, (q) =>
        this.#engine.range(this.#storage, q, { startMs, endMs, stepMs }, this.#signal),
      );
    }
    for (const variant of [{ query, timeMs: evalMs }, ...pinnedVariants(query, evalMs)]) {
      const problem = await this.#instant(variant.query, variant.timeMs);
      if (problem !== undefined) return `${variant.query} at ${variant.timeMs}: ${problem}`;
    }
    return undefined;
  }

  async #instant(query: string, timeMs: number): Promise<string | undefined> {
    let type: QueryValue["type"] = "vector";
    const problem = await this.#check(query, async (q) => {
      const result = await this.#engine.instant(this.#storage, q, { timeMs }, this.#signal);
      type = result.value.type;
      return result;
    });
    const has = (kind: string): boolean =>
      this.#command.expectations.some((expectation) => expectation.kind === kind);
    if (problem !== undefined || this.#command.instantOnly || has("fail")) return problem;
    if (/(?:start|end|range|step)\(\)/.test(query)) return undefined;
    return this.#inRangeMode(query, timeMs, type);
  }

  /** The middle of a range query must be what the instant query gave. */
  async #inRangeMode(
    query: string,
    timeMs: number,
    type: QueryValue["type"],
  ): Promise<string | undefined> {
    const times = { startMs: timeMs - 60_000, endMs: timeMs + 60_000, stepMs: 60_000 };
    let value: QueryValue;
    try {
      ({ value } = await this.#engine.range(this.#storage, query, times, this.#signal));
    } catch (error) {
      return `range mode: ${messageOf(error)}`;
    }
    if (value.type !== "matrix") return `range mode gave ${value.type}`;
    // A range query knows no order but that of labels.
    if (this.#command.expectations.some(({ kind }) => kind === "ordered")) return undefined;
    const middle = value.series.filter(({ kinds }) => kinds[1] !== 0);
    const problem = compareValue(
      type === "scalar"
        ? { type: "scalar", timeMs, value: middle[0]!.values[1]! }
        : {
            type: "vector",
            timeMs,
            labels: middle.map(({ labels }) => labels),
            values: Float64Array.from(middle, ({ values }) => values[1]!),
            histograms: middle.map(({ histograms }) => histograms?.[1]),
          },
      this.#command,
    );
    return problem && `range mode: ${problem}`;
  }

  async #check(
    query: string,
    evaluate: (query: string) => Promise<QueryResult>,
  ): Promise<string | undefined> {
    const fails = this.#command.expectations.filter(({ kind }) => kind === "fail");
    let result: QueryResult;
    try {
      result = await evaluate(query);
    } catch (error) {
      const message = messageOf(error);
      if (fails.length === 0) return `error: ${message}`;
      const other = fails.find((expectation) => !expectation.matches(message));
      return other && `error ${message}, want ${other.text}`;
    }
    if (fails.length > 0) return "no error";
    return (
      this.#checkNotes("warn", result.warnings) ??
      this.#checkNotes("info", result.infos) ??
      compareValue(result.value, this.#command)
    );
  }

  #checkNotes(kind: "warn" | "info", notes: readonly string[]): string | undefined {
    const { expectations } = this.#command;
    if (expectations.some((e) => e.kind === `no_${kind}`) && notes.length > 0) {
      return `unexpected ${kind}: ${notes.join("; ")}`;
    }
    const wanted = expectations.filter((e) => e.kind === kind);
    if (wanted.length === 0) return undefined;
    const unmet = wanted.find((e) => !notes.some((note) => e.matches(note)));
    if (unmet) return `no ${kind} like ${unmet.text}; got ${notes.join("; ")}`;
    const extra = notes.find((note) => !wanted.some((e) => e.matches(note)));
    return extra && `unexpected ${kind}: ${extra}`;
  }
}

/** Why `query` is no PromQL; undefined if it is. */
function parseProblem(query: string): string | undefined {
  try {
    parseExpr(query, PARSE);
    return undefined;
  } catch (error) {
    return `parse: ${messageOf(error)}`;
  }
}

/** The query with `@` on every selector, at several times: it must give the same each time. */
function pinnedVariants(query: string, evalMs: number): { query: string; timeMs: number }[] {
  let expr: Expr;
  try {
    expr = parseExpr(query, PARSE);
  } catch {
    return [];
  }
  let varies = false;
  walk(expr, (node, path) => {
    if (path.some((outer) => outer.kind === "subquery" && outer.timestampMs !== undefined)) return;
    if (node.kind === "call" && isTimeDependent(node.func.name)) varies = true;
    if (node.kind === "vectorSelector" || node.kind === "subquery") node.timestampMs ??= evalMs;
  });
  if (varies) return [];
  const pinned = formatExpr(expr);
  const times =
    evalMs === 0
      ? [-1000, 0, 1000]
      : [-10 * evalMs, 0, Math.trunc(evalMs / 5), evalMs, 10 * evalMs];
  return times.map((timeMs) => ({ query: pinned, timeMs }));
}
