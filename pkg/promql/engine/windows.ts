// Hot path: finding the samples of each step's window, O(samples + steps), nothing allocated.
import { EMPTY_LABELS, type Labels } from "#pkg/labels/mod.ts";
import type { SampleColumns } from "#pkg/storage/mod.ts";
import type { Frame } from "./context.ts";
import type { LookTimes } from "./select.ts";

/**
 * The samples of one series and, for each step, which of them its window holds: those with indices
 * `lo[i] <= j < hi[i]`. Windows are open on the left. Reused from series to series.
 */
export class Windows {
  labels: Labels = EMPTY_LABELS;
  timestamps: Float64Array = new Float64Array(0);
  values: Float64Array = new Float64Array(0);
  length = 0;
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
   * @returns how many samples the windows hold, each counted for every window it is in.
   */
  place(columns: SampleColumns, labels: Labels): number {
    this.labels = labels;
    const timestamps = (this.timestamps = columns.timestamps);
    this.values = columns.values;
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
    return held;
  }
}
