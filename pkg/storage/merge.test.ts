import fc from "fast-check";
import { expect, test } from "vitest";
import { compareLabels, type Labels, Matcher } from "#pkg/labels/mod.ts";
import { type Chunk, type ChunkQuerier, type ChunkSeries, mergeChunkQueriers } from "./mod.ts";

const chunkOf = (mint: number, maxt: number, content: number): Chunk => ({
  encoding: 1,
  mint,
  maxt,
  bytes: Uint8Array.of(content),
  start: 0,
  end: 1,
});
const PARAMS = { mint: 0, maxt: 9, matchers: [new Matcher("!=", "a", "")] };
const never = (): AbortSignal => new AbortController().signal;

/** A querier over fixed series, in batches of `size`; counts the batches it gave. */
class FakeQuerier implements ChunkQuerier {
  given = 0;
  ended = false;
  readonly series: readonly ChunkSeries[];
  readonly size: number;
  readonly failAt: number;

  constructor(series: readonly ChunkSeries[], size = 1, failAt = Number.POSITIVE_INFINITY) {
    this.series = series;
    this.size = size;
    this.failAt = failAt;
  }

  async labelNames(): Promise<string[]> {
    if (this.failAt === 0) throw new Error("names broke");
    return [...new Set(this.series.map((s) => s.labels[0]!))].sort();
  }

  async labelValues(name: string): Promise<string[]> {
    return this.series.filter((s) => s.labels[0] === name).map((s) => s.labels[1]!);
  }

  async *selectChunks(_: unknown, signal: AbortSignal): AsyncGenerator<readonly ChunkSeries[]> {
    try {
      for (let i = 0; i < this.series.length || this.failAt <= this.given; i += this.size) {
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) throw new Error("aborted inside");
        if (this.given === this.failAt) throw new Error("source broke");
        this.given++;
        yield this.series.slice(i, i + this.size);
        yield [];
      }
    } finally {
      this.ended = true;
    }
  }
}

async function collect(querier: ChunkQuerier, limit = 0): Promise<ChunkSeries[]> {
  const out: ChunkSeries[] = [];
  for await (const batch of querier.selectChunks({ ...PARAMS, limit }, never())) out.push(...batch);
  return out;
}

test("mergeChunkQueriers gives each label set once, sorted, with the chunks of all", async () => {
  const labels = fc
    .tuple(fc.constantFrom("a", "b"), fc.constantFrom("1", "2", "\uff5e", "\u{1f600}"))
    .map(([name, value]): Labels => [name, value]);
  const chunk = fc
    .tuple(fc.nat(5), fc.nat(5), fc.nat(1))
    .map(([mint, more, content]) => chunkOf(mint, mint + more, content));
  const source = fc
    .uniqueArray(fc.tuple(labels, fc.array(chunk, { maxLength: 4 })), {
      selector: ([set]) => set.join("="),
      maxLength: 8,
    })
    .map((list) =>
      list
        .map(([set, chunks]) => ({ labels: set, chunks: chunks.sort((x, y) => x.mint - y.mint) }))
        .sort((x, y) => compareLabels(x.labels, y.labels)),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(source, { maxLength: 4 }), fc.nat(3), async (sources, limit) => {
      const want = new Map<string, { labels: Labels; chunks: Set<string> }>();
      for (const { labels, chunks } of sources.flat()) {
        const entry = want.get(labels.join()) ?? { labels, chunks: new Set() };
        for (const c of chunks) entry.chunks.add(`${c.mint}-${c.maxt}-${c.bytes[0]}`);
        want.set(labels.join(), entry);
      }
      const queriers = sources.map((series, i) => new FakeQuerier(series, 1 + (i % 3)));
      const got = await collect(mergeChunkQueriers(queriers), limit);
      const all = [...want.values()].sort((a, b) => compareLabels(a.labels, b.labels));
      const expected = limit > 0 && sources.length !== 1 ? all.slice(0, limit) : all;
      expect(got.map((s) => s.labels)).toEqual(expected.map((s) => s.labels));
      if (sources.length < 2) return;
      got.forEach((series, i) => {
        const ids = series.chunks.map((c) => `${c.mint}-${c.maxt}-${c.bytes[0]}`);
        expect(new Set(ids)).toEqual(expected[i]!.chunks);
        const mints = series.chunks.map((c) => c.mint);
        expect(mints).toEqual(mints.toSorted((a, b) => a - b));
      });
    }),
  );
});

test("mergeChunkQueriers drops identical chunks and keeps those that differ", async () => {
  const one = new FakeQuerier([{ labels: ["a", "1"], chunks: [chunkOf(0, 9, 1)] }]);
  const two = new FakeQuerier([
    { labels: ["a", "1"], chunks: [chunkOf(0, 9, 1), chunkOf(0, 9, 2), chunkOf(5, 7, 1)] },
  ]);
  const [series] = await collect(mergeChunkQueriers([one, two]));
  expect(series!.chunks.map((c) => [c.mint, c.bytes[0]])).toEqual([
    [0, 1],
    [0, 2],
    [5, 1],
  ]);
});

test("mergeChunkQueriers rejects with the first error and ends the other sources", async () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({
    labels: ["a", String(i).padStart(5, "0")],
    chunks: [],
  }));
  const endless = new FakeQuerier(many);
  const broken = new FakeQuerier(many.slice(0, 10), 1, 3);
  await expect(collect(mergeChunkQueriers([endless, broken]))).rejects.toThrow("source broke");
  expect(endless.ended).toBe(true);
  expect(endless.given).toBeLessThan(10);
});

test("mergeChunkQueriers reads no more than a batch ahead and ends sources on return", async () => {
  const many = Array.from({ length: 2000 }, (_, i) => ({
    labels: ["a", String(i).padStart(5, "0")],
    chunks: [],
  }));
  const sources = [new FakeQuerier(many, 100), new FakeQuerier(many, 100)];
  for await (const batch of mergeChunkQueriers(sources).selectChunks(PARAMS, never())) {
    expect(batch.length).toBe(512);
    break;
  }
  expect(sources.map((s) => s.ended)).toEqual([true, true]);
  expect(sources[0]!.given).toBeLessThanOrEqual(7);
});

test("mergeChunkQueriers stops with canceled when the signal aborts", async () => {
  const controller = new AbortController();
  controller.abort();
  const merged = mergeChunkQueriers([new FakeQuerier([]), new FakeQuerier([])]);
  const iterator = merged.selectChunks(PARAMS, controller.signal)[Symbol.asyncIterator]();
  await expect(iterator.next()).rejects.toMatchObject({ code: "canceled" });
});

test("mergeChunkQueriers unites label names and values, and fails when one source does", async () => {
  const one = new FakeQuerier([
    { labels: ["a", "1"], chunks: [] },
    { labels: ["b", "2"], chunks: [] },
  ]);
  const two = new FakeQuerier([
    { labels: ["a", "0"], chunks: [] },
    { labels: ["c", "2"], chunks: [] },
  ]);
  const merged = mergeChunkQueriers([one, two]);
  expect(await merged.labelNames(PARAMS, never())).toEqual(["a", "b", "c"]);
  expect(await merged.labelNames({ ...PARAMS, limit: 2 }, never())).toEqual(["a", "b"]);
  expect(await merged.labelValues("a", PARAMS, never())).toEqual(["0", "1"]);
  const broken = mergeChunkQueriers([one, new FakeQuerier([], 1, 0)]);
  await expect(broken.labelNames(PARAMS, never())).rejects.toThrow("names broke");
});
