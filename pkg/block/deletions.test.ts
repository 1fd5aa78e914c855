import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { labelsFromObject, labelValue } from "#pkg/labels/mod.ts";
import { MemoryBucket } from "#pkg/objstore/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import {
  BlockReader,
  chunksOf,
  concerns,
  type DeletionRequest,
  decodeDeletion,
  deletionKey,
  encodeDeletion,
  newBlockId,
  readDeletions,
  writeBlock,
} from "./mod.ts";

const FROM = 1_700_000_000_000;
const signal = new AbortController().signal;
const ALL = { mint: FROM, maxt: FROM + 1e6, matchers: [] };

let dir = "";
let path = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-deletions-"));
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    yield ["a", "b", "c"].map((id) => {
      const columns = new SampleColumns();
      for (let s = 0; s < 100; s++) columns.push(FROM + s * 1000, s);
      return { labels: labelsFromObject({ __name__: "m", id }), chunks: chunksOf(columns) };
    });
  }
  const clock = new FakeClock(FROM);
  const options = { dir, mint: FROM, maxt: FROM + 100_000, clock, random: () => 0.5 };
  path = join(dir, (await writeBlock(batches(), options))!.ulid);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Samples by value of the label `id`. */
async function counts(reader: BlockReader): Promise<Record<string, number>> {
  const out: Record<string, number> = {};
  for await (const batch of reader.selectChunks(ALL, signal)) {
    for (const series of batch) {
      const columns = new SampleColumns();
      seriesFromChunks(series).read(columns, ALL.mint, ALL.maxt);
      out[labelValue(series.labels, "id")] = columns.length;
    }
  }
  return out;
}

function requestOf(more: Partial<DeletionRequest> = {}): DeletionRequest {
  return {
    id: newBlockId(FROM, () => 0.5),
    createdAt: FROM,
    until: FROM,
    matchers: [newMatcher("=~", "id", "a|b"), newMatcher("!=", "x", 'quote"')],
    mint: FROM,
    maxt: FROM + 9000,
    settled: true,
    urgent: false,
    rewritten: false,
    ...more,
  };
}

test("BlockReader hides what requests delete while it is open, and keeps deleteSeries for good", async () => {
  const reader = await BlockReader.open(path);
  await reader.hide([requestOf(), requestOf({ mint: FROM + 5000, maxt: FROM + 19_000 })], signal);
  expect(await counts(reader)).toEqual({ a: 80, b: 80, c: 100 });
  const id = (value: string) => [newMatcher("=", "id", value)];
  await reader.hide([], signal);
  expect(await reader.deleteSeries(id("c"), FROM + 1e7, FROM + 2e7)).toBe(0);
  expect(await reader.deleteSeries(id("none"), FROM, FROM + 2e7)).toBe(0);
  expect(await reader.deleteSeries(id("c"), FROM + 10_000, FROM + 19_000)).toBe(1);
  expect(await reader.deleteSeries(id("c"), -Infinity, FROM + 4000)).toBe(1);
  expect(await reader.deleteSeries(id("a"), -Infinity, Infinity)).toBe(1);
  expect(await counts(reader)).toEqual({ b: 100, c: 85 });
  await reader.close();
  const again = await BlockReader.open(path);
  expect([again.tombstoneCount, await counts(again)]).toEqual([2, { b: 100, c: 85 }]);
  await again.hide([requestOf()], signal);
  expect(await counts(again)).toEqual({ b: 90, c: 85 });
  await again.close();
});

test("requests may name external labels, which the series of a block do not have themselves", async () => {
  const dir2 = join(dir, "external");
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    const columns = new SampleColumns();
    columns.push(FROM, 1);
    yield ["a", "b"].map((id) => ({
      labels: labelsFromObject({ __name__: "m", id }),
      chunks: chunksOf(columns),
    }));
  }
  const clock = new FakeClock(FROM);
  const options = { dir: dir2, mint: FROM, maxt: FROM + 1, clock, random: () => 0.5 };
  const thanos = { labels: { cluster: "eu" } };
  const meta = await writeBlock(batches(), { ...options, thanos });
  const reader = await BlockReader.open(join(dir2, meta!.ulid));
  const inCluster = (cluster: string) =>
    requestOf({ matchers: [newMatcher("=", "cluster", cluster), newMatcher("=", "id", "a")] });
  await reader.hide([inCluster("us")], signal);
  expect(await counts(reader)).toEqual({ a: 1, b: 1 });
  await reader.hide([inCluster("eu")], signal);
  expect(await counts(reader)).toEqual({ b: 1 });
  await reader.close();
});

test("requests come back as they were written, and are read once", async () => {
  const bucket = new MemoryBucket();
  const request = requestOf({ until: FROM + 5 });
  const key = deletionKey("t", request.id);
  await bucket.put(key, encodeDeletion(request));
  await bucket.put("t/deletions/notes.txt", Buffer.from("no request"));
  const read = await readDeletions(bucket, "t");
  const got = read.get(request.id)!.request;
  expect({ ...got, matchers: got.matchers.map(String) }).toEqual({
    ...request,
    matchers: request.matchers.map(String),
  });
  expect((await readDeletions(bucket, "t", read)).get(request.id)).toBe(read.get(request.id));
  await bucket.put(key, encodeDeletion({ ...request, urgent: true }));
  expect((await readDeletions(bucket, "t", read)).get(request.id)?.request.urgent).toBe(true);
  for (const text of ["{", "{}", '{"version":1,"created_at":1,"matchers":[],"mint":0,"maxt":1}']) {
    expect(() => decodeDeletion("d", request.id, Buffer.from(text))).toThrow(CorruptionError);
  }
});

test("concerns goes by the time of the block's id, and by ranges", () => {
  const request = requestOf({ until: FROM + 10 });
  const block = (madeAt: number, minTime: number, maxTime: number) => ({
    id: newBlockId(madeAt, () => 0.5),
    minTime,
    maxTime,
  });
  expect(concerns(request, block(FROM + 10, FROM, FROM + 1))).toBe(true);
  expect(concerns(request, block(FROM + 11, FROM, FROM + 1))).toBe(false);
  expect(concerns(request, block(FROM, FROM - 9, FROM))).toBe(false);
  expect(concerns(request, block(FROM, FROM + 9000, FROM + 9999))).toBe(true);
  expect(concerns(request, block(FROM, FROM + 9001, FROM + 9999))).toBe(false);
});
