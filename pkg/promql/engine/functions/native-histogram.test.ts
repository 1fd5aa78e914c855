import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CombineNote, type FloatHistogram, formatTestHistogram } from "#pkg/histogram/mod.ts";
import { parseSeriesDescription } from "#pkg/promql/mod.ts";
import {
  HistogramNote,
  histogramAvg,
  histogramFraction,
  histogramQuantile,
  histogramStddev,
  histogramVariance,
} from "./native-histogram.ts";
import { HistogramMean } from "./native-histogram-mean.ts";

function parse(text: string): FloatHistogram {
  const [value] = parseSeriesDescription(`m {{${text}}}`).values;
  if (value?.kind !== "histogram") throw new Error(text);
  return value.histogram;
}

function expectNear(got: number, want: number): void {
  if (Object.is(got, want) || got === want) return;
  expect(Math.abs(got - want), `${got}, want ${want}`).toBeLessThanOrEqual(1e-12 * Math.abs(want));
}

const POSITIVE = "count:10 sum:20 buckets:[1 2 3 4]";
const BOTH = "count:8 sum:2 z_bucket:4 z_bucket_w:0.5 buckets:[2] n_buckets:[2]";
const CUSTOM = "schema:-53 count:6 sum:5 custom_values:[1 2 3] buckets:[1 2 0 3]";
const WITH_NAN = "count:15 sum:NaN buckets:[12]";

/** Results are those of Prometheus's promql/quantile.go. */
describe("histogramQuantile", () => {
  const f = (q: number, text: string, want: number, note: HistogramNote = 0): void => {
    const got = histogramQuantile(q, parse(text));
    expectNear(got.value, want);
    expect(got.note).toBe(note);
  };

  test("interpolates exponential buckets on a logarithmic scale", () => {
    f(0.5, POSITIVE, 3.1748021039363987);
    f(0.25, POSITIVE, 1.6817928305074292);
    f(1, POSITIVE, 8);
    f(0, POSITIVE, 0.5);
    f(0.1, "schema:2 count:10 sum:-20 n_buckets:[1 2 3 4]", -1.610490331949254);
  });

  test("interpolates the zero bucket linearly, from 0 if there is one sign only", () => {
    f(0.5, BOTH, 0);
    f(0.25, "count:6 sum:2 z_bucket:4 z_bucket_w:0.5 buckets:[2]", 0.1875);
    f(0.75, "count:6 sum:-2 z_bucket:4 z_bucket_w:0.5 n_buckets:[2]", -0.1875);
  });

  test("interpolates custom buckets linearly, and not where a bound is infinite", () => {
    f(0.4, CUSTOM, 1.7);
    f(0.9, CUSTOM, 3);
    f(0.1, "schema:-53 count:6 sum:5 custom_values:[-1 2 3] buckets:[3 2 0 1]", -1);
    f(0.1, "schema:-53 count:6 sum:5 custom_values:[3] buckets:[6]", 0.3);
  });

  test("has answers for the edges", () => {
    f(-0.1, POSITIVE, -Infinity);
    f(1.1, POSITIVE, Infinity);
    f(NaN, POSITIVE, NaN);
    f(0.5, "", NaN);
  });

  test("tells of NaN observations, which count as above all", () => {
    f(0.4, WITH_NAN, Math.SQRT1_2, HistogramNote.nanSkew);
    f(0.9, WITH_NAN, NaN, HistogramNote.nanResult);
    // No observation is missing, so the sum is NaN because of +Inf and -Inf.
    f(0.5, "count:12 sum:NaN buckets:[12]", Math.SQRT1_2);
  });
});

describe("histogramFraction", () => {
  const f = (bounds: [number, number], text: string, want: number, note = 0): void => {
    const got = histogramFraction(...bounds, parse(text));
    expectNear(got.value, want);
    expect(got.note).toBe(note);
  };

  test("interpolates as quantiles do", () => {
    f([1, 3], POSITIVE, 0.3754887502163469);
    f([-1e9, 3], POSITIVE, 0.4754887502163469);
    f([-0.25, 0.75], BOTH, 0.521240625180289);
    f([0, 1.5], CUSTOM, 1 / 3);
    f([-Infinity, Infinity], CUSTOM, 1);
  });

  test("has answers for the edges", () => {
    f([2, 2], POSITIVE, 0);
    f([3, 2], POSITIVE, 0);
    f([NaN, 2], POSITIVE, NaN);
    f([1, 2], "", NaN);
    f([0, 2], WITH_NAN, 0.8, HistogramNote.nanInFraction);
  });

  test("is the inverse of the quantile", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: -20, max: 20 }),
        fc.integer({ min: -4, max: 8 }),
        (q, counts, offset, schema) => {
          const count = counts.reduce((sum, n) => sum + n, 0);
          const buckets = counts.join(" ");
          const layout = `schema:${schema} count:${2 * count} sum:1`;
          const positive = `offset:${offset} buckets:[${buckets}]`;
          const negative = `n_offset:${offset} n_buckets:[${buckets}]`;
          const h = parse(`${layout} ${positive} ${negative}`);
          const { value } = histogramQuantile(q, h);
          expect(histogramFraction(-Infinity, value, h).value).toBeCloseTo(q, 9);
        },
      ),
    );
  });
});

test("mean, variance and standard deviation", () => {
  expect(histogramAvg(parse(POSITIVE))).toBe(2);
  expectNear(histogramVariance(parse(POSITIVE)), 5.79070708874367);
  expectNear(histogramStddev(parse(POSITIVE)), Math.sqrt(5.79070708874367));
  expectNear(histogramVariance(parse(BOTH)), 0.3125);
  const custom = "schema:-53 count:3 sum:5 custom_values:[1 2 3] buckets:[0 2 1]";
  expectNear(histogramVariance(parse(custom)), 0.24999999999999997);
  expect(histogramVariance(parse(""))).toBeNaN();
});

describe("HistogramMean", () => {
  const meanOf = (...texts: string[]): string => {
    const mean = new HistogramMean(parse(texts[0]!));
    for (const text of texts.slice(1)) expect(mean.add(parse(text))).toBe(0);
    return formatTestHistogram(mean.result());
  };

  test("divides the sum", () => {
    expect(meanOf("count:3 sum:9 buckets:[3]")).toBe("{{count:3 sum:9 buckets:[3]}}");
    const list = ["count:1 sum:1 buckets:[1]", "count:2 sum:4 buckets:[0 2]", "count:3 sum:4"];
    expect(meanOf(...list, "count:6 sum:-1 buckets:[3 2]")).toBe("{{count:3 sum:2 buckets:[1 1]}}");
  });

  test("goes over to a running mean where the sum would overflow", () => {
    const huge = "count:1e308 sum:1e308 buckets:[1e308]";
    expect(meanOf(huge, huge, huge)).toBe("{{count:1e+308 sum:1e+308 buckets:[1e+308]}}");
    expect(meanOf(huge, "count:1e308 sum:-1e308", huge, huge)).toBe(
      "{{count:1e+308 sum:5e+307 buckets:[7.5e+307]}}",
    );
  });

  test("has no mean of what does not go together", () => {
    const mean = new HistogramMean(parse("count:1 buckets:[1]"));
    expect(mean.add(parse(CUSTOM))).toBe(CombineNote.incompatible);
  });
});
