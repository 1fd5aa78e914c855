import { NarthexError } from "#pkg/errs/mod.ts";
import { type Labels, labelValue, METRIC_NAME, quote } from "#pkg/labels/mod.ts";
import { formatFloatG } from "#pkg/model/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import type { Call, Expr, MatrixSelector, SubqueryExpr } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import type { PositionRange } from "../syntax/position.ts";
import type { Evaluator, Frame } from "./context.ts";
import {
  averageKernel,
  countKernel,
  deviationKernel,
  extremeKernel,
  firstKernel,
  firstTimeKernel,
  lastKernel,
  lastTimeKernel,
  presentKernel,
  quantileKernel,
  sumKernel,
  transitionsKernel,
  varianceKernel,
} from "./functions/over-time.ts";
import {
  extendedKernel,
  extrapolatedKernel,
  instantKernel,
  type RangeKernel,
} from "./functions/rate.ts";
import { derivativeKernel, predictKernel, smoothingKernel } from "./functions/regression.ts";
import { HistogramNotes } from "./histogram-notes.ts";
import { lookTimes } from "./look-times.ts";
import { mixedKernel, type RangeFunction } from "./mixed-range.ts";
import { Row, type RowSink } from "./row.ts";
import { columnsWeight, dropBuckets, dropStale } from "./sample-columns.ts";
import { selectBatches, selectParams } from "./select.ts";
import { subqueryRows } from "./subquery.ts";
import { Windows } from "./windows.ts";

/** Makes the kernel of each function over a range; `absent_over_time` is told what is present. */
const KERNELS: ReadonlyMap<string, () => RangeKernel> = new Map<string, () => RangeKernel>([
  ["absent_over_time", presentKernel],
  ["avg_over_time", averageKernel],
  ["changes", () => transitionsKernel(false)],
  ["count_over_time", countKernel],
  ["delta", () => extrapolatedKernel(false, false)],
  ["deriv", derivativeKernel],
  ["double_exponential_smoothing", smoothingKernel],
  ["first_over_time", firstKernel],
  ["idelta", () => instantKernel(false)],
  ["increase", () => extrapolatedKernel(true, false)],
  ["irate", () => instantKernel(true)],
  ["last_over_time", lastKernel],
  ["mad_over_time", deviationKernel],
  ["max_over_time", () => extremeKernel(1, false)],
  ["min_over_time", () => extremeKernel(-1, false)],
  ["predict_linear", predictKernel],
  ["present_over_time", presentKernel],
  ["quantile_over_time", quantileKernel],
  ["rate", () => extrapolatedKernel(true, true)],
  ["resets", () => transitionsKernel(true)],
  ["stddev_over_time", () => varianceKernel(true)],
  ["stdvar_over_time", () => varianceKernel(false)],
  ["sum_over_time", sumKernel],
  ["ts_of_first_over_time", firstTimeKernel],
  ["ts_of_last_over_time", lastTimeKernel],
  ["ts_of_max_over_time", () => extremeKernel(1, true)],
  ["ts_of_min_over_time", () => extremeKernel(-1, true)],
]);

const NO_MODIFIERS = { anchored: false, smoothed: false };
const STARTS_HEEDED: ReadonlySet<string> = new Set(["increase", "irate", "rate", "resets"]);
const ANCHORED_SAFE = ["changes", "delta", "increase", "rate", "resets"];
const SMOOTHED_SAFE = ["delta", "increase", "rate"];

/** True if the function takes a range. */
export function isRangeFunction(name: string): boolean {
  return KERNELS.has(name);
}

/** True if the series keep their names through the function. */
export function keepsName(name: string): boolean {
  return name === "last_over_time" || name === "first_over_time";
}

/**
 * Pushes what a function over a range gives for each series. `dropName` of the rows says that
 * their names no longer fit; taking them off is the sink's part.
 */
