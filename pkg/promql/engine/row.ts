// Hot path: copying rows of samples, at memory speed.
import { EMPTY_LABELS, type Labels } from "#pkg/labels/mod.ts";

/** What a step of a row holds. Histograms are to live in a column of their own beside `values`. */
export const StepKind = { none: 0, float: 1, histogram: 2 } as const;

/**
 * One series over the steps of a frame. `kinds[i]` says whether step `i` has a sample; `values[i]`
 * has a meaning only where it does.
 */
export class Row {
  labels: Labels = EMPTY_LABELS;
  /** The metric name is to be dropped at the end (where names are dropped late). */
  dropName = false;
  readonly values: Float64Array;
  readonly kinds: Uint8Array;

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

  clear(): void {
    this.kinds.fill(0);
  }
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
  /** Counts `samples` more; over the limit is an `execution` error. */
  take(samples: number): void;
  give(samples: number): void;
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
  #samples = 0;

  constructor(steps: number, budget: SampleBudget) {
    this.steps = steps;
    this.#budget = budget;
    this.#rowsPerSlab = Math.max(1, Math.floor(SLAB_SAMPLES / steps));
  }

  get length(): number {
    return this.labels.length;
  }

  push(row: Row): void {
    const count = row.count();
    this.#budget.take(count);
    this.#samples += count;
    const index = this.length;
    this.#makeRoom(index);
    const slab = Math.floor(index / this.#rowsPerSlab);
    const at = (index % this.#rowsPerSlab) * this.steps;
    this.#values[slab]!.set(row.values, at);
    this.#kinds[slab]!.set(row.kinds, at);
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
    row.labels = this.labels[index]!;
    row.dropName = this.dropNames[index]!;
  }

  /**
   * Adds the samples of `row` to row `index`.
   * @returns false if a step has a sample in both; then nothing is said of the row's content.
   */
  merge(index: number, row: Row): boolean {
    const at = this.offset(index);
    const values = this.values(index);
    const kinds = this.kinds(index);
    let added = 0;
    for (let i = 0; i < this.steps; i++) {
      if (row.kinds[i] === 0) continue;
      if (kinds[at + i] !== 0) return false;
      kinds[at + i] = row.kinds[i]!;
      values[at + i] = row.values[i]!;
      added++;
    }
    this.#budget.take(added);
    this.#samples += added;
    return true;
  }

  /** Gives back what the rows took of the budget; the store is not used after. */
  release(): void {
    this.#budget.give(this.#samples);
    this.#samples = 0;
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
