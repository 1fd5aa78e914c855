import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Labels, labelsKey, labelValue, METRIC_NAME, quote } from "#pkg/labels/mod.ts";
import { formatFloatG, parseFloatText } from "#pkg/model/mod.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import type { Evaluator, Frame } from "./context.ts";
import { Buckets } from "./functions/buckets.ts";
import {
  HistogramNote,
  histogramFraction,
  histogramQuantile,
} from "./functions/native-histogram.ts";
import { forMetric, HistogramNotes } from "./histogram-notes.ts";
import { filterLabels, withLabel } from "./label-sets.ts";
import { warnQuantile } from "./range-call.ts";
import { Row, type RowSink, RowStore, StepKind } from "./row.ts";

/** The label that holds a bucket's upper bound. */
const BUCKET_LABEL = "le";

/** The rows of one histogram: its classic buckets, native samples, or both. */
interface Histogram {
  readonly labels: Labels;
  /** Bounds of the buckets, and their rows in the store, bound by bound. */
  readonly bounds: number[];
  readonly rows: number[];
  /** Rows with native samples. */
  readonly native: number[];
}

/** `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`, native and classic. */
export async function histogramCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { budget, pace, annotations } = evaluator.context;
  const isMany = call.func.name === "histogram_quantiles";
  const vector = isMany ? call.args[0]! : call.args.at(-1)!;
  const params: Float64Array[] = [];
  for (const arg of call.args) {
    if (arg === vector || arg.kind === "string") continue;
    params.push(await evaluator.scalar(arg, frame));
    if (call.func.name === "histogram_fraction") continue;
    for (const q of params.at(-1)!) warnQuantile(q, arg, annotations);
  }
  const store = new RowStore(frame.steps, budget);
  const histograms = await collect(vector, { frame, evaluator, store });
  const output = new HistogramOutput(call, { vector, frame, evaluator, store, sink });
  for (const histogram of histograms) {
    if (isMany) for (const q of params) output.quantiles(histogram, q, true);
    else if (call.func.name === "histogram_quantile") {
      output.quantiles(histogram, params[0]!, false);
    } else output.fractions(histogram, params[0]!, params[1]!);
    if (pace.due()) await pace.rest();
  }
  store.release();
}

async function collect(
  vector: Expr,
  options: {
    readonly frame: Frame;
    readonly evaluator: Evaluator;
    readonly store: RowStore;
  },
): Promise<Iterable<Histogram>> {
  const { frame, evaluator, store } = options;
  const { annotations, features } = evaluator.context;
  const histograms = new Map<string, Histogram>();
  const histogramOf = (labels: Labels): Histogram => {
    const key = labelsKey(labels);
    let histogram = histograms.get(key);
    if (!histogram) {
      histogram = { labels, bounds: [], rows: [], native: [] };
      histograms.set(key, histogram);
    }
    return histogram;
  };
  await evaluator.rows(vector, frame, {
    push(row) {
      const index = store.length;
      if (row.histograms !== undefined) {
        histogramOf(row.labels).native.push(index);
        store.push(row);
        if (row.kinds.indexOf(StepKind.float) < 0) return;
      }
      const le = labelValue(row.labels, BUCKET_LABEL);
      const bound = parseFloatText(le);
      if (bound === undefined) {
        const name = features.delayedNameRemoval ? labelValue(row.labels, METRIC_NAME) : "";
        const reason = 'bucket label "le" is missing or has a malformed value';
        annotations.warn(forMetric(`${reason} of ${quote(le)}`, name), positionOf(vector));
        return;
      }
      const histogram = histogramOf(filterLabels(row.labels, (name) => name !== BUCKET_LABEL));
      histogram.bounds.push(bound);
      histogram.rows.push(index);
      if (row.histograms === undefined) store.push(row);
    },
  });
  return histograms.values();
}

class HistogramOutput {
  readonly #call: Call;
  readonly #vector: Expr;
  readonly #frame: Frame;
  readonly #evaluator: Evaluator;
  readonly #store: RowStore;
  readonly #sink: RowSink;
  readonly #row: Row;
  readonly #buckets = new Buckets();
  readonly #notes: HistogramNotes;

  constructor(
    call: Call,
    options: {
      readonly vector: Expr;
      readonly frame: Frame;
      readonly evaluator: Evaluator;
      readonly store: RowStore;
      readonly sink: RowSink;
    },
  ) {
    this.#call = call;
    this.#vector = options.vector;
    this.#frame = options.frame;
    this.#evaluator = options.evaluator;
    this.#store = options.store;
    this.#sink = options.sink;
    this.#row = new Row(options.frame.steps);
    const { annotations } = options.evaluator.context;
    this.#notes = new HistogramNotes(annotations, positionOf(options.vector));
  }

