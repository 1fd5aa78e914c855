// Hot path: copying rows of samples, at memory speed.
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { EMPTY_LABELS, type Labels } from "#pkg/labels/mod.ts";

/** What a step of a row holds. */
export const StepKind = { none: 0, float: 1, histogram: 2 } as const;

/** The histograms of a row by step; an entry has a meaning only where the step's kind says so. */
export type HistogramColumn = (FloatHistogram | undefined)[];

/**
 * One series over the steps of a frame. `kinds[i]` says whether step `i` has a sample and of which
 * kind; `values[i]` has a meaning only where it is a float, `histograms[i]` only where it is a
 * histogram. Histograms are shared and never changed; the column of them belongs to the row.
 */
export class Row {
  labels: Labels = EMPTY_LABELS;
  /** The metric name is to be dropped at the end (where names are dropped late). */
  dropName = false;
  readonly values: Float64Array;
  readonly kinds: Uint8Array;
  /** Undefined where no step is a histogram: the fast path of all who read rows. */
  histograms: HistogramColumn | undefined = undefined;

  constructor(steps: number) {
    this.values = new Float64Array(steps);
    this.kinds = new Uint8Array(steps);
  }

  /** How many steps have a sample. */
  count(): number {
    const { kinds } = this;
    let count = 0;
    for (let i = 0; i < kinds.length; i++) if (kinds[i] !== 0) count++;
    return count;
  }

  /** Takes over the samples of `part`, whose steps begin at `from` of this row. */
  put(part: Row, from: number): void {
    this.values.set(part.values, from);
    this.kinds.set(part.kinds, from);
    const { histograms } = part;
    if (histograms === undefined) return;
    for (let i = 0; i < part.kinds.length; i++) {
      if (part.kinds[i] === StepKind.histogram) this.setHistogram(from + i, histograms[i]!);
    }
  }

  /** What the sample of step `i` counts for in a budget. */
  weightAt(i: number): number {
    if (this.kinds[i] !== StepKind.histogram) return this.kinds[i]!;
    return histogramWeight(this.histograms![i]!);
  }

  /** What the samples count for in a budget. */
  weight(): number {
    const { kinds, histograms } = this;
    let weight = this.count();
    if (histograms === undefined) return weight;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === StepKind.histogram) weight += histogramWeight(histograms[i]!) - 1;
    }
    return weight;
  }

  /** True if any step has a sample. */
  hasSamples(): boolean {
    if (this.kinds.indexOf(StepKind.float) >= 0) return true;
    return this.histograms !== undefined && this.kinds.indexOf(StepKind.histogram) >= 0;
  }

  clear(): void {
    this.kinds.fill(0);
    this.histograms = undefined;
  }

  setHistogram(i: number, histogram: FloatHistogram): void {
    this.histograms ??= new Array<FloatHistogram | undefined>(this.kinds.length);
    this.histograms[i] = histogram;
    this.kinds[i] = StepKind.histogram;
  }

  /** Takes out all histograms. Returns whether there were any. */
  dropHistograms(): boolean {
    if (this.histograms === undefined) return false;
    const { kinds } = this;
    let any = false;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== StepKind.histogram) continue;
      kinds[i] = StepKind.none;
      any = true;
    }
    this.histograms = undefined;
    return any;
  }
}

/** Bytes of a histogram without its columns, and of a float sample, in Prometheus's accounting. */
const HISTOGRAM_BYTES = 168;
const SAMPLE_BYTES = 16;

/** How many float samples a histogram counts for. Source: Prometheus promql/value.go HPoint.size. */
export function histogramWeight(h: FloatHistogram): number {
  const words =
    h.positiveSpans.length / 2 +
    h.negativeSpans.length / 2 +
    h.positiveBuckets.length +
    h.negativeBuckets.length +
    h.customValues.length;
  return Math.floor((HISTOGRAM_BYTES + 8 * words + 8) / SAMPLE_BYTES);
}

/**
 * Takes rows as they are made. The row is lent for the call: the sink may change it, and whoever
 * pushes fills it anew each time. A series may come in several rows if no step is in two of them.
 */
export interface RowSink {
  push(row: Row): void;
}

/** Where rows in memory are counted. */
export interface SampleBudget {
  /** Counts `samples` more, of so many bytes; over a limit is an `execution` error. */
  take(samples: number, bytes?: number): void;
  give(samples: number, bytes?: number): void;
}

/** Bytes of a series' labels: a reference to each string; most of them are shared. */
const LABEL_BYTES = 8;
const LABELS_BYTES = 64;
/** A value and its kind. */
const STEP_BYTES = 9;

/** Bytes of a row in a store, estimated. */
function rowBytes({ labels, kinds, histograms }: Row, weight: number): number {
  const bytes = LABELS_BYTES + labels.length * LABEL_BYTES + kinds.length * STEP_BYTES;
  return histograms === undefined ? bytes : bytes + weight * SAMPLE_BYTES;
}

/** Samples in one slab of a store; large enough that slabs are few, small enough to allocate. */
const SLAB_SAMPLES = 65_536;
const FIRST_ROWS = 16;

/** Rows kept in memory, in slabs of columns rather than an object per row. */
export class RowStore implements RowSink {
  readonly steps: number;
  readonly labels: Labels[] = [];
  readonly dropNames: boolean[] = [];
  readonly #budget: SampleBudget;
  readonly #rowsPerSlab: number;
  readonly #values: Float64Array[] = [];
  readonly #kinds: Uint8Array[] = [];
  /** The rows that have histograms. */
  #histograms: Map<number, HistogramColumn> | undefined = undefined;
  #weight = 0;
  #bytes = 0;

