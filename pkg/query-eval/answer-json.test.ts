import { expect, test } from "vitest";
import { CounterReset, CUSTOM_BUCKETS, FloatHistogram } from "#pkg/histogram/mod.ts";
import type { QueryValue } from "#pkg/promql/mod.ts";
import { queryJson } from "./answer-json.ts";
import { sampleText } from "./sample-text.ts";

test("sampleText writes numbers as Prometheus does", () => {
  const f = (value: number, want: string): void => expect(sampleText(value)).toBe(want);
  f(0, "0");
  f(-0, "-0");
  f(1.5, "1.5");
  f(1e-6, "0.000001");
  f(1e-7, "1e-07");
  f(-1.25e-9, "-1.25e-09");
  f(1e-10, "1e-10");
  f(1e20, "100000000000000000000");
  f(1e21, "1e+21");
  f(NaN, "NaN");
  f(Infinity, "+Inf");
  f(-Infinity, "-Inf");
});

function exponential(): FloatHistogram {
  const h = new FloatHistogram();
  h.counterReset = CounterReset.gauge;
  h.count = 7;
  h.sum = 2.5;
  h.zeroThreshold = 0.25;
  h.zeroCount = 1;
  h.positiveSpans = Int32Array.of(-1, 3);
  h.positiveBuckets = Float64Array.of(2, 0, 3);
  h.negativeSpans = Int32Array.of(1, 1);
  h.negativeBuckets = Float64Array.of(1);
  return h;
}

function custom(): FloatHistogram {
  const h = new FloatHistogram();
  h.schema = CUSTOM_BUCKETS;
  h.count = 3;
  h.customValues = Float64Array.of(1, 5);
  h.positiveSpans = Int32Array.of(0, 3);
  h.positiveBuckets = Float64Array.of(1, 1, 1);
  return h;
}

function resultOf(value: QueryValue): unknown {
  const stats = { totalSamples: 0, peakSamples: 0, peakBytes: 0, parseMs: 0, evalMs: 0 };
  const text = [...queryJson({ value, warnings: [], infos: [], stats }, "none")].join("");
  return (JSON.parse(text) as { data: { result: unknown } }).data.result;
}

const EXPONENTIAL_JSON = {
  count: "7",
  sum: "2.5",
  buckets: [
    [1, "-2", "-1", "1"],
    [3, "-0.25", "0.25", "1"],
    [0, "0.25", "0.5", "2"],
    [0, "1", "2", "3"],
  ],
};

test("queryJson writes histograms of a vector", () => {
  const value: QueryValue = {
    type: "vector",
    timeMs: 1500,
    labels: [["a", "1"], ["a", "2"], ["a", "3"], []],
    values: Float64Array.of(0, 4, 0, 0),
    histograms: [exponential(), undefined, custom(), new FloatHistogram()],
  };
  expect(resultOf(value)).toEqual([
    { metric: { a: "1" }, histogram: [1.5, EXPONENTIAL_JSON] },
    { metric: { a: "2" }, value: [1.5, "4"] },
    {
      metric: { a: "3" },
      histogram: [
        1.5,
        {
          count: "3",
          sum: "0",
          buckets: [
            [3, "-Inf", "1", "1"],
            [0, "1", "5", "1"],
            [0, "5", "+Inf", "1"],
          ],
        },
      ],
    },
    { metric: {}, histogram: [1.5, { count: "0", sum: "0" }] },
  ]);
});

test("queryJson writes histograms of ranges apart from floats", () => {
  const json = EXPONENTIAL_JSON;
  const h = exponential();
  const series = { values: Float64Array.of(1, 0, 0), histograms: [undefined, undefined, h] };
  const matrix = (kinds: number[]): QueryValue => ({
    type: "matrix",
    startMs: 0,
    stepMs: 1000,
    steps: 3,
    series: [{ labels: [], ...series, kinds: Uint8Array.from(kinds) }],
  });
  expect(resultOf(matrix([1, 0, 2]))).toEqual([
    { metric: {}, values: [[0, "1"]], histograms: [[2, json]] },
  ]);
  expect(resultOf(matrix([0, 0, 2]))).toEqual([{ metric: {}, histograms: [[2, json]] }]);
  const samples: QueryValue = {
    type: "samples",
    series: [{ labels: [], timestamps: Float64Array.of(1, 2, 3), ...series }],
  };
  expect(resultOf(samples)).toEqual([
    {
      metric: {},
      values: [
        [0.001, "1"],
        [0.002, "0"],
      ],
      histograms: [[0.003, json]],
    },
  ]);
});
