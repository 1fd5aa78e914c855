import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { sleep } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { assert, messageOf } from "#pkg/errs/mod.ts";
import type { MetricMetadata } from "#pkg/remotewrite/mod.ts";
import { BaseService } from "#pkg/service/mod.ts";
import { forComponent, type Telemetry } from "#pkg/telemetry/mod.ts";
import type { AgentConfig } from "./config/load.ts";
import { JobDiscovery } from "./discovery/job.ts";
import { type AgentMetrics, createAgentMetrics } from "./metrics.ts";
import { AgentLog, DEFAULT_LOG_LIMITS, type LogLimits } from "./remote-write/log.ts";
import { readPositions, writePositions } from "./remote-write/positions.ts";
import type { Sink } from "./remote-write/sink.ts";
import { Remotes } from "./remotes.ts";
import { type TargetsReport, targetsReport } from "./report.ts";
import { type PoolContext, ScrapePool } from "./scrape/pool.ts";

/** What an agent is made of. */
export interface AgentInit {
  readonly config: AgentConfig;
  /** Holds the log and the positions of remotes. */
  readonly dir: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly telemetry: Telemetry;
  /** Receivers in this process, beside those of the configuration. */
  readonly extraSinks?: readonly Sink[];
  /** Of this program, for the User-Agent header. */
  readonly version?: string;
  /** @default DEFAULT_LOG_LIMITS */
  readonly logLimits?: Partial<LogLimits>;
  /** How long `stop` goes on sending, ms. @default 5000 */
  readonly stopGraceMs?: number;
}

interface Job {
  /** Equal for equal configurations only. */
  readonly key: string;
  readonly pool: ScrapePool;
  readonly discovery: JobDiscovery;
}

/** Positions are written this often: after a crash, at most this much is sent twice. */
const MAINTENANCE_INTERVAL_MS = 5_000;

/**
 * Scrapes targets and delivers the samples to remotes: scrape → log on disk → shards → remotes.
 * What is in the log survives a crash and is sent at least once.
 */
export class Agent extends BaseService {
  readonly #init: AgentInit;
  readonly #metrics: AgentMetrics;
  readonly #telemetry: Telemetry;
  #config: AgentConfig;
  #log: AgentLog | undefined = undefined;
  #remotes: Remotes | undefined = undefined;
  #context: PoolContext | undefined = undefined;
  readonly #jobs = new Map<string, Job>();
  /** One reload at a time. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(init: AgentInit) {
    super("agent");
    this.#init = init;
    this.#config = init.config;
    this.#telemetry = forComponent(init.telemetry, "agent");
    this.#metrics = createAgentMetrics(init.telemetry.registry);
  }

  /** The configuration in use. */
  get config(): AgentConfig {
    return this.#config;
  }

  /** Targets that are scraped and those that were dropped, as `/api/v1/targets` shows them. */
  targets(): TargetsReport {
    return targetsReport([...this.#jobs.values()].map(({ pool }) => pool));
  }

  /** Takes another configuration into use. What did not change goes on undisturbed. */
  reload(config: AgentConfig): Promise<void> {
    const work = this.#reloading.then(() => this.#apply(config));
    this.#reloading = work.catch(() => undefined);
    return work;
  }

  protected override async starting(): Promise<void> {
    const { dir, clock, random, logLimits, extraSinks = [], version = "0" } = this.#init;
    const metrics = this.#metrics;
    const logger = this.#telemetry.log;
    await mkdir(dir, { recursive: true });
    const positions = await readPositions(dir, logger);
    const limits = { ...DEFAULT_LOG_LIMITS, ...logLimits };
    const log = await AgentLog.open(dir, { limits, clock, metrics, logger });
    this.#log = log;
    const userAgent = `Narthex/${version}`;
    const context = { log, clock, random, metrics, logger, userAgent };
    this.#remotes = new Remotes(context, extraSinks, () => this.#families());
    const seed = hostname() + this.#config.externalLabels.join("\0");
    this.#context = { ...context, offsetSeed: seed };
    await this.#remotes.apply(this.#config, positions);
    // From here on a crash finds every remote where it began.
    await writePositions(dir, this.#remotes.positions());
    await this.#applyJobs(this.#config);
    this.#loaded();
  }

  protected override async running(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(MAINTENANCE_INTERVAL_MS, signal, this.#init.clock).catch(() => undefined);
      if (!signal.aborted) await this.#maintain();
    }
  }

  protected override async stopping(): Promise<void> {
    await this.#reloading;
    const jobs = [...this.#jobs.values()];
    await Promise.all(jobs.map(({ discovery }) => discovery.stop()));
    await Promise.all(jobs.map(({ pool }) => pool.stop()));
    await this.#remotes?.stop(this.#init.stopGraceMs ?? 5_000);
    await this.#maintain();
    await this.#log?.close();
  }

  async #maintain(): Promise<void> {
    if (this.#log === undefined || this.#remotes === undefined) return;
    try {
      await this.#log.sync();
      // Positions first: what they point to must still be there.
      await writePositions(this.#init.dir, this.#remotes.positions());
      await this.#log.truncate(this.#remotes.oldestNeeded);
    } catch (error) {
      this.#telemetry.log.error({ err: messageOf(error) }, "log not tidied up");
    }
  }

  async #apply(config: AgentConfig): Promise<void> {
    assert(this.#remotes !== undefined, "reload before start");
    try {
      await this.#remotes.apply(config, this.#remotes.positions());
      await this.#applyJobs(config);
      this.#config = config;
      this.#loaded();
    } catch (error) {
      this.#metrics.reloadSuccess.set(0);
      throw error;
    }
  }

  async #applyJobs(config: AgentConfig): Promise<void> {
    const wanted = new Map(config.scrapeConfigs.map((scrape) => [scrape.jobName, scrape]));
    const retired = new Map<string, Job>();
    for (const [name, job] of this.#jobs) {
      const scrape = wanted.get(name);
      if (scrape !== undefined && JSON.stringify(scrape) === job.key) continue;
      this.#jobs.delete(name);
      retired.set(name, job);
      await job.discovery.stop();
      await job.pool.stop();
    }
    for (const [name, scrape] of wanted) {
      if (this.#jobs.has(name)) continue;
      const pool = new ScrapePool(scrape, this.#context!);
      const parts = { clock: this.#init.clock, log: this.#telemetry.log };
      const discovery = new JobDiscovery(scrape, parts, (groups) => pool.sync(groups));
      this.#jobs.set(name, { key: JSON.stringify(scrape), pool, discovery });
      await discovery.start();
    }
    for (const [name, job] of retired) await job.pool.endExcept(this.#jobs.get(name)?.pool);
  }

  *#families(): Iterable<MetricMetadata> {
    const seen = new Set<string>();
    for (const { pool } of this.#jobs.values()) {
      for (const family of pool.metadata.families()) {
        if (seen.has(family.metric)) continue;
        seen.add(family.metric);
        yield family;
      }
    }
  }

  #loaded(): void {
    this.#metrics.reloadSuccess.set(1);
    this.#metrics.reloadTimestamp.set(this.#init.clock.now() / 1000);
    for (const warning of this.#config.warnings) {
      this.#telemetry.log.warn({ warning }, "configuration differs from Prometheus");
    }
  }
}
