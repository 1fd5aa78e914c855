import { NarthexError } from "#pkg/errs/mod.ts";
import type { Querier, SelectHints } from "#pkg/storage/mod.ts";
import type { Expr, VectorSelector } from "../syntax/ast.ts";
import type { Annotations } from "./annotations.ts";
import type { Budget } from "./budget.ts";
import type { Explain } from "./explain.ts";
import { Row, type RowSink, type RowStore } from "./row.ts";

/** The instants at which an expression is evaluated: `startMs + i * stepMs` for `i < steps`. */
export interface Frame {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** Choices that change what queries mean; all are off in Prometheus unless its flag is given. */
export interface EngineFeatures {
  /** Names are dropped from the result at the end, not by each function. @default false */
  readonly delayedNameRemoval?: boolean;
  /** Rates and resets heed start timestamps, and `start_timestamp()` gives them. @default false */
  readonly useStartTimestamps?: boolean;
  /** `__type__` is consulted before a metric is suspected not to be a counter. @default false */
  readonly typeAndUnitLabels?: boolean;
}

/** What all parts of one evaluation share. */
export interface EvalContext {
  readonly querier: Querier;
  readonly signal: AbortSignal;
  readonly lookbackDeltaMs: number;
  readonly features: EngineFeatures;
  readonly annotations: Annotations;
  readonly budget: Budget;
  readonly pace: Pace;
  /** Where the plan is to be measured. */
  readonly explain: Explain | undefined;
  /** What the storage is told about each selector. */
  readonly hints: ReadonlyMap<VectorSelector, SelectHints>;
  /** Selectors of which only counts and sums of histograms matter. */
  readonly statsOnly: ReadonlySet<VectorSelector>;
  /** The step of subqueries that name none, ms, for a range in ms. */
  readonly defaultSubqueryStepMs: (rangeMs: number) => number;
}

/** Evaluates expressions; what each kind of expression does is in a file of its own. */
export interface Evaluator {
  readonly context: EvalContext;
  /** Pushes the rows of a vector expression. */
  rows(expr: Expr, frame: Frame, sink: RowSink): Promise<void>;
  /** The value of a scalar expression at each step; owned by the caller. */
  scalar(expr: Expr, frame: Frame): Promise<Float64Array>;
  /** The same for the series of another querier. */
  on(querier: Querier): Evaluator;
}

/** Work between two looks at the clock's result; the look itself is cheap. */
const SLICE_MS = 8;

/** Keeps a query from holding the event loop, and ends it when it is cancelled or late. */
export class Pace {
  readonly #now: () => number;
  readonly #yieldNow: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #deadlineMs: number;
  readonly #onRest: () => void;
  readonly #isStopped: () => boolean;
  #sliceEndMs = 0;

  constructor(options: {
    readonly now: () => number;
    readonly yieldNow: () => Promise<void>;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
    /** Called at each rest. */
    readonly onRest?: () => void;
    /** True once the query is to end; seen also where nothing else gets a turn. */
    readonly isStopped?: () => boolean;
  }) {
    this.#now = options.now;
    this.#yieldNow = options.yieldNow;
    this.#signal = options.signal;
    this.#onRest = options.onRest ?? (() => undefined);
    this.#isStopped = options.isStopped ?? (() => false);
    this.#sliceEndMs = this.#now() + SLICE_MS;
    this.#deadlineMs = this.#now() + options.timeoutMs;
  }

  /** True when it is time to `rest`. Cheap enough to ask once per series. */
  due(): boolean {
    return this.#now() >= this.#sliceEndMs;
  }

  /** Lets others run, then checks that the query may go on. */
  async rest(): Promise<void> {
    this.#onRest();
    await this.#yieldNow();
    this.check();
    this.#sliceEndMs = this.#now() + SLICE_MS;
  }

  /** Throws `canceled` or `timeout` when the query is to end. */
  check(): void {
    if (this.#signal.aborted || this.#isStopped()) {
      const late =
        this.#signal.reason instanceof Error && this.#signal.reason.name === "TimeoutError";
      throw late
        ? timedOut()
        : new NarthexError("canceled", "query was canceled in expression evaluation");
    }
    if (this.#now() >= this.#deadlineMs) throw timedOut();
  }
}

function timedOut(): NarthexError {
  return new NarthexError("timeout", "query timed out in expression evaluation");
}

/** Pushes the rows of `store`, in order or as `order` lists them, with rests in between. */
export async function replay(
  store: RowStore,
  sink: RowSink,
  pace: Pace,
  order?: readonly number[],
): Promise<void> {
  const row = new Row(store.steps);
  for (let i = 0; i < store.length; i++) {
    store.load(order ? order[i]! : i, row);
    sink.push(row);
    if (pace.due()) await pace.rest();
  }
}
