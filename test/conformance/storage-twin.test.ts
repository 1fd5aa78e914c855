import { cpSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TsdbAdmin } from "#pkg/app/admin.ts";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { Compactor, InlineMerges } from "#pkg/compactor/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { BufferPool } from "#pkg/encoding/mod.ts";
import { uploadBlock } from "#pkg/ingester/upload.ts";
import { formatLabels, type Labels, labelsFromObject, type Matcher } from "#pkg/labels/mod.ts";
import { Limits } from "#pkg/limits/mod.ts";
import { type Bucket, FilesystemBucket, MemoryBucket } from "#pkg/objstore/mod.ts";
import { type Random, seededRandom } from "#pkg/prng/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  canonicalLabelBytes,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "#pkg/remotewrite/mod.ts";
import type { DeletionParams, StoreGatewayApi } from "#pkg/rpc/mod.ts";
import {
  type ChunkQuerier,
  mergeChunkQueriers,
  SampleColumns,
  STALE_HI,
  STALE_LO,
} from "#pkg/storage/mod.ts";
import { BucketStore } from "#pkg/store-gateway/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { HeadReader, PushRecords, TenantDb } from "#pkg/tsdb/mod.ts";
import {
  isOneOf,
  randomValue,
  TenantTwin,
  type TwinSample,
  toldColumns,
} from "../support/storage-twin.ts";

const SEED = Number(process.env["NARTHEX_SEED"] ?? 1);
const RUNS = Number(process.env["NARTHEX_RUNS"] ?? 25);
const MINUTE = 60_000;
const DURATION = MINUTE;
const START = Math.floor(1_700_000_000_000 / (60 * MINUTE)) * 60 * MINUTE;
const WINDOW = 90_000;
const GRACE = 10_000;
const IDLE = 5 * MINUTE;
const TENANTS = ["one", "two"];
const signal = new AbortController().signal;
const ALL: readonly Matcher[] = [newMatcher("!=", "__name__", "")];
const EVER = { mint: -(2 ** 52), maxt: 2 ** 52 };

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "narthex-twin-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** What a step does; the numbers decide the rest. */
const KINDS = {
  push: 12,
  run: 4,
  late: 6,
  churn: 1,
  pause: 2,
  cut: 4,
  checkpoint: 3,
  reopen: 3,
  crash: 5,
  ship: 4,
  drop: 3,
  delete: 3,
  compact: 2,
} as const;
type Kind = keyof typeof KINDS;
interface Step {
  readonly kind: Kind;
  readonly seed: number;
}
const step = fc.oneof(
  ...Object.entries(KINDS).map(([kind, weight]) => ({
    weight,
    arbitrary: fc.nat(1e6).map((seed): Step => ({ kind: kind as Kind, seed })),
  })),
);
/** What happened, for the report. */
const figures = { steps: 0, pushed: 0, refused: 0, checks: 0, samplesChecked: 0, crashes: 0 };

interface Tenant {
  readonly name: string;
  readonly twin: TenantTwin;
  readonly series: Labels[];
  dir: string;
  db: TenantDb;
}

/** Heads, blocks, a bucket with its readers and a compactor, beside twins. */
class World {
  readonly #random: Random;
  readonly #dir: string;
  readonly #clock = new FakeClock(START);
  readonly #hasher = new LabelHasher(1, 2);
  readonly #buffers = new BufferPool();
  readonly #records = new PushRecords();
  readonly #bucket: Bucket;
  readonly #store: BucketStore;
  readonly #compactor: Compactor;
  readonly #admin: TsdbAdmin;
  readonly #tenants = new Map<string, Tenant>();
  #generation = 0;
  #dirs = 0;

