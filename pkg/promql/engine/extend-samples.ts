import { NarthexError } from "#pkg/errs/mod.ts";
import { boundaries } from "./functions/rate.ts";
import type { SamplesSeries } from "./result.ts";
import type { Windows } from "./windows.ts";

/**
 * The samples of an `anchored` or `smoothed` range: those inside it and one at each of its ends,
 * with the value of the sample before or one from the line between the samples around it.
 */
export function extendSamples(
  windows: Windows,
  smoothed: boolean,
): Omit<SamplesSeries, "labels"> | undefined {
  const { timestamps, values } = windows;
  if (windows.histograms !== undefined) {
    const modifier = smoothed ? "smoothed" : "anchored";
    throw new NarthexError("execution", `${modifier} modifier is not supported with histograms`);
  }
  const end = windows.firstEndMs;
  const start = end - windows.rangeMs;
  const ends = boundaries(windows, 0, { start, end, smoothed });
  if (!ends) return undefined;
  const { first, last } = ends;
  const outTimes = [start];
  const outValues = [
    valueAt(windows, { from: first, at: start, smoothed: smoothed && timestamps[first]! < start }),
  ];
  for (let j = first; j <= last; j++) {
    if (timestamps[j]! <= start || timestamps[j]! >= end) continue;
    outTimes.push(timestamps[j]!);
    outValues.push(values[j]!);
  }
  const beyond = smoothed && last > 0 && timestamps[last]! > end;
  outTimes.push(end);
  outValues.push(valueAt(windows, { from: beyond ? last - 1 : last, at: end, smoothed: beyond }));
  return {
    timestamps: Float64Array.from(outTimes),
    values: Float64Array.from(outValues),
    histograms: undefined,
  };
}

function valueAt(
  { timestamps, values }: Windows,
  { from, at, smoothed }: { from: number; at: number; smoothed: boolean },
): number {
  if (!smoothed) return values[from]!;
  const rise = values[from + 1]! - values[from]!;
  const span = timestamps[from + 1]! - timestamps[from]!;
  return values[from]! + (rise * (at - timestamps[from]!)) / span;
}
