import { expect, test } from "vitest";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { labelsHashFraction } from "./hash.ts";
import { xxhash64 } from "./xxhash64.ts";

function hex(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const { hi, lo } = xxhash64(bytes, bytes.length);
  return hi.toString(16).padStart(8, "0") + lo.toString(16).padStart(8, "0");
}

// Of the algorithm's own description and of the tests of its implementation in Go.
test.each([
  ["", "ef46db3751d8e999"],
  ["a", "d24ec4f1a98c6e5b"],
  ["as", "1c330fb2d66be179"],
  ["asd", "631c37ce72a97393"],
  ["asdf", "415872f599cea71e"],
  ["abc", "44bc2cf5ad770999"],
  ["Call me Ishmael. Some years ago--never mind how long precisely-", "02a2e85470d6fd96"],
])("xxhash64 of %j", (text, expected) => {
  expect(hex(text)).toBe(expected);
});

/** The same in plain 64-bit arithmetic. */
function reference(bytes: Uint8Array): bigint {
  const mask = (1n << 64n) - 1n;
  const P = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n];
  const [p1, p2, p3, p4] = P as [bigint, bigint, bigint, bigint];
  const p5 = 0x27d4eb2f165667c5n;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const rotate = (x: bigint, n: bigint): bigint => ((x << n) | (x >> (64n - n))) & mask;
  const round = (acc: bigint, input: bigint): bigint =>
    (rotate((acc + input * p2) & mask, 31n) * p1) & mask;
  let at = 0;
  let hash = p5;
  if (bytes.length >= 32) {
    const v = [(p1 + p2) & mask, p2, 0n, (mask + 1n - p1) & mask];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) v[i] = round(v[i]!, view.getBigUint64(at + 8 * i, true));
    }
    hash = [1n, 7n, 12n, 18n].reduce((sum, n, i) => (sum + rotate(v[i]!, n)) & mask, 0n);
    for (const lane of v) hash = ((hash ^ round(0n, lane)) * p1 + p4) & mask;
  }
  hash = (hash + BigInt(bytes.length)) & mask;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4) & mask;
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * p1) & mask), 23n) * p2 + p3) & mask;
    at += 4;
  }
  for (; at < bytes.length; at++) {
    hash = (rotate(hash ^ ((BigInt(bytes[at]!) * p5) & mask), 11n) * p1) & mask;
  }
  hash = ((hash ^ (hash >> 33n)) * p2) & mask;
  hash = ((hash ^ (hash >> 29n)) * p3) & mask;
  return hash ^ (hash >> 32n);
}

test("all lengths agree with 64-bit arithmetic", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => (i * 167 + 91) & 0xff);
  for (let length = 0; length <= bytes.length; length++) {
    const { hi, lo } = xxhash64(bytes, length);
    expect((BigInt(hi) << 32n) | BigInt(lo), `${length}`).toBe(
      reference(bytes.subarray(0, length)),
    );
  }
});

test("labels are hashed as Prometheus lays them out: each text behind its length", () => {
  const long = "é".repeat(150);
  const layout = (name: string, value: string): number[] =>
    [name, value].flatMap((text) => {
      const bytes = new TextEncoder().encode(text);
      const size =
        bytes.length < 255 ? [bytes.length] : [255, bytes.length & 255, bytes.length >> 8, 0];
      return [...size, ...bytes];
    });
  const bytes = Uint8Array.from([...layout("__name__", "up"), ...layout("job", long)]);
  const fraction = labelsHashFraction(labelsFromObject({ job: long, __name__: "up" }));
  expect(fraction).toBe(Number(reference(bytes)) / 2 ** 64);
});
