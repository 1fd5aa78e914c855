import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSeriesDescription } from "#pkg/promql/mod.ts";
import {
  bucketBound,
  CombineNote,
  CompensatedHistogram,
  CounterReset,
  type FloatHistogram,
  formatTestHistogram,
  validateHistogram,
} from "./mod.ts";
import { bucketMap, bucketTotal, histograms } from "./testkit.ts";

function parse(text: string): FloatHistogram {
  const [value] = parseSeriesDescription(`m {{${text}}}`).values;
  if (value?.kind !== "histogram") throw new Error(text);
  return value.histogram;
}

/** Results are what Prometheus's model/histogram gives, compacted. */
describe("add and sub", () => {
  const f = (op: "add" | "sub", a: string, b: string, want: string, note = 0): void => {
    const h = parse(a);
    const other = parse(b);
    expect(h[op](other)).toBe(note);
    expect(formatTestHistogram(h)).toBe(`{{${want}}}`);
    // The other one is left alone.
    expect(other.equals(parse(b))).toBe(true);
  };

  test("unite buckets", () => {
    const other = "count:4 sum:1 buckets:[1 3] offset:1";
    f("add", "count:3 sum:5 buckets:[1 2]", other, "count:7 sum:6 buckets:[1 3 3]");
    f("sub", "count:7 sum:5 buckets:[3 4]", other, "count:3 sum:4 buckets:[3 3 -3]");
  });

  test("take the coarser schema", () => {
    f(
      "add",
      "schema:1 count:10 sum:5 buckets:[1 2 3 4] offset:-1",
      "schema:0 count:2 sum:1 buckets:[2] offset:1",
      "count:12 sum:6 buckets:[3 9]",
    );
    f(
      "add",
      "schema:0 count:2 sum:1 buckets:[2] offset:1",
      "schema:2 count:10 sum:5 buckets:[1 2 3 4] offset:3 n_buckets:[1]",
      "count:12 sum:6 offset:1 buckets:[5 7] n_buckets:[1]",
    );
  });

  test("widen the zero bucket to one that cuts no filled bucket", () => {
    f(
      "add",
      "count:6 sum:5 z_bucket:1 z_bucket_w:0.1 buckets:[2 3] offset:-2",
      "count:4 sum:1 z_bucket:2 z_bucket_w:0.3 buckets:[2]",
      "count:10 sum:6 z_bucket:8 z_bucket_w:0.5 buckets:[2]",
    );
    f(
      "add",
      "count:6 sum:5 z_bucket:1 z_bucket_w:1 buckets:[2] offset:2",
      "count:4 sum:1 z_bucket:2 z_bucket_w:0.25 buckets:[1 1] offset:0 n_buckets:[1 3] n_offset:0",
      "count:10 sum:6 z_bucket:5 z_bucket_w:1 offset:1 buckets:[1 2] n_offset:1 n_buckets:[3]",
    );
  });

  test("keep the custom bounds that both have", () => {
    const a = "schema:-53 count:6 sum:5 custom_values:[1 2 3] buckets:[1 2 0 3]";
    f(
      "add",
      a,
      "schema:-53 count:6 sum:5 custom_values:[1 2 3] buckets:[1 0 2 3]",
      "schema:-53 count:12 sum:10 custom_values:[1 2 3] buckets:[2 2 2 6]",
    );
    const b = "schema:-53 count:10 sum:5 custom_values:[0.5 2 4] buckets:[1 2 3 4]";
    const want = "schema:-53 count:16 sum:10 custom_values:[2] buckets:[6 10]";
    f("add", a, b, want, CombineNote.boundsReconciled);
    f(
      "sub",
      "schema:-53 count:16 sum:5 custom_values:[1 2 3] buckets:[1 12 0 3]",
      b,
      "schema:-53 count:6 custom_values:[2] buckets:[10 -4]",
      CombineNote.boundsReconciled,
    );
    f(
      "add",
      "schema:-53 count:3 sum:5 custom_values:[1] buckets:[1 2]",
      "schema:-53 count:3 sum:5 custom_values:[2] buckets:[1 2]",
      "schema:-53 count:6 sum:10 custom_values:[] buckets:[6]",
      CombineNote.boundsReconciled,
    );
  });

  test("find a hint for the sum, and contradictions", () => {
    const hinted = (a: string, b: string): [string, number] => {
      const h = parse(`counter_reset_hint:${a}`);
      const note = h.add(parse(`counter_reset_hint:${b}`));
      return [formatTestHistogram(h).slice(2, -2).replace("counter_reset_hint:", ""), note];
    };
    expect(hinted("reset", "reset")).toEqual(["reset", 0]);
    expect(hinted("reset", "gauge")).toEqual(["gauge", 0]);
    expect(hinted("gauge", "not_reset")).toEqual(["gauge", 0]);
    expect(hinted("unknown", "reset")).toEqual(["", 0]);
    expect(hinted("not_reset", "unknown")).toEqual(["", 0]);
    expect(hinted("not_reset", "reset")).toEqual(["", CombineNote.counterResetCollision]);
  });

  test("leave a histogram alone that does not go with the other", () => {
    const h = parse("count:1 buckets:[1]");
    const custom = parse("schema:-53 count:1 custom_values:[1] buckets:[1]");
    expect(h.add(custom)).toBe(CombineNote.incompatible);
    expect(custom.sub(h)).toBe(CombineNote.incompatible);
    expect(h.equals(parse("count:1 buckets:[1]"))).toBe(true);
  });

  test("a threshold that is no number ends nothing and loops nowhere", () => {
    const h = parse("count:1 z_bucket_w:NaN buckets:[1]");
    h.add(parse("count:1 z_bucket_w:1 buckets:[1]"));
    expect(h.count).toBe(2);
    expect(parse("count:1").detectReset(h)).toBe(true);
  });
});

