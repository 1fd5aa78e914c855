import { NarthexError } from "#pkg/errs/mod.ts";
import { ClassicHistogram } from "#pkg/histogram/mod.ts";
import {
  formatSeries,
  type Labels,
  labelsFromPairs,
  labelsKey,
  labelValue,
} from "#pkg/labels/mod.ts";
import { parseFloatText } from "#pkg/model/mod.ts";
import type { MemorySample } from "./memory-storage.ts";

/** A series as a script loads it. */
export interface LoadedSeries {
  readonly labels: Labels;
  readonly samples: readonly MemorySample[];
}

interface Gathered {
  readonly labels: Labels;
  readonly byTime: Map<number, ClassicHistogram>;
}

/**
 * The native histograms with custom buckets that the classic ones among `series` stand for. Errors:
 * `bad_data`, if the series of one contradict each other.
 */
export function nativeFromClassic(series: readonly LoadedSeries[]): LoadedSeries[] {
  const gathered = new Map<string, Gathered>();
  for (const { labels, samples } of series) gather(labels, samples, gathered);
  return [...gathered.values()].map(({ labels, byTime }) => {
    const samples: MemorySample[] = [];
    for (const [timeMs, classic] of [...byTime].sort(([a], [b]) => a - b)) {
      const histogram = classic.toNative();
      if (typeof histogram === "string") {
        throw new NarthexError("bad_data", `${formatSeries(labels)}: ${histogram}`);
      }
      samples.push({ timeMs, value: 0, histogram, startMs: 0 });
    }
    return { labels, samples };
  });
}

function gather(
  labels: Labels,
  samples: readonly MemorySample[],
  into: Map<string, Gathered>,
): void {
  const match = /^(.*)_(bucket|sum|count)$/.exec(labelValue(labels, "__name__"));
  if (!match) return;
  const [, name, part] = match as unknown as [string, string, string];
  const le = parseFloatText(labelValue(labels, "le"));
  if (part === "bucket" && (le === undefined || Number.isNaN(le))) return;
  const base = baseLabels(labels, name);
  const key = labelsKey(base);
  const entry = into.get(key) ?? { labels: base, byTime: new Map() };
  into.set(key, entry);
  for (const { timeMs, value, histogram } of samples) {
    if (histogram !== undefined) continue;
    const classic = entry.byTime.get(timeMs) ?? new ClassicHistogram();
    entry.byTime.set(timeMs, classic);
    if (part === "bucket") classic.setBucket(le!, value ?? Number.NaN);
    else if (part === "count") classic.setCount(value ?? Number.NaN);
    else classic.setSum(value ?? Number.NaN);
  }
}

function baseLabels(labels: Labels, name: string): Labels {
  const pairs: [string, string][] = [["__name__", name]];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] !== "__name__" && labels[i] !== "le") pairs.push([labels[i]!, labels[i + 1]!]);
  }
  return labelsFromPairs(pairs);
}
