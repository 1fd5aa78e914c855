import { expect, test } from "vitest";
import { CounterReset, FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Chunk, SampleColumns } from "#pkg/storage/mod.ts";
import { mergeColumns } from "./merge-columns.ts";
import { encodeColumns, seriesFromChunks } from "./mod.ts";

function histogram(count: number, hint: CounterReset = CounterReset.notReset): FloatHistogram {
  const h = new FloatHistogram();
  h.count = count;
  h.counterReset = hint;
  return h;
}

type Sample = readonly [t: number, sample: number | FloatHistogram | undefined];

function columnsOf(...samples: Sample[]): SampleColumns {
  const columns = new SampleColumns(1);
  for (const [t, sample] of samples) {
    if (sample === undefined) columns.pushStale(t);
    else if (typeof sample === "number") columns.push(t, sample);
    else columns.pushHistogram(t, sample);
  }
  return columns;
}

/** Histograms as their count and hint, floats as they are. */
function shown(columns: SampleColumns): unknown[] {
  return Array.from({ length: columns.length }, (_, i) => {
    const h = columns.histograms?.[i];
    const t = columns.timestamps[i];
    if (h) return [t, { count: h.count, hint: h.counterReset }];
    return [t, columns.isStale(i) ? "stale" : columns.values[i]];
  });
}

test("mergeColumns carries histograms, and drops hints where sources alternate", () => {
  const into = columnsOf([0, 1]);
  const a = columnsOf([1, histogram(1)], [2, histogram(2)], [5, undefined], [6, 6]);
  const b = columnsOf([2, histogram(9)], [3, histogram(3)], [4, histogram(4)], [5, histogram(5)]);
  mergeColumns(a, b, into);
  const { unknown, notReset } = CounterReset;
  expect(shown(into)).toEqual([
    [0, 1],
    [1, { count: 1, hint: unknown }],
    [2, { count: 2, hint: notReset }],
    [3, { count: 3, hint: unknown }],
    [4, { count: 4, hint: notReset }],
    [5, { count: 5, hint: notReset }],
    [6, 6],
  ]);
});

test("mergeColumns leaves gauges gauges and keeps start timestamps", () => {
  const into = new SampleColumns();
  const a = columnsOf([1, histogram(1, CounterReset.gauge)], [3, 3]);
  const b = columnsOf([2, histogram(2, CounterReset.gauge)]);
  a.setStart(1, 2);
  mergeColumns(a, b, into);
  expect(into.histograms?.slice(0, 2).map((h) => h?.counterReset)).toEqual([3, 3]);
  expect([0, 1, 2].map((i) => into.starts?.[i])).toEqual([0, 0, 2]);
});

test("a series reads chunks of floats and histograms, overlapping ones too, in any range", () => {
  const f = (samples: Sample[]): readonly Chunk[] => {
    const columns = columnsOf(...samples);
    return encodeColumns(columns, 0, columns.length, { samplesMax: 2, integer: true });
  };
  const chunks = [
    ...f([
      [1, 1],
      [2, 2],
      [3, 3],
      [10, histogram(10)],
      [20, histogram(20)],
      [30, histogram(30)],
      [31, undefined],
      [40, 4],
    ]),
    ...f([
      [15, histogram(15)],
      [45, 5],
    ]),
  ].sort((a, b) => a.mint - b.mint);
  const read = (mint: number, maxt: number): unknown[] => {
    const into = columnsOf([0, 0]);
    seriesFromChunks({ labels: [], chunks }).read(into, mint, maxt);
    return shown(into).slice(1);
  };
  const all = read(0, 100);
  const [unknown, notReset] = [CounterReset.unknown, CounterReset.notReset];
  expect(all).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [10, { count: 10, hint: unknown }],
    [15, { count: 15, hint: unknown }],
    [20, { count: 20, hint: unknown }],
    [30, { count: 30, hint: notReset }],
    [31, "stale"],
    [40, 4],
    [45, 5],
  ]);
  for (let mint = 0; mint < 50; mint++) {
    for (let maxt = mint; maxt < 50; maxt += 7) {
      const inside = all.filter((row) => {
        const [t] = row as [number];
        return t >= mint && t <= maxt;
      });
      // Hints depend on which chunks are looked at.
      const plain = (rows: unknown[]): string => JSON.stringify(rows).replaceAll(/,"hint":\d/g, "");
      expect(plain(read(mint, maxt))).toBe(plain(inside));
    }
  }
});

test.each([
  { name: "of equal samples", a: 5, b: 5, starts: [0, 7], want: [7, 8] },
  { name: "of the first where both have one", a: 5, b: 5, starts: [6, 7], want: [6, 8] },
  { name: "not of another value", a: 5, b: 4, starts: [0, 7], want: [0, 8] },
  { name: "of equal histograms", a: histogram(5), b: histogram(5), starts: [0, 7], want: [7, 8] },
  { name: "not of another", a: histogram(5), b: histogram(4), starts: [0, 7], want: [0, 8] },
  { name: "not of another kind", a: histogram(0), b: 0, starts: [0, 7], want: [0, 8] },
])("mergeColumns keeps a start timestamp $name", ({ a, b, starts, want }) => {
  const first = columnsOf([1, a]);
  const second = columnsOf([1, b], [2, b]);
  first.setStart(0, starts[0]!);
  second.setStart(0, starts[1]!);
  second.setStart(1, 8);
  const into = columnsOf();
  mergeColumns(first, second, into);
  expect([...into.starts!.subarray(0, into.length)]).toEqual(want);
});
