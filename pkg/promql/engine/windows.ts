// Hot path: finding the samples of each step's window, O(samples + steps), nothing allocated.
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { EMPTY_LABELS, type Labels } from "#pkg/labels/mod.ts";
import type { SampleColumns } from "#pkg/storage/mod.ts";
import type { Frame } from "./context.ts";
import type { LookTimes } from "./look-times.ts";
import { histogramWeight } from "./row.ts";

/**
 * The samples of one series and, for each step, which of them its window holds: those with indices
 * `lo[i] <= j < hi[i]`. Windows are open on the left. Reused from series to series.
 */
export class Windows {
  labels: Labels = EMPTY_LABELS;
  timestamps: Float64Array = new Float64Array(0);
  values: Float64Array = new Float64Array(0);
  /** The histograms among the samples, by index; undefined where all are floats. */
  histograms: (FloatHistogram | undefined)[] | undefined = undefined;
  /** Start timestamps, ms, 0 for unknown; undefined where none is known or they are not heeded. */
  starts: Float64Array | undefined = undefined;
  length = 0;
  /** Steps at which the kernel found start timestamps that contradict the samples before them. */
  overlaps = 0;
  /** Whether start timestamps are heeded. */
  readonly useStarts: boolean;
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly steps: number;
  /** End of the first step's window, ms, and how far each next one is. */
  readonly firstEndMs: number;
  readonly endStepMs: number;
  /** Time of the first step itself, which `offset` and `@` do not move. */
  readonly frame: Frame;
  readonly rangeMs: number;
  /** How far samples are wanted before and after the range (`anchored`, `smoothed`). */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** The function's scalar arguments, by step. */
  readonly scalars: readonly Float64Array[];

  constructor(options: {
    readonly frame: Frame;
    readonly times: LookTimes;
    readonly rangeMs: number;
    readonly beforeMs?: number;
    readonly afterMs?: number;
    readonly useStarts?: boolean;
    readonly scalars: readonly Float64Array[];
  }) {
    this.frame = options.frame;
    this.steps = options.frame.steps;
    this.firstEndMs = options.times.firstMs;
    this.endStepMs = options.times.stepMs;
    this.rangeMs = options.rangeMs;
    this.beforeMs = options.beforeMs ?? 0;
    this.afterMs = options.afterMs ?? 0;
    this.scalars = options.scalars;
    this.useStarts = options.useStarts ?? false;
    this.lo = new Int32Array(this.steps);
    this.hi = new Int32Array(this.steps);
  }

  /** First time that any window wants, inclusive. */
  get mint(): number {
    return this.firstEndMs - this.rangeMs - this.beforeMs + 1;
  }

  /** Last time that any window wants, inclusive. */
  get maxt(): number {
    return this.firstEndMs + (this.steps - 1) * this.endStepMs + this.afterMs;
  }

  /**
   * Takes the samples of a series, which it borrows until the next call, and places the windows.
   * @returns how many samples the windows hold, each counted for every window it is in, and a
   * histogram as several.
   */
  place(columns: SampleColumns, labels: Labels): number {
    this.labels = labels;
    const timestamps = (this.timestamps = columns.timestamps);
    this.values = columns.values;
    this.histograms = columns.histograms;
    this.starts = this.useStarts ? columns.starts : undefined;
    this.overlaps = 0;
    const length = (this.length = columns.length);
    const { lo, hi, endStepMs, afterMs } = this;
    const reach = this.rangeMs + this.beforeMs;
    let from = 0;
    let to = 0;
    let held = 0;
    for (let i = 0; i < this.steps; i++) {
      const end = this.firstEndMs + i * endStepMs;
      while (to < length && timestamps[to]! <= end + afterMs) to++;
      while (from < to && timestamps[from]! <= end - reach) from++;
      lo[i] = from;
      hi[i] = to;
      held += to - from;
    }
    return this.histograms === undefined ? held : this.#weigh(this.histograms);
  }

  /** What the window of step `i` holds, a histogram counted as several samples. */
  weightAt(i: number): number {
    const { histograms } = this;
    const from = this.lo[i]!;
    const to = this.hi[i]!;
    let weight = to - from;
    if (histograms === undefined) return weight;
    for (let j = from; j < to; j++) {
      const histogram = histograms[j];
      if (histogram !== undefined) weight += histogramWeight(histogram) - 1;
    }
    return weight;
  }

  /** The windows of steps `from` to `to` (exclusive) as they are placed now. */
  slice(from: number, to: number): Windows {
    const { frame } = this;
    const out = new Windows({
      frame: { ...frame, startMs: frame.startMs + from * frame.stepMs, steps: to - from },
      times: { firstMs: this.firstEndMs + from * this.endStepMs, stepMs: this.endStepMs },
      rangeMs: this.rangeMs,
      beforeMs: this.beforeMs,
      afterMs: this.afterMs,
      useStarts: this.useStarts,
      scalars: this.scalars.map((scalar) => scalar.subarray(from, to)),
    });
    out.lo.set(this.lo.subarray(from, to));
    out.hi.set(this.hi.subarray(from, to));
    const { labels, timestamps, values, histograms, starts, length } = this;
    return Object.assign(out, { labels, timestamps, values, histograms, starts, length });
  }

  /** Windows of the same times, for a part of the samples. */
  sibling(): Windows {
    return new Windows({
      frame: this.frame,
      times: { firstMs: this.firstEndMs, stepMs: this.endStepMs },
      rangeMs: this.rangeMs,
      beforeMs: this.beforeMs,
      afterMs: this.afterMs,
      useStarts: this.useStarts,
      scalars: this.scalars,
    });
  }

  /** What the windows hold where histograms are among it, which count for several samples. */
  #weigh(histograms: (FloatHistogram | undefined)[]): number {
    const before = new Float64Array(this.length + 1);
    for (let j = 0; j < this.length; j++) {
      const histogram = histograms[j];
      before[j + 1] = before[j]! + (histogram === undefined ? 1 : histogramWeight(histogram));
    }
    let held = 0;
    for (let i = 0; i < this.steps; i++) held += before[this.hi[i]!]! - before[this.lo[i]!]!;
    return held;
  }
}
