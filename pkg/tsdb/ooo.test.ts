import fc from "fast-check";
import { expect, test } from "vitest";
import { SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { OooSamples } from "./ooo.ts";

function all(samples: OooSamples): [number, number, number][] {
  const out: [number, number, number][] = [];
  samples.visit((t, hi, lo) => void out.push([t, hi, lo]));
  return out;
}

const sample = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.nat(9), fc.nat(9));

test("OooSamples holds what a sorted map would, in any order of arrival", () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 3000, size: "max" }), (given) => {
      const samples = new OooSamples();
      const twin = new Map<number, [number, number, number]>();
      for (const entry of given) {
        expect(samples.insert(...entry)).toBe(!twin.has(entry[0]));
        if (!twin.has(entry[0])) twin.set(entry[0], entry);
      }
      const sorted = [...twin.values()].sort((a, b) => a[0] - b[0]);
      expect(all(samples)).toEqual(sorted);
      expect(samples.length).toBe(sorted.length);
      expect(samples.mint).toBe(sorted[0]?.[0] ?? Number.POSITIVE_INFINITY);
      const columns = new SampleColumns(1);
      samples.copy(100, 2000, columns);
      const inRange = sorted.filter(([t]) => t >= 100 && t <= 2000);
      expect([...columns.timestamps.subarray(0, columns.length)]).toEqual(inRange.map(([t]) => t));
      expect([...columns.bits.subarray(0, 2 * columns.length)]).toEqual(
        inRange.flatMap(([, hi, lo]) => [lo, hi]),
      );
    }),
    { numRuns: 30 },
  );
});

test("OooSamples moves few samples for each insert, also when they come backwards", () => {
  const samples = new OooSamples();
  for (let t = 20_000; t > 0; t--) samples.insert(t, 0, 0);
  expect(samples.length).toBe(20_000);
  expect(samples.movedSamples / samples.length).toBeLessThan(1000);
});

test("a late value takes the place of a late stale marker, never the other way round", () => {
  const samples = new OooSamples();
  const stale = [STALE_HI, STALE_LO] as const;
  expect(samples.insert(5, ...stale)).toBe(true);
  expect(samples.insert(5, ...stale)).toBe(false);
  expect(samples.insert(5, 7, 8)).toBe(true);
  expect(samples.insert(5, ...stale)).toBe(false);
  expect(samples.insert(5, 9, 9)).toBe(false);
  expect(all(samples)).toEqual([[5, 7, 8]]);
  expect(samples.length).toBe(1);
});
