import { NarthexError } from "#pkg/errs/mod.ts";
import { type Labels, labelsKey } from "#pkg/labels/mod.ts";
import { Relabeller } from "#pkg/relabel/mod.ts";
import type { ScrapeConfig } from "../config/scrape-config.ts";
import type { TargetGroup } from "../config/service-discovery.ts";
import { HttpClient } from "../http/client.ts";
import { ScrapeAppender } from "./appender.ts";
import { type LoopContext, ScrapeLoop } from "./loop.ts";
import { MetadataStore } from "./metadata.ts";
import { SampleLabels } from "./sample-labels.ts";
import { Scraper } from "./scraper.ts";
import { populateTargets, type Target } from "./target.ts";

/** What all pools of an agent share. */
export interface PoolContext extends LoopContext {
  readonly userAgent: string;
}

/** The targets of one scrape config. */
export class ScrapePool {
  readonly config: ScrapeConfig;
  readonly metadata = new MetadataStore();
  readonly #context: PoolContext;
  readonly #client: HttpClient;
  readonly #targetRules: Relabeller;
  readonly #metricRules: Relabeller;
  #loops = new Map<string, ScrapeLoop>();
  #dropped: readonly Labels[] = [];
  #droppedCount = 0;
  /** Loops that ended and whose series are not ended yet. */
  readonly #ending = new Set<Promise<void>>();
  #stopped = false;

  constructor(config: ScrapeConfig, context: PoolContext) {
    this.config = config;
    this.#context = context;
    this.#targetRules = new Relabeller(config.relabelConfigs);
    this.#metricRules = new Relabeller(config.metricRelabelConfigs);
    this.#client = new HttpClient({
      config: config.http,
      connectTimeoutMs: config.scrapeTimeoutMs,
    });
  }

  /** The loops of the targets that are scraped. */
  get loops(): readonly ScrapeLoop[] {
    return [...this.#loops.values()];
  }

  /** Discovered labels of targets that relabelling dropped, up to `keep_dropped_targets`. */
  get dropped(): readonly Labels[] {
    return this.#dropped;
  }

  /** How many targets relabelling dropped. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Brings the loops in line with what was discovered: known targets go on undisturbed. */
  sync(groups: readonly TargetGroup[]): void {
    if (this.#stopped) return;
    const { metrics, logger } = this.#context;
    const found = populateTargets(this.config, this.#targetRules, groups);
    const job = { scrape_job: this.config.jobName };
    for (const failure of found.failures) {
      metrics.poolSyncFailures.inc(job);
      logger.error({ job: this.config.jobName, err: failure }, "target not usable");
    }
    const keep = this.config.keepDroppedTargets || Infinity;
    this.#dropped = found.dropped.slice(0, keep);
    this.#droppedCount = found.dropped.length;
    const wanted = new Set(found.active.map((target) => target.key));
    for (const [key, loop] of this.#loops) {
      if (wanted.has(key)) continue;
      this.#loops.delete(key);
      this.#end(loop);
    }
    for (const target of found.active) {
      if (this.#loops.has(target.key)) continue;
      const loop = this.#newLoop(target);
      this.#loops.set(target.key, loop);
      loop.start();
    }
    this.#limitTargets();
    metrics.poolTargets.set(job, this.#loops.size);
  }

  /** Ends all loops. What they scraped may go on: see `endExcept`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await Promise.all(this.#ending);
    await this.#client.close();
    this.#context.metrics.poolTargets.remove({ scrape_job: this.config.jobName });
  }

  /** After `stop`: marks the series stale of those targets that `successor` does not have. */
  async endExcept(successor: ScrapePool | undefined): Promise<void> {
    const labelsOf = (loop: ScrapeLoop): string => labelsKey(loop.target.labels);
    const kept = new Set(successor?.loops.map(labelsOf));
    for (const loop of this.loops) if (!kept.has(labelsOf(loop))) this.#end(loop);
    this.#loops = new Map();
    await Promise.all(this.#ending);
  }

  /** Stops a loop and marks its series stale. */
  #end(loop: ScrapeLoop): void {
    const work = loop
      .stop()
      .then(() => loop.end(this.#context.clock.now()))
      .finally(() => this.#ending.delete(work));
    this.#ending.add(work);
  }

  #newLoop(target: Target): ScrapeLoop {
    const { config } = this;
    const labels = new SampleLabels(target.labels, config, this.#metricRules);
    return new ScrapeLoop(
      target,
      {
        config,
        scraper: new Scraper(config, target, {
          client: this.#client,
          userAgent: this.#context.userAgent,
        }),
        appender: new ScrapeAppender(config, labels, this.metadata),
      },
      this.#context,
    );
  }

  #limitTargets(): void {
    const { targetLimit, jobName } = this.config;
    const over = targetLimit > 0 && this.#loops.size > targetLimit;
    if (over) this.#context.metrics.poolOverTargetLimit.inc({ scrape_job: jobName });
    for (const loop of this.#loops.values()) {
      loop.forcedError = over
        ? new NarthexError(
            "bad_data",
            `target_limit of ${targetLimit} exceeded: the job has ${this.#loops.size} targets`,
          )
        : undefined;
    }
  }
}
