import fc from "fast-check";
import { expect, test } from "vitest";
import { CounterReset, CUSTOM_BUCKETS, FloatHistogram } from "#pkg/histogram/mod.ts";
import { HistogramMean, HistogramSum, resetsCollide, SumNote } from "./histogram-over-time.ts";

function histogram(
  counts: readonly number[],
  fields: Partial<FloatHistogram> = {},
): FloatHistogram {
  const h = new FloatHistogram();
  h.positiveSpans = Int32Array.of(0, counts.length);
  h.positiveBuckets = Float64Array.from(counts);
  h.count = counts.reduce((sum, count) => sum + count, 0);
  h.sum = 2 * h.count;
  return Object.assign(h, fields);
}

const custom = (): FloatHistogram =>
  histogram([1], { schema: CUSTOM_BUCKETS, customValues: Float64Array.of(1) });

test("sum and mean of histograms are those of their numbers", () => {
  const counts = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
    minLength: 3,
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(counts, { minLength: 1, maxLength: 20 }), (all) => {
      const sum = new HistogramSum(histogram(all[0]!));
      const mean = new HistogramMean(histogram(all[0]!));
      for (const next of all.slice(1)) {
        sum.add(histogram(next));
        mean.add(histogram(next));
      }
      const total = sum.finish()!;
      const average = mean.finish()!;
      for (let b = 0; b < 3; b++) {
        const exact = all.reduce((to, each) => to + each[b]!, 0);
        expect(total.positiveBuckets[b]).toBeCloseTo(exact, 5);
        expect(average.positiveBuckets[b]).toBeCloseTo(exact / all.length, 5);
      }
      expect(average.count * all.length).toBeCloseTo(total.count, 4);
    }),
  );
});

test("a mean is found where the sum would be infinite, and NaN stays NaN", () => {
  const mean = new HistogramMean(histogram([1], { sum: 1.5e308 }));
  for (let i = 0; i < 3; i++) mean.add(histogram([1], { sum: 1.5e308 }));
  const result = mean.finish()!;
  expect(result.sum / 1.5e308).toBeCloseTo(1, 10);
  expect(result.positiveBuckets[0]).toBeCloseTo(1, 10);
  const nan = new HistogramMean(histogram([1], { sum: NaN }));
  nan.add(histogram([3]));
  expect(nan.finish()).toMatchObject({ sum: NaN, count: 2 });
});

test.each([HistogramSum, HistogramMean])(
  "%o ends at histograms that do not go together",
  (Total) => {
    const total = new Total(histogram([1]));
    total.add(custom());
    total.add(histogram([1]));
    expect(total.notes & SumNote.incompatible).not.toBe(0);
    expect(total.finish()).toBeUndefined();
  },
);

test("hints that contradict each other are noted, and mismatched bounds", () => {
  const total = new HistogramSum(histogram([1], { counterReset: CounterReset.reset }));
  total.add(histogram([1], { counterReset: CounterReset.gauge }));
  expect(resetsCollide(total.notes)).toBe(false);
  total.add(histogram([1], { counterReset: CounterReset.notReset }));
  expect(resetsCollide(total.notes)).toBe(true);
  const bounds = new HistogramMean(custom());
  bounds.add(histogram([1], { schema: CUSTOM_BUCKETS, customValues: Float64Array.of(2) }));
  expect(bounds.notes).toBe(SumNote.reconciled);
});

test("what is summed up stays as it was", () => {
  const first = histogram([1, 2]);
  const second = histogram([3, 4]);
  const before = [first.copy(), second.copy()];
  for (const total of [new HistogramSum(first), new HistogramMean(first)]) {
    total.add(second);
    total.add(second);
    total.finish()!.compact(0);
  }
  expect([first, second]).toEqual(before);
});
