import { compareLabels, type Labels } from "#pkg/labels/mod.ts";
import { type Expr, typeOf } from "#pkg/promql/mod.ts";
import { type Times, Twin, type TwinOptions } from "./evaluator.ts";
import {
  checkDistinct,
  dropNames,
  type Point,
  type Sample,
  type StoredSeries,
  TwinError,
  toLabels,
} from "./model.ts";

export type { Times, TwinOptions } from "./evaluator.ts";
export type { Point, StoredSeries, Value } from "./model.ts";
export { TwinError, toLabels } from "./model.ts";

/** One series of a result, with the points that it has. */
export interface TwinSeries {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

/**
 * What `expr` gives at each step (at `startMs` only if `stepMs` is 0), sorted by labels. A scalar is
 * a series without labels.
 */
export function evaluateTwin(
  stored: readonly StoredSeries[],
  expr: Expr,
  times: Times,
  options: TwinOptions = { delayedNameRemoval: false },
): TwinSeries[] {
  const series = [...stored].sort((a, b) => compareLabels(toLabels(a.metric), toLabels(b.metric)));
  const twin = new Twin(series, times, options);
  const type = typeOf(expr);
  if (type === "matrix") {
    if (times.stepMs !== 0) throw new TwinError("a range query cannot give ranges");
    return sorted(
      checkDistinct(dropNames(twin.rawRange(expr, times.startMs))).map(({ metric, points }) => ({
        labels: toLabels(metric),
        points,
      })),
    );
  }
  const out = new Map<string, { labels: Labels; points: Point[] }>();
  const { startMs, endMs, stepMs } = times;
  for (let timeMs = startMs; timeMs <= endMs; timeMs += stepMs) {
    const samples: Sample[] =
      type === "scalar"
        ? [{ metric: new Map<string, string>(), value: twin.scalar(expr, timeMs) }]
        : twin.vector(expr, timeMs);
    for (const { metric, value } of checkDistinct(dropNames(samples))) {
      const labels = toLabels(metric);
      const key = JSON.stringify(labels);
      const known = out.get(key) ?? { labels, points: [] };
      known.points.push({ timeMs, value });
      out.set(key, known);
    }
    if (stepMs === 0) break;
  }
  return sorted([...out.values()]);
}

function sorted(series: readonly TwinSeries[]): TwinSeries[] {
  return [...series].sort((a, b) => compareLabels(a.labels, b.labels));
}
