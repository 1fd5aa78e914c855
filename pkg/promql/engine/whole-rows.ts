import type { AggregateExpr, BinaryExpr, Call, Expr } from "../syntax/ast.ts";
import { typeOf } from "../syntax/ast.ts";
import { COMPARISON_OPERATORS } from "../syntax/tokens.ts";
import type { EngineFeatures } from "./context.ts";
import { vectorArgument } from "./label-flow.ts";
import { hasOneName } from "./names.ts";

/**
 * True if `expr` gives each label set in one row only, so that its rows can be dealt with one after
 * the other. (Series may otherwise come in several rows, of which no step is in two.)
 */
export function givesWholeRows(expr: Expr, features: EngineFeatures): boolean {
  switch (expr.kind) {
    case "vectorSelector":
      return true;
    case "paren":
      return givesWholeRows(expr.expr, features);
    case "unary":
      return (
        givesWholeRows(expr.expr, features) && (expr.op === "+" || dropsNames(expr.expr, features))
      );
    case "aggregate":
      return givesWholeGroups(expr) || givesWholeRows(expr.expr, features);
    case "binary":
      return operatorGivesWhole(expr, features);
    case "call":
      return callGivesWhole(expr, features);
    default:
      return false;
  }
}

/** True if series stay apart where their names are dropped. */
function dropsNames(expr: Expr, features: EngineFeatures): boolean {
  return features.delayedNameRemoval === true || hasOneName(expr);
}

/** A row for each group, but for aggregations that choose from their input. */
function givesWholeGroups({ op }: AggregateExpr): boolean {
  return !/^(?:topk|bottomk|limitk|limit_ratio)$/.test(op);
}

function operatorGivesWhole(expr: BinaryExpr, features: EngineFeatures): boolean {
  const { lhs, rhs, op, matching } = expr;
  if (matching !== undefined) {
    return (op === "and" || op === "unless") && givesWholeRows(lhs, features);
  }
  const vector = typeOf(lhs) === "vector" ? lhs : rhs;
  if (!givesWholeRows(vector, features)) return false;
  const keepsNames = COMPARISON_OPERATORS.has(op) && !expr.returnBool;
  return keepsNames || dropsNames(vector, features);
}

function callGivesWhole(call: Call, features: EngineFeatures): boolean {
  const inner = vectorArgument(call);
  if (inner === undefined) return false;
  // A function over a range has its samples together, wherever they are from.
  const isRange = inner.kind === "matrixSelector" || inner.kind === "subquery";
  if (!isRange && !givesWholeRows(inner, features)) return false;
  const keepsNames = /^(?:sort|first_over_time$|last_over_time$)/.test(call.func.name);
  return keepsNames || dropsNames(inner, features);
}
