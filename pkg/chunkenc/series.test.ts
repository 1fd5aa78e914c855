import fc from "fast-check";
import { expect, test } from "vitest";
import { NarthexError } from "#pkg/errs/mod.ts";
import { Matcher } from "#pkg/labels/mod.ts";
import {
  type Chunk,
  type ChunkQuerier,
  PackedBatch,
  PackedBatchBuilder,
  SampleColumns,
} from "#pkg/storage/mod.ts";
import {
  chunkQuerierAsQuerier,
  decodeChunk,
  encodeFloats,
  encodeXor,
  seriesFromChunks,
} from "./mod.ts";

const STALE = "stale";
type Value = number | typeof STALE;
type Sample = readonly [number, Value];

function chunkOf(samples: readonly Sample[]): Chunk {
  const columns = new SampleColumns();
  for (const [t, v] of samples) v === STALE ? columns.pushStale(t) : columns.push(t, v);
  const bytes = encodeXor(columns, 0, columns.length);
  const last = samples.length - 1;
  return {
    encoding: 1,
    mint: samples[0]![0],
    maxt: samples[last]![0],
    bytes,
    start: 0,
    end: bytes.length,
  };
}

function read(chunks: readonly Chunk[], mint = -1e15, maxt = 1e15): Sample[] {
  const into = new SampleColumns(1);
  seriesFromChunks({ labels: ["a", "b"], chunks }).read(into, mint, maxt);
  return Array.from({ length: into.length }, (_, i) => [
    into.timestamps[i]!,
    into.isStale(i) ? STALE : into.values[i]!,
  ]);
}

test("seriesFromChunks reads disjoint chunks in order and trims to the range", () => {
  const chunks = [
    chunkOf([
      [1, 10],
      [2, 20],
    ]),
    chunkOf([
      [5, 50],
      [6, STALE],
    ]),
  ];
  expect(read(chunks)).toEqual([
    [1, 10],
    [2, 20],
    [5, 50],
    [6, STALE],
  ]);
  expect(read(chunks, 2, 5)).toEqual([
    [2, 20],
    [5, 50],
  ]);
  expect(read(chunks, 3, 4)).toEqual([]);
  expect(read([], 3, 4)).toEqual([]);
});

test("seriesFromChunks does not decode chunks outside the range", () => {
  const broken: Chunk = { ...chunkOf([[9, 1]]), bytes: new Uint8Array([0, 9]), end: 2 };
  expect(read([chunkOf([[1, 1]]), broken], 0, 8)).toEqual([[1, 1]]);
  expect(() => read([broken], 0, 9)).toThrow(/chunk/);
});

test("overlapping chunks: the first one wins, a value wins over a stale marker", () => {
  const first = chunkOf([
    [1, 1],
    [2, STALE],
    [4, 4],
  ]);
  const second = chunkOf([
    [1, 100],
    [2, 200],
    [3, 300],
  ]);
  expect(read([first, second])).toEqual([
    [1, 1],
    [2, 200],
    [3, 300],
    [4, 4],
  ]);
  expect(read([second, first])).toEqual([
    [1, 100],
    [2, 200],
    [3, 300],
    [4, 4],
  ]);
});

test("seriesFromChunks equals the plain merge on chunks that overlap and repeat", () => {
  const chunk = fc
    .uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 })
    .map((times) => times.sort((a, b) => a - b));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(chunk, fc.boolean()), { maxLength: 6 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      (specs, mint, maxt) => {
        const all = specs.flatMap(([times, isTwice], source) => {
          const samples = times.map((t): Sample => [t, t % 7 === 0 ? STALE : source * 100 + t]);
          return isTwice ? [samples, samples] : [samples];
        });
        all.sort((a, b) => a[0]![0] - b[0]![0]);
        const want = new Map<number, Value>();
        for (const samples of all) {
          for (const [t, v] of samples) {
            if (t < mint || t > maxt) continue;
            if (!want.has(t) || want.get(t) === STALE) want.set(t, v);
          }
        }
        const sorted = [...want].sort((a, b) => a[0] - b[0]);
        expect(read(all.map(chunkOf), mint, maxt)).toEqual(sorted);
      },
    ),
  );
});

test("decodeChunk refuses unknown encodings by number", () => {
  const chunk = { ...chunkOf([[1, 1]]), encoding: 77 as never };
  const decode = (): void => decodeChunk(chunk, new SampleColumns());
  expect(decode).toThrow("unknown encoding 77");
  expect(decode).toThrow(NarthexError);
});

test("chunkQuerierAsQuerier passes names and values on and reads series", async () => {
  const source: ChunkQuerier = {
    labelNames: async () => ["n"],
    labelValues: async (name) => [name],
    async *selectChunks() {
      yield [{ labels: ["a", "1"], chunks: [chunkOf([[1, 2]])] }];
    },
  };
  const querier = chunkQuerierAsQuerier(source);
  const signal = new AbortController().signal;
  const params = { mint: 0, maxt: 9, matchers: [new Matcher("=", "a", "1")] };
  expect(await querier.labelNames(params, signal)).toEqual(["n"]);
  expect(await querier.labelValues("v", params, signal)).toEqual(["v"]);
  for await (const batch of querier.select(params, signal)) {
    const into = new SampleColumns();
    batch[0]!.read(into, 0, 9);
    expect([batch.length, batch[0]!.labels, into.values[0]]).toEqual([1, ["a", "1"], 2]);
  }
});

test("series in packed batches have the start timestamps of their chunks", () => {
  const builder = new PackedBatchBuilder(1);
  const chunks: Chunk[] = [];
  for (const [i, hasStarts] of [false, true, true, false].entries()) {
    const columns = new SampleColumns();
    for (let k = 0; k < 5; k++) {
      columns.push(10 * i + k, k);
      if (hasStarts) columns.setStart(k, 1000 * i + k + 1);
    }
    chunks.push(encodeFloats(columns, 0, 5, i === 3 ? "xor2" : "xor"));
    builder.addChunk(chunks[i]!);
  }
  builder.endSeries();
  const [packed] = new PackedBatch(builder.finish(), []).series;
  expect(packed!.chunks.map(({ encoding }) => encoding)).toEqual([1, 4, 4, 4]);
  for (const [mint, maxt] of [
    [0, 99],
    [3, 12],
    [13, 32],
    [12, 13],
  ] as const) {
    const samples = [{ labels: [], chunks }, packed!].map((series) => {
      const into = new SampleColumns();
      seriesFromChunks(series).read(into, mint, maxt);
      return Array.from({ length: into.length }, (_, i) => {
        return [into.timestamps[i], into.values[i], into.starts?.[i] ?? 0];
      });
    });
    const times = [0, 10, 20, 30].flatMap((t) => [t, t + 1, t + 2, t + 3, t + 4]);
    const want = times.filter((t) => t >= mint && t <= maxt);
    const startOf = (t: number) =>
      t >= 10 && t < 30 ? 1000 * Math.floor(t / 10) + (t % 10) + 1 : 0;
    expect(samples[0]).toEqual(want.map((t) => [t, t % 10, startOf(t)]));
    expect(samples[1]).toEqual(samples[0]);
  }
});
