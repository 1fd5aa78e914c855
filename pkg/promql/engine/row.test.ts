import fc from "fast-check";
import { expect, test } from "vitest";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { histogramWeight, Row, RowStore, StepKind } from "./row.ts";

const STEPS = 5;

function histogram(id: number): FloatHistogram {
  const h = new FloatHistogram();
  h.sum = id;
  h.positiveSpans = Int32Array.of(0, id % 4);
  h.positiveBuckets = new Float64Array(id % 4);
  return h;
}

/** What a step holds: nothing, a float, or a histogram. */
type Cell = number | FloatHistogram | undefined;

function rowOf(cells: readonly Cell[], name: string): Row {
  const row = new Row(cells.length);
  cells.forEach((cell, i) => {
    if (typeof cell === "number") {
      row.kinds[i] = StepKind.float;
      row.values[i] = cell;
    } else if (cell !== undefined) row.setHistogram(i, cell);
  });
  row.labels = labelsFromObject({ __name__: name });
  return row;
}

function cellsOf(row: Row): Cell[] {
  return Array.from(row.kinds, (kind, i) => {
    if (kind === StepKind.none) return undefined;
    return kind === StepKind.float ? row.values[i] : row.histograms![i];
  });
}

class CountingBudget {
  samples = 0;
  bytes = 0;
  take(samples: number, bytes = 0): void {
    this.samples += samples;
    this.bytes += bytes;
  }
  give(samples: number, bytes = 0): void {
    this.samples -= samples;
    this.bytes -= bytes;
  }
}

const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant(undefined),
  fc.double(),
  fc.integer({ min: 0, max: 9 }).map(histogram),
);
const cells = fc.array(cell, { minLength: STEPS, maxLength: STEPS });

function weightOf(all: readonly Cell[]): number {
  return all.reduce<number>((sum, each) => {
    if (each === undefined) return sum;
    return sum + (typeof each === "number" ? 1 : histogramWeight(each));
  }, 0);
}

test("RowStore keeps floats and histograms, and counts what they weigh", () => {
  fc.assert(
    fc.property(fc.array(cells, { maxLength: 40 }), cells, (rows, other) => {
      const budget = new CountingBudget();
      const store = new RowStore(STEPS, budget);
      rows.forEach((row, i) => void store.push(rowOf(row, `m${i}`)));
      expect(budget.samples).toBe(rows.reduce((sum, row) => sum + weightOf(row), 0));
      const row = new Row(STEPS);
      rows.forEach((want, i) => {
        store.load(i, row);
        expect(cellsOf(row)).toEqual(want);
        expect(row.labels).toEqual(["__name__", `m${i}`]);
        // What was lent may be changed: the store has its own.
        row.dropHistograms();
        row.values.fill(0);
      });
      if (rows.length > 0) {
        store.replace(0, rowOf(other, "other"));
        store.load(0, row);
        expect(cellsOf(row)).toEqual(other);
        const all = [other, ...rows.slice(1)];
        expect(budget.samples).toBe(all.reduce((sum, each) => sum + weightOf(each), 0));
      }
      store.release();
      expect(budget).toEqual(new CountingBudget());
    }),
    { numRuns: 200 },
  );
});

test("RowStore.merge unites rows unless a step is in both", () => {
  fc.assert(
    fc.property(cells, cells, (a, b) => {
      const budget = new CountingBudget();
      const store = new RowStore(STEPS, budget);
      store.push(rowOf(a, "m"));
      const clashes = a.some((each, i) => each !== undefined && b[i] !== undefined);
      expect(store.merge(0, rowOf(b, "m"))).toBe(!clashes);
      if (clashes) return;
      const row = new Row(STEPS);
      store.load(0, row);
      expect(cellsOf(row)).toEqual(a.map((each, i) => each ?? b[i]));
      expect(budget.samples).toBe(weightOf(a) + weightOf(b));
    }),
  );
});

test("Row tells floats from histograms", () => {
  const h = histogram(3);
  const row = rowOf([1, h, undefined], "m");
  expect([row.count(), row.weight(), row.hasSamples()]).toEqual([
    3 - 1,
    1 + histogramWeight(h),
    true,
  ]);
  expect([0, 1, 2].map((i) => row.weightAt(i))).toEqual([1, histogramWeight(h), 0]);
  expect(row.dropHistograms()).toBe(true);
  expect(row.histograms).toBeUndefined();
  expect([...row.kinds]).toEqual([1, 0, 0]);
  expect(row.dropHistograms()).toBe(false);
  const only = rowOf([undefined, h], "m");
  expect(only.hasSamples()).toBe(true);
  only.dropHistograms();
  expect(only.hasSamples()).toBe(false);
});

test("a histogram weighs what Prometheus counts it for", () => {
  // 168 bytes of its own and 8 for each bucket, span and bound; a sample has 16.
  expect(histogramWeight(new FloatHistogram())).toBe(11);
  const h = new FloatHistogram();
  h.positiveSpans = Int32Array.of(0, 2, 1, 2);
  h.positiveBuckets = new Float64Array(4);
  h.negativeSpans = Int32Array.of(0, 1);
  h.negativeBuckets = new Float64Array(1);
  expect(histogramWeight(h)).toBe(15);
});
