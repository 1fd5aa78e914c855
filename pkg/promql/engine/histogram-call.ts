import { type Labels, labelsKey, labelValue, METRIC_NAME, quote } from "#pkg/labels/mod.ts";
import { formatFloatG, parseFloatText } from "#pkg/model/mod.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import type { Evaluator, Frame } from "./context.ts";
import { Buckets } from "./functions/buckets.ts";
import { filterLabels, withLabel } from "./label-sets.ts";
import { warnQuantile } from "./range-call.ts";
import { Row, type RowSink, RowStore } from "./row.ts";

/** The label that holds a bucket's upper bound. */
const BUCKET_LABEL = "le";

/** The buckets of one classic histogram. */
interface Histogram {
  readonly labels: Labels;
  dropName: boolean;
  readonly bounds: number[];
  /** Their rows in the store, bound by bound. */
  readonly rows: number[];
}

/** `histogram_quantile`, `histogram_quantiles` and `histogram_fraction` over classic buckets. */
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
  await evaluator.rows(vector, frame, {
    push(row) {
      const le = labelValue(row.labels, BUCKET_LABEL);
      const bound = parseFloatText(le);
      if (bound === undefined) {
        const name = features.delayedNameRemoval ? labelValue(row.labels, METRIC_NAME) : "";
        const reason = 'bucket label "le" is missing or has a malformed value';
        annotations.warn(forMetric(`${reason} of ${quote(le)}`, name), positionOf(vector));
        return;
      }
      const labels = filterLabels(row.labels, (name) => name !== BUCKET_LABEL);
      const key = labelsKey(labels);
      let histogram = histograms.get(key);
      if (!histogram) {
        histogram = { labels, dropName: row.dropName, bounds: [], rows: [] };
        histograms.set(key, histogram);
      }
      histogram.bounds.push(bound);
      histogram.rows.push(store.length);
      store.push(row);
    },
  });
  return histograms.values();
}

function forMetric(text: string, name: string): string {
  return name === "" ? text : `${text} for metric name ${quote(name)}`;
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
  }

  quantiles(histogram: Histogram, q: Float64Array, labelled: boolean): void {
    const byQuantile = new Map<string, number[]>();
    this.#each(histogram, (i) => {
      const value = this.#buckets.quantile(q[i]!);
      if (this.#buckets.repaired) this.#noteRepair(histogram, i);
      if (labelled) {
        const text = formatQuantile(q[i]!);
        const steps = byQuantile.get(text);
        if (steps) steps.push(i);
        else byQuantile.set(text, [i]);
      }
      return value;
    });
    if (!labelled) this.#emit(histogram.labels);
    else this.#emitLabelled(histogram, byQuantile);
  }

  fractions(histogram: Histogram, lower: Float64Array, upper: Float64Array): void {
    this.#each(histogram, (i) => this.#buckets.fraction(lower[i]!, upper[i]!));
    this.#emit(histogram.labels);
  }

  /** Fills the row with `value(i)` where the histogram has buckets, which it loads before. */
  #each({ bounds, rows }: Histogram, value: (i: number) => number): void {
    const store = this.#store;
    const row = this.#row;
    row.clear();
    for (let i = 0; i < this.#frame.steps; i++) {
      this.#buckets.clear();
      for (let b = 0; b < rows.length; b++) {
        const at = store.offset(rows[b]!) + i;
        if (store.kinds(rows[b]!)[at] === 0) continue;
        this.#buckets.push(bounds[b]!, store.values(rows[b]!)[at]!);
      }
      if (this.#buckets.length === 0) continue;
      row.kinds[i] = 1;
      row.values[i] = value(i);
    }
  }

  #emit(labels: Labels): void {
    const row = this.#row;
    if (row.kinds.indexOf(1) < 0) return;
    row.labels = labels;
    row.dropName = true;
    this.#sink.push(row);
  }

  /** The quantile is in a label, so each value of it is a series. */
  #emitLabelled(histogram: Histogram, byQuantile: ReadonlyMap<string, readonly number[]>): void {
    const label = this.#call.args[1]!.kind === "string" ? this.#call.args[1]!.value : "";
    const all = this.#row.values.slice();
    for (const [text, steps] of byQuantile) {
      this.#row.clear();
      for (const i of steps) {
        this.#row.kinds[i] = 1;
        this.#row.values[i] = all[i]!;
      }
      this.#emit(withLabel(histogram.labels, label, text));
    }
  }

  #noteRepair(histogram: Histogram, i: number): void {
    const { annotations, features } = this.#evaluator.context;
    const buckets = this.#buckets;
    const at = this.#frame.startMs + i * this.#frame.stepMs;
    const name = features.delayedNameRemoval ? labelValue(histogram.labels, METRIC_NAME) : "";
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
