import { NarthexError } from "#pkg/errs/mod.ts";
import { formatHistogram } from "#pkg/histogram/mod.ts";
import { compareBytes, type Labels } from "#pkg/labels/mod.ts";
import { formatFloat } from "#pkg/model/mod.ts";
import type { AggregateExpr } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import { isValidLabelName, quoteBytes } from "../syntax/literals.ts";
import { keepBest } from "./aggregate-k.ts";
import { extremes, limitRows } from "./aggregate-limit.ts";
import { Aggregation, ignoreHistograms } from "./aggregation.ts";
import type { Evaluator, Frame } from "./context.ts";
import { quantile } from "./functions/numeric.ts";
import { Groups } from "./groups.ts";
import { HistogramNotes } from "./histogram-notes.ts";
import { makeGrouper, withLabel } from "./label-sets.ts";
import { warnQuantile } from "./range-call.ts";
import { Row, type RowSink, RowStore, StepKind } from "./row.ts";

/** Pushes the result of an aggregation: a row per group, or for `topk` and its kin of the input. */
export async function aggregate(
  expr: AggregateExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  switch (expr.op) {
    case "topk":
    case "bottomk":
      return keepBest(expr, frame, evaluator, sink);
    case "limitk":
    case "limit_ratio":
      return limitRows(expr, frame, evaluator, sink);
    case "count_values":
      return countValues(expr, frame, evaluator, sink);
    case "quantile":
      return quantiles(expr, frame, evaluator, sink);
    default:
      return accumulate(expr, frame, evaluator, sink);
  }
}

async function accumulate(
  expr: AggregateExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const aggregation = new Aggregation(expr, frame, evaluator);
  await evaluator.rows(expr.expr, frame, aggregation);
  await aggregation.finish(sink);
}

async function quantiles(
  expr: AggregateExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { annotations, budget, pace } = evaluator.context;
  const q = await evaluator.scalar(expr.param!, frame);
  for (const value of extremes(q)) warnQuantile(value, expr.param!, annotations);
  const groups = new Groups(expr);
  const store = new RowStore(frame.steps, budget);
  const members: number[][] = [];
  const notes = new HistogramNotes(annotations, positionOf(expr.expr));
  await evaluator.rows(expr.expr, frame, {
    push(row) {
      if (row.histograms !== undefined && ignoreHistograms(row, expr.op, notes)) return;
      (members[groups.of(row)] ??= []).push(store.length);
      store.push(row);
    },
  });
  const row = new Row(frame.steps);
  const scratch = new Float64Array(store.length);
  for (let group = 0; group < groups.length; group++) {
    for (let i = 0; i < frame.steps; i++) {
      let count = 0;
      for (const member of members[group]!) {
        const at = store.offset(member) + i;
        if (store.kinds(member)[at] !== 0) scratch[count++] = store.values(member)[at]!;
      }
      row.kinds[i] = count > 0 ? 1 : 0;
      if (count > 0) row.values[i] = quantile(q[i]!, scratch, count);
    }
    row.labels = groups.labels[group]!;
    row.dropName = groups.dropNames[group]!;
    sink.push(row);
    if (pace.due()) await pace.rest();
  }
  store.release();
}

/** A series per group and distinct value, which is in a label. */
async function countValues(
  expr: AggregateExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { budget } = evaluator.context;
  const label = expr.param!.kind === "string" ? expr.param!.value : "";
  if (!isValidLabelName(label)) {
    throw new NarthexError("execution", `invalid label name ${quoteBytes(label)}`);
  }
  const names = expr.without ? expr.grouping : [...expr.grouping, label].sort(compareBytes);
  const grouper = makeGrouper(names, expr.without);
  const counts = new Map<string, { readonly labels: Labels; readonly row: Row }>();
  await evaluator.rows(expr.expr, frame, {
    push(row) {
      // Runs of one value, as gauges often have, need one look-up.
      let lastValue = NaN;
      let last: Row | undefined;
      for (let i = 0; i < frame.steps; i++) {
        if (row.kinds[i] === 0) continue;
        const histogram = row.kinds[i] === StepKind.histogram ? row.histograms![i]! : undefined;
        const value = row.values[i]!;
        if (!last || histogram !== undefined || !Object.is(value, lastValue)) {
          const text = histogram === undefined ? formatFloat(value) : formatHistogram(histogram);
          const labels = withLabel(row.labels, label, text);
          const key = grouper.key(labels);
          let entry = counts.get(key);
          if (!entry) {
            budget.take(frame.steps);
            entry = { labels: grouper.labels(labels), row: new Row(frame.steps) };
            counts.set(key, entry);
          }
          last = entry.row;
          lastValue = value;
        }
        last.kinds[i] = 1;
        last.values[i] = last.values[i]! + 1;
        if (histogram !== undefined) last = undefined;
      }
    },
  });
  for (const { labels, row } of counts.values()) {
    row.labels = labels;
    sink.push(row);
  }
  budget.give(counts.size * frame.steps);
}
