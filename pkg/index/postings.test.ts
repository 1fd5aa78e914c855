import fc from "fast-check";
import { expect, test } from "vitest";
import { intersect, type Postings, union, without } from "./mod.ts";

const sorted = (values: Iterable<number>): Postings => Uint32Array.from(new Set(values)).sort();
const list = fc
  .oneof(
    fc.array(fc.nat(40), { maxLength: 30 }),
    fc.array(fc.nat(100_000), { maxLength: 200 }),
    fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 4 }),
  )
  .map(sorted);

test("intersect, without and union equal those of sets", () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const [setA, setB] = [new Set(a), new Set(b)];
      expect([...intersect(a, b)]).toEqual([...a].filter((x) => setB.has(x)));
      expect([...without(a, b)]).toEqual([...a].filter((x) => !setB.has(x)));
      expect([...union([a, b])]).toEqual([...sorted([...setA, ...setB])]);
    }),
    { numRuns: 500 },
  );
});

test("union of many lists equals that of sets, dense or far apart", () => {
  fc.assert(
    fc.property(fc.array(list, { maxLength: 6 }), (lists) => {
      expect([...union(lists)]).toEqual([...sorted(lists.flatMap((l) => [...l]))]);
    }),
    { numRuns: 300 },
  );
});

test("intersect and without search when one list is much longer", () => {
  const long = sorted(Array.from({ length: 5000 }, (_, i) => i * 3));
  const short = sorted([0, 1, 2, 3, 2997, 14_997, 14_998, 20_000]);
  expect([...intersect(short, long)]).toEqual([0, 3, 2997, 14_997]);
  expect([...intersect(long, short)]).toEqual([0, 3, 2997, 14_997]);
  expect([...without(short, long)]).toEqual([1, 2, 14_998, 20_000]);
});
