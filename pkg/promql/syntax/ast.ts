import type { Matcher } from "#pkg/labels/mod.ts";
import type { FunctionSignature } from "./functions.ts";
import type { PositionRange } from "./position.ts";

/** What an expression evaluates to. */
export type ValueType = "scalar" | "vector" | "matrix" | "string" | "none";

/** `sum by (a) (x)`. */
export interface AggregateExpr {
  readonly kind: "aggregate";
  readonly op: string;
  expr: Expr;
  param: Expr | undefined;
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly position: PositionRange;
}

/** How the elements of two vectors find each other. */
export interface VectorMatching {
  card: "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";
  labels: readonly string[];
  on: boolean;
  /** Labels of `group_left(…)` or `group_right(…)`. */
  include: readonly string[];
  fillLeft: number | undefined;
  fillRight: number | undefined;
}

/** `a + b`. `matching` is there for vector operands only. */
export interface BinaryExpr {
  readonly kind: "binary";
  readonly op: string;
  lhs: Expr;
  rhs: Expr;
  matching: VectorMatching | undefined;
  readonly returnBool: boolean;
}

/** A function call. */
export interface Call {
  readonly kind: "call";
  readonly func: FunctionSignature;
  readonly args: Expr[];
  readonly position: PositionRange;
}

/** Arithmetic on durations in a range, step or offset. */
export interface DurationExpr {
  readonly kind: "duration";
  /** `+ - * / % ^`, `step`, `range`, `min_of`, `max_of`; without `lhs` a sign. */
  readonly op: string;
  readonly lhs: Expr | undefined;
  readonly rhs: Expr | undefined;
  wrapped: boolean;
  readonly position: PositionRange;
}

/** The `@` and `offset` of a selector or subquery; times in ms. */
export interface TimeModifiers {
  offsetMs: number;
  offsetExpr: DurationExpr | undefined;
  timestampMs: number | undefined;
  startOrEnd: "start" | "end" | undefined;
}

/** `x{a="b"}`. A name outside the braces is in `name` and the last of `matchers`. */
export interface VectorSelector extends TimeModifiers {
  readonly kind: "vectorSelector";
  readonly name: string;
  readonly matchers: readonly Matcher[];
  anchored: boolean;
  smoothed: boolean;
  /** Set for the second argument of `info`, which may match the empty string only. */
  mayBeEmpty: boolean;
  position: PositionRange;
}

/** `x[5m]`; its modifiers are those of `selector`. */
export interface MatrixSelector {
  readonly kind: "matrixSelector";
  readonly selector: VectorSelector;
  rangeMs: number;
  readonly rangeExpr: DurationExpr | undefined;
  position: PositionRange;
}

/** `expr[1h:5m]`; a step of 0 is the default step. */
export interface SubqueryExpr extends TimeModifiers {
  readonly kind: "subquery";
  expr: Expr;
  rangeMs: number;
  readonly rangeExpr: DurationExpr | undefined;
  stepMs: number;
  readonly stepExpr: DurationExpr | undefined;
  position: PositionRange;
}

/** A number; `duration` if it was written as one, then in seconds. */
export interface NumberLiteral {
  readonly kind: "number";
  value: number;
  readonly duration: boolean;
  position: PositionRange;
}

export interface ParenExpr {
  readonly kind: "paren";
  expr: Expr;
  readonly position: PositionRange;
}

export interface StringLiteral {
  readonly kind: "string";
  readonly value: string;
  readonly position: PositionRange;
}

export interface UnaryExpr {
  readonly kind: "unary";
  readonly op: "+" | "-";
  expr: Expr;
  readonly position: PositionRange;
}

/** A PromQL expression. Trees are owned by who parsed them; the engine works on its own copy. */
export type Expr =
  | AggregateExpr
  | BinaryExpr
  | Call
  | DurationExpr
  | MatrixSelector
  | NumberLiteral
  | ParenExpr
  | StringLiteral
  | SubqueryExpr
  | UnaryExpr
  | VectorSelector;

/** The type of `expr`, from its operands where it depends on them. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case "aggregate":
    case "vectorSelector":
      return "vector";
    case "matrixSelector":
    case "subquery":
      return "matrix";
    case "number":
    case "duration":
      return "scalar";
    case "string":
      return "string";
    case "call":
      return expr.func.returns;
    case "paren":
    case "unary":
      return typeOf(expr.expr);
    case "binary":
      return typeOf(expr.lhs) === "scalar" && typeOf(expr.rhs) === "scalar" ? "scalar" : "vector";
  }
}

/** Where `expr` stands in the query. */
export function positionOf(expr: Expr): PositionRange {
  if (expr.kind !== "binary") return expr.position;
  let first: Expr = expr;
  while (first.kind === "binary") first = first.lhs;
  let last: Expr = expr;
  while (last.kind === "binary") last = last.rhs;
  return { start: first.position.start, end: last.position.end };
}

/** The operands of `expr`, in the order in which Prometheus visits them. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "aggregate":
      return expr.param ? [expr.expr, expr.param] : [expr.expr];
    case "binary":
      return [expr.lhs, expr.rhs];
    case "call":
      return expr.args;
    case "matrixSelector":
      return [expr.selector];
    case "paren":
    case "subquery":
    case "unary":
      return [expr.expr];
    default:
      return [];
  }
}

/** Calls `visit` with every node, parents first, and the path from the root to it. */
export function walk(
  expr: Expr,
  visit: (node: Expr, path: readonly Expr[]) => void,
  path: Expr[] = [],
): void {
  visit(expr, path);
  path.push(expr);
  for (const child of childrenOf(expr)) walk(child, visit, path);
  path.pop();
}
