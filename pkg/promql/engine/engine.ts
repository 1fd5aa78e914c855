import { type Clock, systemClock, type Timer } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { compareLabels } from "#pkg/labels/mod.ts";
import { type Querier, SampleColumns } from "#pkg/storage/mod.ts";
import type { Expr, MatrixSelector, SubqueryExpr } from "../syntax/ast.ts";
import { typeOf } from "../syntax/ast.ts";
import { documentedType } from "../syntax/check.ts";
import { type ParseOptions, parseExpr } from "../syntax/parser.ts";
import { formatExpr } from "../syntax/printer.ts";
import { Annotations } from "./annotations.ts";
import { Budget } from "./budget.ts";
import { type EngineFeatures, type EvalContext, type Frame, Pace } from "./context.ts";
import { TreeEvaluator } from "./evaluate.ts";
import { Explain } from "./explain.ts";
import { extendSamples } from "./extend-samples.ts";
import { withoutMetadata } from "./label-sets.ts";
import { lookTimes } from "./look-times.ts";
import { prepare, type QueryTimes } from "./prepare.ts";
import {
  matrixValue,
  type QueryResult,
  type QueryValue,
  type SamplesSeries,
  vectorValue,
} from "./result.ts";
import { RowStore } from "./row.ts";
import { columnsWeight, dropStale } from "./sample-columns.ts";
import { selectBatches, selectParams } from "./select.ts";
import { subqueryRows } from "./subquery.ts";
import { Windows } from "./windows.ts";

/** Limits and choices of an engine. */
export interface EngineOptions {
  /** How old a sample may be, at most, to count at an instant. @default 300_000, as Prometheus */
  readonly lookbackDeltaMs?: number;
  /** Samples that a query may hold in memory. @default 50_000_000, as Prometheus */
  readonly maxSamples?: number;
  /** Estimated bytes that a query may hold in memory. @default no limit */
  readonly maxMemoryBytes?: number;
  /** Steps that a range query may have; 0 for any number. @default 11_000, as Prometheus's API */
  readonly maxSteps?: number;
  /** @default 120_000, as Prometheus */
  readonly timeoutMs?: number;
  /** Step of subqueries without one, ms, for a range in ms. @default 1 minute for all */
  readonly defaultSubqueryStepMs?: (rangeMs: number) => number;
  readonly features?: EngineFeatures;
  /** Tells what each node of the plan cost. @default false */
  readonly explain?: boolean;
  /** Counts the samples of each step by themselves. @default false */
  readonly statsPerStep?: boolean;
  /**
   * Asked now and then whether the query is to end, as canceled, also in the midst of work that
   * lets no signal through. @default never
   */
  readonly isStopped?: () => boolean;
  /** Told now and then how many samples the query has looked at so far. */
  readonly onProgress?: (samples: number) => void;
  /**
   * Evaluates an equivalent of the query that costs less, where one is known. Without, it is taken as
   * it stands. @default true
   */
  readonly rewrite?: boolean;
  /** How queries given as text are parsed. */
  readonly parse?: ParseOptions;
  readonly clock?: Clock;
  /** Lets other work run. @default the next turn of the event loop */
  readonly yieldNow?: () => Promise<void>;
}

/** What an instant query is asked at. */
export interface InstantOptions {
  readonly timeMs: number;
  readonly lookbackDeltaMs?: number;
}

/** What a range query is asked over; both ends count, `stepMs` is above 0. */
export interface RangeOptions {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly lookbackDeltaMs?: number;
}

