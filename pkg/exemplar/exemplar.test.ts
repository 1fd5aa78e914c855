import { expect, test } from "vitest";
import { type Exemplar, exemplarLabelChars, mergeSeriesExemplars } from "./exemplar.ts";

const one = (timestamp: number, value: number, id = "a"): Exemplar => ({
  labels: ["trace_id", id],
  value,
  timestamp,
});

test("mergeSeriesExemplars has what replicas agree on once, in order", () => {
  const a = [{ labels: ["n", "1"], exemplars: [one(1, 1), one(2, Number.NaN), one(2, 2, "b")] }];
  const b = [
    { labels: ["n", "0"], exemplars: [one(5, 5)] },
    { labels: ["n", "1"], exemplars: [one(2, Number.NaN), one(2, 2), one(3, -1)] },
  ];
  const all = [one(1, 1), one(2, Number.NaN), one(2, 2), one(2, 2, "b"), one(3, -1)];
  expect(mergeSeriesExemplars([a, [], b])).toEqual([b[0], { labels: ["n", "1"], exemplars: all }]);
  expect(mergeSeriesExemplars([a, a])).toEqual(a);
  expect(mergeSeriesExemplars([[], b])).toBe(b);
  expect(mergeSeriesExemplars([])).toEqual([]);
});

test.each([
  { labels: [], want: 0 },
  { labels: ["a", "é", "b", "😀😀"], want: 5 },
  { labels: ["a", "\ud83d"], want: 2 },
])("exemplarLabelChars of $labels", ({ labels, want }) => {
  expect(exemplarLabelChars(labels)).toBe(want);
});
