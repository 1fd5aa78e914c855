// Hot path: from the samples of a series to its row, budget 5 ns a sample, nothing allocated.
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { SampleColumns, type SelectParams, type Series } from "#pkg/storage/mod.ts";
import type { VectorSelector } from "../syntax/ast.ts";
import type { EvalContext, Evaluator, Frame } from "./context.ts";
import { type LookTimes, lookTimes } from "./look-times.ts";
import { histogramWeight, Row, type RowSink } from "./row.ts";
import { columnsWeight, dropBuckets } from "./sample-columns.ts";
import { Smoothing } from "./smoothing.ts";

/** Parameters for the series of `selector` between two times, ms, both inclusive. */
export function selectParams(
  selector: VectorSelector,
  context: EvalContext,
  { mint, maxt }: { readonly mint: number; readonly maxt: number },
): SelectParams {
  return {
    mint,
    maxt,
    matchers: selector.matchers,
    hints: context.hints.get(selector) ?? {},
    onWarning: (warning) => context.annotations.warnPlain(warning),
  };
}

/** The series of a selection, batch by batch; errors of the storage say where they come from. */
export async function* selectBatches(
  params: SelectParams,
  context: EvalContext,
): AsyncGenerator<readonly Series[]> {
  try {
    yield* context.querier.select(params, context.signal);
  } catch (cause) {
    const code = codeOf(cause);
    throw new NarthexError(code, `expanding series: ${messageOf(cause)}`, { cause });
  }
}

/** What of a sample is looked at: its value, its time, or its start timestamp, both in s. */
export const Look = { value: 0, time: 1, start: 2 } as const;
export type Look = (typeof Look)[keyof typeof Look];

/** Pushes a row per series of an instant selector. */
export async function selectInstant(
  selector: VectorSelector,
  frame: Frame,
  { evaluator, sink, look }: { evaluator: Evaluator; sink: RowSink; look: Look },
): Promise<void> {
  const { context } = evaluator;
  const { lookbackDeltaMs, budget, pace } = context;
  const times = lookTimes(selector, frame);
  const last = times.firstMs + (frame.steps - 1) * times.stepMs;
  // The lookback is open on the left, as all ranges are.
  const mint = times.firstMs - lookbackDeltaMs + 1;
  // As in Prometheus, `smoothed` changes values only.
  const smoothed = selector.smoothed && look === Look.value;
  const maxt = smoothed ? last + lookbackDeltaMs : last;
  const range = selectParams(selector, context, { mint, maxt });
  const isStats = context.statsOnly.has(selector);
  // Where all steps look at one time, they look back to one sample; resets are found by comparing.
  const lastOnly = !selector.smoothed && last === times.firstMs && !isStats;
  const params = lastOnly ? { ...range, hints: { ...range.hints, lastOnly } } : range;
  const columns = new SampleColumns();
  const row = new Row(frame.steps);
  const smooth = smoothed ? new Smoothing(selector, times, context) : undefined;
  for await (const batch of selectBatches(params, context)) {
    for (const series of batch) {
      columns.clear();
      series.read(columns, mint, maxt);
      if (columns.histograms !== undefined && isStats) dropBuckets(columns);
      budget.touch(columnsWeight(columns));
      row.clear();
      const found = smooth
        ? smooth.fill(columns, row, series.labels)
        : lookBack(columns, row, { times, lookbackDeltaMs, look });
      context.explain?.fetched(selector, columns.length);
      if (found > 0) {
        budget.lookedAt(found, row);
        row.labels = series.labels;
        row.dropName = false;
        sink.push(row);
      }
      if (pace.due()) await pace.rest();
    }
  }
}

/** Fills `row` with the last sample at or before each step, within the lookback, if not stale. */
export function lookBack(
  columns: SampleColumns,
  row: Row,
  options: {
    readonly times: LookTimes;
    readonly lookbackDeltaMs: number;
    readonly look: Look;
  },
): number {
  const { timestamps, values, histograms, length } = columns;
  const { look, lookbackDeltaMs } = options;
  const { firstMs, stepMs } = options.times;
  const steps = row.kinds.length;
  let found = 0;
  let next = 0;
  for (let i = 0; i < steps; i++) {
    const at = firstMs + i * stepMs;
    while (next < length && timestamps[next]! <= at) next++;
    if (next === 0) continue;
    const sample = next - 1;
    if (timestamps[sample]! <= at - lookbackDeltaMs || columns.isStale(sample)) continue;
    if (histograms !== undefined && look === Look.value && histograms[sample] !== undefined) {
      row.setHistogram(i, histograms[sample]);
      found += histogramWeight(histograms[sample]);
      continue;
    }
    row.kinds[i] = 1;
    found++;
    if (look === Look.value) row.values[i] = values[sample]!;
    else if (look === Look.time) row.values[i] = timestamps[sample]! / 1000;
    else row.values[i] = columns.starts === undefined ? 0 : columns.starts[sample]! / 1000;
  }
  return found;
}
