import { expect, test } from "vitest";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { SampleColumns } from "./columns.ts";

/** The columns only pass histograms on. */
const histogram = {} as FloatHistogram;

test("histograms and start timestamps are columns that exist once one is known", () => {
  const columns = new SampleColumns(1);
  columns.push(1, 10);
  expect(columns.histograms).toBeUndefined();
  expect(columns.starts).toBeUndefined();
  columns.pushHistogram(2, histogram);
  columns.pushStale(3);
  columns.push(4, 40);
  columns.setStart(3, 2);
  expect([0, 1, 2, 3].map((i) => columns.isHistogram(i))).toEqual([false, true, false, false]);
  expect(columns.isStale(1)).toBe(false);
  expect(columns.isStale(2)).toBe(true);
  expect([...columns.starts!.subarray(0, columns.length)]).toEqual([0, 0, 0, 2]);
});

test("clear forgets both, also where the columns are used again", () => {
  const columns = new SampleColumns(2);
  columns.pushHistogram(1, histogram);
  columns.setStart(0, 5);
  columns.clear();
  expect(columns.histograms).toBeUndefined();
  expect(columns.starts).toBeUndefined();
  columns.push(1, 1);
  columns.setStart(0, 0);
  expect(columns.starts).toBeUndefined();
  columns.push(2, 2);
  columns.setStart(1, 7);
  expect([...columns.ensureStarts().subarray(0, 2)]).toEqual([0, 7]);
  columns.pushHistogram(3, histogram);
  expect([0, 1, 2].map((i) => columns.isHistogram(i))).toEqual([false, false, true]);
});

test("the columns grow together", () => {
  const columns = new SampleColumns(1);
  for (let i = 0; i < 100; i++) {
    columns.push(i, i);
    columns.setStart(i, i + 1);
  }
  expect([...columns.starts!.subarray(0, 100)]).toEqual(
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
});

test("move and truncate take entries out", () => {
  const columns = new SampleColumns();
  columns.pushStale(1);
  columns.pushHistogram(2, histogram);
  columns.setStart(1, 9);
  columns.push(3, 3);
  columns.move(1, 0);
  columns.truncate(1);
  expect(columns.timestamps[0]).toBe(2);
  expect(columns.isHistogram(0)).toBe(true);
  expect(columns.starts![0]).toBe(9);
  columns.push(4, 4);
  expect(columns.isHistogram(1)).toBe(false);
  expect(columns.starts![1]).toBe(0);
});
