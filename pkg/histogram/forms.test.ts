import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSeriesDescription } from "#pkg/promql/mod.ts";
import {
  BucketCursor,
  BucketOrder,
  ClassicHistogram,
  CounterReset,
  CUSTOM_BUCKETS,
  FloatHistogram,
  formatHistogram,
  formatTestHistogram,
  type IntegerHistogram,
  jsonBuckets,
  log2,
  toFloatHistogram,
  validateHistogram,
  validateIntegerHistogram,
} from "./mod.ts";
import { spreadBuckets, uniteSpans } from "./spans.ts";
import { histograms } from "./testkit.ts";

const ANY = fc.oneof(histograms(), histograms({ customValues: [-1, 0, 0.5, 7] }));

function parseText(text: string): FloatHistogram {
  const [value] = parseSeriesDescription(`m ${text}`).values;
  if (value?.kind !== "histogram") throw new Error(text);
  return value.histogram;
}

test("formatTestHistogram writes what a series description reads", () => {
  fc.assert(
    fc.property(ANY, (h) => {
      const read = parseText(formatTestHistogram(h));
      expect(read.copy().compact(0).equals(h.copy().compact(0))).toBe(true);
      expect(read.counterReset).toBe(h.counterReset);
    }),
  );
});

test("formatHistogram shows filled buckets in order, with their bounds", () => {
  const f = (text: string, want: string): void =>
    expect(formatHistogram(parseText(`{{${text}}}`))).toBe(want);
  f("", "{count:0, sum:0}");
  f(
    "count:7 sum:2.5 z_bucket:1 z_bucket_w:0.25 buckets:[2 0 3] offset:-1 n_buckets:[1 4]",
    "{count:7, sum:2.5, [-2,-1):4, [-1,-0.5):1, [-0.25,0.25]:1, (0.25,0.5]:2, (1,2]:3}",
  );
  f(
    "schema:-53 count:3 sum:1e9 custom_values:[1 5] buckets:[1 1 1]",
    "{count:3, sum:1e+09, [-Inf,1]:1, (1,5]:1, (5,+Inf]:1}",
  );
});

test("buckets come in either direction, cut at the zero bucket only when all are visited", () => {
  const h = parseText("{{z_bucket:1 z_bucket_w:0.3 buckets:[2 0 3] offset:-1 n_buckets:[1 4]}}");
  const visit = (order: BucketOrder): [number, number, number][] => {
    const bucket = new BucketCursor(h, order);
    const out: [number, number, number][] = [];
    while (bucket.next()) out.push([bucket.lower, bucket.upper, bucket.count]);
    expect(bucket.next()).toBe(false);
    return out;
  };
  const ascending = visit(BucketOrder.ascending);
  expect(ascending).toEqual([
    [-2, -1, 4],
    [-1, -0.5, 1],
    [-0.3, 0.3, 1],
    [0.3, 0.5, 2],
    [0.5, 1, 0],
    [1, 2, 3],
  ]);
  expect(visit(BucketOrder.descending)).toEqual(ascending.toReversed());
  expect(visit(BucketOrder.positive)[0]).toEqual([0.25, 0.5, 2]);
  expect(visit(BucketOrder.negative)).toEqual([
    [-1, -0.5, 1],
    [-2, -1, 4],
  ]);
});

test("both directions visit the same buckets", () => {
  fc.assert(
    fc.property(ANY, (h) => {
      const visit = (order: BucketOrder): string[] => {
        const bucket = new BucketCursor(h, order);
        const out: string[] = [];
        while (bucket.next()) out.push(`${bucket.lower} ${bucket.upper} ${bucket.count}`);
        return out;
      };
      const up = visit(BucketOrder.ascending);
      expect(visit(BucketOrder.descending)).toEqual(up.toReversed());
      expect(jsonBuckets(h).reduce((sum, { count }) => sum + count, 0)).toBe(
        up.reduce((sum, line) => sum + Number(line.split(" ")[2]), 0),
      );
    }),
  );
});

test("validateHistogram says what is wrong in Prometheus's words", () => {
  const f = (change: (h: FloatHistogram) => void, want: string | undefined): void => {
    const h = new FloatHistogram();
    h.positiveSpans = Int32Array.of(0, 2);
    h.positiveBuckets = Float64Array.of(1, 1);
    change(h);
    expect(validateHistogram(h)).toBe(want);
  };
  const custom = (h: FloatHistogram, ...bounds: number[]): void => {
    h.schema = CUSTOM_BUCKETS;
    h.customValues = Float64Array.from(bounds);
  };
  f(() => undefined, undefined);
  f((h) => custom(h, 1), undefined);
  f((h) => {
    h.positiveBuckets = Float64Array.of(1);
  }, "positive side: spans need 2 buckets, have 1 buckets: histogram spans specify different number of buckets than provided");
  f((h) => {
    h.positiveSpans = Int32Array.of(0, 1, -1, 1);
  }, "positive side: span number 2 with offset -1: histogram has a span whose offset is negative");
  f((h) => {
    h.positiveBuckets[1] = -1;
  }, "positive side: bucket number 2 has observation count of -1: histogram has a bucket whose observation count is negative");
  f((h) => {
    h.count = -2;
  }, "observation count is  -2: histogram's observation count is negative");
  f((h) => {
    h.schema = 9;
  }, "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 9");
  f((h) => {
    h.customValues = Float64Array.of(1);
  }, "histogram with exponential schema must not have custom bounds");
  f(
    (h) => custom(h),
    "custom buckets: only 0 custom bounds defined which is insufficient to cover total span length of 2: histogram custom bounds are too few",
  );
  f(
    (h) => custom(h, 2, 1),
    "custom buckets: previous bound is 2.000000 and current is 1.000000: histogram custom bounds must be in strictly increasing order",
  );
  f(
    (h) => custom(h, 1, Infinity),
    "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite",
  );
  f((h) => {
    custom(h, 1);
    h.zeroCount = 1;
  }, "custom buckets: must have zero count of 0");
});

