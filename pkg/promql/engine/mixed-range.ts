import { labelValue, METRIC_NAME } from "#pkg/labels/mod.ts";
import { type HistogramArithmetic, RateNote } from "./functions/histogram-arithmetic.ts";
import { ExtendedHistogramRates } from "./functions/histogram-extended.ts";
import {
  HistogramMean,
  HistogramSum,
  type HistogramTotal,
  resetsCollide,
  SumNote,
} from "./functions/histogram-over-time.ts";
import { HistogramRates, type RateOptions } from "./functions/histogram-rate.ts";
import type { RangeKernel } from "./functions/rate.ts";
import type { HistogramNotes } from "./histogram-notes.ts";
import { type HistogramWindows, MixedWindows } from "./mixed-windows.ts";
import { type Row, StepKind } from "./row.ts";
import type { Windows } from "./windows.ts";

/** Which function, over which kind of range. */
export interface RangeFunction {
  readonly name: string;
  readonly anchored: boolean;
  readonly smoothed: boolean;
  /** What it does with floats. */
  readonly kernel: RangeKernel;
}

/** Fills the steps of `row` whose windows hold histograms, and notes what there is to say. */
type MixedKernel = (windows: Windows, row: Row) => void;

/** Functions that treat all samples alike, or see to histograms themselves. */
const KIND_BLIND: ReadonlySet<string> = new Set([
  "absent_over_time",
  "changes",
  "count_over_time",
  "present_over_time",
  "resets",
  "ts_of_first_over_time",
  "ts_of_last_over_time",
]);

/** What a function over a range does with series that have histograms. */
export function mixedKernel(
  fn: RangeFunction,
  windows: Windows,
  notes: HistogramNotes,
): MixedKernel {
  const { name, kernel } = fn;
  if (KIND_BLIND.has(name)) return kernel;
  switch (name) {
    case "first_over_time":
      return pickKernel(kernel, ({ lo }, i) => lo[i]!);
    case "last_over_time":
      return pickKernel(kernel, ({ hi }, i) => hi[i]! - 1);
    case "irate":
    case "idelta":
      return instantMixedKernel(fn, windows, notes);
  }
  const mixed = new MixedWindows(windows);
  const result = histogramResult(fn, mixed.histograms, notes);
  return (all, row) => {
    mixed.divide(all);
    kernel(mixed.floats, row);
    all.overlaps += mixed.floats.overlaps;
    const metric = labelValue(all.labels, METRIC_NAME);
    for (let i = 0; i < all.steps; i++) {
      if (mixed.histograms.hi[i]! <= mixed.histograms.lo[i]!) continue;
      const isMixed = mixed.isMixed(i);
      if (!result) {
        if (isMixed) notes.ignoredInRange(metric);
      } else if (isMixed) {
        row.kinds[i] = StepKind.none;
        notes.mixedSamples(metric);
      } else result(all, row, i);
    }
  };
}

/** Fills step `i`, whose window holds histograms only. */
type HistogramResult = (windows: Windows, row: Row, i: number) => void;

/** What a function makes of histograms; undefined if it ignores them. */
function histogramResult(
  { name, anchored, smoothed }: RangeFunction,
  histograms: HistogramWindows,
  notes: HistogramNotes,
): HistogramResult | undefined {
  switch (name) {
    case "sum_over_time":
      return totalResult(histograms, notes, (first) => new HistogramSum(first));
    case "avg_over_time":
      return totalResult(histograms, notes, (first) => new HistogramMean(first));
    case "delta":
    case "increase":
    case "rate": {
      const options: RateOptions = { isCounter: name !== "delta", isRate: name === "rate" };
      if (!anchored && !smoothed) {
        const rates = new HistogramRates(histograms);
        return rateResult(rates, notes, (i) => rates.extrapolated(i, options));
      }
      const rates = new ExtendedHistogramRates(histograms, smoothed);
      return rateResult(rates, notes, (i) => rates.rate(i, options));
    }
    default:
      return undefined;
  }
}

function rateResult(
  rates: HistogramArithmetic,
  notes: HistogramNotes,
  rate: (i: number) => ReturnType<HistogramRates["extrapolated"]>,
): HistogramResult {
  return (windows, row, i) => {
    const result = rate(i);
    if (result) row.setHistogram(i, result);
    if (rates.notes === RateNote.none) return;
    if ((rates.notes & RateNote.overlap) !== 0) windows.overlaps++;
    noteRates(notes, rates.notes, labelValue(windows.labels, METRIC_NAME));
  };
}

/** Says what `bits` of `RateNote` mean. */
export function noteRates(notes: HistogramNotes, bits: number, name: string): void {
  if ((bits & RateNote.notCounter) !== 0) notes.notCounter(name);
  if ((bits & RateNote.notGauge) !== 0) notes.notGauge(name);
  if ((bits & RateNote.mixedSchemas) !== 0) notes.mixedSchemas(name);
  if ((bits & RateNote.reconciledSub) !== 0) notes.boundsReconciled("subtraction");
  if ((bits & RateNote.reconciledAdd) !== 0) notes.boundsReconciled("addition");
}

function totalResult(
  histograms: HistogramWindows,
  notes: HistogramNotes,
  begin: (first: HistogramWindows["values"][number]) => HistogramTotal,
): HistogramResult {
  return (windows, row, i) => {
    const lo = histograms.lo[i]!;
    const total = begin(histograms.values[lo]!);
    for (let j = lo + 1; j < histograms.hi[i]!; j++) total.add(histograms.values[j]!);
    const result = total.finish();
    if (!result) {
      notes.mixedSchemas(labelValue(windows.labels, METRIC_NAME));
      return;
    }
    row.setHistogram(i, result);
    if (resetsCollide(total.notes)) notes.resetCollision("aggregation");
    if ((total.notes & SumNote.reconciled) !== 0) notes.boundsReconciled("aggregation");
  };
}

/** A sample of the window, whichever it is; `kernel` has dealt with floats. */
function pickKernel(
  kernel: RangeKernel,
  pick: (windows: Windows, i: number) => number,
): MixedKernel {
  return (windows, row) => {
    kernel(windows, row);
    const histograms = windows.histograms!;
    for (let i = 0; i < windows.steps; i++) {
      if (row.kinds[i] === StepKind.none) continue;
      const histogram = histograms[pick(windows, i)];
      if (histogram !== undefined) row.setHistogram(i, histogram);
    }
  };
}

/** `irate` and `idelta`: the last two samples decide. */
function instantMixedKernel(
  fn: RangeFunction,
  windows: Windows,
  notes: HistogramNotes,
): MixedKernel {
  const isRate = fn.name === "irate";
  const mixed = new MixedWindows(windows);
  const rates = new HistogramRates(mixed.histograms);
  return (all, row) => {
    mixed.divide(all);
    fn.kernel(all, row);
    const histograms = all.histograms!;
    const metric = labelValue(all.labels, METRIC_NAME);
    for (let i = 0; i < all.steps; i++) {
      const last = all.hi[i]! - 1;
      if (last <= all.lo[i]!) continue;
      const isLast = histograms[last] !== undefined;
      const isBefore = histograms[last - 1] !== undefined;
      if (!isLast && !isBefore) continue;
      row.kinds[i] = StepKind.none;
      if (isLast !== isBefore) {
        notes.mixedSamples(metric);
        continue;
      }
      const result = rates.instant(mixed.histograms.hi[i]! - 2, { isRate });
      if (result) row.setHistogram(i, result);
      if (rates.notes !== RateNote.none) noteRates(notes, rates.notes, metric);
    }
  };
}
