import { expect, test } from "vitest";
import { CounterReset, FloatHistogram } from "#pkg/histogram/mod.ts";
import { labelsFromObject, labelValue } from "#pkg/labels/mod.ts";
import type { Querier, SampleColumns } from "#pkg/storage/mod.ts";
import { Engine, type EngineOptions, type QueryResult } from "../mod.ts";

const signal = new AbortController().signal;
const MINUTE = 60_000;

function histogram(count: number): FloatHistogram {
  const h = new FloatHistogram();
  h.count = count;
  h.sum = 2 * count;
  h.positiveSpans = Int32Array.of(0, 2);
  h.positiveBuckets = Float64Array.of(count / 2, count / 2);
  return h;
}

type Sample = (into: SampleColumns, time: number, minute: number) => void;
const asHistogram: Sample = (into, time, minute) => into.pushHistogram(time, histogram(minute));

/** Histograms `h`, a gauge `g`, and `mixed`, whose odd minutes are histograms; for ten minutes. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  g: (into, time, minute) => into.push(time, minute),
  h: asHistogram,
  mixed: (into, time, minute) =>
    minute % 2 === 1 ? asHistogram(into, time, minute) : into.push(time, minute),
  stale: (into, time, minute) =>
    minute === 5 ? into.pushStale(time) : asHistogram(into, time, minute),
  started: (into, time, minute) => {
    into.push(time, 1);
    into.setStart(into.length - 1, minute * MINUTE - 30_000);
  },
};

const querier: Querier = {
  async *select({ matchers }) {
    const all = Object.entries(SAMPLES).map(([name, push]) => ({
      labels: labelsFromObject({ __name__: name }),
      read(into: SampleColumns, mint: number, maxt: number): void {
        for (let minute = 0; minute <= 10; minute++) {
          const time = minute * MINUTE;
          if (time >= mint && time <= maxt) push(into, time, minute);
        }
      },
    }));
    yield all.filter(({ labels }) => matchers.every((m) => m.matches(labelValue(labels, m.name))));
  },
  labelNames: async () => [],
  labelValues: async () => [],
};

function instant(query: string, options: EngineOptions = {}): Promise<QueryResult> {
  return new Engine(options).instant(querier, query, { timeMs: 10 * MINUTE }, signal);
}

function range(query: string, options: EngineOptions = {}): Promise<QueryResult> {
  const times = { startMs: 3 * MINUTE, endMs: 6 * MINUTE, stepMs: MINUTE };
  return new Engine({ lookbackDeltaMs: MINUTE, ...options }).range(querier, query, times, signal);
}

test("a vector has a histogram or a float for each series", async () => {
  const { value } = await instant('{__name__=~"g|h"}');
  expect(value).toMatchObject({ type: "vector", values: Float64Array.of(10, 0) });
  expect(value).toHaveProperty("histograms", [undefined, histogram(10)]);
  expect((await instant("g")).value).toHaveProperty("histograms", undefined);
});

test("a matrix says by step what there is", async () => {
  const { value } = await range("mixed");
  expect(value).toMatchObject({
    series: [
      {
        kinds: Uint8Array.of(2, 1, 2, 1),
        histograms: [histogram(3), undefined, histogram(5), undefined],
      },
    ],
  });
  expect((await range("stale")).value).toMatchObject({
    series: [{ kinds: Uint8Array.of(2, 2, 0, 2) }],
  });
  expect((await range("g + 1")).value).toMatchObject({ series: [{ histograms: undefined }] });
});

test("samples of a range are as they are stored, without stale markers", async () => {
  const { value } = await instant("stale[6m]");
  expect(value).toMatchObject({
    type: "samples",
    series: [
      {
        timestamps: Float64Array.of(6, 7, 8, 9, 10).map((minute) => minute * MINUTE),
        histograms: [6, 7, 8, 9, 10].map(histogram),
      },
    ],
  });
  const { value: subquery } = await instant("mixed[2m:1m]");
  expect(subquery).toMatchObject({ series: [{ histograms: [histogram(9), undefined] }] });
  await expect(
    instant("h[5m] smoothed", { parse: { extendedRangeSelectors: true } }),
  ).rejects.toThrow("smoothed modifier is not supported with histograms");
});

test("mixed samples are left out with a note that has its place", async () => {
  const rate = await range("sum(rate(mixed[2m]))");
  expect(rate.value).toMatchObject({ series: [] });
  expect(rate.warnings).toEqual([
    'PromQL warning: encountered a mix of histograms and floats for metric name "mixed" (1:10)',
  ]);
  const sum = await range('sum({__name__=~"g|mixed"})');
  expect(sum.value).toMatchObject({ series: [{ kinds: Uint8Array.of(0, 1, 0, 1) }] });
  expect(sum.warnings).toEqual([
    "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)",
  ]);
  expect((await range("max(mixed)")).infos).toEqual([
    "PromQL info: ignored histogram in max aggregation (1:5)",
  ]);
  expect((await range("h + on () g")).infos).toEqual([
    'PromQL info: incompatible sample types encountered for binary operator "+": histogram + float (1:1)',
  ]);
});

test("a rate of histograms is a gauge, extended to the range", async () => {
  const { value } = await instant("increase(h[4m])");
  const [h] = (value as unknown as { histograms: FloatHistogram[] }).histograms;
  expect(h).toMatchObject({ counterReset: CounterReset.gauge, count: 4, sum: 8 });
  expect((await instant("histogram_count(increase(h[4m]))")).value).toMatchObject({
    values: Float64Array.of(4),
  });
});

test("start timestamps count where they are wanted", async () => {
  const options: EngineOptions = {
    features: { useStartTimestamps: true },
    parse: { experimentalFunctions: true },
  };
  // Each sample began anew: all of them are increases.
  expect((await instant("increase(started[4m])", options)).value).toMatchObject({
    values: Float64Array.of(4),
  });
  expect((await instant("increase(started[4m])")).value).toMatchObject({
    values: Float64Array.of(0),
  });
  expect((await instant("start_timestamp(started)", options)).value).toMatchObject({
    values: Float64Array.of(570),
  });
  expect((await instant("start_timestamp(g)", options)).value).toMatchObject({
    values: Float64Array.of(0),
  });
  const off: EngineOptions = { parse: { experimentalFunctions: true } };
  expect((await instant("start_timestamp(started)", off)).value).toMatchObject({ labels: [] });
});

test("histograms count for several samples of the limit", async () => {
  // Four steps of twelve and a half samples each.
  await expect(range("h", { maxSamples: 40 })).rejects.toThrow("too many samples");
  expect((await range("h", { maxSamples: 60 })).stats.peakSamples).toBeGreaterThan(40);
  const { stats } = await range("sum(h) + on () group_left () sum(g)", { maxSamples: 200 });
  expect(stats.peakSamples).toBeLessThan(200);
});

test("functions of floats leave histograms out, and functions of histograms floats", async () => {
  for (const query of ["abs(h)", "sort(h)", "clamp(h, 1, 2)", "hour(h)", "histogram_sum(g)"]) {
    expect((await instant(query)).value, query).toMatchObject({ labels: [] });
  }
  expect((await instant("scalar(h)")).value).toMatchObject({ value: NaN });
  expect((await instant("timestamp(h)")).value).toMatchObject({ values: Float64Array.of(600) });
  expect((await instant("absent(h)")).value).toMatchObject({ labels: [] });
  expect((await instant("histogram_avg(h)")).value).toMatchObject({ values: Float64Array.of(2) });
  const negative = await instant("-h");
  expect(negative.value).toMatchObject({ histograms: [{ count: -10, sum: -20 }] });
  // What is selected is shared and stays as it was.
  expect((await instant("h * 2 + h")).value).toMatchObject({ histograms: [{ count: 30 }] });
});
