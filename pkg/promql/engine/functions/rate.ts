// Hot path: rates of counters, a few ns a sample for the resets and a few a step, no allocation.
import type { Row } from "../row.ts";
import type { Windows } from "../windows.ts";
import { extrapolation, isStartReset, startsOverlap } from "./start-times.ts";

/** Fills `row` from the windows of one series; steps it leaves alone stay empty. */
export type RangeKernel = (windows: Windows, row: Row) => void;

/** Where the values of a series fall, found once for all its windows. */
class Resets {
  #at: Int32Array = new Int32Array(16);
  count = 0;

  find(values: Float64Array, length: number): void {
    this.count = 0;
    for (let i = 1; i < length; i++) {
      if (values[i]! < values[i - 1]!) this.#push(i);
    }
  }

  at(index: number): number {
    return this.#at[index]!;
  }

  #push(index: number): void {
    if (this.count === this.#at.length) {
      const grown = new Int32Array(this.count * 2);
      grown.set(this.#at);
      this.#at = grown;
    }
    this.#at[this.count++] = index;
  }
}

/**
 * `rate`, `increase` (both for counters) and `delta`: the difference of the last and first sample,
 * resets made up for, extended to the ends of the range where the samples come close to them.
 * Source: Prometheus promql/functions.go extrapolatedRate.
 */
export function extrapolatedKernel(isCounter: boolean, isRate: boolean): RangeKernel {
  const resets = new Resets();
  return (windows, row) => {
    if (isCounter && windows.starts !== undefined) {
      startedRates(windows, row, windows.starts, isRate);
      return;
    }
    const { timestamps, values, lo, hi, steps, rangeMs } = windows;
    if (isCounter) resets.find(values, windows.length);
    let reset = 0;
    for (let i = 0; i < steps; i++) {
      const first = lo[i]!;
      const last = hi[i]! - 1;
      if (last <= first) continue;
      let result = values[last]! - values[first]!;
      while (reset < resets.count && resets.at(reset) <= first) reset++;
      for (let r = reset; r < resets.count && resets.at(r) <= last; r++) {
        result += values[resets.at(r) - 1]!;
      }
      const end = windows.firstEndMs + i * windows.endStepMs;
      const sampled = (timestamps[last]! - timestamps[first]!) / 1000;
      const average = sampled / (last - first);
      const threshold = average * 1.1;
      let toStart = (timestamps[first]! - (end - rangeMs)) / 1000;
      let toEnd = (end - timestamps[last]!) / 1000;
      if (toStart >= threshold) toStart = average / 2;
      if (isCounter) {
        // A counter cannot have been below 0, so it began no earlier than where its line crosses 0.
        let toZero = toStart;
        if (result > 0 && values[first]! >= 0) toZero = sampled * (values[first]! / result);
        if (toZero < toStart) toStart = toZero;
      }
      if (toEnd >= threshold) toEnd = average / 2;
      let factor = (sampled + toStart + toEnd) / sampled;
      if (isRate) factor /= rangeMs / 1000;
      row.kinds[i] = 1;
      row.values[i] = result * factor;
    }
  };
}

/** `rate` and `increase` of counters whose start timestamps are known. */
function startedRates(windows: Windows, row: Row, starts: Float64Array, isRate: boolean): void {
  const { timestamps, values, lo, hi, rangeMs } = windows;
  for (let i = 0; i < windows.steps; i++) {
    const first = lo[i]!;
    const last = hi[i]! - 1;
    if (last < first) continue;
    let increase = values[last]! - values[first]!;
    let overlaps = false;
    for (let j = first + 1; j <= last; j++) {
      if (startsOverlap(windows, j)) overlaps = true;
      if (values[j]! < values[j - 1]! || isStartReset(windows, j)) increase += values[j - 1]!;
    }
    if (overlaps) windows.overlaps++;
    const rangeEndMs = windows.firstEndMs + i * windows.endStepMs;
    const rangeStartMs = rangeEndMs - rangeMs;
    const firstMs = timestamps[first]!;
    const began = starts[first]!;
    const startMs = began !== 0 && began > rangeStartMs && began < firstMs ? began : undefined;
    if (startMs !== undefined) increase += values[first]!;
    const hasSlope = increase > 0 && values[first]! >= 0;
    const factor = extrapolation({
      firstMs,
      lastMs: timestamps[last]!,
      rangeStartMs,
      rangeEndMs,
      count: last - first + 1,
      startMs,
      firstPart: hasSlope ? values[first]! / increase : undefined,
    });
    if (factor === undefined) continue;
    row.kinds[i] = 1;
    row.values[i] = increase * (isRate ? factor / (rangeMs / 1000) : factor);
  }
}

