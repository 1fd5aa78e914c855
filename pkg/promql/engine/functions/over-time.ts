// Hot path: functions over windows; those that can slide exactly cost O(samples + steps).

import { KahanSum } from "#pkg/histogram/mod.ts";
import type { Windows } from "../windows.ts";
import { quantile } from "./numeric.ts";
import type { RangeKernel } from "./rate.ts";
import { SortedWindow } from "./sorted-window.ts";
import { isStartReset } from "./start-times.ts";

/** Calls `value(lo, hi)` for each window that is not empty. */
function eachWindow(
  value: (
    input: { readonly timestamps: Float64Array; readonly values: Float64Array },
    lo: number,
    hi: number,
  ) => number,
): RangeKernel {
  return (windows, row) => {
    const { lo, hi, steps } = windows;
    for (let i = 0; i < steps; i++) {
      if (hi[i]! <= lo[i]!) continue;
      row.kinds[i] = 1;
      row.values[i] = value(windows, lo[i]!, hi[i]!);
    }
  };
}

/** Adds `values[lo, hi)` to a sum, in locals, as stores into fields would cost as much again. */
function kahanTotal(
  values: Float64Array,
  { lo, hi, into }: { readonly lo: number; readonly hi: number; readonly into: KahanSum },
): void {
  let { sum, compensation } = into;
  for (let j = lo; j < hi; j++) {
    const value = values[j]!;
    const next = sum + value;
    // What rounding lost, exactly, whichever is larger (Knuth's sum): no branch to mispredict.
    const part = next - sum;
    compensation += sum - (next - part) + (value - part);
    if (next === Infinity || next === -Infinity) compensation = 0;
    sum = next;
  }
  into.sum = sum;
  into.compensation = compensation;
}

export function sumKernel(): RangeKernel {
  const kahan = new KahanSum();
  const window = { lo: 0, hi: 0, into: kahan };
  return eachWindow(({ values }, lo, hi) => {
    kahan.reset();
    window.lo = lo;
    window.hi = hi;
    kahanTotal(values, window);
    const { sum } = kahan;
    return sum === Infinity || sum === -Infinity ? sum : sum + kahan.compensation;
  });
}

/** The mean by way of the sum, or, where that would overflow, by correcting the mean so far. */
export function averageKernel(): RangeKernel {
  const kahan = new KahanSum();
  const window = { lo: 0, hi: 0, into: kahan };
  return eachWindow(({ values }, lo, hi) => {
    kahan.sum = values[lo]!;
    kahan.compensation = 0;
    window.lo = lo + 1;
    window.hi = hi;
    kahanTotal(values, window);
    // Once infinite (or NaN by way of it) a sum stays so: only then the slow way may differ.
    if (Number.isFinite(kahan.sum)) return kahan.sum / (hi - lo) + kahan.compensation / (hi - lo);
    return incrementalAverage(values, { lo, hi, into: kahan });
  });
}

function incrementalAverage(
  values: Float64Array,
  { lo, hi, into: kahan }: { readonly lo: number; readonly hi: number; readonly into: KahanSum },
): number {
  kahan.sum = values[lo]!;
  kahan.compensation = 0;
  let incremental = false;
  for (let j = lo + 1; j < hi; j++) {
    const count = j - lo + 1;
    if (!incremental) {
      const { sum, compensation } = kahan;
      kahan.add(values[j]!);
      if (kahan.sum !== Infinity && kahan.sum !== -Infinity) continue;
      incremental = true;
      kahan.sum = sum / (count - 1);
      kahan.compensation = compensation / (count - 1);
    }
    const q = (count - 1) / count;
    kahan.sum *= q;
    kahan.compensation *= q;
    kahan.add(values[j]! / count);
  }
  if (incremental) return kahan.sum + kahan.compensation;
  return kahan.sum / (hi - lo) + kahan.compensation / (hi - lo);
}

export function varianceKernel(deviation: boolean): RangeKernel {
  const mean = new KahanSum();
  const squares = new KahanSum();
  return eachWindow(({ values }, lo, hi) => {
    mean.reset();
    squares.reset();
    for (let j = lo; j < hi; j++) {
      const value = values[j]!;
      const delta = value - (mean.sum + mean.compensation);
      mean.add(delta / (j - lo + 1));
      squares.add(delta * (value - (mean.sum + mean.compensation)));
    }
    const variance = (squares.sum + squares.compensation) / (hi - lo);
    return deviation ? Math.sqrt(variance) : variance;
  });
}

export const countKernel = (): RangeKernel => eachWindow((_, lo, hi) => hi - lo);
export const presentKernel = (): RangeKernel => eachWindow(() => 1);
export const firstKernel = (): RangeKernel => eachWindow(({ values }, lo) => values[lo]!);
export const lastKernel = (): RangeKernel => eachWindow(({ values }, _, hi) => values[hi - 1]!);
export const firstTimeKernel = (): RangeKernel =>
  eachWindow(({ timestamps }, lo) => timestamps[lo]! / 1000);
export const lastTimeKernel = (): RangeKernel =>
  eachWindow(({ timestamps }, _, hi) => timestamps[hi - 1]! / 1000);

