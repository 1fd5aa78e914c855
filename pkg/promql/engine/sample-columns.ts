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
