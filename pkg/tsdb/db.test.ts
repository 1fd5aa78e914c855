import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { type Clock, FakeClock } from "#pkg/clock/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import { formatSeries, labelsFromObject, Matcher } from "#pkg/labels/mod.ts";
import { type Random, seededRandom } from "#pkg/prng/mod.ts";
import { LabelHasher, ScannedRequest, WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import { TenantDb } from "./db.ts";

const DURATION = 60_000;
const NOW = 100 * DURATION;
const everything = { mint: -1e15, maxt: 1e15, matchers: [new Matcher("!=", "__name__", "")] };
const signal = new AbortController().signal;

let dir = "";
let random: Random = seededRandom(1);
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-db-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function open(
  clock: Clock = new FakeClock(NOW),
  more: { readonly replayBytesMax?: number } = {},
): Promise<TenantDb> {
  return TenantDb.open({
    ...more,
    dir,
    hasher: new LabelHasher(1, 2),
    clock,
    random: () => random(),
    seriesIdleTimeoutMs: DURATION,
    blockDurationMs: DURATION,
    outOfOrderWindowMs: NOW,
    creationGraceMs: 0,
    segmentBytesMax: 1e6,
    fsync: "never",
  });
}

async function push(db: TenantDb, series: string, t: number): Promise<void> {
  const builder = new WriteRequestBuilder();
  builder.sample(labelsFromObject({ __name__: "m", i: series }), t, 0, 1);
  const request = new ScannedRequest();
  const body = builder.view();
  request.scan(body, 0, body.length, db.head.hasher, db.known);
  const sink = { reject: (reason: string): never => expect.fail(reason) };
  expect(await db.append(request, NOW, { admit: () => undefined }, sink)).toBe(1);
}

/** `series@t` of every sample; each series must come once. */
async function contents(db: TenantDb): Promise<string[]> {
  const out: string[] = [];
  const seen = new Set<string>();
  const columns = new SampleColumns();
  for await (const batch of db.selectChunks(everything, signal)) {
    for (const series of batch) {
      const name = formatSeries(series.labels);
      expect(seen.has(name)).toBe(false);
      seen.add(name);
      columns.clear();
      seriesFromChunks(series).read(columns, -1e15, 1e15);
      for (const t of columns.timestamps.subarray(0, columns.length)) out.push(`${name}@${t}`);
    }
  }
  return out;
}

test("TenantDb holds a series once that came back before a checkpoint was written", async () => {
  let db = await open();
  await push(db, "a", 1000);
  await push(db, "b", 2000);
  await push(db, "a", 2000);
  // A folder in its place keeps the checkpoint from being published.
  const blocker = join(dir, "wal", "checkpoint.00000001");
  await mkdir(join(blocker, "x"), { recursive: true });
  await expect(db.cut(Number.POSITIVE_INFINITY)).rejects.toThrow();
  await rm(blocker, { recursive: true });
  expect((await readdir(join(dir, "wal"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  await push(db, "a", 99 * DURATION);
  await push(db, "c", 99 * DURATION);
  const before = await contents(db);
  expect(before).toHaveLength(5);
  await db.close();
  db = await open();
  expect(await contents(db)).toEqual(before);
  await push(db, "a", 99 * DURATION + 1);
  await push(db, "c", 99 * DURATION + 1);
  await db.close();
  db = await open();
  expect(await contents(db)).toHaveLength(7);
  await db.cut(Number.POSITIVE_INFINITY);
  expect(await contents(db)).toHaveLength(7);
  await db.close();
  db = await open();
  expect(await contents(db)).toHaveLength(7);
  await db.close();
});

test("TenantDb.deleteSeries deletes for good what the log still has because a checkpoint failed", async () => {
  let db = await open();
  await push(db, "a", 1000);
  await push(db, "b", 2000);
  const blocker = join(dir, "wal", "checkpoint.00000001");
  await mkdir(join(blocker, "x"), { recursive: true });
  await expect(db.cut(Number.POSITIVE_INFINITY)).rejects.toThrow(/checkpoint\.00000001/);
  expect(await contents(db)).toHaveLength(2);
  const matchers = [new Matcher("=", "i", "a")];
  const late = join(dir, "wal", "checkpoint.00000002");
  await mkdir(join(late, "x"), { recursive: true });
  expect(await db.deleteSeries(matchers, 0, 1e9).catch(codeOf)).toBe("unavailable");
  await rm(blocker, { recursive: true });
  await rm(late, { recursive: true });
  expect(await db.deleteSeries(matchers, 0, 1e9)).toBe(1);
  const want = await contents(db);
  expect(want).toHaveLength(1);
  await db.close();
  db = await open();
  expect(await contents(db)).toEqual(want);
  await db.close();
});

test("TenantDb.deleteSeries deletes for good what came in as a cut began", async () => {
  for (let turns = 0; turns < 30; turns++) {
    await rm(dir, { recursive: true, force: true });
    let db = await open();
    const newest = NOW - 1000;
    await push(db, "a", newest);
    const cutting = db.cut(Number.POSITIVE_INFINITY);
    for (let i = 0; i < turns; i++) await Promise.resolve();
    if (turns % 3 === 2) await new Promise(setImmediate);
    await push(db, "a", NOW - 50_000);
    await cutting;
    await db.deleteSeries([new Matcher("=", "i", "a")], 0, newest - 1);
    const want = [expect.stringContaining(`@${newest}`)];
    expect(await contents(db)).toEqual(want);
    await db.close();
    db = await open();
    expect(await contents(db)).toEqual(want);
    await db.close();
  }
});

test("TenantDb.checkpointIfDue writes the checkpoint that a cut could not", async () => {
  const db = await open();
  await push(db, "a", 1000);
  const blocker = join(dir, "wal", "checkpoint.00000001");
  await mkdir(join(blocker, "x"), { recursive: true });
  expect(await db.cut(Number.POSITIVE_INFINITY).catch(codeOf)).toBe("unavailable");
  await rm(blocker, { recursive: true });
  expect(await db.checkpointIfDue(0)).toBe(true);
  expect(await db.checkpointIfDue(0)).toBe(false);
  await db.close();
});

test("TenantDb.cut that fails half way leaves no blocks and can be tried again", async () => {
  const db = await open();
  await push(db, "a", 1000);
  await push(db, "a", 1000 + DURATION);
  const good = random;
  let calls = 0;
  // The second block gets no id.
  random = () => {
    if (++calls > 16) throw new Error("no luck");
    return good();
  };
  await expect(db.cut(Number.POSITIVE_INFINITY)).rejects.toThrow("no luck");
  random = good;
  expect(await readdir(join(dir, "blocks"))).toEqual([]);
  expect(db.blocks).toEqual([]);
  expect(await contents(db)).toHaveLength(2);
  expect(await db.cut(Number.POSITIVE_INFINITY)).toHaveLength(2);
  expect(await contents(db)).toHaveLength(2);
  expect(await readdir(join(dir, "blocks"))).toHaveLength(2);
  await db.close();
});

test("TenantDb.cut does not wait for ever for a read that nobody finishes", async () => {
  const clock = new FakeClock(NOW);
  const db = await open(clock);
  for (let i = 0; i < 1100; i++) await push(db, String(i).padStart(4, "0"), 1000);
  const read = db.selectChunks(everything, signal)[Symbol.asyncIterator]();
  expect((await read.next()).done).toBe(false);
  let cut = false;
  const cutting = db.cut(Number.POSITIVE_INFINITY).then(() => (cut = true));
  // However slow the machine is: the clock that counts is the fake one.
  await expect
    .poll(
      async () => {
        await clock.advance(60_000);
        return cut;
      },
      { timeout: 25_000, interval: 5 },
    )
    .toBe(true);
  await cutting;
  expect(await read.next().catch(codeOf)).toBe("unavailable");
  expect(await contents(db)).toHaveLength(1100);
  await db.close();
});

test("TenantDb.cut waits for reads that run", async () => {
  const clock = new FakeClock(NOW);
  const db = await open(clock);
  for (let i = 0; i < 1100; i++) await push(db, String(i).padStart(4, "0"), 1000);
  const read = db.selectChunks(everything, signal)[Symbol.asyncIterator]();
  let found = (await read.next()).value.length;
  const cutting = db.cut(Number.POSITIVE_INFINITY);
  await clock.advance(60_000);
  for (let next = await read.next(); !next.done; next = await read.next()) {
    found += next.value.length;
  }
  expect(found).toBe(1100);
  await cutting;
  await db.close();
});

/** Names of what is in the folder of a block; none if it goes away meanwhile. */
function blockFiles(id: string): string[] {
  try {
    return readdirSync(join(dir, "blocks", id)).sort();
  } catch {
    return [];
  }
}

test("TenantDb.dropBlock leaves no half of a block, whenever a crash comes", async () => {
  const db = await open();
  await push(db, "a", 1000);
  const [meta] = await db.cut(Number.POSITIVE_INFINITY);
  let isDone = false;
  const dropping = db.dropBlock(meta!.ulid).finally(() => (isDone = true));
  const seen = new Set<string>();
  while (!isDone) {
    const names = blockFiles(meta!.ulid);
    if (names.length > 0) seen.add(names.join());
    await new Promise(setImmediate);
  }
  await dropping;
  expect([...seen]).toEqual(["chunks,index,meta.json"]);
  expect(await readdir(join(dir, "blocks"))).toEqual([]);
  await db.close();
});

test("TenantDb.open cuts blocks from a head that becomes too large while it is replayed", async () => {
  let db = await open();
  for (let i = 0; i < 300; i++) {
    for (const series of ["a", "b", "c"]) await push(db, series, 1000 * i);
  }
  const want = await contents(db);
  await db.close();
  db = await open(new FakeClock(NOW), { replayBytesMax: 2_000 });
  expect(db.blocks.length).toBeGreaterThan(1);
  expect(db.head.sampleBytes).toBeLessThan(1_000);
  expect(await contents(db)).toEqual(want);
  await db.close();
  // Written once: the checkpoint knows what the blocks hold.
  const before = db.blocks.length;
  db = await open();
  expect(db.blocks.length).toBe(before);
  expect(await contents(db)).toEqual(want);
  await push(db, "a", 400_000);
  expect(await contents(db)).toHaveLength(want.length + 1);
  await db.close();
});

test("TenantDb.checkpointIfDue replaces a log that has grown, between two cuts", async () => {
  const db = await open();
  for (let i = 0; i < 50; i++) await push(db, "a", 1000 * i);
  expect(await db.checkpointIfDue(1e6)).toBe(false);
  expect(await db.checkpointIfDue(500)).toBe(true);
  expect(await db.checkpointIfDue(500)).toBe(false);
  const names = await readdir(join(dir, "wal"));
  expect(names.sort()).toEqual(["00000001", "checkpoint.00000001"]);
  const want = await contents(db);
  await db.close();
  const again = await open();
  expect(await contents(again)).toEqual(want);
  await again.close();
});

test("a checkpoint after a cut that failed holds the late samples that the cut had taken", async () => {
  let db = await open();
  for (const t of [50_000, 59_000, 10_000, 55_000]) await push(db, "a", t);
  const want = await contents(db);
  // A file in the place of the folder of blocks: no block can be written.
  await rm(join(dir, "blocks"), { recursive: true });
  await writeFile(join(dir, "blocks"), "");
  await expect(db.cut(Number.POSITIVE_INFINITY)).rejects.toThrow();
  expect(await db.checkpointIfDue(1)).toBe(true);
  await rm(join(dir, "blocks"));
  // As after a crash: what is on the disk is all there is.
  db = await open();
  expect(await contents(db)).toEqual(want);
  await db.close();
});

test("samples that were deleted do not come back with the blocks that a replay cuts", async () => {
  let db = await open();
  for (let i = 0; i < 300; i++) for (const series of ["a", "b"]) await push(db, series, 1000 * i);
  await db.deleteSeries([new Matcher("=", "i", "a")], 0, 400_000);
  const want = await contents(db);
  expect(want).toHaveLength(300);
  await db.close();
  db = await open(new FakeClock(NOW), { replayBytesMax: 2_000 });
  expect(await contents(db)).toEqual(want);
  await db.close();
});
