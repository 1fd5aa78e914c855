import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  decodeBucketIndex,
  decodeDeletionMark,
  encodeBucketIndex,
  encodeDeletionMark,
} from "./mod.ts";

const BLOCK = "01DXXFZDYD1MQW6079WK0K6EDQ";
const packed = (json: unknown): Uint8Array => gzipSync(JSON.stringify(json));

test("decodeBucketIndex reads version 1 and 2 and keeps what it does not know", () => {
  const one = {
    version: 1,
    blocks: [
      {
        block_id: BLOCK,
        min_time: 0,
        max_time: 7_200_000,
        segments_format: "1b6d",
        segments_num: 1,
        uploaded_at: 1_700_000_000,
      },
    ],
    block_deletion_marks: [{ block_id: BLOCK, deletion_time: 1_700_000_001 }],
    updated_at: 1_700_000_002,
  };
  expect(decodeBucketIndex("i", packed(one))).toEqual(one);
  const two = { ...one, version: 2, blocks: [{ ...one.blocks[0]!, source: "ingester" }] };
  expect(decodeBucketIndex("i", encodeBucketIndex(two))).toEqual(two);
  const empty = { version: 2, blocks: null, block_deletion_marks: null, updated_at: 5 };
  const want = { version: 2, blocks: [], block_deletion_marks: [], updated_at: 5 };
  expect(decodeBucketIndex("i", packed(empty))).toEqual(want);
});

test("decodeBucketIndex refuses what it cannot trust, naming the field", () => {
  const good = { version: 2, blocks: [], block_deletion_marks: [], updated_at: 5 };
  const f = (json: unknown, message: RegExp): void => {
    expect(() => decodeBucketIndex("i.gz", packed(json))).toThrow(message);
  };
  f({ ...good, version: 3 }, /i\.gz at offset 0: bucket index: version/);
  f({ ...good, blocks: [{ block_id: BLOCK }] }, /blocks\.0\.min_time/);
  f({ ...good, updated_at: "now" }, /updated_at/);
  expect(() => decodeBucketIndex("i", Buffer.from("not gzip"))).toThrow(/bucket index/);
  const bytes = encodeBucketIndex(good);
  for (let end = 0; end < bytes.length; end++) {
    expect(() => decodeBucketIndex("i", bytes.subarray(0, end))).toThrow(/bucket index/);
  }
});

test("deletion marks round-trip", () => {
  expect(decodeDeletionMark("m", encodeDeletionMark(BLOCK, 1_700_000_000))).toBe(1_700_000_000);
  expect(() => decodeDeletionMark("m", Buffer.from("{}"))).toThrow(/deletion_time/);
  expect(() => decodeDeletionMark("m", Buffer.from("{"))).toThrow(/deletion mark/);
});
