import { NarthexError } from "#pkg/errs/mod.ts";
import type { SelectHints } from "#pkg/storage/mod.ts";
import type { DurationExpr, Expr, TimeModifiers, VectorSelector } from "../syntax/ast.ts";
import { positionOf, walk } from "../syntax/ast.ts";
import { foldScalars } from "./fold-scalars.ts";
import { pushMatchers } from "./push-matchers.ts";
import { findSharing, NO_SHARING, type Sharing } from "./share.ts";

/** The times a query is asked for, ms; an instant query has `startMs` = `endMs` and a step of 0. */
export interface QueryTimes {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** An expression made ready for evaluation. */
export interface Prepared {
  readonly expr: Expr;
  /** Parts whose value is the same at every step, the largest such parts only. */
  readonly invariants: ReadonlySet<Expr>;
  readonly hints: ReadonlyMap<VectorSelector, SelectHints>;
  /** Selectors of which only counts and sums of histograms matter. */
  readonly statsOnly: ReadonlySet<VectorSelector>;
  readonly sharing: Sharing;
}

/**
 * Copies `expr` with `start()`, `end()`, `range()` and `step()` replaced by their values, durations
 * calculated, and parentheses around arguments removed; finds the parts that need evaluation once
 * only. With `rewrite`, scalars are folded and matchers pushed to where they spare reading. Errors: `execution` for a duration that is not a positive finite number.
 */
export function prepare(expr: Expr, times: QueryTimes, rewrite = true): Prepared {
  const asked = new Copier(times).copy(expr);
  const copy = rewrite ? pushMatchers(foldScalars(asked)) : asked;
  const invariants = new Set<Expr>();
  if (markInvariant(copy, invariants).wrap) invariants.add(copy);
  return {
    expr: copy,
    invariants,
    hints: collectHints(copy, times),
    statsOnly: findStatsOnly(copy),
    sharing: rewrite ? findSharing(copy, invariants) : NO_SHARING,
  };
}

class Copier {
  readonly #times: QueryTimes;

  constructor(times: QueryTimes) {
    this.#times = times;
  }

  copy(expr: Expr): Expr {
    switch (expr.kind) {
      case "aggregate": {
        const param = expr.param && unwrap(this.copy(expr.param));
        return { ...expr, expr: unwrap(this.copy(expr.expr)), param };
      }
      case "binary":
        return { ...expr, lhs: this.copy(expr.lhs), rhs: this.copy(expr.rhs) };
      case "call": {
        const constant = this.#constant(expr.func.name);
        if (constant !== undefined) {
          return { kind: "number", value: constant, duration: false, position: expr.position };
        }
        return { ...expr, args: expr.args.map((arg) => unwrap(this.copy(arg))) };
      }
      case "matrixSelector": {
        const rangeMs = expr.rangeExpr ? this.#duration(expr.rangeExpr, false) : expr.rangeMs;
        return { ...expr, rangeMs, selector: this.#selector(expr.selector) };
      }
      case "vectorSelector":
        return this.#selector(expr);
      case "subquery": {
        const rangeMs = expr.rangeExpr ? this.#duration(expr.rangeExpr, false) : expr.rangeMs;
        const stepMs = expr.stepExpr ? this.#duration(expr.stepExpr, false) : expr.stepMs;
        const modifiers = this.#modifiers(expr);
        return { ...expr, ...modifiers, rangeMs, stepMs, expr: this.copy(expr.expr) };
      }
      case "paren":
      case "unary":
        return { ...expr, expr: this.copy(expr.expr) };
      default:
        return expr;
    }
  }

  /** What a function of the query's own times gives. */
  #constant(name: string): number | undefined {
    const { startMs, endMs, stepMs } = this.#times;
    switch (name) {
      case "start":
        return startMs / 1000;
      case "end":
        return endMs / 1000;
      case "range":
        return (endMs - startMs) / 1000;
      case "step":
        return startMs === endMs ? 0 : stepMs / 1000;
      default:
        return undefined;
    }
  }

  #selector(selector: VectorSelector): VectorSelector {
    return { ...selector, ...this.#modifiers(selector) };
  }

  #modifiers(modifiers: TimeModifiers): Pick<TimeModifiers, "offsetMs" | "timestampMs"> {
    const { offsetExpr, startOrEnd } = modifiers;
    const offsetMs = offsetExpr ? this.#duration(offsetExpr, true) : modifiers.offsetMs;
    const resolved = { start: this.#times.startMs, end: this.#times.endMs };
    return { offsetMs, timestampMs: startOrEnd ? resolved[startOrEnd] : modifiers.timestampMs };
  }

  #duration(expr: DurationExpr, allowNegative: boolean): number {
    const seconds = this.#seconds(expr);
    if (!Number.isFinite(seconds)) throw durationError(expr, "duration is NaN or infinite");
    if (seconds <= 0 && !allowNegative) {
      throw durationError(expr, "duration must be greater than 0");
    }
    if (Math.abs(seconds) > 2 ** 63 / 1e9) throw durationError(expr, "duration is out of range");
    const ms = Math.trunc(seconds * 1000);
    return ms === 0 ? 0 : ms;
  }