/**
 * The largest (`sign` 1) or smallest (-1) value of each window, or when it was. A queue holds the
 * samples that may still become the extreme of a later window, best first; NaN counts only where
 * a window has nothing else. Of equal values the first is taken, of equal times the last.
 */
export function extremeKernel(sign: 1 | -1, asTime: boolean): RangeKernel {
  let queue = new Int32Array(64);
  return (windows, row) => {
    const { timestamps, values, lo, hi, steps, length } = windows;
    if (queue.length < length) queue = new Int32Array(length * 2);
    let head = 0;
    let tail = 0;
    let next = 0;
    for (let i = 0; i < steps; i++) {
      for (; next < hi[i]!; next++) {
        const value = values[next]! * sign;
        if (Number.isNaN(value)) continue;
        while (tail > head) {
          const back = values[queue[tail - 1]!]! * sign;
          if (asTime ? back > value : back >= value) break;
          tail--;
        }
        queue[tail++] = next;
      }
      while (head < tail && queue[head]! < lo[i]!) head++;
      if (hi[i]! <= lo[i]!) continue;
      // Only NaN: its value, and as the comparison lets each NaN replace the last, the last time.
      const at = head < tail ? queue[head]! : hi[i]! - 1;
      row.kinds[i] = 1;
      row.values[i] = asTime ? timestamps[at]! / 1000 : values[at]!;
    }
  };
}

/** `changes` and `resets`: how often a value differs from, or is below, the one before it. */
export function transitionsKernel(falls: boolean): RangeKernel {
  let counts = new Int32Array(64);
  return (windows, row) => {
    const { values, lo, hi, steps, length } = windows;
    if (counts.length < length) counts = new Int32Array(length * 2);
    counts[0] = 0;
    const isPlain = windows.histograms === undefined && windows.starts === undefined;
    for (let j = 1; j < length; j++) {
      const now = values[j]!;
      const before = values[j - 1]!;
      let counted: boolean;
      if (!isPlain) counted = hasTransition(windows, j, falls);
      else if (falls) counted = now < before;
      else counted = now !== before && !(Number.isNaN(now) && Number.isNaN(before));
      counts[j] = counts[j - 1]! + (counted ? 1 : 0);
    }
    for (let i = 0; i < steps; i++) {
      const from = anchor(windows, i);
      if (hi[i]! <= lo[i]! || from < 0) continue;
      row.kinds[i] = 1;
      row.values[i] = counts[hi[i]! - 1]! - counts[from]!;
    }
  };
}

/** The same where samples may be histograms or have start timestamps. */
function hasTransition(windows: Windows, j: number, falls: boolean): boolean {
  const now = windows.histograms?.[j];
  const before = windows.histograms?.[j - 1];
  if ((now === undefined) !== (before === undefined)) return true;
  if (falls && isStartReset(windows, j)) return true;
  if (now !== undefined) return falls ? now.detectReset(before!) : !now.equals(before!);
  const value = windows.values[j]!;
  const last = windows.values[j - 1]!;
  if (falls) return value < last;
  return value !== last && !(Number.isNaN(value) && Number.isNaN(last));
}

/** First sample that counts: with `anchored` the last one at or before the range; -1 for none. */
function anchor(
  windows: {
    readonly timestamps: Float64Array;
    readonly lo: Int32Array;
    readonly hi: Int32Array;
    readonly beforeMs: number;
    readonly firstEndMs: number;
    readonly endStepMs: number;
    readonly rangeMs: number;
  },
  i: number,
): number {
  const lo = windows.lo[i]!;
  if (windows.beforeMs === 0) return lo;
  const hi = windows.hi[i]!;
  const start = windows.firstEndMs + i * windows.endStepMs - windows.rangeMs;
  let from = lo;
  while (from < hi && windows.timestamps[from]! <= start) from++;
  return from === hi ? -1 : Math.max(lo, from - 1);
}

export function quantileKernel(): RangeKernel {
  const sorted = new SortedWindow();
  return (windows, row) => {
    const { values, lo, hi, steps } = windows;
    const q = windows.scalars[0]!;
    sorted.clear();
    for (let i = 0; i < steps; i++) {
      sorted.moveTo(values, lo[i]!, hi[i]!);
      if (hi[i]! <= lo[i]!) continue;
      row.kinds[i] = 1;
      row.values[i] = sorted.quantile(q[i]!);
    }
  };
}

/** The median distance from the median. */
export function deviationKernel(): RangeKernel {
  let scratch = new Float64Array(64);
  return eachWindow(({ values }, lo, hi) => {
    const count = hi - lo;
    if (scratch.length < count) scratch = new Float64Array(count * 2);
    for (let j = 0; j < count; j++) {
      if (Number.isNaN(values[lo + j]!)) return NaN;
      scratch[j] = values[lo + j]!;
    }
    const median = quantile(0.5, scratch, count);
    for (let j = 0; j < count; j++) scratch[j] = Math.abs(scratch[j]! - median);
    return quantile(0.5, scratch, count);
  });
}
