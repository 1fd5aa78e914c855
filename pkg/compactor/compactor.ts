import { setMaxListeners } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { mapLimit, Semaphore, throwIfAborted } from "#pkg/async/mod.ts";
import { isBlockId } from "#pkg/block/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import type { Limits } from "#pkg/limits/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import { BaseService } from "#pkg/service/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { CompactorMetrics } from "./metrics.ts";
import { tenantOptions } from "./options.ts";
import type { MergeRunner } from "./run-merge.ts";
import { TenantCompactor, type TenantOptions } from "./tenant.ts";

/** What a compactor needs. */
export interface CompactorOptions {
  readonly config: Config["compactor"];
  /** For copies of blocks; emptied at the start. */
  readonly dir: string;
  readonly bucket: Bucket;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly runner: MergeRunner;
  /** True while a tenant is this compactor's; of all tenants where absent. */
  readonly owns?: (tenant: string) => boolean;
}

/** More than a tenant has calls of the bucket under way. */
const LISTENERS_PER_TENANT = 64;

/** One tenant's worker, and its turn. */
interface Worker {
  readonly compactor: TenantCompactor;
  readonly turn: Semaphore;
}

/**
 * Keeps the bucket in order: merges blocks into larger ones, applies retention and deletions of
 * series, deletes what nobody needs. Works on the tenants that it owns, again and again.
 */
export class Compactor extends BaseService {
  readonly metrics: CompactorMetrics;
  readonly #options: CompactorOptions;
  readonly #tenantOptions: TenantOptions;
  readonly #workers = new Map<string, Worker>();
  #wake: () => void = () => undefined;
  #isWoken = false;

  /** Errors: `bad_data` for settings that contradict each other. */
  constructor(options: CompactorOptions) {
    super("compactor");
    this.#options = options;
    this.#tenantOptions = tenantOptions(options.config);
    this.metrics = new CompactorMetrics(options.telemetry.registry);
  }

  protected override async starting(): Promise<void> {
    await rm(this.#options.dir, { recursive: true, force: true });
    await mkdir(this.#options.dir, { recursive: true });
  }

  protected override async running(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.run(signal).catch(() => undefined);
      await this.#pause(signal);
    }
  }

  /** Looks at the bucket soon, or once more after the look that is under way. */
  nudge(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** One look at all tenants that are this compactor's. Errors: those of listing them. */
  async run(signal: AbortSignal): Promise<void> {
    const { telemetry, config, clock } = this.#options;
    // Each call of the bucket that is under way listens.
    setMaxListeners(LISTENERS_PER_TENANT * config.concurrency, signal);
    this.metrics.runsStarted.inc();
    let failures = 0;
    try {
      const tenants = await this.#tenants(signal);
      this.#retain(tenants);
      await mapLimit(tenants, config.concurrency, async (tenant) => {
        failures += await this.runTenant(tenant, signal);
      });
    } catch (err) {
      if (signal.aborted) return;
      this.metrics.runsFailed.inc();
      telemetry.log.warn({ err }, "bucket could not be looked at for compaction");
      throw err;
    }
    if (failures > 0) this.metrics.runsFailed.inc();
    else {
      this.metrics.runsCompleted.inc();
      this.metrics.lastRun.set(clock.now() / 1000);
    }
  }

  /** One look at a tenant, after the one that is under way; returns how much of it failed. */
  async runTenant(tenant: string, signal: AbortSignal): Promise<number> {
    throwIfAborted(signal);
    const { turn, compactor } = this.#worker(tenant);
    try {
      return await turn.run(() => compactor.pass(signal), signal);
    } catch (err) {
      if (signal.aborted) throw err;
      this.#options.telemetry.log.warn({ tenant, err }, "compaction of a tenant failed");
      return 1;
    }
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", done);
        this.#wake = () => undefined;
        this.#isWoken = false;
        resolve();
      };
      const { clock, config } = this.#options;
      const timer = clock.setTimeout(done, this.#isWoken ? 0 : config.interval);
      signal.addEventListener("abort", done, { once: true });
      this.#wake = done;
    });
  }

  async #tenants(signal: AbortSignal): Promise<string[]> {
    const out: string[] = [];
    for await (const { key } of this.#options.bucket.list("", { signal })) {
      // Names with two underscores are other systems' own; blocks at the root are Thanos's.
      const tenant = key.slice(0, -1);
      if (!key.endsWith("/") || key.startsWith("__") || isBlockId(tenant)) continue;
      if (this.#owns(tenant)) out.push(tenant);
    }
    return out;
  }

  #owns(tenant: string): boolean {
    return this.#options.owns?.(tenant) ?? true;
  }

  #retain(tenants: readonly string[]): void {
    const kept = new Set(tenants);
    this.metrics.tenants.set(kept.size);
    for (const tenant of this.#workers.keys()) {
      if (kept.has(tenant)) continue;
      this.#workers.delete(tenant);
      this.metrics.forget(tenant);
    }
  }

  #worker(tenant: string): Worker {
    let worker = this.#workers.get(tenant);
    if (worker) return worker;
    const { bucket, clock, random, runner, limits, dir, telemetry } = this.#options;
    const compactor = new TenantCompactor({
      ...{ tenant, bucket, clock, random, runner, limits, log: telemetry.log },
      dir: join(dir, tenant),
      metrics: this.metrics,
      options: this.#tenantOptions,
      owns: () => this.#owns(tenant),
    });
    worker = { compactor, turn: new Semaphore(1) };
    this.#workers.set(tenant, worker);
    return worker;
  }
}
