// Hot path: from the samples of a series to its row, budget 5 ns a sample, nothing allocated.
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { SampleColumns, type SelectParams, type Series } from "#pkg/storage/mod.ts";
import type { VectorSelector } from "../syntax/ast.ts";
import type { EvalContext, Evaluator, Frame } from "./context.ts";
import { Row, type RowSink } from "./row.ts";

/** The time that step `i` of `frame` looks at is `first + i * step`; `@` makes the step 0. */
export interface LookTimes {
  readonly firstMs: number;
  readonly stepMs: number;
}

/** When a selector or subquery with these modifiers looks at its data. */
export function lookTimes(
  modifiers: { readonly offsetMs: number; readonly timestampMs: number | undefined },
  frame: Frame,
): LookTimes {
  const { offsetMs, timestampMs } = modifiers;
  if (timestampMs !== undefined) return { firstMs: timestampMs - offsetMs, stepMs: 0 };
  return { firstMs: frame.startMs - offsetMs, stepMs: frame.stepMs };
}

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

/** Pushes a row per series of an instant selector; with `asTimestamp` its samples' times in s. */
export async function selectInstant(
  selector: VectorSelector,
  frame: Frame,
  { evaluator, sink, asTimestamp }: { evaluator: Evaluator; sink: RowSink; asTimestamp: boolean },
): Promise<void> {
  const { context } = evaluator;
  const { lookbackDeltaMs, budget, pace } = context;
  const times = lookTimes(selector, frame);
  const last = times.firstMs + (frame.steps - 1) * times.stepMs;
  // The lookback is open on the left, as all ranges are.
  const mint = times.firstMs - lookbackDeltaMs + 1;
  const maxt = selector.smoothed ? last + lookbackDeltaMs : last;
  const params = selectParams(selector, context, { mint, maxt });
  const columns = new SampleColumns();
  const row = new Row(frame.steps);
  for await (const batch of selectBatches(params, context)) {
    for (const series of batch) {
      columns.clear();
      series.read(columns, mint, maxt);
      budget.touch(columns.length);
      row.clear();
      const found = selector.smoothed
        ? interpolate(columns, row, times, lookbackDeltaMs)
        : lookBack(columns, row, { times, lookbackDeltaMs, asTimestamp });
      budget.total += found;
      if (found > 0) {
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
    readonly asTimestamp: boolean;
  },
): number {
  const { timestamps, values, length } = columns;
  const { asTimestamp, lookbackDeltaMs } = options;
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
    row.kinds[i] = 1;
    row.values[i] = asTimestamp ? timestamps[sample]! / 1000 : values[sample]!;
    found++;
  }
  return found;
}

/** Fills `row` with values between the samples around each step (`smoothed`). */
function interpolate(
  columns: SampleColumns,
  row: Row,
  times: LookTimes,
  lookbackDeltaMs: number,
): number {
  const { timestamps, values } = columns;
  const length = dropStale(columns);
  let found = 0;
  let next = 0;
  for (let i = 0; i < row.kinds.length; i++) {
    const at = times.firstMs + i * times.stepMs;
    while (next < length && timestamps[next]! < at) next++;
    const after = next < length && timestamps[next]! <= at + lookbackDeltaMs ? next : -1;
    const before = next > 0 && timestamps[next - 1]! > at - lookbackDeltaMs ? next - 1 : -1;
    let value: number;
    if (after >= 0 && timestamps[after] === at) value = values[after]!;
    else if (before < 0) continue;
    else if (after < 0) value = values[before]!;
    else {
      const from = timestamps[before]!;
      const rise = values[after]! - values[before]!;
      value = values[before]! + (rise * (at - from)) / (timestamps[after]! - from);
    }
    row.kinds[i] = 1;
    row.values[i] = value;
    found++;
  }
  return found;
}

/** Removes stale markers from the columns; ranges do not see them. Returns the new length. */
export function dropStale(columns: SampleColumns): number {
  const { timestamps, bits, length } = columns;
  let i = 0;
  while (i < length && !columns.isStale(i)) i++;
  let out = i;
  for (; i < length; i++) {
    if (columns.isStale(i)) continue;
    timestamps[out] = timestamps[i]!;
    bits[2 * out] = bits[2 * i]!;
    bits[2 * out + 1] = bits[2 * i + 1]!;
    out++;
  }
  columns.length = out;
  return out;
}