/** `irate` and `idelta`: from the last two samples. */
export function instantKernel(isRate: boolean): RangeKernel {
  return (windows, row) => {
    const { timestamps, values, lo, hi, steps } = windows;
    for (let i = 0; i < steps; i++) {
      const last = hi[i]! - 1;
      if (last - 1 < lo[i]!) continue;
      const interval = timestamps[last]! - timestamps[last - 1]!;
      if (interval === 0) continue;
      const now = values[last]!;
      const before = values[last - 1]!;
      // After a reset the counter's value is its increase.
      const isReset = isRate && (now < before || isStartReset(windows, last));
      const rise = isReset ? now : now - before;
      row.kinds[i] = 1;
      row.values[i] = isRate ? rise / (interval / 1000) : rise;
    }
  };
}

/**
 * The same for `anchored` and `smoothed` selectors: the values at the ends of the range are those of
 * the sample before it, or lie on the line between the samples around it; nothing is extrapolated.
 */
export function extendedKernel(options: {
  readonly isCounter: boolean;
  readonly isRate: boolean;
  readonly smoothed: boolean;
}): RangeKernel {
  const { isCounter, isRate, smoothed } = options;
  return (windows, row) => {
    const { timestamps, values, rangeMs } = windows;
    for (let i = 0; i < windows.steps; i++) {
      const end = windows.firstEndMs + i * windows.endStepMs;
      const ends = boundaries(windows, i, { start: end - rangeMs, end, smoothed });
      if (!ends) continue;
      let { first, last } = ends;
      const start = end - rangeMs;
      const left =
        smoothed && timestamps[first]! < start
          ? between(windows, first, { at: start, isCounter })
          : values[first]!;
      const right =
        smoothed && last > windows.lo[i]! && timestamps[last]! > end
          ? between(windows, last - 1, { at: end, isCounter })
          : values[last]!;
      let result = right - left;
      if (isCounter) {
        if (timestamps[first]! <= start) first++;
        if (timestamps[last]! >= end) last--;
        let previous = left;
        for (let j = first; j <= last; j++) {
          if (values[j]! < previous) result += previous;
          previous = values[j]!;
        }
        if (right < previous) result += previous;
      }
      row.kinds[i] = 1;
      row.values[i] = isRate ? result / (rangeMs / 1000) : result;
    }
  };
}

/** The samples that stand for the two ends of window `i`, or undefined if it has nothing. */
export function boundaries(
  windows: Windows,
  i: number,
  { start, end, smoothed }: { start: number; end: number; smoothed: boolean },
): { first: number; last: number } | undefined {
  const { timestamps } = windows;
  const lo = windows.lo[i]!;
  let last = windows.hi[i]! - 1;
  if (last < lo) return undefined;
  let first = lo;
  while (first < last && timestamps[first]! <= start) first++;
  first = Math.max(lo, first - 1);
  if (smoothed) {
    let j = lo;
    while (j < last && timestamps[j]! < end) j++;
    last = j;
  }
  if (timestamps[last]! <= start) return undefined;
  if (smoothed && timestamps[first]! > end) return undefined;
  return { first, last };
}

/** The value at time `at` on the line from sample `j` to the next; a reset starts from 0. */
function between(
  { timestamps, values }: Windows,
  j: number,
  { at, isCounter }: { at: number; isCounter: boolean },
): number {
  const next = values[j + 1]!;
  const from = isCounter && next < values[j]! ? 0 : values[j]!;
  return from + ((next - from) * (at - timestamps[j]!)) / (timestamps[j + 1]! - timestamps[j]!);
}
