import { CounterReset, type FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Labels, labelsKey } from "#pkg/labels/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import type { SubqueryExpr } from "../syntax/ast.ts";
import { type Evaluator, type Frame, replay } from "./context.ts";
import { sameLabelSet } from "./join-errors.ts";
import { lookTimes } from "./look-times.ts";
import { type Row, type RowSink, RowStore, type SampleBudget, StepKind } from "./row.ts";
import { givesWholeRows } from "./whole-rows.ts";

/** The instants at which a subquery evaluates its expression: multiples of its step. */
export function subqueryFrame(
  subquery: SubqueryExpr,
  frame: Frame,
  defaultStepMs: (rangeMs: number) => number,
): Frame {
  const { firstMs, stepMs: outerStepMs } = lookTimes(subquery, frame);
  const end = firstMs + (frame.steps - 1) * outerStepMs;
  const stepMs = Math.max(
    1,
    subquery.stepMs === 0 ? defaultStepMs(subquery.rangeMs) : subquery.stepMs,
  );
  const after = firstMs - subquery.rangeMs;
  let startMs = stepMs * Math.trunc(after / stepMs);
  if (startMs <= after) startMs += stepMs;
  return { startMs, stepMs, steps: Math.max(0, Math.floor((end - startMs) / stepMs) + 1) };
}

/** Evaluates a subquery and hands over each series as samples; the columns are lent for the call. */
export async function subqueryRows(
  subquery: SubqueryExpr,
  frame: Frame,
  evaluator: Evaluator,
  take: (labels: Labels, columns: SampleColumns, dropName: boolean) => void,
): Promise<void> {
  const { budget, pace, defaultSubqueryStepMs } = evaluator.context;
  const inner = subqueryFrame(subquery, frame, defaultSubqueryStepMs);
  if (inner.steps === 0) return;
  const columns = new SampleColumns(Math.max(1, inner.steps));
  const taker: RowSink = {
    push(row) {
      fillColumns(columns, row, inner);
      take(row.labels, columns, row.dropName);
    },
  };
  if (givesWholeRows(subquery.expr, evaluator.context.features)) {
    // What takes a series over looks at its samples by itself, which counts.
    const outside: RowSink = { push: (row) => budget.outside(() => taker.push(row)) };
    await budget.uncounted(() => evaluator.rows(subquery.expr, inner, outside));
    return;
  }
  const merged = new MergedRows(inner.steps, budget);
  await budget.uncounted(() => evaluator.rows(subquery.expr, inner, merged));
  await replay(merged.store, taker, pace);
  merged.store.release();
}

/** The samples of a row, each at its step's time. */
function fillColumns(columns: SampleColumns, row: Row, { startMs, stepMs }: Frame): void {
  columns.clear();
  for (let i = 0; i < row.kinds.length; i++) {
    const kind = row.kinds[i]!;
    if (kind === StepKind.none) continue;
    const time = startMs + i * stepMs;
    if (kind === StepKind.float) columns.push(time, row.values[i]!);
    else columns.pushHistogram(time, resampled(row.histograms![i]!));
  }
}

/**
 * A histogram as a subquery gives it. What it said of a reset since the sample before it says
 * nothing here, where samples are left out or repeated; resets are then found by comparing.
 */
function resampled(h: FloatHistogram): FloatHistogram {
  if (h.counterReset !== CounterReset.reset && h.counterReset !== CounterReset.notReset) return h;
  const copy = h.copy();
  copy.counterReset = CounterReset.unknown;
  return copy;
}

/** Rows of which those with the same labels are one; a step in two of them is an error. */
export class MergedRows implements RowSink {
  readonly store: RowStore;
  readonly #byLabels = new Map<string, number>();

  constructor(steps: number, budget: SampleBudget) {
    this.store = new RowStore(steps, budget);
  }

  push(row: Row): void {
    const key = labelsKey(row.labels);
    const known = this.#byLabels.get(key);
    if (known === undefined) {
      this.#byLabels.set(key, this.store.length);
      this.store.push(row);
    } else if (!this.store.merge(known, row)) throw sameLabelSet();
  }
}
