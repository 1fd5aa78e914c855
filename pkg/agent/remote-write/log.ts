import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#pkg/clock/mod.ts";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import { listSegments, SegmentLog } from "#pkg/wlog/mod.ts";
import type { AgentMetrics } from "../metrics.ts";
import type { SampleBatch } from "../scrape/batch.ts";
import type { ScrapeCache } from "../scrape/cache.ts";
import { encodeScrape } from "./record.ts";

/** How large and old the agent's log may become. */
export interface LogLimits {
  /** A segment is ended at this size or age. */
  readonly segmentBytes: number;
  readonly segmentAgeMs: number;
  /** The oldest segments are dropped beyond this, sent or not. */
  readonly totalBytes: number;
  readonly totalAgeMs: number;
  /** While the disk takes nothing, this much waits in memory; more is dropped. */
  readonly pendingBytes: number;
}

/** Limits that hold an hour of outage of a large agent, and a day of a small one's. */
export const DEFAULT_LOG_LIMITS: LogLimits = {
  segmentBytes: 32 * 1024 * 1024,
  segmentAgeMs: 30 * 60_000,
  totalBytes: 4 * 1024 * 1024 * 1024,
  totalAgeMs: 24 * 3_600_000,
  pendingBytes: 64 * 1024 * 1024,
};

interface Segment {
  readonly index: number;
  bytes: number;
  /** When it was ended; of those from before the start, when they were found. */
  endedMs: number;
}

/** A place in the log: the byte behind a record, or behind nothing with offset 0. */
export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
}

/**
 * The agent's write-ahead log: everything scraped is here before it is sent anywhere. Each segment
 * defines the series it uses, so that old segments can be dropped as they are.
 */
export class AgentLog {
  readonly dir: string;
  readonly #log: SegmentLog;
  readonly #limits: LogLimits;
  readonly #clock: Clock;
  readonly #metrics: AgentMetrics;
  readonly #logger: Logger;
  readonly #out = new ByteWriter(64 * 1024);
  readonly #refs = { generation: 1, count: 0 };
  readonly #listeners = new Set<() => void>();
  #segments: Segment[] = [];
  #current: Segment;
  #openedMs = 0;
  #rotation: Promise<void> | undefined = undefined;
  /** Samples appended since the start. */
  samplesAppended = 0;
  /** Counts commits, for readers that wait for the next. */
  commits = 0;
  /** Newest timestamp appended, ms. */
  newestMs = -Infinity;

  private constructor(
    log: SegmentLog,
    init: {
      limits: LogLimits;
      clock: Clock;
      metrics: AgentMetrics;
      logger: Logger;
      segments: Segment[];
    },
  ) {
    this.dir = log.dir;
    this.#log = log;
    this.#limits = init.limits;
    this.#clock = init.clock;
    this.#metrics = init.metrics;
    this.#logger = init.logger;
    this.#segments = init.segments;
    this.#current = { index: log.segment, bytes: 8, endedMs: Infinity };
    this.#openedMs = init.clock.monotonic();
  }

  /** Opens the log below `dir`, in a new segment behind what an earlier run left. */
  static async open(
    dir: string,
    init: { limits: LogLimits; clock: Clock; metrics: AgentMetrics; logger: Logger },
  ): Promise<AgentLog> {
    const folder = join(dir, "wal");
    const segments: Segment[] = [];
    for (const [index, path] of await listSegments(folder)) {
      segments.push({ index, bytes: (await stat(path)).size, endedMs: init.clock.now() });
    }
    // Segments are ended by `rotate` alone, so that definitions and samples stay together.
    const log = await SegmentLog.open(folder, { segmentBytesMax: Infinity, fsync: "interval" });
    return new AgentLog(log, { ...init, segments });
  }

  /** Index of the oldest segment that is there. */
  get oldest(): number {
    return this.#segments[0]?.index ?? this.#current.index;
  }