  constructor(steps: number, budget: SampleBudget) {
    this.steps = steps;
    this.#budget = budget;
    this.#rowsPerSlab = Math.max(1, Math.floor(SLAB_SAMPLES / steps));
  }

  get length(): number {
    return this.labels.length;
  }

  push(row: Row): void {
    const weight = row.weight();
    const bytes = rowBytes(row, weight);
    this.#budget.take(weight, bytes);
    this.#weight += weight;
    this.#bytes += bytes;
    const index = this.length;
    this.#makeRoom(index);
    const slab = Math.floor(index / this.#rowsPerSlab);
    const at = (index % this.#rowsPerSlab) * this.steps;
    this.#values[slab]!.set(row.values, at);
    this.#kinds[slab]!.set(row.kinds, at);
    if (row.histograms !== undefined) {
      this.#histograms ??= new Map();
      this.#histograms.set(index, row.histograms.slice());
    }
    this.labels.push(row.labels);
    this.dropNames.push(row.dropName);
  }

  /** The slab that holds row `index`, and with `offset` where in it the row begins. */
  values(index: number): Float64Array {
    return this.#values[Math.floor(index / this.#rowsPerSlab)]!;
  }

  kinds(index: number): Uint8Array {
    return this.#kinds[Math.floor(index / this.#rowsPerSlab)]!;
  }

  offset(index: number): number {
    return (index % this.#rowsPerSlab) * this.steps;
  }

  get hasHistograms(): boolean {
    return this.#histograms !== undefined;
  }

  /** The histograms of row `index` by step (without the offset); undefined if it has none. */
  histograms(index: number): HistogramColumn | undefined {
    return this.#histograms === undefined ? undefined : this.#histograms.get(index);
  }

  /** Copies row `index` into `row`. */
  load(index: number, row: Row): void {
    const at = this.offset(index);
    const { values, kinds } = row;
    const fromValues = this.values(index);
    const fromKinds = this.kinds(index);
    for (let i = 0; i < this.steps; i++) {
      values[i] = fromValues[at + i]!;
      kinds[i] = fromKinds[at + i]!;
    }
    row.histograms = this.histograms(index)?.slice();
    row.labels = this.labels[index]!;
    row.dropName = this.dropNames[index]!;
  }

  /** Puts `row` in the place of row `index`. */
  replace(index: number, row: Row): void {
    const at = this.offset(index);
    const kinds = this.kinds(index);
    let before = 0;
    for (let i = 0; i < this.steps; i++) {
      if (kinds[at + i] === StepKind.none) continue;
      before += kinds[at + i] === StepKind.float ? 1 : histogramWeight(this.histograms(index)![i]!);
    }
    const added = row.weight() - before;
    // Rows of a store differ little in their bytes; those of the first remain counted.
    this.#budget.take(added, 0);
    this.#weight += added;
    this.values(index).set(row.values, at);
    kinds.set(row.kinds, at);
    this.#histograms?.delete(index);
    if (row.histograms !== undefined) {
      this.#histograms ??= new Map();
      this.#histograms.set(index, row.histograms.slice());
    }
    this.labels[index] = row.labels;
    this.dropNames[index] = row.dropName;
  }

  /**
   * Adds the samples of `row` to row `index`.
   * @returns false if a step has a sample in both; then nothing is said of the row's content.
   */
  merge(index: number, row: Row): boolean {
    const at = this.offset(index);
    const values = this.values(index);
    const kinds = this.kinds(index);
    for (let i = 0; i < this.steps; i++) {
      if (row.kinds[i] === 0) continue;
      if (kinds[at + i] !== 0) return false;
      kinds[at + i] = row.kinds[i]!;
      values[at + i] = row.values[i]!;
    }
    if (row.histograms !== undefined) this.#mergeHistograms(index, row, row.histograms);
    const added = row.weight();
    // The row that takes the samples is counted whole already.
    const bytes = row.histograms === undefined ? 0 : added * SAMPLE_BYTES;
    this.#budget.take(added, bytes);
    this.#weight += added;
    this.#bytes += bytes;
    return true;
  }

  /** Gives back what the rows took of the budget; the store is not used after. */
  release(): void {
    this.#budget.give(this.#weight, this.#bytes);
    this.#weight = 0;
    this.#bytes = 0;
  }

  #mergeHistograms(index: number, row: Row, from: HistogramColumn): void {
    this.#histograms ??= new Map();
    const to = this.#histograms.get(index) ?? new Array(this.steps);
    for (let i = 0; i < this.steps; i++) {
      if (row.kinds[i] === StepKind.histogram) to[i] = from[i];
    }
    this.#histograms.set(index, to);
  }

  /** The first slab grows as it fills, so that a store of a few rows stays small. */
  #makeRoom(index: number): void {
    const slab = Math.floor(index / this.#rowsPerSlab);
    const rows = index - slab * this.#rowsPerSlab + 1;
    const held = this.#kinds[slab]?.length ?? 0;
    if (held >= rows * this.steps) return;
    const wanted =
      slab > 0
        ? this.#rowsPerSlab
        : Math.min(this.#rowsPerSlab, Math.max(FIRST_ROWS, (held / this.steps) * 2));
    const values = new Float64Array(wanted * this.steps);
    const kinds = new Uint8Array(wanted * this.steps);
    if (held > 0) {
      values.set(this.#values[slab]!);
      kinds.set(this.#kinds[slab]!);
    }
    this.#values[slab] = values;
    this.#kinds[slab] = kinds;
  }
}