test("integer histograms are validated and made float ones", () => {
  const h: IntegerHistogram = {
    counterReset: CounterReset.notReset,
    schema: 1,
    zeroThreshold: 0.5,
    zeroCount: 1,
    count: 12,
    sum: 3,
    positiveSpans: Int32Array.of(0, 3),
    positiveDeltas: Float64Array.of(2, 3, -4),
    negativeSpans: Int32Array.of(2, 1),
    negativeDeltas: Float64Array.of(3),
    customValues: new Float64Array(0),
  };
  expect(validateIntegerHistogram(h)).toBeUndefined();
  expect(formatTestHistogram(toFloatHistogram(h))).toBe(
    "{{schema:1 count:12 sum:3 z_bucket:1 z_bucket_w:0.5 counter_reset_hint:not_reset buckets:[2 5 1] n_offset:2 n_buckets:[3]}}",
  );
  expect(validateIntegerHistogram({ ...h, count: 13 })).toBe(
    "12 observations found in buckets, but the Count field is 13: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
  );
  expect(validateIntegerHistogram({ ...h, count: 13, sum: NaN })).toBeUndefined();
  expect(validateIntegerHistogram({ ...h, count: 11, sum: NaN })).toMatch(/at least the number/);
  const negative = { ...h, positiveDeltas: Float64Array.of(2, -3, 4) };
  expect(validateIntegerHistogram(negative)).toMatch(/bucket number 2 has observation count of -1/);
});

test("ClassicHistogram makes custom buckets of cumulative ones", () => {
  const f = (
    buckets: readonly (readonly [number, number])[],
    rest: { count?: number; sum?: number },
    want: string,
  ): void => {
    const classic = new ClassicHistogram();
    for (const [le, count] of buckets) classic.setBucket(le, count);
    if (rest.count !== undefined) classic.setCount(rest.count);
    if (rest.sum !== undefined) classic.setSum(rest.sum);
    const h = classic.toNative();
    expect(typeof h === "string" ? h : formatTestHistogram(h)).toBe(want);
  };
  const wanted = "{{schema:-53 count:6 sum:9 custom_values:[1 2] buckets:[1 2 3]}}";
  f(
    [
      [1, 1],
      [2, 3],
      [Infinity, 6],
    ],
    { count: 6, sum: 9 },
    wanted,
  );
  f(
    [
      [Infinity, 6],
      [2, 3],
      [1, 1],
      [1, 1],
    ],
    { sum: 9 },
    wanted,
  );
  f(
    [
      [1, 1],
      [2, 3],
    ],
    { count: 6, sum: 9 },
    wanted,
  );
  f([], { count: 2 }, "{{schema:-53 count:2 custom_values:[] buckets:[2]}}");
  f([[1, 0.5]], {}, "{{schema:-53 count:0.5 custom_values:[1] buckets:[0.5]}}");
  f(
    [
      [1, 3],
      [2, 1],
    ],
    {},
    "count is not cumulative: 1 < 3",
  );
  f(
    [
      [2, 1],
      [1, 3],
    ],
    {},
    "count is not cumulative: 3 > 1",
  );
  f(
    [
      [1, 3],
      [Infinity, 3],
    ],
    { count: 4 },
    "count mismatch: count=4 != le=+Inf count=3",
  );
  f([[1, -3]], {}, "bucket count must be non-negative: le=1, count=-3");
  f([[NaN, 3]], {}, "bucket boundary must not be NaN");
  f([], { count: -1 }, "count must be non-negative: count=-1");
});

test("uniteSpans and spreadBuckets describe the buckets of both", () => {
  fc.assert(
    fc.property(histograms(), histograms(), (a, b) => {
      const spans = uniteSpans(a.positiveSpans, b.positiveSpans);
      expect(uniteSpans(b.positiveSpans, a.positiveSpans)).toEqual(spans);
      const wide = a.copy();
      wide.positiveSpans = spans;
      wide.positiveBuckets = spreadBuckets(a.positiveSpans, a.positiveBuckets, spans);
      expect(validateHistogram(wide)).toBeUndefined();
      expect(wide.compact(0).equals(a.copy().compact(0))).toBe(true);
    }),
  );
});

test("log2 is exact for powers of two and close for all else", () => {
  for (let exponent = -1074; exponent <= 1023; exponent++)
    expect(log2(2 ** exponent)).toBe(exponent);
  expect([log2(0), log2(Infinity), log2(NaN)]).toEqual([-Infinity, Infinity, NaN]);
  fc.assert(
    fc.property(fc.double({ min: 5e-324, noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.abs(log2(value) - Math.log2(value))).toBeLessThanOrEqual(
        4e-16 * Math.max(1, Math.abs(Math.log2(value))),
      );
    }),
  );
});