export async function rangeCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const scalars: Float64Array[] = [];
  for (const arg of call.args) {
    if (arg.kind === "matrixSelector" || arg.kind === "subquery") continue;
    scalars.push(await evaluator.scalar(arg, frame));
  }
  const range = call.args.find((arg) => arg.kind === "matrixSelector" || arg.kind === "subquery") as
    | MatrixSelector
    | SubqueryExpr;
  const apply = new RangeApplication(call, { range, evaluator, sink, frame });
  if (range.kind === "subquery") {
    const times = lookTimes(range, frame);
    const windows = new Windows({ frame, times, rangeMs: range.rangeMs, scalars });
    await subqueryRows(range, frame, evaluator, (labels, columns, dropName) =>
      apply.series({ windows, columns, labels, dropName }),
    );
  } else await overSelector(range, { frame, scalars, evaluator, apply });
}

async function overSelector(
  range: MatrixSelector,
  options: {
    readonly frame: Frame;
    readonly scalars: readonly Float64Array[];
    readonly evaluator: Evaluator;
    readonly apply: RangeApplication;
  },
): Promise<void> {
  const { frame, scalars, evaluator, apply } = options;
  const { context } = evaluator;
  const { selector, rangeMs } = range;
  const { anchored, smoothed } = selector;
  const windows = new Windows({
    frame,
    times: lookTimes(selector, frame),
    rangeMs,
    beforeMs: anchored || smoothed ? context.lookbackDeltaMs : 0,
    afterMs: smoothed ? context.lookbackDeltaMs : 0,
    useStarts: context.features.useStartTimestamps === true && apply.heedsStarts,
    scalars,
  });
  const { mint, maxt } = windows;
  const params = selectParams(selector, context, { mint, maxt });
  const columns = new SampleColumns();
  const isStats = context.statsOnly.has(selector);
  for await (const batch of selectBatches(params, context)) {
    for (const series of batch) {
      columns.clear();
      series.read(columns, mint, maxt);
      dropStale(columns);
      if (columns.histograms !== undefined && isStats) dropBuckets(columns);
      context.budget.touch(columnsWeight(columns));
      context.explain?.fetched(range, columns.length);
      apply.series({ windows, columns, labels: series.labels, dropName: false });
      if (context.pace.due()) await context.pace.rest();
    }
  }
}

/** Samples of windows between two looks at whether the query is to end. */
const SLICE_SAMPLES = 1_000_000;

/** One function applied to one series after the other. */
class RangeApplication {
  readonly #call: Call;
  readonly #evaluator: Evaluator;
  readonly #sink: RowSink;
  readonly #kernel: RangeKernel;
  readonly #row: Row;
  readonly #isCounterFunction: boolean;
  /** Where annotations say that the range stands. */
  readonly #position: PositionRange;
  readonly #notes: HistogramNotes;
  readonly #fn: RangeFunction;
  #mixed: ((windows: Windows, row: Row) => void) | undefined = undefined;
  #lastName = "";

  constructor(
    call: Call,
    options: {
      readonly range: MatrixSelector | SubqueryExpr;
      readonly evaluator: Evaluator;
      readonly sink: RowSink;
      readonly frame: Frame;
    },
  ) {
    const { range } = options;
    this.#call = call;
    // As in Prometheus, where the samples of a subquery have lost their place in the query.
    const isFirst = call.args[0] === range;
    this.#position =
      isFirst && range.kind === "subquery" ? { start: 0, end: 0 } : positionOf(call.args[0]!);
    this.#notes = new HistogramNotes(options.evaluator.context.annotations, this.#position);
    this.#evaluator = options.evaluator;
    this.#sink = options.sink;
    this.#row = new Row(options.frame.steps);
    this.#kernel = kernelOf(call);
    const { name } = call.func;
    const modifiers = range.kind === "subquery" ? NO_MODIFIERS : range.selector;
    const { anchored, smoothed } = modifiers;
    this.#fn = { name, anchored, smoothed, kernel: this.#kernel };
    this.#isCounterFunction = name === "rate" || name === "increase";
  }