  quantiles(histogram: Histogram, q: Float64Array, labelled: boolean): void {
    const name = this.#nameOf(histogram);
    this.#each(histogram, {
      classic: (i) => {
        const value = this.#buckets.quantile(q[i]!);
        if (this.#buckets.repaired) this.#noteRepair(name, i);
        return value;
      },
      native: (h, i) => {
        const { value, note } = histogramQuantile(q[i]!, h);
        if (note === HistogramNote.nanResult) this.#notes.nanResult(name);
        else if (note === HistogramNote.nanSkew) this.#notes.nanSkew(name);
        return value;
      },
    });
    if (!labelled) this.#emit(histogram.labels);
    else this.#emitLabelled(histogram, q);
  }

  fractions(histogram: Histogram, lower: Float64Array, upper: Float64Array): void {
    this.#each(histogram, {
      classic: (i) => this.#buckets.fraction(lower[i]!, upper[i]!),
      native: (h, i) => {
        const { value, note } = histogramFraction(lower[i]!, upper[i]!, h);
        if (note === HistogramNote.nanInFraction) this.#notes.nanFraction(this.#nameOf(histogram));
        return value;
      },
    });
    this.#emit(histogram.labels);
  }

  /** The metric's name for notes; unknown where names are dropped at once. */
  #nameOf({ labels }: Histogram): string {
    const { delayedNameRemoval } = this.#evaluator.context.features;
    return delayedNameRemoval ? labelValue(labels, METRIC_NAME) : "";
  }

  /**
   * Fills the row where the histogram has a native sample or buckets, which are loaded before
   * `classic` is called. Where it has both, which one is meant is not known: there is no result.
   */
  #each(
    histogram: Histogram,
    value: {
      readonly classic: (i: number) => number;
      readonly native: (h: FloatHistogram, i: number) => number;
    },
  ): void {
    const row = this.#row;
    row.clear();
    for (let i = 0; i < this.#frame.steps; i++) {
      this.#loadBuckets(histogram, i);
      const native = histogram.native.length === 0 ? undefined : this.#nativeAt(histogram, i);
      if (native !== undefined && this.#buckets.length > 0) {
        this.#notes.mixedKinds(this.#nameOf(histogram));
        continue;
      }
      if (native === undefined && this.#buckets.length === 0) continue;
      row.kinds[i] = 1;
      row.values[i] = native === undefined ? value.classic(i) : value.native(native, i);
    }
  }

  #loadBuckets({ bounds, rows }: Histogram, i: number): void {
    const store = this.#store;
    this.#buckets.clear();
    for (let b = 0; b < rows.length; b++) {
      const at = store.offset(rows[b]!) + i;
      if (store.kinds(rows[b]!)[at] !== StepKind.float) continue;
      this.#buckets.push(bounds[b]!, store.values(rows[b]!)[at]!);
    }
  }

  #nativeAt({ native }: Histogram, i: number): FloatHistogram | undefined {
    for (const r of native) {
      const at = this.#store.offset(r) + i;
      if (this.#store.kinds(r)[at] === StepKind.histogram) return this.#store.histograms(r)![i];
    }
    return undefined;
  }

  #emit(labels: Labels): void {
    const row = this.#row;
    if (row.kinds.indexOf(1) < 0) return;
    row.labels = labels;
    row.dropName = true;
    this.#sink.push(row);
  }

  /** The quantile is in a label, so each value of it is a series. */
  #emitLabelled(histogram: Histogram, q: Float64Array): void {
    const label = this.#call.args[1]!.kind === "string" ? this.#call.args[1]!.value : "";
    const row = this.#row;
    const values = row.values.slice();
    const kinds = row.kinds.slice();
    const texts = Array.from(q, formatQuantile);
    for (const text of new Set(texts)) {
      row.clear();
      for (let i = 0; i < q.length; i++) {
        if (kinds[i] === StepKind.none || texts[i] !== text) continue;
        row.kinds[i] = 1;
        row.values[i] = values[i]!;
      }
      this.#emit(withLabel(histogram.labels, label, text));
    }
  }

  #noteRepair(name: string, i: number): void {
    const { annotations } = this.#evaluator.context;
    const buckets = this.#buckets;
    const at = this.#frame.startMs + i * this.#frame.stepMs;
    const docs =
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile";
    const text = `input to histogram_quantile needed to be fixed for monotonicity (see ${docs})`;
    annotations.repaired(forMetric(text, name), positionOf(this.#vector), {
      count: 1,
      firstMs: at,
      lastMs: at,
      minBucket: buckets.minRepaired,
      maxBucket: buckets.maxRepaired,
      maxDiff: buckets.maxDiff,
    });
  }
}

/** A quantile as OpenMetrics writes it: always with a point or an exponent. */
function formatQuantile(q: number): string {
  const text = formatFloatG(q);
  return /[.e]|Inf|NaN/.test(text) ? text : `${text}.0`;
}
