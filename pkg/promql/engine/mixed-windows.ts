import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import type { Windows } from "./windows.ts";

/**
 * The windows of a series that has histograms, divided into those of its floats and those of its
 * histograms.
 */
export class MixedWindows {
  readonly floats: Windows;
  readonly histograms: HistogramWindows;

  constructor(windows: Windows) {
    this.floats = windows.sibling();
    this.histograms = new HistogramWindows(windows);
  }

  /** Divides the samples that `windows` holds at present; they are copied. */
  divide(windows: Windows): void {
    const { length, timestamps, values, starts } = windows;
    const histograms = windows.histograms!;
    const { floats, histograms: own } = this;
    const floatTimes = new Float64Array(length);
    const floatValues = new Float64Array(length);
    const floatStarts = starts && new Float64Array(length);
    /** How many floats are before each sample. */
    const before = new Int32Array(length + 1);
    own.clear(starts !== undefined);
    let count = 0;
    for (let j = 0; j < length; j++) {
      const histogram = histograms[j];
      if (histogram === undefined) {
        floatTimes[count] = timestamps[j]!;
        floatValues[count] = values[j]!;
        if (floatStarts) floatStarts[count] = starts![j]!;
        count++;
      } else own.push(timestamps[j]!, histogram, starts?.[j]);
      before[j + 1] = count;
    }
    floats.labels = windows.labels;
    floats.timestamps = floatTimes;
    floats.values = floatValues;
    floats.starts = floatStarts;
    floats.length = count;
    floats.overlaps = 0;
    for (let i = 0; i < windows.steps; i++) {
      const lo = windows.lo[i]!;
      const hi = windows.hi[i]!;
      floats.lo[i] = before[lo]!;
      floats.hi[i] = before[hi]!;
      own.lo[i] = lo - before[lo]!;
      own.hi[i] = hi - before[hi]!;
    }
  }

  /** True if the window of step `i` has floats and histograms. */
  isMixed(i: number): boolean {
    const { floats, histograms } = this;
    return floats.hi[i]! > floats.lo[i]! && histograms.hi[i]! > histograms.lo[i]!;
  }
}

/** The histograms of one series and, for each step, which of them its window holds. */
export class HistogramWindows {
  readonly timestamps: number[] = [];
  readonly values: FloatHistogram[] = [];
  starts: number[] | undefined = undefined;
  /** What `isReset` has found: windows overlap, so each is asked several times. */
  readonly #resets: (boolean | undefined)[] = [];
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly steps: number;
  readonly rangeMs: number;
  readonly firstEndMs: number;
  readonly endStepMs: number;

  constructor(windows: Windows) {
    this.steps = windows.steps;
    this.rangeMs = windows.rangeMs;
    this.firstEndMs = windows.firstEndMs;
    this.endStepMs = windows.endStepMs;
    this.lo = new Int32Array(windows.steps);
    this.hi = new Int32Array(windows.steps);
  }

  /** True if there was a counter reset before histogram `j`, by the histograms alone. */
  isReset(j: number): boolean {
    let reset = this.#resets[j];
    if (reset === undefined) {
      reset = this.values[j]!.detectReset(this.values[j - 1]!);
      this.#resets[j] = reset;
    }
    return reset;
  }

  clear(hasStarts: boolean): void {
    this.#resets.length = 0;
    this.timestamps.length = 0;
    this.values.length = 0;
    this.starts = hasStarts ? [] : undefined;
  }

  push(timestamp: number, histogram: FloatHistogram, start: number | undefined): void {
    this.timestamps.push(timestamp);
    this.values.push(histogram);
    this.starts?.push(start ?? 0);
  }
}
