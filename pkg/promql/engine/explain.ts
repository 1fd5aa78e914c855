import { childrenOf, type Expr } from "../syntax/ast.ts";
import { formatExpr } from "../syntax/printer.ts";
import type { RowSink } from "./row.ts";

/** What one node of the plan did; a tree that is as the prepared expression is. */
export interface PlanNode {
  /** Kind of expression, with its operator or function. */
  readonly node: string;
  readonly expr: string;
  /** Wall time in the node itself, without its children, s. */
  readonly seconds: number;
  /** How often it was evaluated; 0 where another node's result was taken. */
  readonly evaluations: number;
  /** Series and samples that it gave. */
  readonly series: number;
  readonly samples: number;
  /** Series and samples that it had from the storage; of selectors only. */
  readonly fetchedSeries?: number;
  readonly fetchedSamples?: number;
  readonly children: readonly PlanNode[];
}

class Measure {
  ms = 0;
  evaluations = 0;
  series = 0;
  samples = 0;
  fetchedSeries = 0;
  fetchedSamples = 0;
}

/** Longest text of an expression in a plan. */
const EXPR_CHARS = 500;

/** Measures what each node of a plan does, while it is evaluated. */
export class Explain {
  readonly #now: () => number;
  readonly #measures = new Map<Expr, Measure>();
  #current = new Measure();
  #since: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Does the work of `expr`; what it pushes goes on to `sink`. */
  async rows(expr: Expr, sink: RowSink, work: (sink: RowSink) => Promise<void>): Promise<void> {
    const own = this.#of(expr);
    const outer = this.#current;
    own.evaluations++;
    this.#enter(own);
    try {
      await work({
        push: (row) => {
          own.series++;
          own.samples += row.count();
          this.#enter(outer);
          sink.push(row);
          this.#enter(own);
        },
      });
    } finally {
      this.#enter(outer);
    }
  }

  /** Notes that `selector` has had a series of so many samples. */
  fetched(selector: Expr, samples: number): void {
    const measure = this.#of(selector);
    measure.fetchedSeries++;
    measure.fetchedSamples += samples;
  }

  /** The measured plan. */
  plan(expr: Expr): PlanNode {
    const measure = this.#of(expr);
    const { evaluations, series, samples, fetchedSeries, fetchedSamples } = measure;
    const text = formatExpr(expr);
    const isSelector = expr.kind === "vectorSelector" || expr.kind === "matrixSelector";
    const source = expr.kind === "matrixSelector" ? this.#of(expr.selector) : measure;
    return {
      node: nameOf(expr),
      expr: text.length > EXPR_CHARS ? `${text.slice(0, EXPR_CHARS)}…` : text,
      seconds: measure.ms / 1000,
      ...{ evaluations, series, samples },
      ...(isSelector
        ? {
            fetchedSeries: fetchedSeries + (source === measure ? 0 : source.fetchedSeries),
            fetchedSamples: fetchedSamples + (source === measure ? 0 : source.fetchedSamples),
          }
        : {}),
      children: isSelector ? [] : childrenOf(expr).map((child) => this.plan(child)),
    };
  }

  #of(expr: Expr): Measure {
    let measure = this.#measures.get(expr);
    if (measure === undefined) {
      measure = new Measure();
      this.#measures.set(expr, measure);
    }
    return measure;
  }

  #enter(measure: Measure): void {
    const now = this.#now();
    this.#current.ms += now - this.#since;
    this.#since = now;
    this.#current = measure;
  }
}

function nameOf(expr: Expr): string {
  switch (expr.kind) {
    case "aggregate":
    case "binary":
    case "unary":
      return `${expr.kind} ${expr.op}`;
    case "call":
      return `call ${expr.func.name}`;
    default:
      return expr.kind;
  }
}
