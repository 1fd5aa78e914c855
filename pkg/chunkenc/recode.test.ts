import { expect, test } from "vitest";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { chunkSampleCount, decodeChunk, encodeFloats, recodeFloatChunk } from "./mod.ts";

function columnsOf(count: number, start: number): SampleColumns {
  const columns = new SampleColumns();
  for (let i = 0; i < count; i++) {
    if (i % 7 === 3) columns.pushStale(i * 15_000);
    else columns.push(i * 15_000, i % 3);
    columns.setStart(i, start);
  }
  return columns;
}

function bitsOf(chunk: Chunk): number[] {
  const columns = new SampleColumns();
  decodeChunk(chunk, columns);
  return [...columns.timestamps.subarray(0, columns.length), ...columns.bits.subarray(0, 400)];
}

test("recodeFloatChunk goes to XOR2 and back to the same bytes", () => {
  for (const count of [1, 2, 120, 200]) {
    const chunk = encodeFloats(columnsOf(count, 0), 0, count, "xor");
    const xor2 = recodeFloatChunk(chunk, "xor2");
    expect([chunk.encoding, xor2.encoding]).toEqual([ChunkEncoding.xor, ChunkEncoding.xor2]);
    expect(chunkSampleCount(xor2)).toBe(count);
    expect([xor2.mint, xor2.maxt]).toEqual([chunk.mint, chunk.maxt]);
    expect(bitsOf(xor2)).toEqual(bitsOf(chunk));
    expect(recodeFloatChunk(xor2, "xor")).toEqual(chunk);
  }
});

test("recodeFloatChunk leaves chunks that are as wanted, have starts, or hold no floats", () => {
  const plain = encodeFloats(columnsOf(3, 0), 0, 3, "xor");
  const started = encodeFloats(columnsOf(3, 5), 0, 3, "xor");
  expect(started.encoding).toBe(ChunkEncoding.xor2);
  const histogram: Chunk = { ...plain, encoding: ChunkEncoding.histogram };
  const unknown: Chunk = { ...plain, encoding: 77 };
  expect(recodeFloatChunk(plain, "xor")).toBe(plain);
  expect(recodeFloatChunk(started, "xor")).toBe(started);
  expect(recodeFloatChunk(started, "xor2")).toBe(started);
  for (const chunk of [histogram, unknown]) expect(recodeFloatChunk(chunk, "xor2")).toBe(chunk);
  expect(chunkSampleCount(unknown)).toBe(0);
  expect(chunkSampleCount({ ...plain, end: 1 })).toBe(0);
});
