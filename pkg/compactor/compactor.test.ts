import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  decodeBucketIndex,
  deletionKey,
  encodeDeletion,
  encodeNoCompactMark,
  newBlockId,
} from "#pkg/block/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { Limits } from "#pkg/limits/mod.ts";
import { type Bucket, crashingBucket, MemoryBucket } from "#pkg/objstore/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { BucketStore } from "#pkg/store-gateway/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { Compactor, InlineMerges, type MergeRunner } from "./mod.ts";
import { contents, differences, expected, putTestBlock, regular, type Times } from "./testkit.ts";
import { liveBlocks, type TenantView, ViewReader } from "./view.ts";

const HOUR = 3_600_000;
const DAY = Math.floor(1_700_000_000_000 / (24 * HOUR)) * 24 * HOUR;
const STEP = 60_000;
const signal = new AbortController().signal;

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-compactor-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A compactor, its clock and a reader over one bucket. */
class Setup {
  readonly clock: FakeClock;
  readonly bucket: Bucket;
  readonly store: BucketStore;
  compactor: Compactor;
  readonly #flags: Readonly<Record<string, string>>;

  constructor(flags: Record<string, string> = {}, clock = new FakeClock(DAY + 48 * HOUR)) {
    this.#flags = flags;
    this.clock = clock;
    this.bucket = new MemoryBucket("memory", () => clock.now());
    this.store = new BucketStore({ bucket: this.bucket, clock });
    this.compactor = this.open(this.bucket);
  }

