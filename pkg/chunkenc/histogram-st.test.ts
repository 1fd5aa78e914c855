import fc from "fast-check";
import { expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { chunkSampleCount, decodeChunk, encodeColumns, encodeHistograms } from "./mod.ts";

const T0 = 1_700_000_000_000;

function histogram(count: number, buckets: number): FloatHistogram {
  const h = new FloatHistogram();
  Object.assign(h, { count, sum: count / 2, zeroCount: 0 });
  h.positiveSpans = Int32Array.of(0, buckets);
  h.positiveBuckets = new Float64Array(buckets).fill(0);
  h.positiveBuckets[0] = count;
  return h;
}

function decode(chunks: readonly Chunk[]): SampleColumns {
  const into = new SampleColumns();
  for (const chunk of chunks) decodeChunk(chunk, into);
  return into;
}

const startsOf = (columns: SampleColumns): number[] =>
  Array.from({ length: columns.length }, (_, i) => columns.starts?.[i] ?? 0);

/** Histograms that grow, stale markers among them, with starts of all kinds. */
const SERIES = fc
  .record({
    integer: fc.boolean(),
    first: fc.constantFrom(0, T0 - 5),
    steps: fc.array(
      fc.record({
        gap: fc.integer({ min: 1, max: 2 ** 40 }),
        kind: fc.constantFrom("stale", "same", "grown"),
        start: fc.option(fc.integer({ min: -(2 ** 42), max: 2 ** 42 }), { freq: 2 }),
      }),
      { minLength: 1, maxLength: 40 },
    ),
    tail: fc.constantFrom(0, 0, 100, 150),
  })
  .map(({ integer, first, steps, tail }) => {
    const columns = new SampleColumns();
    let [t, start, buckets] = [-(2 ** 41), first, 1];
    const rest = { gap: 15_000, kind: "same", start: null };
    for (const step of [...steps, ...Array.from({ length: tail }, () => rest)]) {
      t += step.gap;
      start = step.start ?? start;
      if (step.kind === "grown") buckets++;
      const count = (columns.length + 1) * (integer ? 1 : 0.3);
      if (step.kind === "stale") columns.pushStale(t);
      else columns.pushHistogram(t, histogram(count, buckets));
      columns.setStart(columns.length - 1, start);
    }
    return { columns, integer };
  });

test("histograms with start timestamps round-trip in the encodings that keep them", () => {
  fc.assert(
    fc.property(SERIES, ({ columns, integer }) => {
      const chunks = encodeHistograms(columns, 0, columns.length, integer);
      let at = 0;
      for (const chunk of chunks) {
        const hasStarts = startsOf(columns)
          .slice(at, at + chunkSampleCount(chunk))
          .some((start) => start !== 0);
        const [plain, st] = integer
          ? [ChunkEncoding.histogram, ChunkEncoding.histogramSt]
          : [ChunkEncoding.floatHistogram, ChunkEncoding.floatHistogramSt];
        expect(chunk.encoding).toBe(hasStarts ? st : plain);
        at += chunkSampleCount(chunk);
      }
      expect(at).toBe(columns.length);
      const read = decode(chunks);
      expect([...read.timestamps.subarray(0, read.length)]).toEqual([
        ...columns.timestamps.subarray(0, columns.length),
      ]);
      expect(startsOf(read)).toEqual(startsOf(columns));
      for (let i = 0; i < read.length; i++) {
        const want = columns.histograms?.[i]?.copy().compact(0);
        const got = read.histograms?.[i]?.copy().compact(0);
        expect(got === undefined ? want === undefined : want?.equals(got)).toBe(true);
      }
    }),
  );
});

test("a chunk with start timestamps ends where its count of samples does", () => {
  const columns = new SampleColumns();
  const h = histogram(3, 1);
  for (let i = 0; i < 16_390; i++) columns.pushHistogram(T0 + i, h);
  columns.setStart(0, T0 - 1);
  const chunks = encodeHistograms(columns, 0, columns.length, true);
  expect(chunks.map(chunkSampleCount)).toEqual([16_383, 7]);
  expect(chunks.map(({ encoding }) => encoding)).toEqual([
    ChunkEncoding.histogramSt,
    ChunkEncoding.histogram,
  ]);
  expect(decode(chunks).length).toBe(16_390);
});

test("the flags of a chunk with start timestamps stand before its count", () => {
  const columns = new SampleColumns();
  columns.pushHistogram(T0, histogram(3, 1));
  columns.pushHistogram(T0 + 1, histogram(2, 1));
  columns.setStart(0, T0 - 1);
  columns.setStart(1, T0);
  const chunks = encodeHistograms(columns, 0, 2, true);
  expect(chunks.map(({ bytes }) => [...bytes.subarray(0, 3)])).toEqual([
    [0, 1, 0x80],
    [0x80, 1, 0x80],
  ]);
});

test("every prefix is corruption, every flipped bit is read or refused, nothing stays behind", () => {
  fc.assert(
    fc.property(SERIES, fc.nat(), ({ columns, integer }, seed) => {
      const [{ bytes, encoding }] = encodeHistograms(columns, 0, columns.length, integer) as [
        Chunk,
      ];
      const read = (source: Uint8Array, end: number): boolean => {
        const into = new SampleColumns();
        into.push(1, 1);
        try {
          const chunk = { encoding, bytes: source, start: 2, end, mint: 0, maxt: 0 };
          decodeChunk(chunk, into, "file");
          return true;
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
          expect(into.length).toBe(1);
          expect(startsOf(into)).toEqual([0]);
          return false;
        }
      };
      const placed = new Uint8Array(bytes.length + 4).fill(0xff);
      placed.set(bytes, 2);
      for (let end = 2; end < bytes.length + 2; end += 1 + (seed % 7)) {
        expect(read(placed, end)).toBe(false);
      }
      for (let k = 0; k < 40; k++) {
        const bit = (seed + k * 7919) % (bytes.length * 8);
        placed[2 + (bit >>> 3)]! ^= 0x80 >>> (bit & 7);
        read(placed, bytes.length + 2);
        placed[2 + (bit >>> 3)]! ^= 0x80 >>> (bit & 7);
      }
    }),
    { numRuns: 60 },
  );
});

test("encodeColumns keeps starts of floats and histograms, and writes XOR2 where it is asked for", () => {
  const columns = new SampleColumns();
  for (let i = 0; i < 4; i++) columns.push(T0 + i, i);
  columns.pushHistogram(T0 + 4, histogram(3, 1));
  columns.setStart(3, T0);
  columns.setStart(4, T0 + 1);
  const encodings = (floatEncoding?: "xor" | "xor2"): number[] => {
    const options = { samplesMax: 2, integer: true, ...(floatEncoding ? { floatEncoding } : {}) };
    const chunks = encodeColumns(columns, 0, 5, options);
    expect(startsOf(decode(chunks))).toEqual([0, 0, 0, T0, T0 + 1]);
    return chunks.map(({ encoding }) => encoding);
  };
  const { xor, xor2, histogramSt } = ChunkEncoding;
  expect(encodings()).toEqual([xor, xor2, histogramSt]);
  expect(encodings("xor")).toEqual([xor, xor2, histogramSt]);
  expect(encodings("xor2")).toEqual([xor2, xor2, histogramSt]);
});
