import fc from "fast-check";
import { expect, test } from "vitest";
import { SampleColumns } from "#pkg/storage/mod.ts";
import {
  averageKernel,
  countKernel,
  deviationKernel,
  extremeKernel,
  quantileKernel,
  sumKernel,
  transitionsKernel,
  varianceKernel,
} from "./functions/over-time.ts";
import { extrapolatedKernel, instantKernel, type RangeKernel } from "./functions/rate.ts";
import { derivativeKernel, predictKernel } from "./functions/regression.ts";
import { Row } from "./row.ts";
import { dropStale } from "./sample-columns.ts";
import { Windows } from "./windows.ts";

interface Sample {
  readonly t: number;
  readonly v: number;
}

/** What a window's samples give; undefined for nothing. */
type Plain = (samples: readonly Sample[], endMs: number, rangeMs: number) => number | undefined;

const some =
  (f: (values: number[]) => number): Plain =>
  (samples) =>
    samples.length === 0 ? undefined : f(samples.map(({ v }) => v));
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => total(values) / values.length;

function sortedQuantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => {
    if (Number.isNaN(a)) return -1;
    return Number.isNaN(b) ? 1 : a - b;
  });
  const rank = q * (sorted.length - 1);
  const low = Math.floor(rank);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! * (1 - (rank - low)) + sorted[high]! * (rank - low);
}

function plainRate(isCounter: boolean, isRate: boolean): Plain {
  return (samples, endMs, rangeMs) => {
    if (samples.length < 2) return undefined;
    const first = samples[0]!;
    const last = samples.at(-1)!;
    let rise = last.v - first.v;
    if (isCounter) {
      for (let i = 1; i < samples.length; i++) {
        if (samples[i]!.v < samples[i - 1]!.v) rise += samples[i - 1]!.v;
      }
    }
    const span = (last.t - first.t) / 1000;
    const average = span / (samples.length - 1);
    let before = (first.t - (endMs - rangeMs)) / 1000;
    let after = (endMs - last.t) / 1000;
    if (before >= average * 1.1) before = average / 2;
    if (after >= average * 1.1) after = average / 2;
    if (isCounter && rise > 0 && first.v >= 0) before = Math.min(before, span * (first.v / rise));
    const result = rise * ((span + before + after) / span);
    return isRate ? result / (rangeMs / 1000) : result;
  };
}

const extreme = (better: (a: number, b: number) => boolean): Plain =>
  some((values) => values.reduce((best, v) => (better(v, best) || Number.isNaN(best) ? v : best)));

function timeOfExtreme(better: (a: number, b: number) => boolean): Plain {
  return (samples) => {
    if (samples.length === 0) return undefined;
    let best = samples[0]!;
    for (const s of samples) if (better(s.v, best.v) || Number.isNaN(best.v)) best = s;
    return best.t / 1000;
  };
}

const countPairs = (differ: (a: number, b: number) => boolean): Plain =>
  some((values) => values.slice(1).filter((v, i) => differ(values[i]!, v)).length);

const CASES: readonly (readonly [name: string, kernel: () => RangeKernel, plain: Plain])[] = [
  ["count", countKernel, some((values) => values.length)],
  ["sum", sumKernel, some(total)],
  ["avg", averageKernel, some(mean)],
  ["max", () => extremeKernel(1, false), extreme((a, b) => a > b)],
  ["min", () => extremeKernel(-1, false), extreme((a, b) => a < b)],
  ["ts_of_max", () => extremeKernel(1, true), timeOfExtreme((a, b) => a >= b)],
  ["ts_of_min", () => extremeKernel(-1, true), timeOfExtreme((a, b) => a <= b)],
  [
    "stdvar",
    () => varianceKernel(false),
    some((values) => mean(values.map((v) => (v - mean(values)) ** 2))),
  ],
  [
    "changes",
    () => transitionsKernel(false),
    countPairs((a, b) => a !== b && !(Number.isNaN(a) && Number.isNaN(b))),
  ],
  ["resets", () => transitionsKernel(true), countPairs((a, b) => b < a)],
  ["quantile", quantileKernel, some((values) => sortedQuantile(values, 0.7))],
  [
    "mad",
    deviationKernel,
    some((values) => {
      if (values.some(Number.isNaN)) return NaN;
      const median = sortedQuantile(values, 0.5);
      return sortedQuantile(
        values.map((v) => Math.abs(v - median)),
        0.5,
      );
    }),
  ],
  ["rate", () => extrapolatedKernel(true, true), plainRate(true, true)],
  ["increase", () => extrapolatedKernel(true, false), plainRate(true, false)],
  ["delta", () => extrapolatedKernel(false, false), plainRate(false, false)],
  [
    "irate",
    () => instantKernel(true),
    (samples) => {
      const [a, b] = samples.slice(-2);
      if (!a || !b) return undefined;
      return (b.v < a.v ? b.v : b.v - a.v) / ((b.t - a.t) / 1000);
    },
  ],
  [
    "deriv",
    derivativeKernel,
    (samples) => {
      if (samples.length < 2) return undefined;
      if (samples.every(({ v }) => v === samples[0]!.v)) return 0;
      const x = mean(samples.map(({ t }) => t / 1000));
      const y = mean(samples.map(({ v }) => v));
      const xy = total(samples.map(({ t, v }) => (t / 1000 - x) * (v - y)));
      return xy / total(samples.map(({ t }) => (t / 1000 - x) ** 2));
    },
  ],
];