  /** True for the functions that ask when counters began. */
  get heedsStarts(): boolean {
    return STARTS_HEEDED.has(this.#call.func.name);
  }

  series(input: {
    readonly windows: Windows;
    readonly columns: SampleColumns;
    readonly labels: Labels;
    readonly dropName: boolean;
  }): void {
    const { windows, columns, labels, dropName } = input;
    const row = this.#row;
    const held = windows.place(columns, labels);
    if (held === 0) return;
    this.#evaluator.context.budget.lookedAt(held, windows);
    row.clear();
    if (held > SLICE_SAMPLES && windows.steps > 1) this.#fillBySlices(windows, row, held);
    else if (windows.histograms === undefined) this.#kernel(windows, row);
    else {
      this.#mixed ??= mixedKernel(this.#fn, windows, this.#notes);
      this.#mixed(windows, row);
    }
    if (windows.overlaps > 0) {
      this.#notes.startOverlap(labelValue(labels, METRIC_NAME), windows.overlaps);
    }
    const hasFloats = row.kinds.indexOf(1) >= 0;
    if (hasFloats && this.#fn.name === "quantile_over_time") this.#noteQuantiles(windows, row);
    if (!hasFloats && row.histograms === undefined) return;
    if (hasFloats && this.#isCounterFunction) this.#suspect(labels);
    row.labels = labels;
    row.dropName = dropName || !keepsName(this.#call.func.name);
    this.#sink.push(row);
  }

  /** As the kernel would, looking now and then whether the query is to end. */
  #fillBySlices(windows: Windows, row: Row, held: number): void {
    const { pace } = this.#evaluator.context;
    const steps = Math.max(1, Math.floor((windows.steps * SLICE_SAMPLES) / held));
    for (let from = 0; from < windows.steps; from += steps) {
      pace.check();
      const slice = windows.slice(from, Math.min(windows.steps, from + steps));
      const part = new Row(slice.steps);
      if (slice.histograms === undefined) this.#kernel(slice, part);
      else mixedKernel(this.#fn, slice, this.#notes)(slice, part);
      windows.overlaps += slice.overlaps;
      row.put(part, from);
    }
  }

  /** Notes quantiles that are none, where there is anything to take them of. */
  #noteQuantiles({ scalars }: Windows, { kinds }: Row): void {
    const { annotations } = this.#evaluator.context;
    for (let i = 0; i < kinds.length; i++) {
      const q = scalars[0]![i]!;
      if (kinds[i] !== 0 && !(q >= 0 && q <= 1)) warnQuantile(q, this.#call.args[0]!, annotations);
    }
  }

  /** Notes series that do not look like counters. */
  #suspect(labels: Labels): void {
    const name = labelValue(labels, METRIC_NAME);
    const { annotations, features } = this.#evaluator.context;
    const position = this.#position;
    if (features.typeAndUnitLabels) {
      const type = labelValue(labels, "__type__");
      if (name === "" || type === "counter" || type === "histogram") return;
      const reason =
        'metric might not be a counter, __type__ label is not set to "counter" or "histogram"';
      annotations.info(`${reason}, got ${quote(type)}: ${quote(name)}`, position);
      return;
    }
    if (name === "" || name === this.#lastName) return;
    this.#lastName = name;
    if (/_(?:total|sum|count|bucket)$/.test(name)) return;
    const reason = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket";
    annotations.info(`${reason}: ${quote(name)}`, position);
  }
}

function kernelOf(call: Call): RangeKernel {
  const { name } = call.func;
  const range = call.args.find((arg) => arg.kind === "matrixSelector") as
    | MatrixSelector
    | undefined;
  const { anchored, smoothed } = range?.selector ?? { anchored: false, smoothed: false };
  const safe = smoothed ? SMOOTHED_SAFE : ANCHORED_SAFE;
  if ((anchored || smoothed) && !safe.includes(name)) {
    const modifier = smoothed ? "smoothed" : "anchored";
    const reason = `${modifier} modifier can only be used with: ${safe.join(", ")} - not with ${name}`;
    throw new NarthexError("execution", reason);
  }
  if ((anchored || smoothed) && SMOOTHED_SAFE.includes(name)) {
    return extendedKernel({ isCounter: name !== "delta", isRate: name === "rate", smoothed });
  }
  return KERNELS.get(name)!();
}

/** Warns of a quantile that is none. */
export function warnQuantile(
  q: number,
  arg: Expr,
  annotations: { warn(text: string, position: ReturnType<typeof positionOf>): void },
): void {
  if (q >= 0 && q <= 1) return;
  const reason = "quantile value should be between 0 and 1";
  annotations.warn(`${reason}, got ${formatFloatG(q)}`, positionOf(arg));
}