  open(bucket: Bucket, runner: MergeRunner = new InlineMerges(this.clock)): Compactor {
    const config = loadConfig({ flags: this.#flags });
    return new Compactor({
      config: config.compactor,
      dir: join(dir, "work"),
      bucket,
      limits: new Limits(config),
      clock: this.clock,
      random: Math.random,
      telemetry: quietTelemetry(),
      runner,
    });
  }

  run(): Promise<number> {
    return this.compactor.runTenant("t", signal);
  }

  /** What queries see. */
  async read(): Promise<string[]> {
    await this.store.sync("t", signal);
    return contents(this.store.querier("t"));
  }

  view(): Promise<TenantView> {
    return new ViewReader(this.bucket, "t").read(signal);
  }

  /** Ranges of the blocks that are not marked, hours behind `DAY`, with their levels. */
  async live(): Promise<string[]> {
    return liveBlocks(await this.view())
      .map((b) => `${(b.minTime - DAY) / HOUR}-${(b.maxTime - DAY) / HOUR} ${b.level}`)
      .sort();
  }
}

function unite(...all: Times[]): Times {
  const out = new Map<number, number[]>();
  for (const times of all) {
    for (const [i, list] of times) out.set(i, [...(out.get(i) ?? []), ...list]);
  }
  return out;
}

/** Twelve ranges of two hours with three replicas each, of which some miss samples. */
async function fill(bucket: Bucket, ranges = 12, replicas = 3): Promise<Times> {
  let want: Times = new Map();
  for (let range = 0; range < ranges; range++) {
    const mint = DAY + range * 2 * HOUR;
    const maxt = mint + 2 * HOUR;
    for (let replica = 0; replica < replicas; replica++) {
      const times = new Map(
        [...regular(8, mint, maxt, STEP)].map(([i, list]) => [
          i,
          list.filter((_, s) => (s * 7 + i + replica) % 11 !== 0),
        ]),
      );
      await putTestBlock(bucket, "t", {
        mint,
        maxt,
        times,
        madeAt: maxt + HOUR,
        samplesPerChunk: 30,
      });
      want = unite(want, times);
    }
  }
  return want;
}

test("a day of replicated blocks becomes one, and then late ones go into it; queries see no difference", async () => {
  const setup = new Setup();
  const want = await fill(setup.bucket);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  expect(await setup.run()).toBe(0);
  expect(await setup.live()).toEqual(["0-24 4"]);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  const meta = liveBlocks(await setup.view())[0]!.meta;
  expect(meta.compaction.sources?.length).toBe(36);
  expect(meta.stats?.numSamples).toBe(
    [...want.values()].reduce((sum, list) => sum + new Set(list).size, 0),
  );
  const mint = DAY + 4 * HOUR;
  const late = new Map([[3, [mint + 1, mint + 2]]]);
  const block = { mint, maxt: mint + 2 * HOUR, times: late, madeAt: setup.clock.now() };
  await putTestBlock(setup.bucket, "t", block);
  await setup.run();
  expect((await setup.live()).length).toBe(2);
  await setup.clock.advance(10 * 60_000);
  await setup.run();
  expect(await setup.live()).toEqual(["0-24 5"]);
  expect(differences(await setup.read(), expected(unite(want, late)))).toEqual([]);
  // Marked blocks are deleted in time, and nothing else changes.
  await setup.clock.advance(13 * HOUR);
  await setup.run();
  const view = await setup.view();
  expect([view.blocks.size, view.deletionMarks.size, view.partial]).toEqual([1, 0, []]);
  expect(differences(await setup.read(), expected(unite(want, late)))).toEqual([]);
  const key = "t/bucket-index.json.gz";
  const index = decodeBucketIndex(key, await setup.bucket.get(key));
  expect([index.version, index.blocks.length, index.block_deletion_marks]).toEqual([2, 1, []]);
  expect(await readdir(join(dir, "work", "t"))).toEqual([]);
});

test("a crash at any write loses nothing, shows nothing twice, and is mended by the next run", async () => {
  const reference = new Setup();
  await fill(reference.bucket, 2, 2);
  const counting = crashingBucket(reference.bucket, Number.POSITIVE_INFINITY);
  await reference.open(counting).runTenant("t", signal);
  expect(counting.writes).toBeGreaterThan(15);
  for (let writes = 0; writes <= counting.writes; writes++) {
    const setup = new Setup();
    const want = expected(await fill(setup.bucket, 2, 2));
    await setup.open(crashingBucket(setup.bucket, writes)).runTenant("t", signal);
    expect(differences(await setup.read(), want)).toEqual([]);
    // Readers find new blocks before they let go of old ones.
    await setup.clock.advance(2 * HOUR);
    expect(differences(await setup.read(), want)).toEqual([]);
    expect(await setup.run()).toBe(0);
    expect(await setup.live()).toEqual(["0-4 3"]);
    expect(differences(await setup.read(), want)).toEqual([]);
    await setup.clock.advance(25 * HOUR);
    await setup.run();
    const view = await setup.view();
    expect([view.blocks.size, view.partial.length, view.orphanMarks]).toEqual([1, 0, []]);
    expect(differences(await setup.read(), want)).toEqual([]);
  }
});

test("a crash while blocks are deleted leaves no block that is read in part", async () => {
  for (let writes = 0; ; writes++) {
    const setup = new Setup();
    const want = expected(await fill(setup.bucket, 2, 2));
    await setup.run();
    await setup.clock.advance(13 * HOUR);
    const crashing = crashingBucket(setup.bucket, writes);
    await setup.open(crashing).runTenant("t", signal);
    expect(differences(await setup.read(), want)).toEqual([]);
    await setup.run();
    await setup.run();
    const view = await setup.view();
    expect([view.blocks.size, view.partial.length, view.deletionMarks.size]).toEqual([1, 0, 0]);
    expect(differences(await setup.read(), want)).toEqual([]);
    if (crashing.writes <= writes) break;
  }
});

test("a damaged block is marked by name, and the rest goes on", async () => {
  const setup = new Setup();
  await fill(setup.bucket, 3, 2);
  const bad = liveBlocks(await setup.view())[0]!.id;
  const key = `t/${bad}/chunks/000001`;
  const bytes = await setup.bucket.get(key);
  bytes[100]! ^= 1;
  await setup.bucket.put(key, bytes);
  expect(await setup.run()).toBe(1);
  const view = await setup.view();
  expect([...view.noCompact]).toEqual([bad]);
  const mark = JSON.parse(
    Buffer.from(await setup.bucket.get(`t/markers/${bad}-no-compact-mark.json`)).toString(),
  ) as Record<string, unknown>;
  expect(mark).toMatchObject({ id: bad, version: 1, reason: "corrupted" });
  expect(mark["details"]).toContain(`t/${bad}/chunks/000001 at offset`);
  expect((await setup.live()).sort()).toEqual(["0-2 1", "0-6 3"]);
  const metrics = await setup.compactor.metrics.markedNoCompact.get();
  expect(metrics.values).toMatchObject([{ value: 1, labels: { reason: "corrupted" } }]);
  expect(await setup.run()).toBe(0);
});

test("a block with broken meta, or marked by hand, is left alone", async () => {
  const setup = new Setup();
  await fill(setup.bucket, 1, 3);
  const [first, second] = liveBlocks(await setup.view()).map(({ id }) => id) as [string, string];
  await setup.bucket.put(`t/${first}/meta.json`, Buffer.from("{"));
  const mark = { id: second, noCompactTime: 1, reason: "manual", details: "" };
  await setup.bucket.put(`t/${second}/no-compact-mark.json`, encodeNoCompactMark(mark));
  await setup.run();
  const view = await setup.view();
  expect([...view.noCompact].sort()).toEqual([first, second].sort());
  expect([view.blocks.size, view.deletionMarks.size]).toEqual([2, 0]);
});

test("a merge that fails is tried again later, longer each time, and keeps nobody back", async () => {
  const setup = new Setup();
  await fill(setup.bucket, 2, 2);
  let calls = 0;
  const merges = new InlineMerges(setup.clock);
  const failing: MergeRunner = {
    run: (job, onProgress, inner) => {
      if (job.mint !== DAY) return merges.run(job, onProgress, inner);
      calls++;
      return Promise.reject(new NarthexError("execution", "the merge needs more memory"));
    },
  };
  setup.compactor = setup.open(setup.bucket, failing);
  expect(await setup.run()).toBe(1);
  expect(await setup.live()).toEqual(["0-2 1", "0-2 1", "2-4 2"]);
  expect([await setup.run(), calls]).toEqual([0, 1]);
  await setup.clock.advance(61_000);
  expect([await setup.run(), calls]).toEqual([1, 2]);
  await setup.clock.advance(50_000);
  expect([await setup.run(), calls]).toEqual([0, 2]);
  setup.compactor = setup.open(setup.bucket);
  await setup.run();
  expect(await setup.live()).toEqual(["0-4 3"]);
});

test("retention by age and by size marks the oldest blocks", async () => {
  const aged = new Setup({ "limits.compactor-blocks-retention-period": "44h" });
  await fill(aged.bucket, 6, 1);
  const [clock] = [aged.clock];
  await aged.run();
  expect(await aged.live()).toEqual(["4-12 2"]);
  await clock.advance(10 * HOUR);
  await aged.run();
  expect(await aged.live()).toEqual([]);

  const sized = new Setup({
    "limits.compactor-blocks-retention-size": "1",
    "compactor.block-ranges": "2h",
  });
  await fill(sized.bucket, 3, 1);
  await sized.run();
  expect(await sized.live()).toEqual(["4-6 1"]);
});

const REWRITE = { "compactor.tombstone-rewrite-delay": "1h" };

async function requestDeletion(
  setup: Setup,
  metric: string,
  mint: number,
  maxt: number,
  more: { urgent?: boolean } = {},
): Promise<string> {
  const now = setup.clock.now();
  const id = newBlockId(now, Math.random);
  const matchers = [newMatcher("=", "__name__", metric)];
  const request = { id, createdAt: now, until: now, matchers, mint, maxt, settled: true };
  const bytes = encodeDeletion({ ...request, urgent: false, rewritten: false, ...more });
  await setup.bucket.put(deletionKey("t", id), bytes);
  return id;
}

function without(times: Times, metric: number, mint: number, maxt: number): Times {
  return new Map(
    [...times].map(([i, list]) => [
      i,
      i % 4 === metric ? list.filter((t) => t < mint || t > maxt) : list,
    ]),
  );
}

test("deleted series are hidden at once, stay so through merges and rewrites, and the request goes", async () => {
  const setup = new Setup(REWRITE);
  let want = await fill(setup.bucket, 12, 2);
  const [mint, maxt] = [DAY + 1.5 * HOUR, DAY + 3.5 * HOUR];
  await requestDeletion(setup, "metric_1", mint, maxt);
  want = without(want, 1, mint, maxt);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  await setup.clock.advance(1);
  await setup.run();
  expect(await setup.live()).toEqual(["0-24 4"]);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  // One for the merged day: hidden now, rewritten when the delay is over.
  await setup.clock.advance(1);
  await requestDeletion(setup, "metric_2", DAY, DAY + 24 * HOUR);
  want = without(want, 2, DAY, DAY + 24 * HOUR);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  await setup.run();
  expect((await setup.view()).deletionMarks.size).toBe(24 + 12 + 2);
  await setup.clock.advance(HOUR + 1);
  await setup.run();
  expect(await setup.live()).toEqual(["0-24 4"]);
  expect((await setup.view()).deletions.size).toBe(2);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  // Samples that come after the request are not its business, wherever they lie.
  const back = new Map([[2, [DAY + 5 * HOUR]]]);
  const late = { mint: DAY + 4 * HOUR, maxt: DAY + 6 * HOUR, madeAt: setup.clock.now() };
  await putTestBlock(setup.bucket, "t", { ...late, times: back });
  want = unite(want, back);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  await setup.clock.advance(13 * HOUR);
  await setup.run();
  await setup.clock.advance(13 * HOUR);
  await setup.run();
  await setup.run();
  const view = await setup.view();
  expect([view.deletions.size, view.blocks.size]).toEqual([0, 1]);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
});

test("an urgent request is carried out now; blocks of which nothing is left go", async () => {
  const setup = new Setup(REWRITE);
  let want = await fill(setup.bucket, 1, 1);
  const id = await requestDeletion(setup, "metric_0", 0, 8.64e15, { urgent: true });
  want = without(want, 0, 0, 8.64e15);
  await setup.clock.advance(1);
  await setup.run();
  expect((await setup.view()).deletions.get(id)?.request.rewritten).toBe(true);
  expect(await setup.live()).toEqual(["0-2 1"]);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
  for (const metric of [1, 2, 3]) {
    await requestDeletion(setup, `metric_${metric}`, 0, 8.64e15, { urgent: true });
  }
  await setup.clock.advance(1);
  await setup.run();
  expect([await setup.live(), await setup.read()]).toEqual([[], []]);
});

test("a request that comes during a merge makes it begin anew", async () => {
  const setup = new Setup(REWRITE);
  let want = await fill(setup.bucket, 1, 2);
  const merges = new InlineMerges(setup.clock);
  let calls = 0;
  setup.compactor = setup.open(setup.bucket, {
    run: async (job, onProgress, inner) => {
      const meta = await merges.run(job, onProgress, inner);
      // By a clock that is behind: the merged block would not be concerned.
      if (++calls === 1) {
        setup.clock.stepWall(-5000);
        await requestDeletion(setup, "metric_3", 0, 8.64e15);
        setup.clock.stepWall(5000);
      }
      return meta;
    },
  });
  want = without(want, 3, 0, 8.64e15);
  expect(await setup.run()).toBe(1);
  expect(await setup.live()).toEqual(["0-2 1", "0-2 1"]);
  await setup.clock.advance(61_000);
  expect(await setup.run()).toBe(0);
  expect(await setup.live()).toEqual(["0-2 2"]);
  expect(differences(await setup.read(), expected(want))).toEqual([]);
});

test("Compactor works on its own tenants alone, and empties its folder at the start", async () => {
  const setup = new Setup();
  const owned = new Set(["a"]);
  for (const tenant of ["a", "b"]) {
    for (let replica = 0; replica < 2; replica++) {
      const times = regular(2, DAY, DAY + HOUR, STEP);
      const spec = { mint: DAY, maxt: DAY + 2 * HOUR, times };
      await putTestBlock(setup.bucket, tenant, spec);
    }
  }
  const config = loadConfig({ flags: {} });
  const compactor = new Compactor({
    ...{ config: config.compactor, dir: join(dir, "own"), bucket: setup.bucket },
    ...{ limits: new Limits(config), clock: setup.clock, random: Math.random },
    ...{ telemetry: quietTelemetry(), runner: new InlineMerges(setup.clock) },
    owns: (tenant) => owned.has(tenant),
  });
  const marks = async (tenant: string) =>
    (await new ViewReader(setup.bucket, tenant).read(signal)).deletionMarks.size;
  await compactor.run(signal);
  expect([await marks("a"), await marks("b")]).toEqual([2, 0]);
  owned.add("b");
  await compactor.run(signal);
  expect([await marks("a"), await marks("b")]).toEqual([2, 2]);
});
