import { expect, test } from "vitest";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { compareLabels, type Labels, labelsFromObject, labelValue } from "#pkg/labels/mod.ts";
import type { Querier, SelectParams, Series } from "#pkg/storage/mod.ts";
import { Engine, type QueryResult } from "../mod.ts";

const signal = new AbortController().signal;

function histogram(count: number): FloatHistogram {
  const h = new FloatHistogram();
  h.count = count;
  h.sum = count / 2;
  h.positiveSpans = Int32Array.of(0, 1);
  h.positiveBuckets = Float64Array.of(count);
  return h;
}

/** 700 counters and a few histograms, sampled each minute for an hour, in batches of 50. */
function storage(onSelect: (params: SelectParams) => void = () => undefined): Querier {
  const sets: Labels[] = [];
  for (let i = 0; i < 700; i++) {
    sets.push(labelsFromObject({ __name__: "c_total", job: `j${i % 3}`, i: `${i}` }));
  }
  for (let i = 0; i < 5; i++) sets.push(labelsFromObject({ __name__: "h", job: "j0", i: `${i}` }));
  sets.push(labelsFromObject({ __name__: "t_total", __type__: "counter", job: "a" }));
  sets.push(labelsFromObject({ __name__: "t_total", __type__: "gauge", job: "a" }));
  sets.sort(compareLabels);
  const all = sets.map((labels, n): Series => {
    const isHistogram = labelValue(labels, "__name__") === "h";
    return {
      labels,
      read(into, mint, maxt) {
        for (let t = 0; t <= 3_600_000; t += 60_000) {
          if (t < mint || t > maxt) continue;
          const value = ((t / 60_000) * (n + 1)) % 97;
          if (isHistogram && t % 240_000 !== 0) into.pushHistogram(t, histogram(value));
          else into.push(t, value);
        }
      },
    };
  });
  return {
    async *select(params) {
      onSelect(params);
      const found = all.filter(({ labels }) =>
        params.matchers.every((m) => m.matches(labelValue(labels, m.name))),
      );
      for (let i = 0; i < found.length; i += 50) yield found.slice(i, i + 50);
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}

const RANGE = { startMs: 600_000, endMs: 3_600_000, stepMs: 120_000 };

test.each([
  // Aggregations of the same vector.
  ["sum(rate(c_total[5m])) / sum(rate(c_total[5m]))", 1],
  ["sum by (job) (rate(c_total[5m])) / on () group_left sum(rate(c_total[5m]))", 1],
  ["sum(c_total) / count(c_total) - avg(c_total)", 1],
  // Aggregations of the same series, or of some of them.
  ["sum(rate(c_total[5m])) + sum(rate(c_total[6m]))", 1],
  ['sum(rate(c_total{job=~"j[12]"}[5m])) / sum(rate(c_total[5m]))', 1],
  ['sum by (job) (rate(c_total{i="7"}[5m])) / count by (job) (c_total{i!="8"})', 2],
  ['count(c_total{i!="8",job="j1"}) / count(c_total{i!="8"}) + max(c_total)', 1],
  ['sum(rate(c_total{job="j1"}[30m])) / sum(rate(c_total[5m]))', 2],
  ["sum(c_total) / sum(c_total offset 70m)", 2],
  ["sum(increase(t_total[5m])) / sum(t_total)", undefined],
  ["sum(sum by (job) (c_total)) + max(sum by (job) (c_total)) + sum by (job) (c_total)", 1],
  ["sum(c_total) + max_over_time(sum(c_total)[5m:1m]) * max(c_total)", 2],
  ["max_over_time((sum(c_total) / count(c_total))[5m:1m])", 1],
  ["sum(c_total @ 1200) / count(c_total @ 1200) + sum(c_total)", 2],
  ["stddev(h) + count(h) * min(h)", 1],
  [
    "sum(max_over_time(sum(c_total)[5m:1m])) / sum(max_over_time(sum(c_total)[5m:1m])) + " +
      "max_over_time((sum(h) / count(h))[5m:1m])",
    2,
  ],
  ["sum(h) == sum(h)", 1],
  // A series and itself.
  ["c_total - c_total offset 5m", 1],
  ["c_total > 5 and c_total < 50", 1],
  ["c_total unless c_total offset 5m > 40", 1],
  ["rate(c_total[5m]) / rate(c_total[30m] offset 10m)", 1],
  ["sum(c_total / (c_total offset 3m) > bool 1)", 1],
  ["abs(-c_total) * max_over_time(c_total[10m:1m])", 1],
  ["h - h offset 1m", 1],
  ["t_total - t_total offset 1m", undefined],
  ["c_total - on (job, i) c_total offset 5m", 2],
  ['c_total - c_total{job="j1"}', 1],
  ['c_total and c_total{job="j1"} or c_total', 2],
  ["c_total or c_total offset 5m", 2],
  ["c_total - c_total offset 75m", 2],
  ["c_total * scalar(c_total)", 2],
  // The same on both sides of any operator.
  ["c_total / on (i) c_total", 1],
  ["sum by (i) (c_total) * on (i) group_right topk(3, c_total)", 2],
] as const)("%s selects %s times", async (query, selections) => {
  const run = async (rewrite: boolean): Promise<{ selected: number; result: unknown }> => {
    let selected = 0;
    const querier = storage(() => void selected++);
    const engine = new Engine({ rewrite });
    const result = await engine
      .range(querier, query, RANGE, signal)
      .catch((error: unknown) => String(error));
    return { selected, result };
  };
  const plain = await run(false);
  const shared = await run(true);
  const value = (result: unknown): unknown => (result as QueryResult).value ?? result;
  expect(value(shared.result)).toEqual(value(plain.result));
  if (selections === undefined) expect(String(plain.result)).toContain("same labelset");
  else {
    expect(shared.selected).toBe(selections);
    expect((shared.result as QueryResult).infos).toEqual((plain.result as QueryResult).infos);
    expect((shared.result as QueryResult).warnings).toEqual((plain.result as QueryResult).warnings);
    const instant = (rewrite: boolean): Promise<QueryResult> =>
      new Engine({ rewrite }).instant(storage(), query, { timeMs: 1_800_000 }, signal);
    expect((await instant(true)).value).toEqual((await instant(false)).value);
  }
});

test("a series and itself are matched batch by batch, without being held", async () => {
  const engine = new Engine({ maxSamples: 26 * 600 * 2 });
  const query = "sum(c_total / c_total offset 5m)";
  const { stats } = await engine.range(storage(), query, RANGE, signal);
  expect(stats.peakSamples).toBeLessThan(26 * 600);
  const plain = new Engine({ rewrite: false, maxSamples: 26 * 600 });
  await expect(plain.range(storage(), query, RANGE, signal)).rejects.toThrow("too many samples");
});

test("one selection covers the times that all parts look at", async () => {
  const asked: (readonly [number, number])[] = [];
  const querier = storage(({ mint, maxt }) => asked.push([mint, maxt]));
  const engine = new Engine({ lookbackDeltaMs: 60_000 });
  await engine.range(querier, "c_total - max_over_time(c_total[5m] offset 10m)", RANGE, signal);
  await engine.instant(querier, "c_total > 1 < 9 and c_total", { timeMs: 1_000_000 }, signal);
  expect(asked).toEqual([
    [600_000 - 900_000 + 1, 3_600_000],
    [940_001, 1_000_000],
  ]);
});
