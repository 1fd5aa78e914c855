import { CounterReset, type FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Labels, labelValue, METRIC_NAME } from "#pkg/labels/mod.ts";
import type { SampleColumns } from "#pkg/storage/mod.ts";
import type { VectorSelector } from "../syntax/ast.ts";
import type { EvalContext } from "./context.ts";
import { HistogramArithmetic, isGauge, RateNote } from "./functions/histogram-arithmetic.ts";
import { HistogramNotes } from "./histogram-notes.ts";
import type { LookTimes } from "./look-times.ts";
import { noteRates } from "./mixed-range.ts";
import { histogramWeight, type Row } from "./row.ts";
import { dropStale } from "./sample-columns.ts";

/** `smoothed` instant selectors: values between the samples around each step. */
export class Smoothing {
  readonly #times: LookTimes;
  readonly #lookbackDeltaMs: number;
  readonly #notes: HistogramNotes;
  readonly #arithmetic = new HistogramArithmetic();

  constructor(selector: VectorSelector, times: LookTimes, context: EvalContext) {
    this.#times = times;
    this.#lookbackDeltaMs = context.lookbackDeltaMs;
    this.#notes = new HistogramNotes(context.annotations, selector.position);
  }

  /** Fills `row` from the samples of a series. Returns what they count for. */
  fill(columns: SampleColumns, row: Row, labels: Labels): number {
    const { timestamps } = columns;
    const { firstMs, stepMs } = this.#times;
    const length = dropStale(columns);
    const name = columns.histograms === undefined ? "" : labelValue(labels, METRIC_NAME);
    let found = 0;
    let next = 0;
    for (let i = 0; i < row.kinds.length; i++) {
      const at = firstMs + i * stepMs;
      while (next < length && timestamps[next]! < at) next++;
      const after = next < length && timestamps[next]! <= at + this.#lookbackDeltaMs ? next : -1;
      const before = next > 0 && timestamps[next - 1]! > at - this.#lookbackDeltaMs ? next - 1 : -1;
      if (after < 0 && before < 0) continue;
      if (columns.histograms !== undefined && this.#hasHistogram(columns, at)) {
        found += this.#histogramAt(columns, row, { i, at, before, after, name });
        continue;
      }
      const value = floatAt(columns, at, before, after);
      if (value === undefined) continue;
      row.kinds[i] = 1;
      row.values[i] = value;
      found++;
    }
    return found;
  }

  /** True if a histogram is within reach of `at`. */
  #hasHistogram(columns: SampleColumns, at: number): boolean {
    return this.#reach(columns, at, true);
  }

  #reach(columns: SampleColumns, at: number, histogram: boolean): boolean {
    const { timestamps, length } = columns;
    for (let j = 0; j < length; j++) {
      if (timestamps[j]! <= at - this.#lookbackDeltaMs) continue;
      if (timestamps[j]! > at + this.#lookbackDeltaMs) return false;
      if (columns.isHistogram(j) === histogram) return true;
    }
    return false;
  }

  #histogramAt(
    columns: SampleColumns,
    row: Row,
    step: {
      readonly i: number;
      readonly at: number;
      readonly before: number;
      readonly after: number;
      readonly name: string;
    },
  ): number {
    const { i, at, name } = step;
    if (this.#reach(columns, at, false)) {
      this.#notes.mixedSamples(name);
      return 0;
    }
    this.#arithmetic.notes = RateNote.none;
    const histogram = this.#between(columns, at, step);
    noteRates(this.#notes, this.#arithmetic.notes, name);
    if (histogram === undefined) return 0;
    row.setHistogram(i, histogram);
    return histogramWeight(histogram);
  }

  #between(
    { timestamps, histograms }: SampleColumns,
    atMs: number,
    { before, after }: { readonly before: number; readonly after: number },
  ): FloatHistogram | undefined {
    const to = after < 0 ? undefined : histograms![after]!;
    if (to !== undefined && timestamps[after] === atMs) return to;
    if (before < 0) return undefined;
    const from = histograms![before]!;
    if (to === undefined) {
      // What it said of the sample before it does not hold for a value that is carried on.
      const carried = from.copy();
      carried.counterReset = CounterReset.unknown;
      return carried;
    }
    if (from.usesCustomBuckets !== to.usesCustomBuckets) {
      this.#arithmetic.notes |= RateNote.mixedSchemas;
      return undefined;
    }
    return this.#arithmetic.between({
      from,
      fromMs: timestamps[before]!,
      to,
      toMs: timestamps[after]!,
      atMs,
      isCounter: !isGauge(from) || !isGauge(to),
    });
  }
}

function floatAt(
  { timestamps, values }: SampleColumns,
  at: number,
  before: number,
  after: number,
): number | undefined {
  if (after >= 0 && timestamps[after] === at) return values[after]!;
  if (before < 0) return undefined;
  if (after < 0) return values[before]!;
  const from = timestamps[before]!;
  const rise = values[after]! - values[before]!;
  return values[before]! + (rise * (at - from)) / (timestamps[after]! - from);
}