test("trim estimates what is left", () => {
  const f = (text: string, at: number, isUpper: boolean, want: string): void => {
    const h = parse(text).trim(at, isUpper);
    const numbers = (part: string): number[] =>
      (part.match(/-?\d[\d.e+-]*/g) ?? []).map((number) => Number(Number(number).toPrecision(12)));
    const got = formatTestHistogram(h);
    expect(numbers(got), got).toEqual(numbers(want));
    expect(got.replaceAll(/[-\d.]+/g, "")).toBe(`{{${want}}}`.replaceAll(/[-\d.]+/g, ""));
  };
  const positive = "count:10 sum:20 buckets:[1 2 3 4]";
  f(positive, 2, true, "count:3 sum:3.5355339059327378 buckets:[1 2]");
  f(
    positive,
    3,
    true,
    "count:4.754887502163469 sum:7.834112842220547 buckets:[1 2 1.754887502163469]",
  );
  f(
    positive,
    3,
    false,
    "count:5.245112497836531 sum:26.940613212753252 offset:2 buckets:[1.245112497836531 4]",
  );
  const negative = "count:10 sum:-20 n_buckets:[1 2 3 4]";
  f(
    negative,
    -3,
    false,
    "count:4.754887502163469 sum:-7.834112842220547 n_buckets:[1 2 1.754887502163469]",
  );
  const zero = "count:6 sum:2 z_bucket:4 z_bucket_w:0.5 buckets:[2]";
  f(zero, 0.25, true, "count:2 sum:0.25 z_bucket:2 z_bucket_w:0.5");
  const custom = "schema:-53 count:6 sum:5 custom_values:[1 2 3] buckets:[1 2 0 3]";
  f(custom, 1.5, true, "schema:-53 count:2 sum:1.75 custom_values:[1 2 3] buckets:[1 1]");
  f(
    custom,
    1.5,
    false,
    "schema:-53 count:4 sum:10.75 custom_values:[1 2 3] offset:1 buckets:[1 0 3]",
  );
  f(custom, 0.5, true, "schema:-53 count:0.5 sum:0.125 custom_values:[1 2 3] buckets:[0.5]");
  f(custom, 10, true, "schema:-53 count:3 sum:3.5 custom_values:[1 2 3] buckets:[1 2]");
  f("count:1 sum:1 buckets:[1]", 100, true, "count:1 sum:1 buckets:[1]");
});