  private constructor(dir: string, bucket: Bucket, seed: number) {
    this.#dir = dir;
    this.#random = seededRandom(seed);
    this.#bucket = bucket;
    const clock = this.#clock;
    this.#store = new BucketStore({ bucket, clock, deletionDelayMs: MINUTE });
    const config = loadConfig({
      flags: {
        "compactor.block-ranges": "1m,5m,15m",
        "compactor.consistency-delay": "0",
        "compactor.deletion-delay": "5m",
        "compactor.tombstone-rewrite-delay": "3m",
        "store-gateway.ignore-deletion-marks-delay": "1m",
      },
    });
    this.#compactor = new Compactor({
      config: config.compactor,
      dir: join(dir, "compactor"),
      bucket,
      limits: new Limits(config),
      clock,
      random: this.#random,
      telemetry: quietTelemetry(),
      runner: new InlineMerges(clock),
    });
    this.#admin = new TsdbAdmin({
      bucket,
      clock,
      random: this.#random,
      gateways: { list: () => [{ id: "g", zone: "z", api: this.#store as StoreGatewayApi }] },
      ingesters: () => [
        {
          deleteSeries: async (name: string, { matchers, mint, maxt }: DeletionParams) => ({
            series: await this.#tenants.get(name)!.db.deleteSeries(matchers, mint, maxt),
            nowMs: clock.now(),
          }),
        },
      ],
      nudge: () => undefined,
      flush: async () => undefined,
      dir: join(dir, "snapshots"),
    });
  }

  static async create(seed: number): Promise<World> {
    const dir = await mkdtemp(join(root, "run-"));
    const bucket =
      seed % 2 === 0
        ? new MemoryBucket("memory", () => START)
        : await FilesystemBucket.open(join(dir, "bucket"), { sync: false });
    const world = new World(dir, bucket, seed);
    for (const name of TENANTS) {
      const at = join(dir, `${name}-0`);
      const tenant = {
        name,
        twin: new TenantTwin(),
        series: [],
        dir: at,
        db: await world.open(at),
      };
      world.#tenants.set(name, tenant);
    }
    world.#churn();
    return world;
  }

  async open(dir: string): Promise<TenantDb> {
    const db = await TenantDb.open({
      dir,
      hasher: this.#hasher,
      clock: this.#clock,
      random: this.#random,
      seriesIdleTimeoutMs: IDLE,
      blockDurationMs: DURATION,
      outOfOrderWindowMs: WINDOW,
      creationGraceMs: GRACE,
      segmentBytesMax: 20_000,
      fsync: "never",
      buffers: this.#buffers,
      records: this.#records,
      floatEncoding: () => (this.#random() < 0.2 ? "xor2" : "xor"),
      replayBytesMax: this.#random() < 0.2 ? 30_000 : 0,
    });
    expect(db.replay.damage).toEqual([]);
    expect(db.quarantined).toEqual([]);
    return db;
  }

  async close(): Promise<void> {
    for (const { db } of this.#tenants.values()) await db.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Other series from now on, some of them as before. */
  #churn(): void {
    this.#generation++;
    for (const { series } of this.#tenants.values()) {
      for (let i = 0; i < 12; i++) {
        if (this.#generation > 1 && i % 3 === 0) continue;
        series[i] = labelsFromObject({
          __name__: `m${i % 6}`,
          instance: `host-${i}`,
          ...(i % 4 === 1 ? { pod: `pod-${this.#generation}-${i}` } : {}),
          ...(i % 5 === 2 ? { é: "\u{1f600}" } : {}),
        });
      }
    }
  }

  /** Takes one step; the clock goes on a bit each time, as block ids tell the order. */
  async take({ kind, seed }: Step): Promise<void> {
    const random = seededRandom(seed);
    const tenant = this.#tenants.get(TENANTS[random() < 0.7 ? 0 : 1]!)!;
    await this.#clock.advance(1 + Math.floor(random() * 5_000));
    figures.steps++;
    switch (kind) {
      case "push":
        return this.#pushSome(tenant, random);
      case "run":
        return this.#pushRun(tenant, random);
      case "late":
        return this.#pushLate(tenant, random);
      case "churn":
        return this.#churn();
      case "pause":
        // Sometimes for long enough for rows and symbols to be given to others.
        return this.#clock.advance(
          random() < 0.3 ? 12 * MINUTE : Math.floor(random() * 3) * MINUTE,
        );
      case "cut":
        return this.#cut(tenant, random);
      case "checkpoint":
        await tenant.db.checkpointIfDue(1);
        return;
      case "reopen":
        await tenant.db.close();
        tenant.db = await this.open(tenant.dir);
        return;
      case "crash":
        return this.#crash(tenant, random);
      case "ship":
        return this.#ship(tenant);
      case "drop":
        return this.#drop(tenant, random);
      case "delete":
        return this.#delete(tenant, random);
      case "compact":
        await this.#compactor.runTenant(tenant.name, signal);
        await this.#store.sync(tenant.name, signal);
        return;
      default:
        kind satisfies never;
    }
  }

  async #pushSome(tenant: Tenant, random: Random): Promise<void> {
    const samples: TwinSample[] = [];
    const now = this.#clock.now();
    for (const [i, labels] of tenant.series.entries()) {
      if (random() < 0.3) continue;
      const t = now - Math.floor(random() * 3_000);
      samples.push({ labels, t, value: randomValue(i, t, random) });
      if (random() < 0.02)
        samples.push({ labels, t: now + GRACE + 5, value: randomValue(i, t, random) });
    }
    await this.#push(tenant, samples);
  }

  /** Many samples of a few series, in order. */
  async #pushRun(tenant: Tenant, random: Random): Promise<void> {
    const samples: TwinSample[] = [];
    const count = 20 + Math.floor(random() * 150);
    const every = 50 + Math.floor(random() * 1000);
    for (const [i, labels] of tenant.series.entries()) {
      if (random() < 0.7) continue;
      for (let s = 1; s <= count; s++) {
        const t = this.#clock.now() + s * every;
        samples.push({ labels, t, value: randomValue(i, t, random) });
      }
    }
    await this.#clock.advance(count * every);
    await this.#push(tenant, samples);
  }

  /** Out of order inside and outside the window, and repeats, of which some are changed. */
  async #pushLate(tenant: Tenant, random: Random): Promise<void> {
    const samples: TwinSample[] = [];
    for (let n = Math.floor(random() * 30); n >= 0; n--) {
      const i = Math.floor(random() * tenant.series.length);
      const known = random() < 0.5 ? tenant.twin.anySample(random) : undefined;
      const t = this.#clock.now() - Math.floor(random() * 1.5 * WINDOW);
      const value = randomValue(i, t, random);
      if (known === undefined) samples.push({ labels: tenant.series[i]!, t, value });
      else if (random() < 0.8) samples.push(known);
      else samples.push({ ...known, value });
    }
    await this.#push(tenant, samples);
  }

  async #push({ db, twin }: Tenant, samples: readonly TwinSample[]): Promise<void> {
    if (samples.length === 0) return;
    const builder = new WriteRequestBuilder();
    for (const { labels, t, value } of samples) {
      if (value.kind === "float") builder.sample(labels, t, value.hi, value.lo);
      else if (value.kind === "histogram") builder.histogram(labels, t, value.h, value.integer);
      else if (value.isHistogram) builder.histogram(labels, t, undefined, false);
      else builder.sample(labels, t, STALE_HI, STALE_LO);
    }
    const { head } = db;
    const nowMs = this.#clock.now();
    const want = twin.push(samples, {
      nowMs,
      maxt: head.maxt,
      outOfOrderWindowMs: WINDOW,
      creationGraceMs: GRACE,
      holds: (labels) => head.findLabels(canonicalLabelBytes(labels)) >= 0,
    });
    const request = new ScannedRequest();
    const body = builder.view();
    request.scan(body, 0, body.length, head.hasher, db.known);
    const refused: string[] = [];
    const sink = { reject: (reason: string) => void refused.push(reason) };
    const accepted = await db.append(request, nowMs, { admit: () => undefined }, sink);
    expect(refused).toEqual(want);
    expect(accepted).toBe(samples.length - want.length);
    figures.pushed += accepted;
    figures.refused += refused.length;
  }

  async #cut(tenant: Tenant, random: Random): Promise<void> {
    await tenant.db.cut(this.#cutBefore(random));
  }

  #cutBefore(random: Random): number {
    if (random() < 0.2) return Number.POSITIVE_INFINITY;
    const before = this.#clock.now() - Math.floor(random() * 4 * MINUTE);
    return random() < 0.5 ? Math.floor(before / DURATION) * DURATION : before;
  }

  /** The folder as it is at some moment of a cut, a checkpoint or an upload is all that is left. */
  async #crash(tenant: Tenant, random: Random): Promise<void> {
    const { db } = tenant;
    const works = [
      () => db.cut(this.#cutBefore(random)),
      () => db.checkpointIfDue(1),
      () => this.#ship(tenant),
      () => this.#drop(tenant, random),
    ];
    const pick = Math.floor(random() * (works.length + 1));
    const work = works[pick]?.();
    for (let turns = random() ** 2 * 150; turns > 0; turns--) await new Promise(setImmediate);
    tenant.dir = join(this.#dir, `${tenant.name}-${++this.#dirs}`);
    cpSync(this.#dirOf(db), tenant.dir, { recursive: true });
    await work;
    await db.close();
    await rm(this.#dirOf(db), { recursive: true, force: true });
    tenant.db = await this.open(tenant.dir);
    figures.crashes++;
  }

  #dirOf(db: TenantDb): string {
    return join(db.blockDir("x"), "..", "..");
  }

  async #ship({ name, db }: Tenant): Promise<void> {
    for (const { ulid } of db.blocks) {
      await uploadBlock(this.#bucket, { tenant: name, id: ulid, dir: db.blockDir(ulid) }, signal);
    }
    await this.#store.sync(name, signal);
  }

  async #drop(tenant: Tenant, random: Random): Promise<void> {
    await this.#ship(tenant);
    for (const { ulid } of tenant.db.blocks) {
      if (random() < 0.7) await tenant.db.dropBlock(ulid);
    }
  }

  async #delete({ name, twin }: Tenant, random: Random): Promise<void> {
    const matchers = someMatchers(random);
    const from = this.#clock.now() - Math.floor(random() * 5 * MINUTE);
    const span = random() < 0.3 ? 2 ** 52 : Math.floor(random() * 2 * MINUTE);
    const range = random() < 0.2 ? EVER : { mint: from, maxt: from + span };
    await this.#admin.deleteSeries(name, { matchers, ...range }, signal);
    twin.delete(matchers, range.mint, range.maxt);
    // Blocks of a time after the deletion are to have later ids.
    await this.#clock.advance(1);
  }

  /** Compares all that can be read, in every way. */
  async check(random: Random): Promise<void> {
    for (const tenant of this.#tenants.values()) {
      const { db, name, twin } = tenant;
      for (const { labels, newest } of twin.newestTimes()) {
        const ref = db.head.findLabels(canonicalLabelBytes(labels));
        if (ref >= 0)
          expect([formatLabels(labels), db.head.newestTime(ref)]).toEqual([
            formatLabels(labels),
            newest,
          ]);
      }
      const store = this.#store.querier(name);
      await this.#compare(tenant, mergeChunkQueriers([db, store]), random, "head, blocks, store");
      if (random() < 0.3) {
        await this.#ship(tenant);
        const head = new HeadReader(db.head);
        await this.#compare(tenant, mergeChunkQueriers([head, store]), random, "head, store");
      }
    }
  }

  async #compare(
    { twin }: Tenant,
    querier: ChunkQuerier,
    random: Random,
    what: string,
  ): Promise<void> {
    await this.#compareSelect(twin, querier, { matchers: ALL, ...EVER }, what);
    for (let i = 0; i < 2; i++) {
      const mint = this.#clock.now() - Math.floor(random() * 10 * MINUTE);
      const maxt = mint + Math.floor(random() * 4 * MINUTE);
      const params = { matchers: someMatchers(random), mint, maxt };
      await this.#compareSelect(twin, querier, params, what);
      await compareLabelNames(twin, querier, params);
    }
    await compareLabelNames(twin, querier, { matchers: [], ...EVER });
    figures.checks++;
  }

  async #compareSelect(
    twin: TenantTwin,
    querier: ChunkQuerier,
    params: { matchers: readonly Matcher[]; mint: number; maxt: number },
    what: string,
  ): Promise<void> {
    const want = twin.select(params.matchers, params.mint, params.maxt);
    const problems: string[] = [];
    let at = 0;
    for await (const batch of querier.selectChunks(params, signal)) {
      for (const series of batch) {
        const columns = new SampleColumns();
        seriesFromChunks(series).read(columns, params.mint, params.maxt);
        if (columns.length === 0) continue;
        const name = formatLabels(series.labels);
        const own = want[at++];
        const ownName = own === undefined ? "none" : formatLabels(own.labels);
        if (name !== ownName) throw new Error(`${what}: got ${name}, want ${ownName}`);
        const got = toldColumns(columns);
        const times = new Map(own!.samples);
        for (const [t, value] of got) {
          const may = times.get(t);
          if (may === undefined) problems.push(`${name}@${t - START}: ${value}, want none`);
          else if (!isOneOf(value, may)) problems.push(`${name}@${t - START}: ${value}`);
          times.delete(t);
        }
        for (const t of times.keys()) problems.push(`${name}@${t - START}: missing`);
        if (got.length !== new Set(got.map(([t]) => t)).size)
          problems.push(`${name}: a time twice`);
        figures.samplesChecked += got.length;
      }
    }
    for (const { labels } of want.slice(at)) problems.push(`missing ${formatLabels(labels)}`);
    if (problems.length > 0) {
      throw new Error(
        `${what}: ${problems.length} differences\n${problems.slice(0, 8).join("\n")}`,
      );
    }
  }
}

