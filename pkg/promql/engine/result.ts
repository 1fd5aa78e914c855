import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { compareLabels, type Labels, labelsKey } from "#pkg/labels/mod.ts";
import type { Expr } from "../syntax/ast.ts";
import type { Frame } from "./context.ts";
import type { PlanNode } from "./explain.ts";
import { sameLabelSet } from "./join-errors.ts";
import { withoutMetadata } from "./label-sets.ts";
import { type HistogramColumn, Row, type RowStore, StepKind } from "./row.ts";

/** One number. */
export interface ScalarValue {
  readonly type: "scalar";
  readonly timeMs: number;
  readonly value: number;
}

/** One string. */
export interface StringValue {
  readonly type: "string";
  readonly timeMs: number;
  readonly value: string;
}

/**
 * Histograms by position. An entry that is not undefined takes the place of the float of the same
 * position. Undefined as a whole where all samples are floats.
 */
export type ResultHistograms = readonly (FloatHistogram | undefined)[] | undefined;

/**
 * A sample per series, all at `timeMs`: series `i` is `labels[i]` with `histograms[i]` or, where
 * that is undefined, `values[i]`.
 */
export interface VectorValue {
  readonly type: "vector";
  readonly timeMs: number;
  readonly labels: readonly Labels[];
  readonly values: Float64Array;
  readonly histograms: ResultHistograms;
}

/**
 * One series of a range query. Step `i` has nothing where `kinds[i]` is 0, the float `values[i]`
 * where it is 1, `histograms[i]` where it is 2.
 */
export interface MatrixSeries {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly kinds: Uint8Array;
  readonly histograms: ResultHistograms;
}

/** Series over the steps `startMs + i * stepMs`, in order of labels. */
export interface MatrixValue {
  readonly type: "matrix";
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly series: readonly MatrixSeries[];
}

/** One series of a range selector: its samples as they are stored (or as a subquery made them). */
export interface SamplesSeries {
  readonly labels: Labels;
  /** Ms since the epoch. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly histograms: ResultHistograms;
}

/** The result of an instant query for a range, in order of labels; the API calls it a matrix. */
export interface SamplesValue {
  readonly type: "samples";
  readonly series: readonly SamplesSeries[];
}

/** What a query gives. Owned by the caller. */
export type QueryValue = ScalarValue | StringValue | VectorValue | MatrixValue | SamplesValue;

/** What a query cost. */
export interface QueryStats {
  /** Samples looked at, again for each step; `totalQueryableSamples` of the API. */
  readonly totalSamples: number;
  /** The same by step, if that was asked for. */
  readonly samplesPerStep?: Float64Array;
  readonly peakSamples: number;
  /** The most bytes held at one time, estimated. */
  readonly peakBytes: number;
  readonly parseMs: number;
  readonly evalMs: number;
}

/** A query's value and what there is to say of it. */
export interface QueryResult {
  readonly value: QueryValue;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly stats: QueryStats;
  /** What each node did, if that was asked for. */
  readonly plan?: PlanNode;
}

/** Takes off names that were to be dropped at the end. */
function finalLabels(store: RowStore, r: number): Labels {
  return store.dropNames[r] ? withoutMetadata(store.labels[r]!) : store.labels[r]!;
}

/** The rows of an instant query. Two series with the same labels are an error. */
export function vectorValue(store: RowStore, expr: Expr, timeMs: number): VectorValue {
  const labels: Labels[] = [];
  const values = new Float64Array(store.length);
  let histograms: HistogramColumn | undefined;
  for (let r = 0; r < store.length; r++) {
    labels.push(finalLabels(store, r));
    if (store.kinds(r)[store.offset(r)] === StepKind.histogram) {
      histograms ??= new Array(store.length);
      histograms[r] = store.histograms(r)![0];
    } else values[r] = store.values(r)[store.offset(r)]!;
  }
  if (!isDistinct(expr)) {
    const seen = new Set<string>();
    for (const set of labels) seen.add(labelsKey(set));
    if (seen.size < labels.length) throw sameLabelSet();
  }
  return { type: "vector", timeMs, labels, values, histograms };
}

/** True for what cannot give the same labels twice, so that they need no comparing. */
function isDistinct(expr: Expr): boolean {
  if (expr.kind === "paren") return isDistinct(expr.expr);
  return expr.kind === "vectorSelector";
}

/** The rows of a range query, in order of labels; rows with the same labels become one. */
export function matrixValue(store: RowStore, frame: Frame): MatrixValue {
  const labels: Labels[] = [];
  for (let r = 0; r < store.length; r++) labels.push(finalLabels(store, r));
  const order = Array.from(labels, (_, r) => r);
  order.sort((a, b) => compareLabels(labels[a]!, labels[b]!));
  // Merged first, so that what a series is given holds its last histograms.
  const firsts: number[] = [];
  const row = new Row(frame.steps);
  for (const r of order) {
    const last = firsts.at(-1);
    if (last === undefined || compareLabels(labels[last]!, labels[r]!) !== 0) firsts.push(r);
    else {
      store.load(r, row);
      if (!store.merge(last, row)) throw sameLabelSet();
    }
  }
  const series = firsts.map((r) => seriesOf(store, r, labels[r]!));
  const { startMs, stepMs, steps } = frame;
  return { type: "matrix", startMs, stepMs, steps, series };
}

function seriesOf(store: RowStore, r: number, labels: Labels): MatrixSeries {
  const from = store.offset(r);
  return {
    labels,
    values: store.values(r).subarray(from, from + store.steps),
    kinds: store.kinds(r).subarray(from, from + store.steps),
    histograms: validOnly(store, r),
  };
}

/** The histograms of a row without what is left over where its samples are of another kind. */
function validOnly(store: RowStore, r: number): ResultHistograms {
  const histograms = store.histograms(r);
  if (histograms === undefined) return undefined;
  const kinds = store.kinds(r);
  const from = store.offset(r);
  return Array.from(histograms, (h, i) => (kinds[from + i] === StepKind.histogram ? h : undefined));
}
