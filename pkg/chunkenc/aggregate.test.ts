import { expect, test } from "vitest";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { CorruptionError, codeOf } from "#pkg/errs/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import {
  AGGREGATES,
  type Aggregate,
  aggregateSeries,
  chunkSampleCount,
  decodeChunk,
  encodeColumns,
  seriesFromChunks,
  splitAggrChunk,
} from "./mod.ts";

type Samples = readonly (readonly [number, number])[];

/** XOR bytes of Prometheus's encoder, whose times may repeat: 10 20 28, really 8; 12 12 21, really 9. */
const COUNTERS = [
  "0004004024000000000000dfa712d60e0007603eb6c20d61f0",
  "0004809f494028000000000000dfa7124000eb17bd6d8415c0",
];

function chunkOf(samples: Samples): Chunk {
  const columns = new SampleColumns();
  for (const [t, value] of samples) columns.push(t, value);
  return encodeColumns(columns, 0, columns.length, { samplesMax: 1e4, integer: false })[0]!;
}

function aggregate(parts: Readonly<Partial<Record<Aggregate, Chunk>>>): Chunk {
  const out = new ByteWriter();
  for (const name of AGGREGATES) {
    const part = parts[name];
    if (part === undefined) {
      out.uvarint(0);
      continue;
    }
    out.uvarint(part.end - part.start);
    out.u8(part.encoding);
    out.raw(part.bytes.subarray(part.start, part.end));
  }
  const bytes = out.take();
  const { mint, maxt } = parts.count ?? parts.counter!;
  return { encoding: ChunkEncoding.aggregate, mint, maxt, bytes, start: 0, end: bytes.length };
}

function counter(hex: string, mint: number, maxt: number): Chunk {
  const bytes = Buffer.from(hex, "hex");
  return { encoding: ChunkEncoding.xor, mint, maxt, bytes, start: 0, end: bytes.length };
}

const FIRST = aggregate({
  count: chunkOf([
    [299_999, 3],
    [599_999, 2],
  ]),
  sum: chunkOf([
    [299_999, 45],
    [599_999, 10],
  ]),
  max: chunkOf([
    [299_999, 20],
    [599_999, 8],
  ]),
  counter: counter(COUNTERS[0]!, 0, 599_999),
});

function samplesOf(chunks: readonly Chunk[]): Samples {
  const columns = new SampleColumns();
  seriesFromChunks({ labels: [], chunks }).read(columns, -1e15, 1e15);
  return Array.from({ length: columns.length }, (_, i) => [
    columns.timestamps[i]!,
    columns.values[i]!,
  ]);
}

test("splitAggrChunk gives the chunks that are there", () => {
  const parts = splitAggrChunk(FIRST);
  expect(Object.keys(parts)).toEqual(["count", "sum", "max", "counter"]);
  expect(samplesOf([parts.max!])).toEqual([
    [299_999, 20],
    [599_999, 8],
  ]);
  expect(chunkSampleCount(FIRST)).toBe(2);
  expect(chunkSampleCount(aggregate({ counter: parts.counter! }))).toBe(0);
});

test("decodeChunk reads the averages of a downsampled chunk", () => {
  expect(samplesOf([FIRST])).toEqual([
    [299_999, 15],
    [599_999, 5],
  ]);
  const columns = new SampleColumns();
  const h = new FloatHistogram();
  Object.assign(h, { count: 6, sum: 3, zeroCount: 6 });
  columns.pushHistogram(299_999, h);
  const [sum] = encodeColumns(columns, 0, 1, { samplesMax: 1, integer: false });
  const into = new SampleColumns();
  decodeChunk(aggregate({ count: chunkOf([[299_999, 3]]), sum: sum! }), into);
  expect(into.histograms![0]).toMatchObject({ count: 2, sum: 1, zeroCount: 2 });
});

test("a chunk without the aggregate that is asked for says which is needed", () => {
  const f = (act: () => unknown, message: string): void => {
    expect(act).toThrow(message);
    expect(() => act()).toThrow(expect.objectContaining({ code: "execution" }));
  };
  const { count, sum, counter: own } = splitAggrChunk(FIRST);
  const read = (chunk: Chunk) => () => decodeChunk(chunk, new SampleColumns());
  f(read(aggregate({ counter: own! })), "aggregate count needed");
  f(read(aggregate({ count: count! })), "aggregate sum needed");
  const series = { labels: [], chunks: [aggregate({ count: count!, sum: sum! })] };
  f(() => aggregateSeries(series, "min"), "downsampled block: aggregate min needed");
});

test("aggregateSeries leaves raw chunks, and takes one aggregate of others", () => {
  const raw = chunkOf([[600_000, 7]]);
  const { chunks } = aggregateSeries({ labels: [], chunks: [FIRST, raw] }, "sum");
  expect(samplesOf(chunks)).toEqual([
    [299_999, 45],
    [599_999, 10],
    [600_000, 7],
  ]);
  const series = { labels: [], chunks: [raw] };
  expect(aggregateSeries(series, "counter")).toBe(series);
});

test("aggregateSeries puts a counter together over the resets inside and between chunks", () => {
  const second = aggregate({ counter: counter(COUNTERS[1]!, 600_000, 1_199_999) });
  const raw = chunkOf([
    [1_200_000, 11],
    [1_200_010, 4],
  ]);
  const { chunks } = aggregateSeries({ labels: [], chunks: [FIRST, second, raw] }, "counter");
  expect(samplesOf(chunks)).toEqual([
    [0, 10],
    [299_999, 20],
    [599_999, 28],
    // 12 follows the 8 that the source had, not the 28.
    [600_000, 32],
    [899_999, 32],
    [1_199_999, 41],
    [1_200_000, 43],
    [1_200_010, 47],
  ]);
});

test("damaged downsampled chunks are corruption or what is left of them is read", () => {
  const misaligned = aggregate({ count: chunkOf([[1, 2]]), sum: chunkOf([[2, 2]]) });
  expect(() => decodeChunk(misaligned, new SampleColumns())).toThrow("different times");
  const nested = aggregate({ count: FIRST });
  expect(() => splitAggrChunk(nested)).toThrow("aggregate within");
  for (let end = 0; end < FIRST.end; end++) {
    expect(() => splitAggrChunk({ ...FIRST, end })).toThrow(CorruptionError);
  }
  for (let bit = 0; bit < FIRST.end * 8; bit++) {
    const bytes = FIRST.bytes.slice();
    bytes[bit >>> 3]! ^= 0x80 >>> (bit & 7);
    const into = new SampleColumns();
    into.push(1, 1);
    const chunk = { ...FIRST, bytes };
    const acts = [
      () => decodeChunk(chunk, into),
      () => aggregateSeries({ labels: [], chunks: [chunk] }, "counter"),
    ];
    for (const act of acts) {
      try {
        act();
        into.truncate(1);
      } catch (error) {
        expect(["corruption", "execution"]).toContain(codeOf(error));
        expect(into.length).toBe(1);
      }
    }
  }
});
