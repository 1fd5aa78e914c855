import { NarthexError } from "#pkg/errs/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { formatFloatG } from "#pkg/model/mod.ts";
import type { AggregateExpr } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import { checkCounts } from "./aggregate-k.ts";
import type { Evaluator, Frame } from "./context.ts";
import { Groups } from "./groups.ts";
import { labelsHashFraction } from "./hash.ts";
import type { RowSink } from "./row.ts";

/** `limitk` and `limit_ratio`: some series of each group, always the same ones. */
export async function limitRows(
  expr: AggregateExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const params = await evaluator.scalar(expr.param!, frame);
  if (expr.op === "limitk") {
    const counts = checkCounts(params) ? params : new Float64Array(frame.steps);
    return limitCount(expr, { frame, evaluator, sink, counts });
  }
  if (params.some(Number.isNaN)) throw new NarthexError("execution", "Ratio value is NaN");
  for (const ratio of extremes(params)) warnRatio(ratio, expr, evaluator);
  await evaluator.rows(expr.expr, frame, {
    push(row) {
      const fraction = labelsHashFraction(row.labels as Labels);
      let any = false;
      for (let i = 0; i < frame.steps; i++) {
        if (row.kinds[i] === 0) continue;
        const ratio = Math.max(-1, Math.min(1, params[i]!));
        const kept = ratio >= 0 ? fraction < ratio : fraction >= 1 + ratio;
        if (kept) any = true;
        else row.kinds[i] = 0;
      }
      if (any) sink.push(row);
    },
  });
}

/** The first rows of each group that have a sample at the step. */
async function limitCount(
  expr: AggregateExpr,
  options: {
    readonly frame: Frame;
    readonly evaluator: Evaluator;
    readonly sink: RowSink;
    readonly counts: Float64Array;
  },
): Promise<void> {
  const { frame, evaluator, sink, counts } = options;
  const groups = new Groups(expr);
  const taken: Uint32Array[] = [];
  await evaluator.rows(expr.expr, frame, {
    push(row) {
      const used = (taken[groups.of(row)] ??= new Uint32Array(frame.steps));
      let any = false;
      for (let i = 0; i < frame.steps; i++) {
        if (row.kinds[i] === 0) continue;
        if (used[i]! < Math.trunc(counts[i]!)) {
          used[i] = used[i]! + 1;
          any = true;
        } else row.kinds[i] = 0;
      }
      if (any) sink.push(row);
    },
  });
}

/** The largest and the smallest of a parameter's values, of which notes are made; NaN if any is. */
export function extremes(values: Float64Array): number[] {
  let max = -Number.MAX_VALUE;
  let min = Number.MAX_VALUE;
  for (const value of values) {
    max = Math.max(max, value);
    min = Math.min(min, value);
  }
  return [max, min];
}

function warnRatio(ratio: number, expr: AggregateExpr, { context }: Evaluator): void {
  if (ratio >= -1 && ratio <= 1) return;
  const reason = "ratio value should be between -1 and 1";
  const text = `${reason}, got ${formatFloatG(ratio)}, capping to ${ratio > 1 ? 1 : -1}`;
  context.annotations.warn(text, positionOf(expr.param!));
}
