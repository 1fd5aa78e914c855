import type { Expr, NumberLiteral } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import { scalarOperator } from "./operators.ts";

/** `expr` with scalar parts that are made of numbers only replaced by their values. */
export function foldScalars(expr: Expr): Expr {
  switch (expr.kind) {
    case "paren": {
      const inner = foldScalars(expr.expr);
      return inner.kind === "number" ? literal(inner.value, expr) : { ...expr, expr: inner };
    }
    case "unary": {
      const inner = foldScalars(expr.expr);
      if (inner.kind !== "number") return { ...expr, expr: inner };
      return literal(expr.op === "-" ? -inner.value : inner.value, expr);
    }
    case "binary": {
      const lhs = foldScalars(expr.lhs);
      const rhs = foldScalars(expr.rhs);
      if (lhs.kind !== "number" || rhs.kind !== "number") return { ...expr, lhs, rhs };
      return literal(scalarOperator(expr.op)(lhs.value, rhs.value), expr);
    }
    case "call": {
      const args = expr.args.map(foldScalars);
      const value = callOfNumbers(expr.func.name, args);
      return value === undefined ? { ...expr, args } : literal(value, expr);
    }
    case "aggregate":
      return {
        ...expr,
        expr: foldScalars(expr.expr),
        param: expr.param && foldScalars(expr.param),
      };
    case "subquery":
      return { ...expr, expr: foldScalars(expr.expr) };
    default:
      return expr;
  }
}

function literal(value: number, expr: Expr): NumberLiteral {
  return { kind: "number", value, duration: false, position: positionOf(expr) };
}

/** The value of a function of numbers; undefined for any other. */
function callOfNumbers(name: string, args: readonly Expr[]): number | undefined {
  if (name === "pi") return Math.PI;
  if (name !== "max_of" && name !== "min_of") return undefined;
  const [a, b] = args;
  if (a?.kind !== "number" || b?.kind !== "number") return undefined;
  return name === "max_of" ? Math.max(a.value, b.value) : Math.min(a.value, b.value);
}
