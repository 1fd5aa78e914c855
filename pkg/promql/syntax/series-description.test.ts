import { expect, test } from "vitest";
import { CounterReset, formatTestHistogram } from "#pkg/histogram/mod.ts";
import { parseSeriesDescription } from "./series-description.ts";

function valuesOf(text: string): unknown[] {
  return parseSeriesDescription(`m ${text}`).values.map((value) =>
    value.kind === "float"
      ? value.value
      : value.kind === "histogram"
        ? formatTestHistogram(value.histogram)
        : value.kind,
  );
}

test("parseSeriesDescription expands values", () => {
  const f = (text: string, want: unknown[]) => expect(valuesOf(text)).toEqual(want);
  f("1 2.5 -3e2", [1, 2.5, -300]);
  f("1+2x3", [1, 3, 5, 7]);
  f("10-5x2", [10, 5, 0]);
  f("-2x2", [-2, -2, -2]);
  f("_ _x2 stale", ["omitted", "omitted", "omitted", "stale"]);
  f("Inf -Inf NaN", [Infinity, -Infinity, NaN]);
  const plain = "{{schema:1 sum:3 buckets:[1 2]}}";
  f(`${plain}x1 4`, [plain, plain, 4]);
  f("", []);
});

test("parseSeriesDescription reads labels in every notation", () => {
  const f = (text: string, want: string[]) =>
    expect(parseSeriesDescription(text).labels).toEqual(want);
  f('up{b="x y", a="1"} 1', ["__name__", "up", "a", "1", "b", "x y"]);
  f('{"metric.name", x="}"} 1', ["__name__", "metric.name", "x", "}"]);
  f("{} 1", []);
  f("a:b 1", ["__name__", "a:b"]);
});

test("parseSeriesDescription refuses what is no value", () => {
  for (const bad of [
    "m 1x",
    "m a",
    "m 1+x3",
    "m 1+2",
    "m {{}}+{{}}",
    "m{a!='b'} 1",
    "m 1x99999999999",
  ]) {
    expect(() => parseSeriesDescription(bad), bad).toThrow();
  }
});

test("parseSeriesDescription expands histograms with a step", () => {
  const f = (text: string, want: unknown[]) => expect(valuesOf(text)).toEqual(want);
  f("{{count:1 buckets:[1]}}+{{count:2 buckets:[0 2]}}x2", [
    "{{count:1 buckets:[1]}}",
    "{{count:3 buckets:[1 2]}}",
    "{{count:5 buckets:[1 4]}}",
  ]);
  f("{{count:3 buckets:[3]}}-{{count:1 buckets:[1]}}x1 _", [
    "{{count:3 buckets:[3]}}",
    "{{count:2 buckets:[2]}}",
    "omitted",
  ]);
  f("{{buckets:[1]}}+{{schema:1 buckets:[1 1] offset:-1}}x1", [
    "{{buckets:[1]}}",
    "{{buckets:[3]}}",
  ]);
});

test("parseSeriesDescription reads every part of a histogram", () => {
  const text =
    "{{schema:-2 count:12.5 sum:-Inf z_bucket:0x10 z_bucket_w:1e-3 counter_reset_hint:gauge " +
    "offset:-3 buckets:[1 NaN .5] n_offset:2 n_buckets:[7]}}";
  const [value] = parseSeriesDescription(`m ${text}`).values;
  if (value?.kind !== "histogram") throw new Error("no histogram");
  expect(value.isHintGiven).toBe(true);
  expect(value.histogram).toMatchObject({
    counterReset: CounterReset.gauge,
    schema: -2,
    count: 12.5,
    sum: -Infinity,
    zeroCount: 16,
    zeroThreshold: 0.001,
    positiveSpans: Int32Array.of(-3, 3),
    positiveBuckets: Float64Array.of(1, NaN, 0.5),
    negativeSpans: Int32Array.of(2, 1),
    negativeBuckets: Float64Array.of(7),
  });
  const [custom] = parseSeriesDescription("m {{ schema:-53 custom_values:[1 2] }}").values;
  if (custom?.kind !== "histogram") throw new Error("no histogram");
  expect(custom.histogram.customValues).toEqual(Float64Array.of(1, 2));
  expect(custom.isHintGiven).toBe(false);
});

test("parseSeriesDescription refuses histograms that are none", () => {
  for (const bad of [
    "{{sum}}",
    "{{sum:}}",
    "{{total:3}}",
    "{{sum:1 sum:2}}",
    "{{sum:x}}",
    "{{schema:1.5}}",
    "{{buckets:3}}",
    "{{buckets:[]}}",
    "{{buckets:[1}}",
    "{{counter_reset_hint:maybe}}",
    "{{schema:1}}+{{schema:0}}x1",
    "{{schema:-53 custom_values:[1]}}+{{}}x1",
  ]) {
    expect(() => parseSeriesDescription(`m ${bad}`), bad).toThrow();
  }
});
