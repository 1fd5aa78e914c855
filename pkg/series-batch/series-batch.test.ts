import fc from "fast-check";
import { expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { labelsFromPairs } from "#pkg/labels/mod.ts";
import type { Chunk, ChunkSeries } from "#pkg/storage/mod.ts";
import {
  decodeSeriesBatch,
  encodeSeriesBatch,
  SeriesBatchDecoder,
  SeriesBatchEncoder,
} from "./series-batch.ts";

const word = fc.oneof(
  fc.constantFrom("job", "instance", "__name__", "up", "日本", "😀"),
  fc.string({ unit: "grapheme", maxLength: 40 }),
);
const chunk = fc
  .record({
    encoding: fc.integer({ min: 0, max: 255 }),
    mint: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    span: fc.nat({ max: 1e9 }),
    data: fc.uint8Array({ maxLength: 50 }),
    before: fc.nat({ max: 3 }),
  })
  .map(({ encoding, mint, span, data, before }): Chunk => {
    const bytes = new Uint8Array(data.length + before + 2);
    bytes.set(data, before);
    return { encoding, mint, maxt: mint + span, bytes, start: before, end: before + data.length };
  });
const batches = fc.array(
  fc.record({
    labels: fc.array(fc.tuple(word, word), { maxLength: 6 }).map(labelsFromPairs),
    chunks: fc.array(chunk, { maxLength: 4 }),
  }),
  { maxLength: 20 },
);

/** The batch with each chunk's bytes copied out, to compare by content. */
function plain(batch: readonly ChunkSeries[]): unknown {
  return batch.map(({ labels, chunks }) => ({
    labels: [...labels],
    chunks: chunks.map((c) => ({
      encoding: c.encoding,
      mint: c.mint,
      maxt: c.maxt,
      data: [...c.bytes.subarray(c.start, c.end)],
    })),
  }));
}

test("decodeSeriesBatch gives back what encodeSeriesBatch took", () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const decoded = decodeSeriesBatch(encodeSeriesBatch(batch));
      expect(plain(decoded)).toEqual(plain(batch));
    }),
  );
});

test("batches of a stream share symbols, and decode in order", () => {
  fc.assert(
    fc.property(fc.array(batches, { maxLength: 5 }), (stream) => {
      const encoder = new SeriesBatchEncoder();
      const decoder = new SeriesBatchDecoder();
      for (const batch of stream) {
        for (const series of batch) encoder.add(series);
        expect(encoder.seriesCount).toBe(batch.length);
        const size = encoder.bytes;
        const bytes = encoder.take();
        expect(Math.abs(bytes.length - size)).toBeLessThan(32);
        expect(plain(decoder.decode(bytes))).toEqual(plain(batch));
      }
    }),
  );
});

test("a table of symbols that has grown large begins anew", () => {
  const encoder = new SeriesBatchEncoder();
  const decoder = new SeriesBatchDecoder();
  const flags: number[] = [];
  for (let batch = 0; batch < 6; batch++) {
    const series = Array.from({ length: 10_000 }, (_, i) => ({
      labels: ["a", `${batch}-${i}`],
      chunks: [],
    }));
    for (const one of series) encoder.add(one);
    const bytes = encoder.take();
    flags.push(bytes[1]!);
    expect(decoder.decode(bytes)).toEqual(series);
  }
  expect(flags).toEqual([1, 0, 1, 0, 1, 0]);
});

test("decodeSeriesBatch reads a batch that stands inside a larger buffer", () => {
  const bytes = encodeSeriesBatch([{ labels: ["a", "b"], chunks: [] }]);
  const padded = new Uint8Array(bytes.length + 7);
  padded.set(bytes, 3);
  const decoded = decodeSeriesBatch(padded.subarray(3, 3 + bytes.length));
  expect(decoded).toEqual([{ labels: ["a", "b"], chunks: [] }]);
});

test("decodeSeriesBatch refuses every prefix, an added byte and another version", () => {
  const data = Uint8Array.of(1, 2, 3);
  const chunks = [{ encoding: 1, mint: 5, maxt: 9, bytes: data, start: 0, end: 3 }];
  const bytes = encodeSeriesBatch([
    { labels: ["__name__", "up", "job", "x"], chunks },
    { labels: ["__name__", "up", "job", "y"], chunks },
  ]);
  for (let end = 0; end < bytes.length; end++) {
    expect(() => decodeSeriesBatch(bytes.slice(0, end)), `prefix ${end}`).toThrow(CorruptionError);
  }
  expect(() => decodeSeriesBatch(Uint8Array.of(...bytes, 0))).toThrow(CorruptionError);
  expect(() => decodeSeriesBatch(Uint8Array.of(3, ...bytes.slice(1)))).toThrow("version 3, want 2");
});

test("decodeSeriesBatch gives corruption or a well-formed batch for damaged and random bytes", () => {
  const attempt = (bytes: Uint8Array): void => {
    let decoded: ChunkSeries[];
    try {
      decoded = decodeSeriesBatch(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(CorruptionError);
      return;
    }
    for (const { labels, chunks } of decoded) {
      expect(labels.length % 2).toBe(0);
      for (const label of labels) expect(typeof label).toBe("string");
      for (const c of chunks) {
        expect(c.start <= c.end && c.end <= bytes.length && c.mint <= c.maxt).toBe(true);
      }
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: 500 });
  fc.assert(
    fc.property(batches, fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, where, flip) => {
      const bytes = encodeSeriesBatch(batch);
      bytes[where % bytes.length]! ^= flip;
      attempt(bytes);
    }),
    { numRuns: 500 },
  );
});

test("decodeSeriesBatch does not allocate for absurd counts", () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0x7f];
  expect(() => decodeSeriesBatch(Uint8Array.of(2, 1, ...huge))).toThrow("count 34359738367 in 0");
  expect(() => decodeSeriesBatch(Uint8Array.of(2, 1, 0, ...huge))).toThrow("count");
  expect(() => decodeSeriesBatch(Uint8Array.of(2, 1, 0, 1, ...huge))).toThrow("count");
});
