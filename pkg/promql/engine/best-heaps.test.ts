import fc from "fast-check";
import { expect, test } from "vitest";
import { labelsFromObject, labelValue } from "#pkg/labels/mod.ts";
import type { Querier } from "#pkg/storage/mod.ts";
import { Engine, type MatrixValue } from "../mod.ts";
import { BestHeaps, Offer } from "./best-heaps.ts";

const signal = new AbortController().signal;
const STEPS = 5;
const TIMES = { startMs: 0, endMs: (STEPS - 1) * 60_000, stepMs: 60_000 };

/** Series `s{i="0"}`, … with a value per step; NaN where a series has none is left out. */
function querier(rows: readonly (readonly (number | undefined)[])[]): Querier {
  return {
    async *select() {
      yield rows.map((row, i) => ({
        labels: labelsFromObject({ __name__: "s", g: `${i % 2}`, i: String(i).padStart(3, "0") }),
        read(into, mint, maxt) {
          row.forEach((value, step) => {
            const time = step * 60_000;
            if (value !== undefined && time >= mint && time <= maxt) into.push(time, value);
          });
        },
      }));
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}

async function topk(query: string, rows: readonly (readonly (number | undefined)[])[]) {
  const engine = new Engine({ lookbackDeltaMs: 1000 });
  const { value } = await engine.range(querier(rows), query, TIMES, signal);
  const kept = Array.from({ length: STEPS }, () => [] as number[]);
  for (const { labels, kinds } of (value as MatrixValue).series) {
    kinds.forEach((kind, step) => {
      if (kind !== 0) kept[step]!.push(Number(labelValue(labels, "i")));
    });
  }
  return kept;
}

test("topk and bottomk keep the best of each group at each step", async () => {
  const value = fc.option(fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(NaN)), {
    nil: undefined,
  });
  const table = fc.array(fc.array(value, { minLength: STEPS, maxLength: STEPS }), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 1, max: 6 }), fc.boolean(), async (ints, k, top) => {
      // Distinct values, so that there is one right answer; NaN is worse than anything.
      const rows = ints.map((row, i) => row.map((v) => (v === undefined ? v : v + i / 100)));
      const got = await topk(`${top ? "topk" : "bottomk"} by (g) (${k}, s)`, rows);
      for (let step = 0; step < STEPS; step++) {
        const wanted: number[] = [];
        for (const group of [0, 1]) {
          const members = rows.flatMap((row, i) =>
            i % 2 === group && row[step] !== undefined ? [{ i, value: row[step] as number }] : [],
          );
          const numbers = members.filter((m) => !Number.isNaN(m.value));
          numbers.sort((a, b) => (top ? b.value - a.value : a.value - b.value));
          const others = members.filter((m) => Number.isNaN(m.value));
          wanted.push(...[...numbers, ...others].slice(0, k).map((m) => m.i));
        }
        const isNumber = (i: number): boolean => !Number.isNaN(rows[i]![step]!);
        // Which of several NaN is kept does not matter.
        expect(got[step]!.filter(isNumber).sort()).toEqual(wanted.filter(isNumber).sort());
        expect(got[step]!.length).toBe(wanted.length);
      }
    }),
    { numRuns: 200 },
  );
});

test("topk holds the rows that are among the best, whichever come", async () => {
  const rising = Array.from({ length: 2000 }, (_, i) => Array.from({ length: STEPS }, () => i));
  for (const rows of [rising, rising.toReversed()]) {
    const engine = new Engine({ lookbackDeltaMs: 1000, maxSamples: 150 });
    const { value, stats } = await engine.range(querier(rows), "topk(3, s)", TIMES, signal);
    expect((value as MatrixValue).series).toHaveLength(3);
    expect(stats.peakSamples).toBeLessThan(150);
  }
});

test("BestHeaps.offer says who gives way", () => {
  const heaps = new BestHeaps(2, 1);
  const offer = (value: number, member: number): number => heaps.offer(1, 2, { value, member });
  expect([offer(5, 0), offer(3, 1), offer(1, 2), offer(4, 3), offer(NaN, 4)]).toEqual([
    Offer.taken,
    Offer.taken,
    Offer.refused,
    1,
    Offer.refused,
  ]);
  expect(heaps.ranked(1, (member) => member)).toEqual([0, 3]);
  expect([...heaps.members(0)]).toEqual([]);
  expect(heaps.offer(0, 0, { value: 1, member: 9 })).toBe(Offer.refused);
});
