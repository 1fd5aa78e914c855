import type { BinaryExpr } from "../syntax/ast.ts";
import { typeOf } from "../syntax/ast.ts";
import { SET_OPERATORS } from "../syntax/tokens.ts";
import type { Evaluator, Frame } from "./context.ts";
import { joinVectors } from "./join.ts";
import { changesMeaning, elementOperator, noteFloats } from "./operators.ts";
import type { RowSink } from "./row.ts";
import { setOperation } from "./set-operators.ts";

/** Pushes the result of a binary operation of which at least one side is a vector. */
export async function binary(
  expr: BinaryExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  if (typeOf(expr.lhs) === "vector" && typeOf(expr.rhs) === "vector") {
    if (SET_OPERATORS.has(expr.op)) return setOperation(expr, frame, evaluator, sink);
    return joinVectors(expr, frame, evaluator, sink);
  }
  return withScalar(expr, frame, evaluator, sink);
}

/** A vector and a scalar. */
async function withScalar(
  expr: BinaryExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const swapped = typeOf(expr.lhs) === "scalar";
  const scalar = await evaluator.scalar(swapped ? expr.lhs : expr.rhs, frame);
  const vector = swapped ? expr.rhs : expr.lhs;
  const operator = elementOperator(expr.op);
  const { returnBool } = expr;
  const drops = changesMeaning(expr.op) || returnBool;
  if (!operator) {
    await evaluator.rows(vector, frame, { push: () => noteFloats(expr, evaluator) });
    return;
  }
  const { apply, keeps } = operator;
  await evaluator.rows(vector, frame, {
    push(row) {
      const { kinds, values } = row;
      let any = false;
      for (let i = 0; i < kinds.length; i++) {
        if (kinds[i] === 0) continue;
        const left = swapped ? scalar[i]! : values[i]!;
        const right = swapped ? values[i]! : scalar[i]!;
        if (!keeps) values[i] = apply(left, right);
        else if (returnBool) values[i] = keeps(left, right) ? 1 : 0;
        // A comparison lets the vector's value through, on whichever side it stands.
        else if (!keeps(left, right)) {
          kinds[i] = 0;
          continue;
        }
        any = true;
      }
      if (!any) return;
      if (drops) row.dropName = true;
      sink.push(row);
    },
  });
}
