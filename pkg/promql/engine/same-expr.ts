import type { Expr, VectorSelector } from "../syntax/ast.ts";

/** A text that is equal for expressions that mean the same, wherever in a query they stand. */
export function exprKey(expr: Expr): string {
  return keyText(expr, exprKey);
}

/** Numbers that are equal for expressions that mean the same; for comparing many of one query. */
export class ExprIds {
  readonly #byText = new Map<string, number>();
  readonly #byExpr = new Map<Expr, number>();

  of(expr: Expr): number {
    const known = this.#byExpr.get(expr);
    if (known !== undefined) return known;
    const text = keyText(expr, (inner) => `#${this.of(inner)}`);
    let id = this.#byText.get(text);
    if (id === undefined) {
      id = this.#byText.size;
      this.#byText.set(text, id);
    }
    this.#byExpr.set(expr, id);
    return id;
  }
}

/** The key of `expr`, in which `keyOf` stands for its operands. */
function keyText(expr: Expr, keyOf: (inner: Expr) => string): string {
  switch (expr.kind) {
    case "paren":
      return keyOf(expr.expr);
    case "number":
      return Object.is(expr.value, -0) ? "-0" : String(expr.value);
    case "string":
      return JSON.stringify(expr.value);
    case "vectorSelector":
      return selectorKey(expr);
    case "matrixSelector":
      return `${selectorKey(expr.selector)}[${expr.rangeMs}]`;
    case "subquery": {
      const { rangeMs, stepMs, offsetMs, timestampMs } = expr;
      return `(${keyOf(expr.expr)})[${rangeMs}:${stepMs}]${offsetMs}@${timestampMs}`;
    }
    case "unary":
      return `${expr.op}(${keyOf(expr.expr)})`;
    case "call":
      return `${expr.func.name}(${expr.args.map(keyOf).join(",")})`;
    case "aggregate": {
      const how = `${expr.without ? "without" : "by"}${JSON.stringify([...expr.grouping].sort())}`;
      const param = expr.param ? `${keyOf(expr.param)},` : "";
      return `${expr.op} ${how}(${param}${keyOf(expr.expr)})`;
    }
    case "binary": {
      const { matching, returnBool } = expr;
      const how = matching ? JSON.stringify({ ...matching, fills: fillsOf(expr.matching!) }) : "";
      return `(${keyOf(expr.lhs)})${expr.op}${returnBool}${how}(${keyOf(expr.rhs)})`;
    }
    default:
      // Durations are numbers by the time that expressions are compared.
      return JSON.stringify(expr);
  }
}

/** JSON has no infinities and no NaN. */
function fillsOf(matching: {
  fillLeft: number | undefined;
  fillRight: number | undefined;
}): string {
  return `${matching.fillLeft} ${matching.fillRight}`;
}

/** What a selector selects, without when it looks at it. */
export function matchersKey({ matchers }: VectorSelector): string {
  const texts = matchers.map(({ name, type, value }) => JSON.stringify([name, type, value]));
  return `{${texts.sort().join(",")}}`;
}

function selectorKey(selector: VectorSelector): string {
  const { offsetMs, timestampMs, anchored, smoothed } = selector;
  return `${matchersKey(selector)}${offsetMs}@${timestampMs}${anchored}${smoothed}`;
}

/** True if both give the same where they are evaluated at the same times. */
export function sameExpr(a: Expr, b: Expr): boolean {
  return a.kind === b.kind && exprKey(a) === exprKey(b);
}
