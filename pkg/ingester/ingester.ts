import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { abortError, sleep, withTimeout } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import { BufferPool } from "#pkg/encoding/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { ExemplarParams, SeriesExemplars } from "#pkg/exemplar/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { type Limits, validateSeries } from "#pkg/limits/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import { type KnownLabels, type LabelHasher, ScannedRequest } from "#pkg/remotewrite/mod.ts";
import type {
  DeletionOutcome,
  DeletionParams,
  IngesterApi,
  MetadataParams,
  MetricMetadata,
  PushOutcome,
  TenantStats,
} from "#pkg/rpc/mod.ts";
import { BaseService } from "#pkg/service/mod.ts";
import type { ChunkSeries, LabelParams, SelectParams } from "#pkg/storage/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { checkTenant } from "#pkg/tenant/mod.ts";
import { PushRecords, type Rejection, type SeriesAdmission, TenantDb } from "#pkg/tsdb/mod.ts";
import { IngesterMetrics } from "./metrics.ts";
import { RejectionTally } from "./rejections.ts";
import { uploadBlock } from "./upload.ts";

export interface IngesterOptions {
  readonly config: Config["ingester"];
  /** Folder of all tenants' data. */
  readonly dir: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly bucket: Bucket;
  readonly hasher: LabelHasher;
  /** True once queriers can read block `id` from the bucket; may prod store-gateways to look. */
  readonly isQueryable: (tenant: string, id: string, signal: AbortSignal) => Promise<boolean>;
}

interface Tenant {
  readonly name: string;
  readonly db: TenantDb;
  readonly admission: SeriesAdmission;
  /** When a block was first seen to be queryable, ms of the monotonic clock. */
  readonly queryableSince: Map<string, number>;
  rate: number;
  samplesBefore: number;
  rateAt: number;
  /** When samples last came in, ms of the monotonic clock. */
  activeAt: number;
}

/** How often sample rates are taken. */
const RATE_PERIOD_MS = 5_000;
/** How often a flush looks whether its blocks can be queried. */
const QUERYABLE_POLL_MS = 200;
/** How long a flush at shutdown waits for that; the blocks are in the bucket and on disk by then. */
const SHUTDOWN_QUERYABLE_MS = 10_000;

/** Keeps the recent samples of all tenants, and turns them into blocks in the bucket. */
export class Ingester extends BaseService implements IngesterApi {
  readonly metrics: IngesterMetrics;
  readonly #options: IngesterOptions;
  readonly #tenants = new Map<string, Tenant>();
  readonly #opening = new Map<string, Promise<Tenant>>();
  readonly #request = new ScannedRequest();
  /** Shared by all tenants, most of which are small and rarely at work. */
  readonly #buffers = new BufferPool();
  readonly #records = new PushRecords();
  #accepting = false;

  constructor(options: IngesterOptions) {
    super("ingester");
    this.#options = options;
    this.metrics = new IngesterMetrics(options.telemetry);
  }

  get hasher(): LabelHasher {
    return this.#options.hasher;
  }

