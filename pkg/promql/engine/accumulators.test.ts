import fc from "fast-check";
import { expect, test } from "vitest";
import { makeAccumulator } from "./accumulators.ts";
import { almostEqual, Buckets } from "./functions/buckets.ts";
import { quantile } from "./functions/numeric.ts";
import { Row, RowStore, type SampleBudget } from "./row.ts";

const PLAIN: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (v) => v.reduce((a, b) => a + b, 0),
  avg: (v) => v.reduce((a, b) => a + b, 0) / v.length,
  min: (v) => v.reduce((a, b) => (a > b || Number.isNaN(a) ? b : a)),
  max: (v) => v.reduce((a, b) => (a < b || Number.isNaN(a) ? b : a)),
  count: (v) => v.length,
  group: () => 1,
  stdvar: (v) => {
    const mean = v.reduce((a, b) => a + b, 0) / v.length;
    return v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length;
  },
};

test.each(Object.keys(PLAIN))("%s of groups and steps is what the plain function gives", (op) => {
  const cell = fc.option(
    op === "min" || op === "max"
      ? fc.constantFrom(NaN, 1, -2, 3.5, 0)
      : fc.integer({ min: -1000, max: 1000 }),
    { nil: undefined },
  );
  const steps = 5;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(6), fc.array(cell, { minLength: steps, maxLength: steps })), {
        maxLength: 30,
      }),
      (rows) => {
        const accumulator = makeAccumulator(op, steps);
        const numbers = [...new Set(rows.map(([group]) => group))];
        const row = new Row(steps);
        for (const [group, cells] of rows) {
          cells.forEach((value, i) => {
            row.kinds[i] = value === undefined ? 0 : 1;
            row.values[i] = value ?? 99;
          });
          accumulator.add(numbers.indexOf(group), row);
        }
        for (const [at, group] of numbers.entries()) {
          accumulator.emit(at, row);
          for (let i = 0; i < steps; i++) {
            const values = rows
              .filter(([g, cells]) => g === group && cells[i] !== undefined)
              .map(([, cells]) => cells[i]!);
            expect(row.kinds[i]).toBe(values.length > 0 ? 1 : 0);
            if (values.length === 0) continue;
            const want = PLAIN[op]!(values);
            expect(almostEqual(row.values[i]!, want, 1e-9), `${row.values[i]} ${want}`).toBe(true);
          }
        }
      },
    ),
  );
});

test("avg switches to the incremental mean where the sum would overflow", () => {
  const accumulator = makeAccumulator("avg", 1);
  const row = new Row(1);
  for (const value of [1.5e308, 1.5e308, 1.2e308]) {
    row.kinds[0] = 1;
    row.values[0] = value;
    accumulator.add(0, row);
  }
  accumulator.emit(0, row);
  expect(row.values[0]! / 1.4e308).toBeCloseTo(1, 12);
});

test("quantile interpolates, orders NaN first and knows its bounds", () => {
  const f = (q: number, values: number[], want: number) =>
    expect(quantile(q, Float64Array.from(values), values.length)).toBe(want);
  f(0.5, [3, 1, 2], 2);
  f(0.25, [4, 1, 3, 2], 1.75);
  f(1, [1, NaN, 5], 5);
  f(0, [1, NaN, 5], NaN);
  f(-1, [1], -Infinity);
  f(2, [1], Infinity);
  f(NaN, [1], NaN);
  f(0.5, [], NaN);
});

test("Buckets interpolates quantiles and fractions and repairs what is not cumulative", () => {
  const make = (pairs: readonly (readonly [number, number])[]): Buckets => {
    const buckets = new Buckets();
    for (const [bound, count] of pairs) buckets.push(bound, count);
    return buckets;
  };
  const plain = [
    [0.1, 10],
    [Infinity, 20],
    [1, 15],
  ] as const;
  expect(make(plain).quantile(0.25)).toBeCloseTo(0.05, 12);
  expect(make(plain).quantile(0.75)).toBeCloseTo(1, 12);
  expect(make(plain).quantile(0.99)).toBe(1);
  expect(make(plain).quantile(-1)).toBe(-Infinity);
  expect(make(plain).fraction(0, 0.1)).toBeCloseTo(0.5, 12);
  expect(make(plain).fraction(0.1, Infinity)).toBeCloseTo(0.5, 12);
  expect(make([[1, 5]]).quantile(0.5)).toBeNaN();
  const broken = make([
    [1, 10],
    [2, 5],
    [Infinity, 20],
  ]);
  broken.quantile(0.5);
  expect([broken.repaired, broken.minRepaired, broken.maxDiff]).toEqual([true, 2, 5]);
});

test("RowStore keeps rows over many slabs and counts them", () => {
  let held = 0;
  const budget: SampleBudget = { take: (n) => (held += n), give: (n) => (held -= n) };
  for (const steps of [1, 7, 1000, 70_000]) {
    const rows = steps > 1000 ? 3 : 400;
    const store = new RowStore(steps, budget);
    const row = new Row(steps);
    for (let r = 0; r < rows; r++) {
      row.values.fill(r);
      row.kinds.fill(1);
      row.kinds[0] = r % 2;
      row.labels = ["r", String(r)];
      store.push(row);
    }
    for (let r = 0; r < rows; r++) {
      store.load(r, row);
      expect([row.labels[1], row.values.at(-1), row.kinds[0]]).toEqual([String(r), r, r % 2]);
    }
    expect(held).toBe(rows * steps - Math.ceil(rows / 2));
    row.clear();
    row.kinds[0] = 1;
    row.values[0] = 5;
    expect(store.merge(0, row)).toBe(true);
    expect(store.merge(0, row)).toBe(false);
    store.release();
    expect(held).toBe(0);
  }
});