test("CompensatedHistogram keeps what rounding would take", () => {
  const small = parse("count:1 sum:1 z_bucket:1 buckets:[1]");
  const large = parse("count:1e17 sum:1e17 z_bucket:1e17 buckets:[1e17]");
  const sum = new CompensatedHistogram(small);
  for (const h of [large, small, large.copy().mul(-1), small]) sum.add(h);
  expect(formatTestHistogram(sum.total())).toBe(
    "{{count:3 sum:3 z_bucket:3 counter_reset_hint:gauge buckets:[3]}}",
  );
  const finer = new CompensatedHistogram(parse("schema:1 count:1 buckets:[1]"));
  expect(finer.add(parse("count:2 buckets:[1 1]"))).toBe(0);
  expect(finer.add(parse("schema:-53 custom_values:[1]"))).toBe(CombineNote.incompatible);
  expect(formatTestHistogram(finer.copy().total())).toBe("{{count:3 buckets:[2 1]}}");
});

test("mul and div scale all numbers; negative factors and zero are special", () => {
  const h = (): FloatHistogram => parse("count:4 sum:3 z_bucket:1 buckets:[1 2] n_buckets:[1]");
  expect(formatTestHistogram(h().mul(2))).toBe(
    "{{count:8 sum:6 z_bucket:2 buckets:[2 4] n_buckets:[2]}}",
  );
  expect(h().mul(-1).counterReset).toBe(CounterReset.gauge);
  expect(h().div(-1).counterReset).toBe(CounterReset.gauge);
  expect(formatTestHistogram(h().div(0))).toBe("{{count:+Inf sum:+Inf z_bucket:+Inf}}");
  expect(h().div(0).hasOverflow()).toBe(true);
  expect(h().hasOverflow()).toBe(false);
});

const ANY = histograms();
const NO_ZERO = histograms({ zeroThreshold: 0 });
const ONE_SCHEMA = histograms({ schema: 1 });
// Of schema and zero threshold only one differs: with both, Prometheus counts a bucket twice that
// is in the zero bucket but is not any more once it is united with its neighbours.
const PAIRS = fc.oneof(
  fc.tuple(NO_ZERO, NO_ZERO),
  fc.tuple(ONE_SCHEMA, ONE_SCHEMA),
  fc.tuple(histograms({ customValues: [1, 2, 5] }), histograms({ customValues: [0, 2, 5, 9] })),
  fc.tuple(histograms({ customValues: [1, 2, 5] }), histograms({ customValues: [1, 2, 5] })),
);

test("add does not care for the order, and loses no observation", () => {
  fc.assert(
    fc.property(PAIRS, ([a, b]) => {
      const left = a.copy();
      const right = b.copy();
      left.add(b);
      right.add(a);
      expect(left.copy().compact(0).equals(right.copy().compact(0))).toBe(true);
      expect(bucketTotal(left)).toBe(bucketTotal(a) + bucketTotal(b));
      expect(left.count).toBe(a.count + b.count);
      expect(validateHistogram(left)).toBeUndefined();
    }),
  );
});

test("sub takes away what add has added", () => {
  const same = { schema: 1, zeroThreshold: 0.5 };
  const pairs = fc.oneof(
    fc.tuple(histograms(same), histograms(same)),
    fc.tuple(histograms({ customValues: [1, 2] }), histograms({ customValues: [1, 2] })),
  );
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      const sum = a.copy();
      sum.add(b);
      sum.sub(b);
      // Buckets of b that lie in the zero bucket are not added, as they are counted there.
      expect(bucketMap(sum)).toEqual(bucketMap(a));
      expect([sum.count, sum.sum]).toEqual([a.count, a.sum]);
    }),
  );
});

test("reducing the resolution goes with adding", () => {
  const same = { schema: 6, zeroThreshold: 0 };
  fc.assert(
    fc.property(histograms(same), histograms(same), fc.integer({ min: -4, max: 5 }), (a, b, to) => {
      const before = a.copyToSchema(to);
      before.add(b.copyToSchema(to));
      const after = a.copy();
      after.add(b);
      after.reduceResolution(to);
      expect(bucketMap(after)).toEqual(bucketMap(before));
      // In one step or in several is the same.
      const slowly = a.copy();
      for (let schema = 5; schema >= to; schema--) slowly.reduceResolution(schema);
      expect(bucketMap(slowly)).toEqual(bucketMap(a.copyToSchema(to)));
    }),
  );
});

