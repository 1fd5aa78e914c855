import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeChunk, type FloatEncoding, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { type Chunk, ChunkEncoding, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import {
  BlockReader,
  chunksOf,
  clipChunk,
  joinOverlaps,
  withoutIntervals,
  writeBlock,
} from "./mod.ts";

const STEP_MS = 10;
const labels = labelsFromObject({ __name__: "m" });

/** Samples at 0, 10, 20, … each of which begins 3 ms before itself, where `starts` says so. */
function columnsOf(count: number, options: { starts: boolean; histograms?: boolean }) {
  const columns = new SampleColumns();
  for (let i = 0; i < count; i++) {
    if (options.histograms) {
      const h = new FloatHistogram();
      Object.assign(h, { count: i, sum: i });
      columns.pushHistogram(i * STEP_MS, h);
    } else columns.push(i * STEP_MS, i);
    if (options.starts) columns.setStart(i, i * STEP_MS - 3);
  }
  return columns;
}

const only = (chunks: readonly (Chunk | undefined)[]): Chunk => {
  expect(chunks.length).toBe(1);
  return chunks[0]!;
};

function startsOf(series: ChunkSeries): number[] {
  const columns = new SampleColumns();
  seriesFromChunks(series).read(columns, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  return Array.from({ length: columns.length }, (_, i) => columns.starts?.[i] ?? 0);
}

test.each([
  { histograms: false, encoding: ChunkEncoding.xor2 },
  { histograms: true, encoding: ChunkEncoding.floatHistogramSt },
])("chunks of encoding $encoding keep their starts when parts are taken", (kind) => {
  const chunk = only(chunksOf(columnsOf(5, { starts: true, ...kind })));
  expect(chunk.encoding).toBe(kind.encoding);
  const clipped = only([clipChunk(chunk, 10, 25)]);
  expect([clipped.encoding, clipped.mint, clipped.maxt]).toEqual([kind.encoding, 10, 20]);
  expect(startsOf({ labels, chunks: [clipped] })).toEqual([7, 17]);
  const range = { mint: 0, maxt: 100 };
  const cut = only(withoutIntervals([chunk], [{ mint: 10, maxt: 20 }], range));
  expect(cut.encoding).toBe(kind.encoding);
  expect(startsOf({ labels, chunks: [cut] })).toEqual([-3, 27, 37]);
});

test("chunks without starts stay in their encoding when parts are taken", () => {
  for (const floatEncoding of ["xor", "xor2"] as const) {
    const chunk = only(chunksOf(columnsOf(5, { starts: false }), { floatEncoding }));
    expect(chunk.encoding).toBe(ChunkEncoding[floatEncoding]);
    expect(clipChunk(chunk, 0, 20)!.encoding).toBe(chunk.encoding);
  }
});

test("joinOverlaps keeps starts, and the encoding of floats unless it is told one", () => {
  const join = (a: SampleColumns, b: Chunk, floatEncoding?: FloatEncoding): ChunkSeries => {
    const series = { labels, chunks: [only(chunksOf(a)), b] };
    return joinOverlaps(series, floatEncoding ? { floatEncoding } : {});
  };
  const plain = columnsOf(3, { starts: false });
  const late = only([clipChunk(only(chunksOf(columnsOf(4, { starts: true }))), 20, 30)]);
  const joined = join(plain, late);
  expect(only(joined.chunks).encoding).toBe(ChunkEncoding.xor2);
  // The third is in both.
  expect(startsOf(joined)).toEqual([0, 0, 17, 27]);
  const xor = only(chunksOf(columnsOf(3, { starts: false })));
  const xor2 = only(chunksOf(columnsOf(4, { starts: false }), { floatEncoding: "xor2" }));
  const encodingOf = (b: Chunk, to?: FloatEncoding) => only(join(plain, b, to).chunks).encoding;
  // The same samples twice are one chunk of the two, others are merged.
  expect(encodingOf(xor)).toBe(ChunkEncoding.xor);
  expect(encodingOf(xor, "xor2")).toBe(ChunkEncoding.xor2);
  expect(encodingOf(xor2)).toBe(ChunkEncoding.xor2);
  expect(encodingOf(xor2, "xor")).toBe(ChunkEncoding.xor);
});

test("writeBlock writes floats in the encoding asked for, and counts all kinds of samples", async () => {
  const dir = await mkdtemp(join(tmpdir(), "narthex-encodings-"));
  const series: ChunkSeries[] = [
    { a: { starts: false } },
    { b: { starts: true } },
    { c: { starts: true, histograms: true } },
  ].map((spec) => {
    const [name, options] = Object.entries(spec)[0]!;
    return {
      labels: labelsFromObject({ __name__: name }),
      chunks: chunksOf(columnsOf(7, options)),
    };
  });
  try {
    for (const [floatEncoding, want] of [
      [undefined, [1, 4, 6]],
      ["xor", [1, 4, 6]],
      ["xor2", [4, 4, 6]],
    ] as const) {
      async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
        yield series;
      }
      const meta = await writeBlock(batches(), {
        dir,
        mint: 0,
        maxt: 100,
        clock: new FakeClock(1),
        random: Math.random,
        ...(floatEncoding ? { floatEncoding } : {}),
      });
      expect(meta!.stats).toMatchObject({ numFloatSamples: 14, numHistogramSamples: 7 });
      const reader = await BlockReader.open(join(dir, meta!.ulid));
      const matchers = [newMatcher("=~", "__name__", ".+")];
      const got: Chunk[] = [];
      const params = { mint: 0, maxt: 99, matchers };
      for await (const batch of reader.selectChunks(params, new AbortController().signal)) {
        got.push(...batch.flatMap(({ chunks }) => chunks));
      }
      await reader.close();
      expect(got.map(({ encoding }) => encoding)).toEqual(want);
      for (const chunk of got) {
        const columns = new SampleColumns();
        decodeChunk(chunk, columns);
        expect(columns.length).toBe(7);
      }
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
