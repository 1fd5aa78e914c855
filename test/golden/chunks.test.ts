import { describe, expect, test } from "vitest";
import {
  chunkSampleCount,
  decodeChunk,
  encodeHistograms,
  encodeXor,
  encodeXor2,
} from "#pkg/chunkenc/mod.ts";
import { CounterReset, FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { golden } from "./golden.ts";

interface HistogramJson {
  readonly schema?: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: number;
  readonly count?: number;
  readonly sum?: string;
  readonly positiveSpans?: readonly number[];
  readonly positiveBuckets?: readonly number[];
  readonly negativeSpans?: readonly number[];
  readonly negativeBuckets?: readonly number[];
  readonly customValues?: readonly number[];
  readonly hint?: number;
}

interface Case {
  readonly name: string;
  readonly encoding: number;
  readonly chunks: readonly string[];
  readonly samples: readonly (readonly [number, string | HistogramJson | null, number])[];
}

const CASES = golden("chunks/prometheus.jsonl")
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

const HINTS = [CounterReset.unknown, CounterReset.reset, CounterReset.notReset, CounterReset.gauge];

function doubleOf(hex: string): number {
  return Buffer.from(hex, "hex").readDoubleBE();
}

function histogramOf(json: HistogramJson): FloatHistogram {
  const h = new FloatHistogram();
  h.schema = json.schema ?? 0;
  h.zeroThreshold = json.zeroThreshold ?? 0;
  h.zeroCount = json.zeroCount ?? 0;
  h.count = json.count ?? 0;
  h.sum = doubleOf(json.sum ?? "0000000000000000");
  h.positiveSpans = Int32Array.from(json.positiveSpans ?? []);
  h.positiveBuckets = Float64Array.from(json.positiveBuckets ?? []);
  h.negativeSpans = Int32Array.from(json.negativeSpans ?? []);
  h.negativeBuckets = Float64Array.from(json.negativeBuckets ?? []);
  h.customValues = Float64Array.from(json.customValues ?? []);
  h.counterReset = HINTS[json.hint ?? 0]!;
  return h;
}

function columnsOf({ samples }: Case): SampleColumns {
  const columns = new SampleColumns();
  for (const [t, value, start] of samples) {
    if (value === null) columns.pushStale(t);
    else if (typeof value !== "string") columns.pushHistogram(t, histogramOf(value));
    else {
      const bytes = Buffer.from(value, "hex");
      columns.push(t, 0);
      columns.bits[2 * columns.length - 1] = bytes.readUInt32BE(0);
      columns.bits[2 * columns.length - 2] = bytes.readUInt32BE(4);
    }
    columns.setStart(columns.length - 1, start);
  }
  return columns;
}

function encode(columns: SampleColumns, encoding: number): Uint8Array[] {
  const { length } = columns;
  if (encoding === ChunkEncoding.xor) return [encodeXor(columns, 0, length)];
  if (encoding === ChunkEncoding.xor2) return [encodeXor2(columns, 0, length)];
  const integer = encoding === ChunkEncoding.histogram || encoding === ChunkEncoding.histogramSt;
  const chunks = encodeHistograms(columns, 0, length, integer);
  for (const chunk of chunks) expect(chunk.encoding).toBe(encoding);
  return chunks.map(({ bytes }) => bytes);
}

function chunkOf(hex: string, encoding: number): Chunk {
  const bytes = Buffer.from(hex, "hex");
  return { encoding, bytes, start: 0, end: bytes.length, mint: 0, maxt: 0 };
}

describe.each(CASES)("encoding $encoding, $name", (golden) => {
  const want = columnsOf(golden);

  test("is written as Prometheus writes it", () => {
    const got = encode(want, golden.encoding).map((bytes) => Buffer.from(bytes).toString("hex"));
    expect(got).toEqual(golden.chunks);
  });

  test("is read as the samples it was made of", () => {
    const got = new SampleColumns();
    let count = 0;
    for (const hex of golden.chunks) {
      const chunk = chunkOf(hex, golden.encoding);
      count += chunkSampleCount(chunk);
      decodeChunk(chunk, got);
    }
    expect([count, got.length]).toEqual([want.length, want.length]);
    for (let i = 0; i < want.length; i++) {
      expect(got.timestamps[i]).toBe(want.timestamps[i]);
      expect(got.starts?.[i] ?? 0).toBe(want.starts?.[i] ?? 0);
      const h = want.histograms?.[i];
      if (h === undefined) {
        const bits = (from: SampleColumns) => [from.bits[2 * i], from.bits[2 * i + 1]];
        expect(bits(got)).toEqual(bits(want));
      } else expect(got.histograms?.[i]?.copy().compact(0).equals(h.copy().compact(0))).toBe(true);
    }
  });
});

test("each encoding has cases", () => {
  const { aggregate: _aggregate, none: _none, ...encodings } = ChunkEncoding;
  expect([...new Set(CASES.map(({ encoding }) => encoding))].sort()).toEqual(
    Object.values(encodings).sort(),
  );
});
