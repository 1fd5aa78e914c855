import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";
import {
  addTombstone,
  countTombstones,
  decodeTombstones,
  encodeTombstones,
  type Interval,
  joinIntervals,
  joinTombstones,
} from "./mod.ts";

type Stone = readonly [ref: number, mint: number, maxt: number];

function encode(stones: readonly Stone[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(0x0130ba30);
  writer.u8(1);
  for (const [ref, mint, maxt] of stones) {
    writer.uvarint(ref);
    writer.varint(mint);
    writer.varint(maxt);
  }
  writer.u32(crc32c(writer.bytes, 5, writer.length));
  return writer.take();
}
const stone = fc
  .tuple(fc.nat(3), fc.integer({ min: -50, max: 50 }), fc.nat(20))
  .map(([ref, mint, length]): Stone => [ref, mint, mint + length]);

test("decodeTombstones joins intervals and covers exactly the times that are deleted", () => {
  fc.assert(
    fc.property(fc.array(stone, { maxLength: 12 }), (stones) => {
      const got = decodeTombstones("tombstones", encode(stones));
      for (let ref = 0; ref <= 3; ref++) {
        const list = got.get(ref) ?? [];
        for (let t = -60; t < 80; t++) {
          const want = stones.some(([r, mint, maxt]) => r === ref && mint <= t && t <= maxt);
          expect(list.some(({ mint, maxt }) => mint <= t && t <= maxt)).toBe(want);
        }
        list.slice(1).forEach((interval, i) => {
          expect(interval.mint).toBeGreaterThan(list[i]!.maxt + 1);
        });
      }
    }),
  );
});

test("decodeTombstones reads the file that Prometheus writes without tombstones", () => {
  const empty = Uint8Array.of(0x01, 0x30, 0xba, 0x30, 1, 0, 0, 0, 0);
  expect(encode([])).toEqual(empty);
  expect(decodeTombstones("t", empty).size).toBe(0);
});

test("decodeTombstones takes times beyond 2^53 as without end", () => {
  const writer = new ByteWriter();
  writer.u32(0x0130ba30);
  writer.u8(1);
  writer.uvarint(7);
  // Zigzag of the least and the greatest 64-bit integer.
  writer.raw(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1));
  writer.raw(Uint8Array.of(254, 255, 255, 255, 255, 255, 255, 255, 255, 1));
  writer.u32(crc32c(writer.bytes, 5, writer.length));
  const got = decodeTombstones("t", writer.take());
  expect(got.get(7)).toEqual([{ mint: -Infinity, maxt: Infinity }]);
});

test("every prefix and every flipped byte is corruption", () => {
  const bytes = encode([
    [1, 5, 9],
    [300, -4, 1e12],
  ]);
  for (let end = 0; end < bytes.length; end++) {
    expect(() => decodeTombstones("t", bytes.subarray(0, end))).toThrow(CorruptionError);
  }
  for (let at = 0; at < bytes.length; at++) {
    const flipped = bytes.slice();
    flipped[at]! ^= 4;
    expect(() => decodeTombstones("t", flipped)).toThrow(CorruptionError);
  }
  expect(joinIntervals([])).toEqual([]);
});

test("encodeTombstones writes what decodeTombstones reads, joined, whatever the order", () => {
  const ends = fc.constantFrom(0, 0, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(fc.array(stone), fc.array(stone), ends, ends, (some, others, before, after) => {
      const tombstonesOf = (stones: readonly Stone[]): Map<number, readonly Interval[]> => {
        const out = new Map<number, readonly Interval[]>();
        for (const [ref, mint, maxt] of stones) {
          addTombstone(out, ref, { mint: mint - before, maxt: maxt + after });
        }
        return out;
      };
      const both = tombstonesOf([...some, ...others]);
      const read = decodeTombstones("t", encodeTombstones(both));
      expect(read).toEqual(both);
      expect([...read.keys()]).toEqual([...both.keys()].sort());
      expect(joinTombstones(tombstonesOf(some), tombstonesOf(others))).toEqual(both);
      let count = 0;
      for (const intervals of both.values()) count += intervals.length;
      expect(countTombstones(both)).toBe(count);
    }),
  );
});

test("encodeTombstones writes the file that Prometheus writes without tombstones", () => {
  expect(encodeTombstones(new Map())).toEqual(encode([]));
});

test("encodeTombstones refuses what a file cannot hold", () => {
  const f = (mint: number, maxt: number): void => {
    expect(() => encodeTombstones(new Map([[1, [{ mint, maxt }]]]))).toThrow(/assertion/);
  };
  f(0.5, 1);
  f(0, 2 ** 53);
  f(2, 1);
  expect(() => addTombstone(new Map(), 1, { mint: 2, maxt: 1 })).toThrow(/assertion/);
});
