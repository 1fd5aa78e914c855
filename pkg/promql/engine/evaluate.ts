import { NarthexError } from "#pkg/errs/mod.ts";
import type { Querier } from "#pkg/storage/mod.ts";
import type { BinaryExpr, Call, Expr, UnaryExpr, VectorSelector } from "../syntax/ast.ts";
import { typeOf } from "../syntax/ast.ts";
import { aggregate } from "./aggregate.ts";
import { commonSelection, eachBatch } from "./aligned.ts";
import { binary } from "./binary.ts";
import type { EvalContext, Evaluator, Frame } from "./context.ts";
import { nameDropper } from "./names.ts";
import { scalarOperator } from "./operators.ts";
import { type HistogramColumn, Row, type RowSink, StepKind } from "./row.ts";
import { Look, selectInstant } from "./select.ts";
import { NO_SHARING, type Sharing } from "./share.ts";
import { SharedAggregations } from "./shared-aggregations.ts";
import { stepSeconds, vectorCall } from "./vector-call.ts";

/** Nested expressions that may be on one stack; each takes about ten calls. */
const STACK_LEVELS = 50;

/** Evaluates a prepared expression by handing each part to where it is implemented. */
export class TreeEvaluator implements Evaluator {
  readonly context: EvalContext;
  readonly #invariants: ReadonlySet<Expr>;
  readonly #sharing: Sharing;
  readonly #shared = new SharedAggregations();
  /** How many expressions are being evaluated, each within the one before. */
  #depth = 0;

  constructor(
    context: EvalContext,
    plan: { readonly invariants: ReadonlySet<Expr>; readonly sharing: Sharing },
  ) {
    this.context = context;
    this.#invariants = plan.invariants;
    this.#sharing = plan.sharing;
  }