  protected override async starting(signal: AbortSignal): Promise<void> {
    const { dir, clock } = this.#options;
    await mkdir(dir, { recursive: true });
    const began = clock.monotonic();
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      if (signal.aborted) return;
      if (!entry.isDirectory()) continue;
      if (isTenant(entry.name)) await this.#tenant(entry.name);
      else this.#options.telemetry.log.warn({ dir, name: entry.name }, "folder is no tenant's");
    }
    this.metrics.replaySeconds.set((clock.monotonic() - began) / 1000);
    this.#accepting = true;
  }

  protected override async running(signal: AbortSignal): Promise<void> {
    const { config } = this.#options;
    const loops = [
      this.#loop(config.flush_interval, signal, () => this.#maintain(signal)),
      this.#loop(RATE_PERIOD_MS, signal, async () => this.#measureRates()),
    ];
    if (config.wal_fsync === "interval") {
      loops.push(this.#loop(config.wal_fsync_interval, signal, () => this.#syncAll()));
    }
    await Promise.all(loops);
  }

  async #loop(periodMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await sleep(periodMs, signal, this.#options.clock).catch(() => undefined);
      if (!signal.aborted) await work();
    }
  }

  protected override async stopping(): Promise<void> {
    this.#accepting = false;
    await Promise.allSettled(this.#opening.values());
    if (this.#options.config.flush_on_shutdown) {
      await this.#flushAtShutdown().catch((error: unknown) => {
        this.#options.telemetry.log.error(
          { err: error },
          "flush at shutdown is incomplete; data is in the WAL and in local blocks",
        );
      });
    }
    const closed = await Promise.allSettled(
      [...this.#tenants.values()].map(({ db }) => db.close()),
    );
    for (const result of closed) if (result.status === "rejected") throw result.reason;
  }

  async #flushAtShutdown(): Promise<void> {
    const states = [...this.#tenants.values()];
    await this.#cutAndShip(states, new AbortController().signal);
    const limited = withTimeout(undefined, SHUTDOWN_QUERYABLE_MS, this.#options.clock);
    await this.#untilQueryable(states, limited.signal).finally(() => limited.dispose());
  }

  /** Series of `tenant`, which requests are scanned with; undefined where it is not open. */
  known(tenant: string): KnownLabels | undefined {
    return this.#tenants.get(tenant)?.db.known;
  }

  /** Makes `pushScanned` ready for `tenant`; undefined if it is. */
  prepare(tenant: string): Promise<void> | undefined {
    this.#checkAccepting();
    if (this.#tenants.has(tenant)) return undefined;
    const max = this.#options.config.max_tenants;
    if (max > 0 && !this.#opening.has(tenant) && this.#tenants.size + this.#opening.size >= max) {
      throw new NarthexError(
        "unavailable",
        `tenant ${tenant} is not taken in: this ingester has ${max} tenants (ingester.max_tenants)`,
      );
    }
    return this.#tenant(tenant).then(() => undefined);
  }

  /**
   * Appends a request that was scanned with `hasher` and `known`, without a suspension since. It is
   * borrowed until the first suspension only; `prepare` must have been called.
   */
  pushScanned(tenant: string, request: ScannedRequest): Promise<PushOutcome> {
    this.#checkAccepting();
    const state = this.#tenants.get(tenant);
    if (state === undefined) {
      return Promise.reject(new NarthexError("internal", `tenant ${tenant} is not open`));
    }
    const tally = new RejectionTally();
    const { exemplars } = state.db.head;
    const before = exemplars.appended;
    const hasExemplars = request.exemplarCount > 0;
    const done = state.db.append(request, this.#options.clock.now(), state.admission, tally);
    if (hasExemplars) {
      this.metrics.exemplars.observe(tenant, exemplars.appended - before, tally.exemplars);
    }
    return done.then(
      (samples) => {
        this.metrics.ingestedSamples.inc({ tenant }, samples);
        const rejected = tally.list();
        if (tally.exemplars.size === 0) return { samples, rejected };
        return { samples, rejected, exemplarsRefused: tally.exemplarCount };
      },
      (error: unknown) => {
        this.metrics.walFailures.inc();
        throw error;
      },
    );
  }

  async push(tenant: string, body: Uint8Array): Promise<PushOutcome> {
    await this.prepare(checkTenant(tenant));
    this.#request.scan(body, 0, body.length, this.#options.hasher, this.known(tenant));
    return this.pushScanned(tenant, this.#request);
  }

  async *select(
    tenant: string,
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]> {
    this.#checkReadable();
    const state = this.#tenants.get(tenant);
    if (state !== undefined) yield* state.db.selectChunks(params, signal);
  }

  async labelNames(tenant: string, params: LabelParams, signal: AbortSignal): Promise<string[]> {
    this.#checkReadable();
    return (await this.#tenants.get(tenant)?.db.labelNames(params, signal)) ?? [];
  }

  async labelValues(
    tenant: string,
    name: string,
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]> {
    this.#checkReadable();
    return (await this.#tenants.get(tenant)?.db.labelValues(name, params, signal)) ?? [];
  }

  async metadata(tenant: string, params: MetadataParams): Promise<readonly MetricMetadata[]> {
    this.#checkReadable();
    const entries = this.#tenants.get(tenant)?.db.metadata(params.metric) ?? [];
    return params.limit && params.limit > 0 ? entries.slice(0, params.limit) : entries;
  }

  async exemplars(
    tenant: string,
    params: ExemplarParams,
    signal: AbortSignal,
  ): Promise<readonly SeriesExemplars[]> {
    this.#checkReadable();
    return (await this.#tenants.get(tenant)?.db.exemplars(params, signal)) ?? [];
  }

  async tenantStats(): Promise<readonly TenantStats[]> {
    return [...this.#tenants.values()].map(({ name, db, rate }) => ({
      tenant: name,
      series: db.head.liveSeries,
      samplesPerSecond: rate,
    }));
  }

  async deleteSeries(
    tenant: string,
    { matchers, mint, maxt }: DeletionParams,
  ): Promise<DeletionOutcome> {
    this.#checkReadable();
    const state = this.#tenants.get(tenant) ?? (await this.#opening.get(tenant));
    const series = (await state?.db.deleteSeries(matchers, mint, maxt)) ?? 0;
    this.#options.telemetry.log.info(
      { tenant, matchers: matchers.map(String), mint, maxt, series },
      "series deleted",
    );
    return { series, nowMs: this.#options.clock.now() };
  }

  /**
   * Cuts everything the heads hold, uploads it, and resolves once it can be queried from the
   * bucket.
   */
  async flush(tenant: string | undefined, signal: AbortSignal): Promise<void> {
    const all = [...this.#tenants.values()];
    const states = tenant === undefined ? all : all.filter(({ name }) => name === tenant);
    await this.#cutAndShip(states, signal);
    await this.#untilQueryable(states, signal);
  }

  /** One tenant's trouble does not keep the others' data here; the first error is thrown. */
  async #cutAndShip(states: readonly Tenant[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const errors: unknown[] = [];
    for (const state of states) {
      if (signal.aborted) throw abortError(signal);
      try {
        const began = clock.monotonic();
        await state.db.cut(Number.POSITIVE_INFINITY);
        this.metrics.cutSeconds.observe((clock.monotonic() - began) / 1000);
        await this.#ship(state, signal);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  async #untilQueryable(states: readonly Tenant[], signal: AbortSignal): Promise<void> {
    for (const state of states) {
      for (const { ulid } of state.db.blocks) {
        while (!(await this.#noteQueryable(state, ulid, signal))) {
          await sleep(QUERYABLE_POLL_MS, signal, this.#options.clock);
        }
      }
    }
  }

  #checkAccepting(): void {
    if (this.#accepting) return;
    throw new NarthexError("unavailable", `ingester does not take samples: it is ${this.state}`);
  }

  #checkReadable(): void {
    if (this.state === "running" || this.#accepting) return;
    throw new NarthexError("unavailable", `ingester cannot be read: it is ${this.state}`);
  }

  async #tenant(name: string): Promise<Tenant> {
    const known = this.#tenants.get(name);
    if (known !== undefined) return known;
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#open(name).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  async #open(name: string): Promise<Tenant> {
    const { config, dir, limits, clock, random, hasher, telemetry } = this.#options;
    const own = limits.for(name);
    const db = await TenantDb.open({
      dir: join(dir, name),
      hasher,
      clock,
      random,
      blockDurationMs: config.block_duration,
      outOfOrderWindowMs: own.out_of_order_time_window,
      creationGraceMs: own.creation_grace_period,
      exemplarsMax: own.max_exemplars,
      segmentBytesMax: config.wal_segment_bytes,
      fsync: config.wal_fsync,
      buffers: this.#buffers,
      records: this.#records,
      seriesIdleTimeoutMs: config.series_idle_timeout,
      replayBytesMax: config.replay_memory_max,
      floatEncoding: () => limits.for(name).float_chunk_encoding,
    });
    for (const damage of db.replay.damage) {
      this.metrics.walDamage.inc({ tenant: name });
      telemetry.log.error(
        { tenant: name, ...damage },
        "wal is damaged; what follows in the file is lost",
      );
    }
    for (const { id, message } of db.quarantined) {
      telemetry.log.error(
        { tenant: name, block: id, reason: message, dir: db.blockDir(id) },
        "block quarantined: it is neither uploaded nor deleted; narthexctl tsdb verify tells more",
      );
    }
    this.metrics.blocksQuarantined.set({ tenant: name }, db.quarantined.length);
    if (db.replay.samples > 0) {
      const { samples, series } = db.replay;
      telemetry.log.info({ tenant: name, samples, series }, "wal replayed");
    }
    const admission: SeriesAdmission = {
      get histogramBucketsMax(): number {
        return limits.for(name).max_native_histogram_buckets;
      },
      get exemplarsMax(): number {
        return limits.for(name).max_exemplars;
      },
      admit: (labels: Labels, liveSeries: number): Rejection | undefined => {
        const current = limits.for(name);
        const rejection = validateSeries(labels, current);
        if (rejection !== undefined) return rejection;
        const max = current.max_series_per_user;
        if (max <= 0 || liveSeries < max) return undefined;
        return {
          reason: "per_user_series_limit",
          message: `tenant ${name} has ${liveSeries} series in this ingester, the limit is ${max} (max_series_per_user)`,
        };
      },
    };
    const state: Tenant = {
      name,
      db,
      admission,
      queryableSince: new Map(),
      rate: 0,
      samplesBefore: db.head.samplesAppended,
      rateAt: clock.monotonic(),
      activeAt: clock.monotonic(),
    };
    this.#tenants.set(name, state);
    return state;
  }

  #measureRates(): void {
    const now = this.#options.clock.monotonic();
    for (const state of this.#tenants.values()) {
      const { samplesAppended, liveSeries } = state.db.head;
      const seconds = (now - state.rateAt) / 1000;
      if (seconds <= 0) continue;
      state.rate = (samplesAppended - state.samplesBefore) / seconds;
      if (samplesAppended !== state.samplesBefore) state.activeAt = now;
      state.samplesBefore = samplesAppended;
      state.rateAt = now;
      this.metrics.memorySeries.set({ tenant: state.name }, liveSeries);
      // A limit that was lowered is one for tenants too that send no more exemplars.
      state.db.head.exemplars.resize(state.admission.exemplarsMax ?? 0);
      this.metrics.exemplars.show(state.name, state.db.head);
    }
  }

  async #syncAll(): Promise<void> {
    for (const { name, db } of this.#tenants.values()) {
      await db.sync().catch((error: unknown) => {
        this.#options.telemetry.log.error({ tenant: name, err: error }, "wal could not be synced");
      });
    }
  }

  /** Cuts ranges that are over, uploads blocks, drops local copies that nobody needs. */
  async #maintain(signal: AbortSignal): Promise<void> {
    const { clock, config, telemetry } = this.#options;
    for (const state of this.#tenants.values()) {
      try {
        // As upstream: a range is cut when half of the next one is over, so that late samples
        // still find it in the head. The samples tell the time, until there are none.
        const half = config.block_duration / 2;
        const quiet = clock.monotonic() - state.activeAt > half;
        const newest = quiet ? clock.now() : Math.min(clock.now(), state.db.head.maxt);
        const before = Math.floor((newest - half) / config.block_duration) * config.block_duration;
        if (state.db.head.mint < before || state.db.isIdle) {
          const began = clock.monotonic();
          await state.db.cut(before);
          this.metrics.cutSeconds.observe((clock.monotonic() - began) / 1000);
        }
        if (await state.db.checkpointIfDue(config.wal_checkpoint_bytes)) {
          this.metrics.checkpoints.inc();
        }
        await this.#ship(state, signal);
        await this.#dropLocal(state, signal);
      } catch (error) {
        if (signal.aborted) return;
        telemetry.log.error(
          { tenant: state.name, err: error },
          "maintenance of the head failed; will try again",
        );
      }
    }
  }

  async #ship(state: Tenant, signal: AbortSignal): Promise<void> {
    const { bucket, telemetry } = this.#options;
    for (const { ulid } of state.db.blocks) {
      if (state.queryableSince.has(ulid)) continue;
      try {
        const target = { tenant: state.name, id: ulid, dir: state.db.blockDir(ulid) };
        await uploadBlock(bucket, target, signal);
        this.metrics.blocksUploaded.inc({ tenant: state.name });
      } catch (error) {
        this.metrics.uploadFailures.inc({ tenant: state.name });
        telemetry.log.error(
          { tenant: state.name, block: ulid, reason: messageOf(error) },
          "upload failed",
        );
        throw error;
      }
    }
  }

  async #noteQueryable(state: Tenant, id: string, signal: AbortSignal): Promise<boolean> {
    if (state.queryableSince.has(id)) return true;
    if (!(await this.#options.isQueryable(state.name, id, signal))) return false;
    state.queryableSince.set(id, this.#options.clock.monotonic());
    return true;
  }

  async #dropLocal(state: Tenant, signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#options;
    for (const { ulid } of state.db.blocks) {
      if (!(await this.#noteQueryable(state, ulid, signal))) continue;
      const since = state.queryableSince.get(ulid) as number;
      if (clock.monotonic() - since < config.local_retention) continue;
      await state.db.dropBlock(ulid);
      state.queryableSince.delete(ulid);
    }
  }
}

function isTenant(name: string): boolean {
  try {
    return checkTenant(name) === name;
  } catch {
    return false;
  }
}