const samplesArbitrary = (value: fc.Arbitrary<number>): fc.Arbitrary<Sample[]> =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 40_000 }), value), { maxLength: 60 }).map((pairs) => {
    let t = 0;
    return pairs.map(([gap, v]) => {
      t += gap;
      return { t, v };
    });
  });

test.each(CASES)("%s over windows gives what the plain function gives", (name, kernel, plain) => {
  const value = /^(?:ts_of|max|min|changes|resets|count|quantile|mad)/.test(name)
    ? fc.constantFrom(NaN, 0, 1, 1, 2, 5, -3, 0.5)
    : fc.integer({ min: -4, max: 1000 });
  const run = kernel();
  fc.assert(
    fc.property(
      samplesArbitrary(value),
      fc.integer({ min: 0, max: 60_000 }),
      fc.integer({ min: 1, max: 90_000 }),
      fc.integer({ min: 1, max: 120_000 }),
      (samples, startMs, stepMs, rangeMs) => {
        const steps = 12;
        const columns = new SampleColumns(2);
        for (const { t, v } of samples) columns.push(t, v);
        const frame = { startMs, stepMs, steps };
        const windows = new Windows({
          frame,
          times: { firstMs: startMs, stepMs },
          rangeMs,
          scalars: [new Float64Array(steps).fill(0.7)],
        });
        windows.place(columns, []);
        const row = new Row(steps);
        run(windows, row);
        for (let i = 0; i < steps; i++) {
          const end = startMs + i * stepMs;
          const inside = samples.filter(({ t }) => t > end - rangeMs && t <= end);
          const want = plain(inside, end, rangeMs);
          expect(row.kinds[i], `step ${i}`).toBe(want === undefined ? 0 : 1);
          if (want === undefined) continue;
          const got = row.values[i]!;
          if (Number.isNaN(want)) expect(got).toBeNaN();
          else expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(want)));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("sum and average keep what plain addition loses, and do not overflow", () => {
  const over = (kernel: RangeKernel, values: readonly number[]): number => {
    const columns = new SampleColumns();
    for (const [i, v] of values.entries()) columns.push(i + 1, v);
    const windows = new Windows({
      frame: { startMs: 1000, stepMs: 1, steps: 1 },
      times: { firstMs: 1000, stepMs: 1 },
      rangeMs: 5000,
      scalars: [],
    });
    windows.place(columns, []);
    const row = new Row(1);
    kernel(windows, row);
    return row.values[0]!;
  };
  expect(over(sumKernel(), [1, 1e100, 1, -1e100])).toBe(2);
  expect(over(averageKernel(), [1, 1e100, 1, -1e100])).toBe(0.5);
  expect(over(averageKernel(), [1.7e308, 1.7e308, 1.7e308])).toBeCloseTo(1.7e308, -300);
  expect(over(sumKernel(), [Infinity, 1])).toBe(Infinity);
  expect(over(sumKernel(), [Infinity, -Infinity])).toBeNaN();
});

test("predictKernel extends the line from the time of the step", () => {
  const columns = new SampleColumns();
  for (let i = 0; i <= 10; i++) columns.push(i * 1000, 5 + 2 * i);
  const windows = new Windows({
    frame: { startMs: 10_000, stepMs: 1, steps: 1 },
    times: { firstMs: 10_000, stepMs: 1 },
    rangeMs: 20_000,
    scalars: [Float64Array.of(10)],
  });
  windows.place(columns, []);
  const row = new Row(1);
  predictKernel()(windows, row);
  expect(row.values[0]).toBeCloseTo(45, 9);
});

test("dropStale removes stale markers and no other NaN", () => {
  const columns = new SampleColumns(1);
  columns.push(1, 10);
  columns.pushStale(2);
  columns.push(3, NaN);
  columns.pushStale(4);
  columns.push(5, 20);
  expect(dropStale(columns)).toBe(3);
  expect([...columns.timestamps.slice(0, 3)]).toEqual([1, 3, 5]);
  expect([...columns.values.slice(0, 3)]).toEqual([10, NaN, 20]);
});