  async rows(expr: Expr, frame: Frame, sink: RowSink): Promise<void> {
    const { pace, explain } = this.context;
    pace.check();
    if (frame.steps <= 0) return;
    this.#depth++;
    try {
      // All calls up to the first wait are on one stack, which a deep query would overflow.
      if (this.#depth % STACK_LEVELS === 0) await undefined;
      if (explain === undefined) await this.#rows(expr, frame, sink);
      else await explain.rows(expr, sink, (measured) => this.#rows(expr, frame, measured));
    } finally {
      this.#depth--;
    }
  }

  async #rows(expr: Expr, frame: Frame, sink: RowSink): Promise<void> {
    if (frame.steps === 1 || !this.#invariants.has(expr)) return this.#evaluate(expr, frame, sink);
    const once = { startMs: frame.startMs, stepMs: frame.stepMs, steps: 1 };
    const repeater = new Repeater(frame.steps, sink);
    return this.context.budget.repeated(frame.steps, () => this.#evaluate(expr, once, repeater));
  }

  async scalar(expr: Expr, frame: Frame): Promise<Float64Array> {
    this.#depth++;
    try {
      if (this.#depth % STACK_LEVELS === 0) await undefined;
      return await this.#scalarOnce(expr, frame);
    } finally {
      this.#depth--;
    }
  }

  async #scalarOnce(expr: Expr, frame: Frame): Promise<Float64Array> {
    if (frame.steps > 1 && this.#invariants.has(expr)) {
      const once = { startMs: frame.startMs, stepMs: frame.stepMs, steps: 1 };
      const { budget } = this.context;
      const [value] = await budget.repeated(frame.steps, () => this.#scalar(expr, once));
      return new Float64Array(frame.steps).fill(value!);
    }
    return this.#scalar(expr, frame);
  }

  async #evaluate(expr: Expr, frame: Frame, sink: RowSink): Promise<void> {
    switch (expr.kind) {
      case "vectorSelector":
        return selectInstant(expr, frame, { evaluator: this, sink, look: Look.value });
      case "paren":
        return this.rows(expr.expr, frame, sink);
      case "unary":
        return this.#unary(expr, frame, sink);
      case "aggregate": {
        const shared = this.#sharing.aggregates.get(expr);
        return shared
          ? this.#shared.rows(expr, frame, { shared, evaluator: this, sink })
          : aggregate(expr, frame, this, sink);
      }
      case "binary": {
        const base = this.#sharing.aligned.get(expr);
        if (base && (await this.#batches(expr, base, { frame, sink }))) return;
        return this.#binary(expr, frame, sink);
      }
      case "call":
        return vectorCall(expr, frame, this, sink);
      default:
        throw new NarthexError("internal", `cannot evaluate ${expr.kind} as a vector`);
    }
  }

  #binary(expr: BinaryExpr, frame: Frame, sink: RowSink): Promise<void> {
    // Two vectors give label sets that are distinct already.
    const vector = typeOf(expr.lhs) === "vector" ? expr.lhs : expr.rhs;
    const isJoin = typeOf(expr.lhs) === typeOf(expr.rhs);
    const { features } = this.context;
    const target = nameDropper(isJoin ? expr : vector, features, sink);
    return binary(expr, frame, this, target);
  }

  /** Evaluates an operator between series and themselves over one selection; false if it cannot. */
  async #batches(
    expr: BinaryExpr,
    base: VectorSelector,
    { frame, sink }: { readonly frame: Frame; readonly sink: RowSink },
  ): Promise<boolean> {
    const { context } = this;
    const selection = commonSelection([expr], base, { frame, context });
    if (selection === undefined) return false;
    return eachBatch(selection, context, (querier) => this.on(querier).#binary(expr, frame, sink));
  }

  /** Evaluates with the series of another querier, which selects nothing for several parts. */
  on(querier: Querier): TreeEvaluator {
    const plan = { invariants: this.#invariants, sharing: NO_SHARING };
    return new TreeEvaluator({ ...this.context, querier }, plan);
  }

  async #unary(expr: UnaryExpr, frame: Frame, sink: RowSink): Promise<void> {
    if (expr.op === "+") return this.rows(expr.expr, frame, sink);
    const target = nameDropper(expr.expr, this.context.features, sink);
    await this.rows(expr.expr, frame, {
      push(row) {
        for (let i = 0; i < row.values.length; i++) row.values[i] = -row.values[i]!;
        if (row.histograms !== undefined) negateHistograms(row, row.histograms);
        row.dropName = true;
        target.push(row);
      },
    });
  }

  async #scalar(expr: Expr, frame: Frame): Promise<Float64Array> {
    switch (expr.kind) {
      case "number":
        return new Float64Array(frame.steps).fill(expr.value);
      case "paren":
        return this.scalar(expr.expr, frame);
      case "unary": {
        const values = await this.scalar(expr.expr, frame);
        return expr.op === "-" ? values.map((value) => -value) : values;
      }
      case "binary": {
        const left = await this.scalar(expr.lhs, frame);
        const right = await this.scalar(expr.rhs, frame);
        const apply = scalarOperator(expr.op);
        return left.map((value, i) => apply(value, right[i]!));
      }
      case "call":
        return this.#scalarCall(expr, frame);
      default:
        throw new NarthexError("internal", `cannot evaluate ${expr.kind} as a scalar`);
    }
  }

  async #scalarCall(call: Call, frame: Frame): Promise<Float64Array> {
    switch (call.func.name) {
      case "time":
        return stepSeconds(frame);
      case "pi":
        return new Float64Array(frame.steps).fill(Math.PI);
      case "max_of":
      case "min_of": {
        const left = await this.scalar(call.args[0]!, frame);
        const right = await this.scalar(call.args[1]!, frame);
        const choose = call.func.name === "max_of" ? Math.max : Math.min;
        return left.map((value, i) => choose(value, right[i]!));
      }
      case "scalar":
        return this.#onlyValue(call.args[0]!, frame);
      default:
        throw new NarthexError("internal", `cannot evaluate ${call.func.name} as a scalar`);
    }
  }

  /** The value of each step's only series, NaN where there is none or more than one. */
  async #onlyValue(expr: Expr, frame: Frame): Promise<Float64Array> {
    const values = new Float64Array(frame.steps).fill(NaN);
    const counts = new Uint8Array(frame.steps);
    await this.rows(expr, frame, {
      push(row) {
        for (let i = 0; i < frame.steps; i++) {
          if (row.kinds[i] !== 1) continue;
          values[i] = counts[i] === 0 ? row.values[i]! : NaN;
          counts[i] = 1;
        }
      },
    });
    return values;
  }
}

function negateHistograms({ kinds }: Row, histograms: HistogramColumn): void {
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === StepKind.histogram) histograms[i] = histograms[i]!.copy().mul(-1);
  }
}

/** Spreads rows of one step over all steps. */
class Repeater implements RowSink {
  readonly #row: Row;
  readonly #sink: RowSink;

  constructor(steps: number, sink: RowSink) {
    this.#row = new Row(steps);
    this.#sink = sink;
  }

  push(once: Row): void {
    const row = this.#row;
    row.labels = once.labels;
    row.dropName = once.dropName;
    row.values.fill(once.values[0]!);
    row.kinds.fill(once.kinds[0]!);
    const histogram = once.kinds[0] === StepKind.histogram ? once.histograms![0] : undefined;
    row.histograms =
      histogram === undefined ? undefined : new Array(row.kinds.length).fill(histogram);
    this.#sink.push(row);
  }
}
