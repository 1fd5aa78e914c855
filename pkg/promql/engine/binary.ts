import type { BinaryExpr } from "../syntax/ast.ts";
import { typeOf } from "../syntax/ast.ts";
import { SET_OPERATORS } from "../syntax/tokens.ts";
import type { Evaluator, Frame } from "./context.ts";
import { HistogramOperator } from "./histogram-operators.ts";
import { joinVectors } from "./join.ts";
import { changesMeaning, type ElementOperator, elementOperator } from "./operators.ts";
import { type Row, type RowSink, StepKind } from "./row.ts";
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
  const histograms = new HistogramOperator(expr, evaluator);
  const operator = elementOperator(expr.op);
  const drops = changesMeaning(expr.op) || expr.returnBool;
  const side = { scalar, swapped, returnBool: expr.returnBool };
  const floats = operator && floatsWithScalar(operator, side);
  await evaluator.rows(vector, frame, {
    push(row) {
      if (row.histograms !== undefined) {
        histogramsWithScalar(row, histograms, side);
      }
      if (floats) floats(row);
      else if (refuseFloats(row)) histograms.refuseFloats();
      if (!row.hasSamples()) return;
      if (drops) row.dropName = true;
      sink.push(row);
    },
  });
}

interface ScalarSide {
  readonly scalar: Float64Array;
  /** The scalar stands on the left. */
  readonly swapped: boolean;
  readonly returnBool: boolean;
}

/** Applies an operator to the floats of a row. */
function floatsWithScalar(
  { apply, keeps }: ElementOperator,
  { scalar, swapped, returnBool }: ScalarSide,
): (row: Row) => void {
  return ({ kinds, values }) => {
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== StepKind.float) continue;
      const left = swapped ? scalar[i]! : values[i]!;
      const right = swapped ? values[i]! : scalar[i]!;
      if (!keeps) values[i] = apply(left, right);
      else if (returnBool) values[i] = keeps(left, right) ? 1 : 0;
      // A comparison lets the vector's value through, on whichever side it stands.
      else if (!keeps(left, right)) kinds[i] = StepKind.none;
    }
  };
}

/** Applies an operator to the histograms of a row; comparisons with a float never have a result. */
function histogramsWithScalar(
  row: Row,
  operator: HistogramOperator,
  { scalar, swapped }: ScalarSide,
): void {
  const histograms = row.histograms!;
  for (let i = 0; i < row.kinds.length; i++) {
    if (row.kinds[i] !== StepKind.histogram) continue;
    const vector = { float: 0, histogram: histograms[i] };
    const number = { float: scalar[i]!, histogram: undefined };
    const result = swapped ? operator.apply(number, vector) : operator.apply(vector, number);
    if (result === undefined) row.kinds[i] = StepKind.none;
    else histograms[i] = result.histogram;
  }
}

/** Takes out floats, to which an operator does not apply. Returns whether there were any. */
function refuseFloats({ kinds }: Row): boolean {
  let any = false;
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] !== StepKind.float) continue;
    kinds[i] = StepKind.none;
    any = true;
  }
  return any;
}