  /** The end of the log: where a reader starts that wants only what comes. */
  get end(): LogPosition {
    return { segment: this.#current.index, offset: this.#current.bytes };
  }

  /** True if a segment after `index` exists. */
  hasAfter(index: number): boolean {
    return index < this.#current.index;
  }

  /** The oldest segment from `index` on. */
  segmentFrom(index: number): number {
    return this.#segments.find((segment) => segment.index >= index)?.index ?? this.#current.index;
  }

  /** Calls `listener` after each commit; returns the way to stop that. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Writes the samples of a scrape; resolves once the kernel has them. Rejects with `unavailable`
   * where the disk did not take them: they are then kept in memory and written with the next ones,
   * unless too much waits already.
   */
  async append(batch: SampleBatch, cache: ScrapeCache): Promise<void> {
    if (batch.count === 0) return;
    if (this.#log.pendingBytes > this.#limits.pendingBytes) {
      this.#metrics.logDroppedSamples.inc(batch.count);
      throw this.#log.failure ?? new NarthexError("unavailable", "the log takes no more samples");
    }
    if (this.#due()) {
      this.#rotation ??= this.#rotate().finally(() => {
        this.#rotation = undefined;
      });
    }
    // Nothing is encoded while the segment changes: references belong to one segment.
    while (this.#rotation !== undefined) await this.#rotation;
    this.#encode(batch, cache);
    await this.#log.commit();
    this.commits++;
    for (const listener of [...this.#listeners]) listener();
  }

  #encode(batch: SampleBatch, cache: ScrapeCache): void {
    const out = this.#out;
    out.clear();
    encodeScrape(batch, cache, this.#refs, out);
    this.#log.append(out.bytes, 0, out.length);
    this.#current.bytes += out.length + 8;
    this.samplesAppended += batch.count;
    for (let i = 0; i < batch.count; i++) {
      if (batch.timestamps[i]! > this.newestMs) this.newestMs = batch.timestamps[i]!;
    }
    this.#metrics.logSamples.inc(batch.count);
  }

  #due(): boolean {
    const { segmentBytes, segmentAgeMs } = this.#limits;
    if (this.#current.bytes >= segmentBytes) return true;
    return this.#current.bytes > 8 && this.#clock.monotonic() - this.#openedMs >= segmentAgeMs;
  }

  async #rotate(): Promise<void> {
    this.#openedMs = this.#clock.monotonic();
    try {
      const index = await this.#log.rotate();
      this.#current.endedMs = this.#clock.now();
      this.#segments.push(this.#current);
      this.#current = { index, bytes: 8, endedMs: Infinity };
      this.#refs.generation++;
      this.#refs.count = 0;
    } catch (error) {
      // The segment grows until its age is reached again.
      this.#logger.error({ err: messageOf(error) }, "log segment not ended");
    }
  }

  /** Asks the disk to keep what was written; called on a timer. */
  async sync(): Promise<void> {
    await this.#log.sync();
  }

  /** Drops the segments before `index`, and older ones beyond the limits. */
  async truncate(index: number): Promise<void> {
    let from = Math.min(index, this.#current.index);
    const now = this.#clock.now();
    let total = this.#segments.reduce((sum, segment) => sum + segment.bytes, this.#current.bytes);
    for (const segment of this.#segments) {
      const tooMuch = total > this.#limits.totalBytes;
      const tooOld = now - segment.endedMs > this.#limits.totalAgeMs;
      if (segment.index >= from) {
        if (!tooMuch && !tooOld) break;
        this.#metrics.logDroppedSegments.inc();
        this.#logger.error(
          { segment: segment.index, bytes: segment.bytes, reason: tooMuch ? "size" : "age" },
          "log segment dropped before it was sent",
        );
        from = segment.index + 1;
      }
      total -= segment.bytes;
    }
    if (from > this.oldest) {
      await this.#log.dropBefore(from);
      this.#segments = this.#segments.filter((segment) => segment.index >= from);
    }
    this.#metrics.logBytes.set(total);
    this.#metrics.logSegment.set(this.#current.index);
  }

  /** Writes what waits and closes the files. */
  async close(): Promise<void> {
    await this.#log.close();
  }
}