test("compensated and plain sums of whole numbers are the same", () => {
  fc.assert(
    fc.property(fc.array(ANY, { minLength: 1, maxLength: 5 }), (list) => {
      const plain = list[0]!.copy();
      const compensated = new CompensatedHistogram(list[0]!);
      for (const h of list.slice(1)) expect(compensated.add(h)).toBe(plain.add(h));
      expect(compensated.total().compact(0).equals(plain.compact(0))).toBe(true);
    }),
  );
});

test("compact keeps the filled buckets, and few empty ones in a row", () => {
  fc.assert(
    fc.property(ANY, fc.integer({ min: 0, max: 4 }), (h, emptyMax) => {
      const compact = h.copy().compact(emptyMax);
      expect(bucketMap(compact)).toEqual(bucketMap(h));
      expect(compact.copy().compact(emptyMax).equals(compact)).toBe(true);
      expect(validateHistogram(compact)).toBeUndefined();
      for (const side of [compact.positiveBuckets, compact.negativeBuckets]) {
        let empty = 0;
        for (const count of side) {
          empty = count === 0 ? empty + 1 : 0;
          expect(empty).toBeLessThanOrEqual(emptyMax);
        }
      }
    }),
  );
});

/** Whether `now` cannot follow `before`, bucket by bucket. */
function resetOf(now: FloatHistogram, before: FloatHistogram): boolean {
  if (now.count < before.count || now.zeroCount < before.zeroCount) return true;
  const counts = bucketMap(now);
  return [...bucketMap(before)].some(([key, count]) => {
    const [, index] = key.split(":");
    const isInside =
      index !== undefined &&
      bucketBound(Number(index), now.schema, now.customValues) <= now.zeroThreshold;
    return !isInside && (counts.get(key) ?? 0) < count;
  });
}

test("detectReset finds what a comparison of all buckets finds", () => {
  const same = { schema: 2, zeroThreshold: 0.5 };
  fc.assert(
    fc.property(histograms(same), histograms(same), fc.boolean(), (a, b, grows) => {
      const now = b.copy();
      if (grows) now.add(a);
      expect(now.detectReset(a)).toBe(resetOf(now, a));
      now.counterReset = CounterReset.reset;
      expect(now.detectReset(a)).toBe(true);
      now.counterReset = CounterReset.notReset;
      expect(now.detectReset(a)).toBe(false);
    }),
  );
});

test("detectReset allows coarser buckets and wider zero buckets, not finer or narrower ones", () => {
  const f = (now: string, before: string, want: boolean): void =>
    expect(parse(now).detectReset(parse(before)), `${now} after ${before}`).toBe(want);
  f("count:3 buckets:[3]", "schema:1 count:3 buckets:[1 2] offset:-1", false);
  f("count:3 buckets:[2 1]", "schema:1 count:3 buckets:[1 2] offset:-1", true);
  f("schema:1 count:3 buckets:[1 2] offset:-1", "count:3 buckets:[3]", true);
  f("count:3 z_bucket:3 z_bucket_w:1", "count:3 buckets:[1 2] offset:-1", false);
  f("count:3 z_bucket:3 z_bucket_w:0.7", "count:3 buckets:[1 2] offset:-1", true);
  f("count:3 z_bucket_w:0.5 buckets:[3]", "count:3 z_bucket_w:1 buckets:[3]", true);
  f("count:3 buckets:[3]", "count:3 buckets:[3 0 0]", false);
  f("count:3", "count:3 buckets:[0 0]", false);
  f("count:3", "count:3 buckets:[0 1]", true);
  const custom = (bounds: string, buckets: string): string =>
    `schema:-53 count:6 custom_values:[${bounds}] buckets:[${buckets}]`;
  f(custom("1 2", "1 2 3"), custom("1 2", "1 2 3"), false);
  f(custom("1 2", "1 2 3"), custom("1 2", "2 1 3"), true);
  f(custom("2", "3 3"), custom("1 2", "1 2 3"), false);
  f(custom("2", "2 4"), custom("1 2", "1 2 3"), true);
  f(custom("1", "6"), "count:1", true);
  f("count:6", custom("1", "6"), true);
});
