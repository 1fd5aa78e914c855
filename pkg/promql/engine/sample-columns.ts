import { CounterReset, FloatHistogram } from "#pkg/histogram/mod.ts";
import type { SampleColumns } from "#pkg/storage/mod.ts";
import { histogramWeight } from "./row.ts";

/** What the samples of columns count for in a budget. */
export function columnsWeight(columns: SampleColumns): number {
  const { histograms, length } = columns;
  if (histograms === undefined) return length;
  let weight = length;
  for (const histogram of histograms) {
    if (histogram !== undefined) weight += histogramWeight(histogram) - 1;
  }
  return weight;
}

/** Removes stale markers from the columns; ranges do not see them. Returns the new length. */
export function dropStale(columns: SampleColumns): number {
  const { length } = columns;
  let i = 0;
  while (i < length && !columns.isStale(i)) i++;
  let out = i;
  for (; i < length; i++) if (!columns.isStale(i)) columns.move(i, out++);
  if (out < length) columns.truncate(out);
  return out;
}

/**
 * Replaces histograms by their counts and sums, which are cheap to add up. Whether there was a reset
 * before each is found out first, as it could not be any more.
 */
export function dropBuckets(columns: SampleColumns): void {
  const histograms = columns.histograms!;
  let before: FloatHistogram | undefined;
  for (let i = 0; i < columns.length; i++) {
    const full = histograms[i];
    if (full === undefined) continue;
    const stats = new FloatHistogram();
    stats.schema = full.schema;
    stats.count = full.count;
    stats.sum = full.sum;
    stats.counterReset = full.counterReset;
    if (full.counterReset === CounterReset.unknown && before !== undefined) {
      const { reset, notReset } = CounterReset;
      stats.counterReset = full.detectReset(before) ? reset : notReset;
    }
    histograms[i] = stats;
    before = full;
  }
}
