import { CombineNote, CounterReset, type FloatHistogram } from "#pkg/histogram/mod.ts";
import type { BinaryExpr } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import type { Evaluator } from "./context.ts";
import { HistogramNotes } from "./histogram-notes.ts";

/** An operand of a binary operator: a histogram, or the float where that is undefined. */
export interface Operand {
  readonly float: number;
  readonly histogram: FloatHistogram | undefined;
}

/** What an operator made of two samples of which one is a histogram. */
export interface OperatorResult {
  readonly histogram: FloatHistogram;
  /** For comparisons, whether the pair passes. */
  readonly keep: boolean;
}

/** A binary operator on samples of which at least one is a histogram. */
export class HistogramOperator {
  readonly #op: string;
  readonly #notes: HistogramNotes;

  constructor(expr: BinaryExpr, { context }: Evaluator) {
    this.#op = expr.op;
    this.#notes = new HistogramNotes(context.annotations, positionOf(expr));
  }

  /** The result, or undefined where there is none and why was noted. */
  apply(left: Operand, right: Operand): OperatorResult | undefined {
    if (left.histogram === undefined) return this.#scaled(left.float, right.histogram!);
    if (right.histogram === undefined) return this.#withFloat(left.histogram, right.float);
    return this.#pair(left.histogram, right.histogram);
  }

  /** Notes an operator that only histograms have. */
  refuseFloats(): void {
    this.#notes.incompatibleTypes(this.#op, "float", "float");
  }

  #scaled(factor: number, h: FloatHistogram): OperatorResult | undefined {
    if (this.#op === "*") return passed(h.copy().mul(factor).compact(0));
    this.#notes.incompatibleTypes(this.#op, "float", "histogram");
    return undefined;
  }

  #withFloat(h: FloatHistogram, value: number): OperatorResult | undefined {
    switch (this.#op) {
      case "*":
        return passed(h.copy().mul(value).compact(0));
      case "/":
        return passed(h.copy().div(value).compact(0));
      case "</":
        return passed(h.copy().trim(value, true));
      case ">/":
        return passed(h.copy().trim(value, false));
      default:
        this.#notes.incompatibleTypes(this.#op, "histogram", "float");
        return undefined;
    }
  }

  #pair(left: FloatHistogram, right: FloatHistogram): OperatorResult | undefined {
    switch (this.#op) {
      case "+":
      case "-":
        return this.#sum(left, right, this.#op === "-");
      case "==":
        return { histogram: left, keep: left.equals(right) };
      case "!=":
        return { histogram: left, keep: !left.equals(right) };
      default:
        this.#notes.incompatibleTypes(this.#op, "histogram", "histogram");
        return undefined;
    }
  }

  #sum(
    left: FloatHistogram,
    right: FloatHistogram,
    isDifference: boolean,
  ): OperatorResult | undefined {
    const result = left.copy();
    const note = isDifference ? result.sub(right) : result.add(right);
    if ((note & CombineNote.incompatible) !== 0) {
      this.#notes.incompatibleBuckets(this.#op);
      return undefined;
    }
    const operation = isDifference ? "subtraction" : "addition";
    if ((note & CombineNote.counterResetCollision) !== 0) {
      this.#notes.resetCollision(operation);
      return undefined;
    }
    if ((note & CombineNote.boundsReconciled) !== 0) this.#notes.boundsReconciled(operation);
    if (isDifference) result.counterReset = CounterReset.gauge;
    return passed(result.compact(0));
  }
}

function passed(histogram: FloatHistogram): OperatorResult {
  return { histogram, keep: true };
}