/** Names and values of what is there are there; others were once, at least. */
async function compareLabelNames(
  twin: TenantTwin,
  querier: ChunkQuerier,
  params: { matchers: readonly Matcher[]; mint: number; maxt: number },
): Promise<void> {
  const there = twin.select(params.matchers, params.mint, params.maxt);
  const want = new Map<string, Set<string>>();
  for (const { labels } of there) {
    for (let i = 0; i < labels.length; i += 2) {
      const values = want.get(labels[i]!) ?? new Set();
      want.set(labels[i]!, values.add(labels[i + 1]!));
    }
  }
  const names = await querier.labelNames(params, signal);
  expect(names).toEqual([...new Set(names)].sort(byBytes));
  expect([...want.keys()].filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => !twin.everNamed.has(name))).toEqual([]);
  for (const name of names) {
    const values = await querier.labelValues(name, params, signal);
    expect(values).toEqual([...new Set(values)].sort(byBytes));
    const own = want.get(name) ?? new Set<string>();
    expect([...own].filter((value) => !values.includes(value))).toEqual([]);
    expect(values.filter((value) => !twin.everNamed.get(name)!.has(value))).toEqual([]);
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function someMatchers(random: Random): readonly Matcher[] {
  const i = Math.floor(random() * 12);
  const choices: (readonly Matcher[])[] = [
    ALL,
    [newMatcher("=", "instance", `host-${i}`)],
    [newMatcher("=", "__name__", `m${i % 6}`), newMatcher("=~", "instance", "host-[0-7]")],
    [newMatcher("!~", "pod", "pod-[13].*"), newMatcher("!=", "__name__", "m1")],
    [newMatcher("=", "pod", ""), newMatcher("=~", "__name__", "m(0|2|5)")],
    [newMatcher("!=", "é", "")],
  ];
  return choices[Math.floor(random() * choices.length)]!;
}

test("head, replayed head, local blocks, store-gateway and compacted blocks hold what plain maps do", {
  timeout: 30_000 + RUNS * 10_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: "max" }),
      fc.nat(1e6),
      async (steps, seed) => {
        const world = await World.create(seed);
        for (const [i, one] of steps.entries()) {
          await world.take(one);
          await world.check(seededRandom(one.seed + i));
        }
        await world.close();
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
  console.log(`seed ${SEED}: ${JSON.stringify(figures)}`);
});
