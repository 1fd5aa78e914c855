import fc from "fast-check";
import { compressSync, uncompressSync } from "snappy";
import { expect, test } from "vitest";
import { isPlausibleSnappy, snappyDeclaredBytes, snappyDecode } from "./mod.ts";

/** Bytes with repeats near and far, so that every kind of copy occurs. */
const content = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.integer({ min: 1, max: 400 })))
  .map((runs) =>
    Buffer.concat(runs.flatMap(([run, times]) => Array(times).fill(run) as Uint8Array[])),
  );

test("snappyDecode yields what the reference encoder was given", () => {
  fc.assert(
    fc.property(content, fc.nat(9), fc.nat(5), (bytes, spare, before) => {
      // In the midst of a larger buffer, whose other bytes are not to be read or written.
      const packed = Buffer.concat([Buffer.alloc(before, 0xee), compressSync(bytes)]).subarray(
        before,
      );
      const all = new Uint8Array(before + snappyDeclaredBytes(packed) + spare + 8).fill(0xaa);
      const out = all.subarray(before, all.length - 8);
      expect(snappyDecode(packed, out)).toBe(bytes.length);
      expect(Buffer.compare(out.subarray(0, bytes.length), bytes)).toBe(0);
      expect(all.subarray(0, before).every((byte) => byte === 0xaa)).toBe(true);
      expect(all.subarray(all.length - 8).every((byte) => byte === 0xaa)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("snappyDecode refuses every prefix and survives flipped bytes", () => {
  const source = Buffer.from("abcdefgh".repeat(40) + "tail of another kind".repeat(9));
  const packed = compressSync(source);
  const out = new Uint8Array(1 << 16);
  for (let end = 0; end < packed.length; end++) {
    expect(() => snappyDecode(packed.subarray(0, end), out)).toThrow(/decode snappy/);
  }
  for (let i = 1; i < packed.length * 8; i++) {
    const broken = Buffer.from(packed);
    broken[i >> 3]! ^= 1 << (i & 7);
    let ours: Uint8Array | undefined;
    try {
      if (snappyDeclaredBytes(broken) > out.length) continue;
      ours = out.slice(0, snappyDecode(broken, out));
    } catch (error) {
      expect(String(error)).toMatch(/decode snappy/);
    }
    let reference: Uint8Array | undefined;
    try {
      reference = uncompressSync(broken) as Buffer;
    } catch {
      reference = undefined;
    }
    expect(ours === undefined).toBe(reference === undefined);
    if (ours && reference) expect(Buffer.compare(ours, reference)).toBe(0);
  }
});

test("snappyDeclaredBytes refuses a preamble that is no 32-bit varint", () => {
  expect(() => snappyDeclaredBytes(new Uint8Array())).toThrow(/preamble/);
  expect(() => snappyDeclaredBytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff))).toThrow(
    /preamble/,
  );
  expect(() => snappyDeclaredBytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f))).toThrow(
    /preamble/,
  );
});

test("isPlausibleSnappy holds for what the encoder makes, and for no empty promise", () => {
  for (const size of [0, 1, 60, 1000, 1 << 20]) {
    const packed = compressSync(Buffer.alloc(size));
    expect(isPlausibleSnappy(packed.length, snappyDeclaredBytes(packed))).toBe(true);
  }
  expect(isPlausibleSnappy(10, 1 << 20)).toBe(false);
});
