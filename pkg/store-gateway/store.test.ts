import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  BlockReader,
  chunksOf,
  encodeBucketIndex,
  encodeDeletionMark,
  writeBlock,
} from "#pkg/block/mod.ts";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { type Labels, labelsFromObject, type Matcher } from "#pkg/labels/mod.ts";
import { type Bucket, FilesystemBucket, faultyBucket, MemoryBucket } from "#pkg/objstore/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  mergeChunkQueriers,
  SampleColumns,
} from "#pkg/storage/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { BucketStore, type Quarantine, StoreGateway } from "./mod.ts";

const promtool = peer("promtool");
const HOUR_MS = 3_600_000;
const FROM = Math.floor(1_700_000_000_000 / (2 * HOUR_MS)) * 2 * HOUR_MS;
const ALL: Matcher[] = [newMatcher("!=", "__name__", "")];
const NONE: Matcher[] = [];
const signal = new AbortController().signal;

let dir = "";
/** Folders of blocks by name: three ranges, the second twice (replicas). */
const blocks: { id: string; path: string; from: number }[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-store-"));
  for (const [i, range] of [0, 1, 1, 2].entries()) {
    const from = FROM + range * 2 * HOUR_MS;
    const parent = join(dir, "made");
    const meta = await writeBlock(series(from, i === 2 ? 150 : 300), {
      dir: parent,
      mint: from,
      maxt: from + 2 * HOUR_MS,
      clock: new FakeClock(FROM + i),
      random: Math.random,
    });
    blocks.push({ id: meta!.ulid, path: join(parent, meta!.ulid), from });
  }
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function* series(from: number, count: number): AsyncGenerator<readonly ChunkSeries[]> {
  const all: ChunkSeries[] = [];
  for (let i = 0; i < count; i++) {
    const columns = new SampleColumns();
    for (let s = 0; s < 240; s++) columns.push(from + s * 30_000, i * 1000 + s);
    const labels: Labels = labelsFromObject({
      __name__: `metric_${String(i % 3)}`,
      id: String(i).padStart(4, "0"),
      job: i % 2 ? "a" : "b",
    });
    all.push({ labels, chunks: chunksOf(columns) });
  }
  all.sort((a, b) => (a.labels.join("\xff") < b.labels.join("\xff") ? -1 : 1));
  yield all;
}

async function upload(bucket: Bucket, tenant: string, path: string, id: string): Promise<void> {
  for (const file of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const full = join(file.parentPath, file.name);
    await bucket.putFile(`${tenant}/${id}/${full.slice(path.length + 1)}`, full);
  }
}

async function filled(bucket: Bucket = new MemoryBucket()): Promise<Bucket> {
  for (const { id, path } of blocks) await upload(bucket, "one", path, id);
  await upload(bucket, "two", blocks[0]!.path, blocks[0]!.id);
  return bucket;
}

const clock = new FakeClock(FROM + 100 * HOUR_MS);
const storeOf = (bucket: Bucket, more: object = {}): BucketStore =>
  new BucketStore({ bucket, clock, ...more });

interface Read {
  readonly labels: Labels;
  readonly samples: readonly (readonly [number, number])[];
}
async function readAll(
  querier: ChunkQuerier,
  matchers: readonly Matcher[] = ALL,
  range = { mint: FROM, maxt: FROM + 10 * HOUR_MS },
): Promise<Read[]> {
  const out: Read[] = [];
  for await (const batch of querier.selectChunks({ ...range, matchers }, signal)) {
    for (const one of batch) {
      const columns = new SampleColumns();
      seriesFromChunks(one).read(columns, range.mint, range.maxt);
      const samples = Array.from(
        { length: columns.length },
        (_, i) => [columns.timestamps[i]!, columns.values[i]!] as const,
      );
      out.push({ labels: one.labels, samples });
    }
  }
  return out;
}

/** One string for an answer: comparing millions of samples one by one takes seconds. */
const digest = (reads: readonly Read[]): string =>
  reads.map(({ labels, samples }) => `${labels.join()} ${samples.join(" ")}`).join("\n");

test("BucketStore answers as the blocks read side by side do, from memory and from a folder", async () => {
  const readers = await Promise.all(blocks.map(({ path }) => BlockReader.open(path)));
  const local = mergeChunkQueriers(readers);
  const folder = await FilesystemBucket.open(join(dir, "bucket"), { sync: false });
  for (const bucket of [await filled(), await filled(folder)]) {
    for (const isLocal of [true, false]) {
      const store = storeOf(bucket, { isLocal });
      for (const matchers of [
        ALL,
        [newMatcher("=", "id", "0007")],
        [newMatcher("=~", "id", "00.[05]"), newMatcher("!=", "job", "a")],
        [newMatcher("=", "missing", ""), newMatcher("=~", "__name__", "metric_(0|2)")],
      ]) {
        const want = digest(await readAll(local, matchers));
        expect(want).not.toBe("");
        expect(digest(await readAll(store.querier("one"), matchers)) === want).toBe(true);
        // Again, from what is cached by now.
        expect(digest(await readAll(store.querier("one"), matchers)) === want).toBe(true);
      }
      const params = { mint: FROM, maxt: FROM + HOUR_MS, matchers: NONE };
      const querier = store.querier("one");
      expect(await querier.labelNames(params, signal)).toEqual(["__name__", "id", "job"]);
      expect(await querier.labelValues("job", params, signal)).toEqual(["a", "b"]);
      expect([...querier.queried]).toEqual([blocks[0]!.id]);
    }
  }
  await folder.close();
  await Promise.all(readers.map((reader) => reader.close()));
});

test("a querier reads the blocks that overlap, of its tenant, and says which", async () => {
  const store = storeOf(await filled());
  expect((await store.syncAll()).size).toBe(0);
  expect(store.tenants().sort()).toEqual(["one", "two"]);
  expect((await store.blocks("one")).map((b) => b.id)).toEqual(blocks.map((b) => b.id));
  const querier = store.querier("one");
  const range = { mint: FROM + 3 * HOUR_MS, maxt: FROM + 3 * HOUR_MS + 60_000 };
  expect(await readAll(querier, ALL, range)).toHaveLength(300);
  expect([...querier.queried].sort()).toEqual([blocks[1]!.id, blocks[2]!.id].sort());
  const two = await readAll(store.querier("two"));
  expect(two).toHaveLength(300);
  expect(two[0]!.samples).toHaveLength(240);
  expect(await readAll(store.querier("nobody"))).toEqual([]);
  const some = store.querier("one", [blocks[2]!.id]);
  expect(await readAll(some)).toHaveLength(150);
  await expect(readAll(store.querier("one", ["01DXXFZDYD1MQW6079WK0K6EDQ"]))).rejects.toMatchObject(
    {
      code: "not_found",
    },
  );
});

test("new blocks are found by the next look, deleted ones are gone, partial ones not served", async () => {
  const bucket = new MemoryBucket();
  const store = storeOf(bucket);
  expect(await store.blocks("one")).toEqual([]);
  await upload(bucket, "one", blocks[0]!.path, blocks[0]!.id);
  await bucket.put(`one/${blocks[1]!.id}/index`, new Uint8Array(9));
  expect(await store.blocks("one")).toEqual([]);
  await store.syncAll();
  expect((await store.blocks("one")).map((b) => b.id)).toEqual([blocks[0]!.id]);
  // A block that is asked for by name is looked for at once.
  await upload(bucket, "one", blocks[3]!.path, blocks[3]!.id);
  expect(await readAll(store.querier("one", [blocks[3]!.id]))).toHaveLength(300);
  for await (const { key } of bucket.list(`one/${blocks[0]!.id}/`, { recursive: true })) {
    await bucket.delete(key);
  }
  await store.syncTenant("one");
  expect((await store.blocks("one")).map((b) => b.id)).toEqual([blocks[3]!.id]);
});

test("a block marked for deletion is served until the delay is over", async () => {
  const bucket = await filled();
  const markTime = clock.now() / 1000;
  const mark = (id: string): Uint8Array => encodeDeletionMark(id, markTime);
  await bucket.put(`one/markers/${blocks[0]!.id}-deletion-mark.json`, mark(blocks[0]!.id));
  await bucket.put(`one/${blocks[1]!.id}/deletion-mark.json`, mark(blocks[1]!.id));
  const own = new FakeClock(clock.now());
  const store = new BucketStore({ bucket, clock: own, deletionDelayMs: HOUR_MS });
  expect(await store.blocks("one")).toHaveLength(4);
  await own.advance(HOUR_MS + 1);
  expect((await store.blocks("one")).map((b) => b.id)).toEqual([blocks[2]!.id, blocks[3]!.id]);
  await store.syncAll();
  expect(await store.blocks("one")).toHaveLength(2);
});

test("a fresh manifest replaces listing, a stale or broken one does not", async () => {
  const inner = await filled();
  const listed: string[] = [];
  const bucket: Bucket = {
    ...faultyBucket(inner, { random: () => 1, failRate: 0 }),
    list(prefix, options) {
      listed.push(prefix);
      return inner.list(prefix, options);
    },
  };
  const index = (updatedAt: number) => ({
    version: 2,
    blocks: [
      {
        block_id: blocks[0]!.id,
        min_time: FROM,
        max_time: FROM + 2 * HOUR_MS,
        uploaded_at: updatedAt,
      },
    ],
    block_deletion_marks: [],
    updated_at: updatedAt,
  });
  const now = clock.now() / 1000;
  const key = "one/bucket-index.json.gz";
  const options = { manifestAgeMsMax: 600_000 };
  await inner.put(key, encodeBucketIndex(index(now - 60)));
  const store = storeOf(bucket, options);
  expect((await store.blocks("one")).map((b) => b.id)).toEqual([blocks[0]!.id]);
  // Requests to delete are no part of it.
  expect(listed).toEqual(["one/deletions/"]);
  expect(await readAll(store.querier("one"))).toHaveLength(300);
  // What a listing found since stays, though the manifest does not have it yet.
  await store.syncTenant("one", { list: true });
  await store.syncTenant("one");
  expect(await store.blocks("one")).toHaveLength(4);
  await inner.put(key, encodeBucketIndex(index(now - 3600)));
  expect(await storeOf(bucket, options).blocks("one")).toHaveLength(4);
  await inner.put(key, Buffer.from("broken"));
  expect(await storeOf(bucket, options).blocks("one")).toHaveLength(4);
});

test("an unreadable block fails the queries that need it, by name, and no others", async () => {
  const bucket = await filled();
  const bad = blocks[3]!;
  const index = await bucket.get(`one/${bad.id}/index`);
  await bucket.put(`one/${bad.id}/index`, index.subarray(0, index.length - 10));
  const heard: Quarantine[] = [];
  const own = new FakeClock(clock.now());
  const telemetry = quietTelemetry();
  const store = new BucketStore({
    bucket,
    clock: own,
    registry: telemetry.registry,
    onQuarantine: (quarantine) => heard.push(quarantine),
  });
  for (let i = 0; i < 3; i++) {
    await expect(readAll(store.querier("one"))).rejects.toMatchObject({
      code: "corruption",
      detail: { block: bad.id, tenant: "one" },
    });
  }
  expect(heard.map(({ block, stage }) => [block, stage])).toEqual([[bad.id, "open"]]);
  const text = await telemetry.registry.metrics();
  expect(text).toMatch(/narthex_bucket_store_quarantined_blocks 1\n/);
  const early = { mint: FROM, maxt: FROM + HOUR_MS };
  expect(await readAll(store.querier("one"), ALL, early)).toHaveLength(300);
  // Mended, it is read again after a while.
  await bucket.put(`one/${bad.id}/index`, index);
  await expect(readAll(store.querier("one"))).rejects.toMatchObject({ code: "corruption" });
  await own.advance(60_001);
  expect(await readAll(store.querier("one"))).toHaveLength(300);
});

test("a block whose meta.json is broken is quarantined, not its tenant", async () => {
  const bucket = await filled();
  await bucket.put(`one/${blocks[0]!.id}/meta.json`, Buffer.from("{"));
  const heard: Quarantine[] = [];
  const store = storeOf(bucket, { onQuarantine: (q: Quarantine) => heard.push(q) });
  await store.syncAll();
  await store.syncAll();
  expect(heard.map(({ block, stage }) => [block, stage])).toEqual([[blocks[0]!.id, "meta"]]);
  expect(await store.blocks("one")).toHaveLength(3);
});

test("a segment that is missing or torn is an error, never fewer samples", async () => {
  const bucket = await filled();
  const key = `two/${blocks[0]!.id}/chunks/000001`;
  const segment = await bucket.get(key);
  await bucket.put(key, segment.subarray(0, segment.length / 2));
  const torn = storeOf(bucket);
  await expect(readAll(torn.querier("two"))).rejects.toMatchObject({ code: "corruption" });
  await bucket.delete(key);
  await expect(readAll(torn.querier("two"))).rejects.toMatchObject({ code: "not_found" });
  await expect(readAll(storeOf(bucket).querier("two"))).rejects.toMatchObject({
    code: "corruption",
  });
});

test("faults of the bucket are errors or complete answers", async () => {
  const inner = await filled();
  const want = digest(await readAll(storeOf(inner).querier("one")));
  let [answers, failures] = [0, 0];
  for (let seed = 1; seed <= 40; seed++) {
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const store = storeOf(faultyBucket(inner, { random, failRate: 0.02 }), { isLocal: true });
    try {
      const got = digest(await readAll(store.querier("one")));
      expect(got === want).toBe(true);
      answers++;
    } catch (error) {
      expect(error).toMatchObject({ code: "unavailable" });
      failures++;
    }
  }
  expect(Math.min(answers, failures)).toBeGreaterThan(0);
});

test("a query that reads more than its limit is refused with the figure", async () => {
  const store = storeOf(await filled(), { queryBytesMax: 50_000 });
  await expect(readAll(store.querier("one"))).rejects.toMatchObject({
    code: "execution",
    message: expect.stringContaining("more than 50000 bytes"),
  });
  expect(await readAll(store.querier("one"), [newMatcher("=", "id", "0001")])).toHaveLength(1);
});

test("little memory for headers and pages changes no answer", async () => {
  const bucket = await filled();
  const want = digest(await readAll(storeOf(bucket).querier("one")));
  const small = storeOf(bucket, { headerBytesMax: 1, cacheBytesMax: 70_000 });
  expect(digest(await readAll(small.querier("one"))) === want).toBe(true);
  const several = await Promise.all(Array.from({ length: 5 }, () => readAll(small.querier("one"))));
  for (const got of several) expect(digest(got) === want).toBe(true);
});

test("an aborted query is canceled", async () => {
  const store = storeOf(await filled());
  const controller = new AbortController();
  const params = { mint: FROM, maxt: FROM + 10 * HOUR_MS, matchers: ALL };
  const stream = store.querier("one").selectChunks(params, controller.signal);
  const first = stream[Symbol.asyncIterator]().next();
  controller.abort();
  await expect(first).rejects.toMatchObject({ code: "canceled" });
});

test("StoreGateway runs once the bucket was looked at, and serves what sync finds", async () => {
  const bucket = new MemoryBucket("filesystem");
  const gateway = new StoreGateway({
    config: {
      sync_interval: 30_000,
      index_cache_bytes: 1 << 20,
      ignore_deletion_marks_delay: HOUR_MS,
    },
    bucket,
    isLocal: false,
    clock,
    telemetry: quietTelemetry(),
  });
  await gateway.start(signal);
  expect(gateway.state).toBe("running");
  const { id, path } = blocks[0]!;
  await upload(bucket, "new", path, id);
  await gateway.sync("new", signal);
  expect(await gateway.blocks("new", signal)).toEqual([
    { id, mint: FROM, maxt: FROM + 2 * HOUR_MS },
  ]);
  const got: ChunkSeries[] = [];
  const params = { mint: FROM, maxt: FROM + HOUR_MS, matchers: ALL };
  for await (const batch of gateway.select("new", [id], params, signal)) got.push(...batch);
  expect(got).toHaveLength(300);
  const names = await gateway.labelNames("new", [id], { ...params, matchers: NONE }, signal);
  expect(names).toContain("job");
  await gateway.stop();
  expect(gateway.state).toBe("terminated");
});

test.skipIf(!promtool)("blocks that promtool wrote, copied under a tenant, answer", async () => {
  const lines: string[] = [];
  for (let i = 0; i < 50; i++) {
    for (let s = 0; s < 100; s++) lines.push(`up{i="${i}"} ${i * s} ${FROM / 1000 + s * 60}`);
  }
  const input = join(dir, "input.om");
  const output = join(dir, "promtool");
  await mkdir(output);
  await writeFile(input, `${lines.join("\n")}\n# EOF\n`);
  const args = ["tsdb", "create-blocks-from", "openmetrics", "-q", input, output];
  await promisify(execFile)(promtool!, args);
  const bucket = new MemoryBucket();
  for (const id of await readdir(output)) await upload(bucket, "prom", join(output, id), id);
  const got = await readAll(storeOf(bucket).querier("prom"), [newMatcher("=", "__name__", "up")]);
  expect(got).toHaveLength(50);
  for (const { labels, samples } of got) {
    const i = Number(labels[labels.indexOf("i") + 1]);
    expect(samples).toEqual(
      Array.from({ length: 100 }, (_, s) => [FROM + s * 60_000, i * s] as const),
    );
  }
});
