import { createHash } from "node:crypto";
import { linkSignals, sleep, withTimeout } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import type { ScrapeConfig } from "../config/scrape-config.ts";
import type { AgentMetrics } from "../metrics.ts";
import type { AgentLog } from "../remote-write/log.ts";
import type { ScrapeAppender, ScrapeCounts } from "./appender.ts";
import type { ScrapeBody, Scraper } from "./scraper.ts";
import type { Target } from "./target.ts";

/** How the last scrape of a target went. */
export interface TargetStatus {
  readonly health: "unknown" | "up" | "down";
  readonly lastError: string;
  /** Wall time, ms; 0 before the first scrape. */
  readonly lastScrapeMs: number;
  readonly lastDurationSeconds: number;
}

/** What all loops of an agent share. */
export interface LoopContext {
  readonly log: AgentLog;
  readonly clock: Clock;
  readonly metrics: AgentMetrics;
  readonly logger: Logger;
  /** Spreads scrapes of different agents. */
  readonly offsetSeed: string;
}

/** A scrape whose time is off by no more gets the time it was due, so that timestamps of a series
 * stand at equal distances and compress well. */
const ALIGN_TOLERANCE_MS = 10;

/** Scrapes one target at its interval, from `start` to `stop`. */
export class ScrapeLoop {
  readonly target: Target;
  readonly appender: ScrapeAppender;
  readonly #config: ScrapeConfig;
  readonly #scraper: Scraper;
  readonly #context: LoopContext;
  readonly #life = linkSignals();
  #running: Promise<void> | undefined = undefined;
  #status: TargetStatus = {
    health: "unknown",
    lastError: "",
    lastScrapeMs: 0,
    lastDurationSeconds: 0,
  };
  /** Wall time of scrape number 0. */
  #baseMs = NaN;
  /** Fails every scrape: the pool has too many targets. */
  forcedError: NarthexError | undefined = undefined;

  constructor(
    target: Target,
    parts: { config: ScrapeConfig; scraper: Scraper; appender: ScrapeAppender },
    context: LoopContext,
  ) {
    this.target = target;
    this.appender = parts.appender;
    this.#config = parts.config;
    this.#scraper = parts.scraper;
    this.#context = context;
  }

  get status(): TargetStatus {
    return this.#status;
  }

  start(): void {
    this.#running = this.#run(this.#life.signal);
  }

  /** Ends the loop; a scrape that is under way is cut off and leaves nothing. */
  async stop(): Promise<void> {
    this.#life.abort(new NarthexError("canceled", "the target is gone"));
    await this.#running;
  }

  /**
   * Ends the series of a target that is gone for good, as of `timestampMs`; a target that comes
   * back later goes on with samples.
   */
  async end(timestampMs: number): Promise<void> {
    if (this.#status.lastScrapeMs === 0) return;
    this.appender.appendNothing(timestampMs);
    this.appender.reportStale(timestampMs);
    await this.#commit();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#context;
    const { intervalMs } = this.target;
    const startMs = clock.monotonic() + this.#offsetMs();
    for (let tick = 0; !signal.aborted; tick++) {
      const dueMs = startMs + tick * intervalMs;
      await sleep(Math.max(0, dueMs - clock.monotonic()), signal, clock).catch(() => undefined);
      if (signal.aborted) return;
      await this.#scrapeAndReport(this.#timestampOf(tick, clock.monotonic() - dueMs), signal);
      const skipped = Math.floor((clock.monotonic() - dueMs) / intervalMs);
      if (skipped > 0) {
        tick += skipped;
        metrics.scrapesSkipped.inc(skipped);
      }
    }
  }

  /** The time that is on the samples of scrape number `tick`, which begins `lateMs` late. */
  #timestampOf(tick: number, lateMs: number): number {
    const { intervalMs } = this.target;
    const tolerance = Math.min(ALIGN_TOLERANCE_MS, intervalMs / 100);
    const now = Math.round(this.#context.clock.now());
    if (lateMs > tolerance) return now;
    const aligned = this.#baseMs + tick * intervalMs;
    if (Math.abs(now - aligned) <= tolerance) return aligned;
    // The first scrape, or the wall clock was set: from here on the distances are equal again.
    this.#baseMs = now - tick * intervalMs;
    return now;
  }

  /** Until the first scrape: targets and agents spread over the interval, the same at every start. */
  #offsetMs(): number {
    const { clock, offsetSeed } = this.#context;
    const digest = createHash("md5").update(this.target.key).update(offsetSeed).digest();
    const { intervalMs } = this.target;
    const slot = (digest.readUInt32BE(0) / 2 ** 32) * intervalMs;
    return (slot - (clock.now() % intervalMs) + intervalMs) % intervalMs;
  }

  async #scrapeAndReport(timestampMs: number, signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#context;
    const counts = { total: 0, added: 0, seriesAdded: 0, duplicates: 0, outOfOrder: 0 };
    const began = clock.monotonic();
    metrics.scrapes.inc();
    let failure: unknown = this.forcedError;
    let body: ScrapeBody | undefined;
    if (failure === undefined) {
      const limited = withTimeout(signal, this.target.timeoutMs, clock);
      try {
        body = await this.#scraper.scrape(limited.signal);
      } catch (error) {
        failure = error;
      } finally {
        limited.dispose();
      }
    }
    if (signal.aborted) return;
    failure = this.#append(body, failure, timestampMs, counts);
    const seconds = (clock.monotonic() - began) / 1000;
    this.#report(body, { failed: failure !== undefined, timestampMs, seconds, counts });
    this.#status = {
      health: failure === undefined ? "up" : "down",
      lastError: failure === undefined ? "" : messageOf(failure),
      lastScrapeMs: timestampMs,
      lastDurationSeconds: seconds,
    };
    this.#count(counts, failure);
    await this.#commit();
  }

  /** Fills the batch; returns what went wrong. A failed scrape is an empty one. */
  #append(
    body: ScrapeBody | undefined,
    failure: unknown,
    timestampMs: number,
    counts: ScrapeCounts,
  ): unknown {
    if (body !== undefined) {
      try {
        const { bytes } = body;
        const range = { bytes, start: 0, end: bytes.length };
        this.appender.append(range, body.format, timestampMs, counts);
        return undefined;
      } catch (error) {
        this.appender.appendNothing(timestampMs);
        return error;
      }
    }
    this.appender.appendNothing(timestampMs);
    return failure;
  }

  #report(
    body: ScrapeBody | undefined,
    about: { failed: boolean; timestampMs: number; seconds: number; counts: ScrapeCounts },
  ): void {
    const { counts, timestampMs } = about;
    const { appender } = this;
    appender.report("up", timestampMs, about.failed ? 0 : 1);
    appender.report("scrape_duration_seconds", timestampMs, about.seconds);
    appender.report("scrape_samples_scraped", timestampMs, counts.total);
    appender.report("scrape_samples_post_metric_relabeling", timestampMs, counts.added);
    appender.report("scrape_series_added", timestampMs, counts.seriesAdded);
    if (!this.#config.extraScrapeMetrics) return;
    appender.report("scrape_timeout_seconds", timestampMs, this.target.timeoutMs / 1000);
    appender.report("scrape_sample_limit", timestampMs, this.#config.sampleLimit);
    appender.report("scrape_body_size_bytes", timestampMs, body?.bytes.length ?? 0);
  }

  #count(counts: ScrapeCounts, failure: unknown): void {
    const { metrics, logger } = this.#context;
    if (counts.duplicates > 0) metrics.scrapeDuplicates.inc(counts.duplicates);
    if (counts.outOfOrder > 0) metrics.scrapeOutOfOrder.inc(counts.outOfOrder);
    if (failure === undefined) return;
    const limit = failure instanceof NarthexError ? failure.detail["limit"] : undefined;
    if (limit === "sample_limit") metrics.scrapeSampleLimit.inc();
    if (limit === "body_size_limit") metrics.scrapeBodyLimit.inc();
    logger.debug({ target: this.target.url, err: messageOf(failure) }, "scrape failed");
  }

  async #commit(): Promise<void> {
    const { log, logger, metrics } = this.#context;
    try {
      await log.append(this.appender.batch, this.appender.cache);
      metrics.highestRead.set(log.newestMs / 1000);
    } catch (error) {
      logger.error({ target: this.target.url, err: messageOf(error) }, "samples not written");
    }
  }
}