  #seconds(expr: Expr): number {
    if (expr.kind === "number") return expr.value;
    const { op, lhs, rhs } = expr as DurationExpr;
    const left = lhs ? this.#seconds(lhs) : 0;
    const right = rhs ? this.#seconds(rhs) : 0;
    const { startMs, endMs, stepMs } = this.#times;
    switch (op) {
      case "step":
        return stepMs / 1000;
      case "range":
        return (endMs - startMs) / 1000;
      case "min_of":
        return Math.min(left, right);
      case "max_of":
        return Math.max(left, right);
      case "+":
        return left + right;
      case "-":
        return left - right;
      case "*":
        return left * right;
      case "/":
        if (right === 0) throw durationError(expr, "division by zero");
        return left / right;
      case "%":
        if (right === 0) throw durationError(expr, "modulo by zero");
        return left % right;
      default:
        return left ** right;
    }
  }
}

function durationError(expr: Expr, reason: string): NarthexError {
  const { start, end } = positionOf(expr);
  return new NarthexError("execution", `${start}:${end}: ${reason}`);
}

function unwrap(expr: Expr): Expr {
  let inner = expr;
  while (inner.kind === "paren") inner = inner.expr;
  return inner;
}

const TIME_DEPENDENT: ReadonlySet<string> = new Set(
  (
    "days_in_month day_of_month day_of_week day_of_year end hour minute month year predict_linear " +
    "range start step time timestamp"
  ).split(" "),
);

/** True if the function's value depends on the time of evaluation even if its arguments do not. */
export function isTimeDependent(name: string): boolean {
  return TIME_DEPENDENT.has(name);
}

interface Invariance {
  readonly invariant: boolean;
  /** False for what is evaluated as an argument and never by itself, such as a range. */
  readonly wrap: boolean;
}

const VARIES: Invariance = { invariant: false, wrap: false };
const INVARIANT: Invariance = { invariant: true, wrap: true };

function markInvariant(expr: Expr, out: Set<Expr>): Invariance {
  switch (expr.kind) {
    case "vectorSelector":
      return expr.timestampMs === undefined ? VARIES : INVARIANT;
    case "matrixSelector":
      return { invariant: expr.selector.timestampMs !== undefined, wrap: false };
    case "aggregate":
      return markInvariant(expr.expr, out);
    case "paren":
    case "unary":
      return markInvariant(expr.expr, out);
    case "subquery":
      if (markInvariant(expr.expr, out).invariant) out.add(expr.expr);
      return { invariant: expr.timestampMs !== undefined, wrap: false };
    case "binary":
      return markParts([expr.lhs, expr.rhs], true, out);
    case "call": {
      const { name } = expr.func;
      const ownTime =
        name === "timestamp" && expr.args.every((arg) => arg.kind === "vectorSelector");
      return markParts(expr.args, !TIME_DEPENDENT.has(name) || ownTime, out);
    }
    default:
      return INVARIANT;
  }
}

function markParts(parts: readonly Expr[], whole: boolean, out: Set<Expr>): Invariance {
  const marks = parts.map((part) => markInvariant(part, out));
  if (whole && marks.every((mark) => mark.invariant)) return INVARIANT;
  parts.forEach((part, i) => {
    if (marks[i]!.wrap) out.add(part);
  });
  return VARIES;
}

function collectHints(expr: Expr, times: QueryTimes): Map<VectorSelector, SelectHints> {
  const hints = new Map<VectorSelector, SelectHints>();
  walk(expr, (node, path) => {
    if (node.kind !== "vectorSelector") return;
    const parent = path.at(-1);
    const range = parent?.kind === "matrixSelector" ? parent.rangeMs : 0;
    const outer = parent?.kind === "matrixSelector" ? path.at(-2) : parent;
    const subquery = path.findLast((n) => n.kind === "subquery");
    hints.set(node, {
      step: subquery && subquery.stepMs > 0 ? subquery.stepMs : times.stepMs,
      range,
      func: functionAround(path),
      ...(outer?.kind === "aggregate" ? { by: !outer.without, grouping: outer.grouping } : {}),
    });
  });
  return hints;
}

const STATS_FUNCTIONS: ReadonlySet<string> = new Set([
  "histogram_avg",
  "histogram_count",
  "histogram_sum",
]);
const BUCKET_FUNCTIONS: ReadonlySet<string> = new Set([
  "histogram_fraction",
  "histogram_quantile",
  "histogram_quantiles",
]);

/**
 * Selectors below `histogram_count` and its kin, with nothing around them that needs buckets. In a
 * subquery buckets are needed, as resets can only be found by comparing them.
 */
function findStatsOnly(expr: Expr): Set<VectorSelector> {
  const found = new Set<VectorSelector>();
  walk(expr, (node, path) => {
    if (node.kind !== "vectorSelector") return;
    let isStats = false;
    for (let i = path.length - 1; i >= 0; i--) {
      const outer = path[i]!;
      const name = outer.kind === "call" ? outer.func.name : "";
      const trims = outer.kind === "binary" && (outer.op === "</" || outer.op === ">/");
      if (outer.kind === "subquery" || trims || BUCKET_FUNCTIONS.has(name)) return;
      if (STATS_FUNCTIONS.has(name)) isStats = true;
    }
    if (isStats) found.add(node);
  });
  return found;
}

/** The innermost function or aggregation around a selector, up to a binary operator. */
function functionAround(path: readonly Expr[]): string {
  for (let i = path.length - 1; i >= 0; i--) {
    const node = path[i]!;
    if (node.kind === "aggregate") return node.op;
    if (node.kind === "call") return node.func.name;
    if (node.kind === "binary") return "";
  }
  return "";
}
