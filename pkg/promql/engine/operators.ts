// Hot path: arithmetic on rows; the operator is chosen once per row.
import { goPow } from "./functions/numeric.ts";

/** A binary operator on two numbers. For comparisons it gives the left value or nothing. */
export interface ElementOperator {
  /** The result, where `keeps` does not say otherwise. */
  readonly apply: (left: number, right: number) => number;
  /** For comparisons, whether the pair passes. */
  readonly keeps: ((left: number, right: number) => boolean) | undefined;
}

const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": goPow,
  atan2: Math.atan2,
};

/** The operator `op`; undefined for those that floats do not have (`</`, `>/`). */
export function elementOperator(op: string): ElementOperator | undefined {
  const keeps = COMPARISONS[op];
  if (keeps) return { apply: (left) => left, keeps };
  const apply = ARITHMETIC[op];
  return apply && { apply, keeps: undefined };
}

/** `op` on scalars: comparisons give 1 or 0. */
export function scalarOperator(op: string): (left: number, right: number) => number {
  const keeps = COMPARISONS[op];
  if (keeps) return (a, b) => (keeps(a, b) ? 1 : 0);
  return ARITHMETIC[op] ?? (() => NaN);
}

/** True if `op` changes what the values mean, so that the metric's name no longer fits. */
export function changesMeaning(op: string): boolean {
  return ARITHMETIC[op] !== undefined;
}