function nextTurn(): Promise<void> {
  // Timers are rounded up to 1 ms, so in Node the immediate queue is the better one.
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/**
 * Evaluates PromQL over a `Querier` with the meaning it has in Prometheus 3. Holds no state of
 * queries: any number may run at once.
 *
 * Errors of `instant` and `range`: `bad_data` (not PromQL, wrong type, bad times), `execution` (the
 * query cannot be answered, or not within `maxSamples`), `timeout`, `canceled`, and those of the
 * storage.
 */
export class Engine {
  readonly #options: Required<Omit<EngineOptions, "parse" | "features">>;
  readonly #features: EngineFeatures;
  readonly #parse: ParseOptions;

  constructor(options: EngineOptions = {}) {
    const { features, parse, ...rest } = options;
    this.#features = features ?? {};
    this.#parse = parse ?? {};
    this.#options = {
      lookbackDeltaMs: 300_000,
      maxSamples: 50_000_000,
      maxMemoryBytes: Number.MAX_SAFE_INTEGER,
      explain: false,
      statsPerStep: false,
      onProgress: () => undefined,
      isStopped: () => false,
      maxSteps: 11_000,
      timeoutMs: 120_000,
      rewrite: true,
      defaultSubqueryStepMs: () => 60_000,
      clock: systemClock,
      yieldNow: nextTurn,
      ...rest,
    };
  }

  /** Evaluates `query` at one instant. */
  instant(
    querier: Querier,
    query: string | Expr,
    options: InstantOptions,
    signal: AbortSignal,
  ): Promise<QueryResult> {
    const { timeMs } = options;
    const times = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
    const frame = { startMs: timeMs, stepMs: 1, steps: 1 };
    return this.#run(
      querier,
      query,
      { times, frame, isRange: false, ...lookback(options) },
      signal,
    );
  }

  /** Evaluates `query` at each step of a range. */
  async range(
    querier: Querier,
    query: string | Expr,
    options: RangeOptions,
    signal: AbortSignal,
  ): Promise<QueryResult> {
    const { startMs, endMs, stepMs } = options;
    if (!(stepMs > 0)) {
      throw new NarthexError(
        "bad_data",
        "zero or negative query resolution step widths are not accepted. Try a positive integer",
      );
    }
    if (endMs < startMs) {
      throw new NarthexError("bad_data", "end timestamp must not be before start time");
    }
    const steps = Math.floor((endMs - startMs) / stepMs) + 1;
    const { maxSteps } = this.#options;
    if (maxSteps > 0 && steps > maxSteps) {
      const most = maxSteps.toLocaleString("en-US");
      throw new NarthexError(
        "bad_data",
        `exceeded maximum resolution of ${most} points per timeseries. Try decreasing the query ` +
          "resolution (?step=XX)",
      );
    }
    const frame = { startMs, stepMs, steps };
    const run = { times: { startMs, endMs, stepMs }, frame, isRange: true, ...lookback(options) };
    return this.#run(querier, query, run, signal);
  }

  async #run(
    querier: Querier,
    query: string | Expr,
    run: Run,
    signal: AbortSignal,
  ): Promise<QueryResult> {
    const { clock, timeoutMs } = this.#options;
    const started = clock.monotonic();
    const text = typeof query === "string" ? query : formatExpr(query);
    const expr = typeof query === "string" ? parseExpr(query, this.#parse) : query;
    const parsed = clock.monotonic();
    if (run.isRange) refuseForRange(expr);
    const prepared = prepare(expr, run.times, this.#options.rewrite);
    const deadline = new Deadline(clock, timeoutMs, signal);
    const { maxSamples, maxMemoryBytes, statsPerStep, explain } = this.#options;
    const budget = new Budget(
      { samples: maxSamples, bytes: maxMemoryBytes },
      statsPerStep ? new Float64Array(run.frame.steps) : undefined,
    );
    const context: EvalContext = {
      querier,
      signal: deadline.signal,
      lookbackDeltaMs: run.lookbackDeltaMs ?? this.#options.lookbackDeltaMs,
      features: this.#features,
      annotations: new Annotations(),
      budget,
      pace: new Pace({
        onRest: () => this.#options.onProgress(budget.progress),
        isStopped: this.#options.isStopped,
        now: () => clock.monotonic(),
        yieldNow: this.#options.yieldNow,
        signal: deadline.signal,
        timeoutMs,
      }),
      hints: prepared.hints,
      explain: explain ? new Explain(() => clock.monotonic()) : undefined,
      statsOnly: prepared.statsOnly,
      defaultSubqueryStepMs: this.#options.defaultSubqueryStepMs,
    };
    try {
      const evaluator = new TreeEvaluator(context, prepared);
      const value = await evaluateRoot(prepared.expr, run, evaluator);
      const { annotations } = context;
      return {
        value,
        warnings: annotations.warnings(text),
        infos: annotations.infos(text),
        stats: {
          totalSamples: budget.total,
          ...(budget.perStep ? { samplesPerStep: budget.perStep } : {}),
          peakSamples: budget.peakSamples,
          peakBytes: budget.peakBytes,
          parseMs: parsed - started,
          evalMs: clock.monotonic() - parsed,
        },
        ...(context.explain ? { plan: context.explain.plan(prepared.expr) } : {}),
      };
    } catch (error) {
      // Whatever the storage made of being stopped, the caller is to learn why it was.
      context.pace.check();
      // Rows go through all levels of a query on one stack.
      if (error instanceof RangeError && error.message.includes("call stack")) {
        throw new NarthexError("execution", "query is nested too deeply", { cause: error });
      }
      throw error;
    } finally {
      deadline.end();
    }
  }
}

interface Run {
  readonly times: QueryTimes;
  readonly frame: Frame;
  readonly isRange: boolean;
  readonly lookbackDeltaMs?: number;
}

function lookback(options: { readonly lookbackDeltaMs?: number }): { lookbackDeltaMs?: number } {
  const { lookbackDeltaMs } = options;
  return lookbackDeltaMs === undefined || lookbackDeltaMs <= 0 ? {} : { lookbackDeltaMs };
}

function refuseForRange(expr: Expr): void {
  const type = typeOf(expr);
  if (type === "vector" || type === "scalar") return;
  throw new NarthexError(
    "bad_data",
    `invalid expression type "${documentedType(type)}" for range query, must be Scalar or instant ` +
      "Vector",
  );
}

/** Aborts when the caller does or when time is up. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: Timer;
  readonly #caller: AbortSignal;
  readonly #forward = (): void => this.#controller.abort(this.#caller.reason);

  constructor(clock: Clock, timeoutMs: number, caller: AbortSignal) {
    this.#caller = caller;
    this.#timer = clock.setTimeout(() => {
      this.#controller.abort(new DOMException("query timed out", "TimeoutError"));
    }, timeoutMs);
    if (caller.aborted) this.#forward();
    else caller.addEventListener("abort", this.#forward, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    this.#timer.cancel();
    this.#caller.removeEventListener("abort", this.#forward);
  }
}

async function evaluateRoot(expr: Expr, run: Run, evaluator: TreeEvaluator): Promise<QueryValue> {
  const { frame, isRange } = run;
  const { budget } = evaluator.context;
  evaluator.context.pace.check();
  let root = expr;
  while (root.kind === "paren") root = root.expr;
  if (root.kind === "string") return { type: "string", timeMs: frame.startMs, value: root.value };
  if (root.kind === "matrixSelector") return rawSamples(root, frame, evaluator);
  if (root.kind === "subquery") return subquerySamples(root, frame, evaluator);
  if (typeOf(expr) === "scalar") {
    const values = await evaluator.scalar(expr, frame);
    if (!isRange) return { type: "scalar", timeMs: frame.startMs, value: values[0]! };
    const kinds = new Uint8Array(frame.steps).fill(1);
    return {
      type: "matrix",
      ...frame,
      series: [{ labels: [], values, kinds, histograms: undefined }],
    };
  }
  const store = new RowStore(frame.steps, budget);
  await evaluator.rows(expr, frame, store);
  return isRange ? matrixValue(store, frame) : vectorValue(store, expr, frame.startMs);
}

async function rawSamples(
  range: MatrixSelector,
  frame: Frame,
  evaluator: TreeEvaluator,
): Promise<QueryValue> {
  const { context } = evaluator;
  const { anchored, smoothed } = range.selector;
  const windows = new Windows({
    frame,
    times: lookTimes(range.selector, frame),
    rangeMs: range.rangeMs,
    beforeMs: anchored || smoothed ? context.lookbackDeltaMs : 0,
    afterMs: smoothed ? context.lookbackDeltaMs : 0,
    scalars: [],
  });
  const { mint, maxt } = windows;
  const series: SamplesSeries[] = [];
  const columns = new SampleColumns();
  const params = selectParams(range.selector, context, { mint, maxt });
  for await (const batch of selectBatches(params, context)) {
    for (const one of batch) {
      const { labels } = one;
      columns.clear();
      one.read(columns, mint, maxt);
      dropStale(columns);
      if (windows.place(columns, labels) === 0) continue;
      const weight = columnsWeight(columns);
      context.budget.take(weight);
      context.budget.lookedAt(weight, windows);
      const samples =
        anchored || smoothed ? extendSamples(windows, smoothed) : copySamples(columns);
      if (samples) series.push({ labels, ...samples });
      if (context.pace.due()) await context.pace.rest();
    }
  }
  series.sort((a, b) => compareLabels(a.labels, b.labels));
  return { type: "samples", series };
}

async function subquerySamples(
  subquery: SubqueryExpr,
  frame: Frame,
  evaluator: TreeEvaluator,
): Promise<QueryValue> {
  const series: SamplesSeries[] = [];
  await subqueryRows(subquery, frame, evaluator, (labels: Labels, columns, dropName) => {
    const final = dropName ? withoutMetadata(labels) : labels;
    series.push({ labels: final, ...copySamples(columns) });
    evaluator.context.budget.total += columnsWeight(columns);
  });
  series.sort((a, b) => compareLabels(a.labels, b.labels));
  return { type: "samples", series };
}

function copySamples(columns: SampleColumns): Omit<SamplesSeries, "labels"> {
  const { length, histograms } = columns;
  return {
    timestamps: columns.timestamps.slice(0, length),
    values: columns.values.slice(0, length),
    histograms: histograms && Array.from({ length }, (_, i) => histograms[i]),
  };
}
