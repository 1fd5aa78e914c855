// Hot path: one sample of a known series; about 0.7 µs with parsing, 0 B.
import { NarthexError } from "#pkg/errs/mod.ts";
import { EntryKind, type ExpositionFormat, ExpositionParser } from "#pkg/textparse/mod.ts";
import type { ScrapeConfig } from "../config/scrape-config.ts";
import { SampleBatch, STALE_HI, STALE_LO } from "./batch.ts";
import { DROPPED, ScrapeCache } from "./cache.ts";
import type { MetadataStore } from "./metadata.ts";
import type { SampleLabels } from "./sample-labels.ts";

/** Counts of one scrape, for the series about it and for metrics. */
export interface ScrapeCounts {
  /** Samples in the body. */
  total: number;
  /** Samples left after metric relabelling. */
  added: number;
  /** Series that were not known before. */
  seriesAdded: number;
  /** Samples dropped: a second one of a series, or older than what the series has. */
  duplicates: number;
  outOfOrder: number;
}

/** Bits of a NaN that a target exposes: Go's, so that it is no stale marker. */
const NAN_HI = 0x7ff80000;
const NAN_LO = 1;

/**
 * Turns scrape bodies of one target into samples, stale markers included. A known series is found
 * by the bytes the target writes for it and costs no string.
 */
export class ScrapeAppender {
  /** What the last scrape came to; borrowed until the next call. */
  readonly batch = new SampleBatch();
  readonly cache = new ScrapeCache();
  readonly #parser = new ExpositionParser();
  readonly #config: ScrapeConfig;
  readonly #labels: SampleLabels;
  readonly #metadata: MetadataStore;
  readonly #float = new Float64Array(1);
  readonly #bits = new Uint32Array(this.#float.buffer);
  /** Series that had a sample without timestamp, in the last good scrape and in this one. */
  #before: number[] = [];
  #now: number[] = [];
  readonly #reports = new Map<string, number>();

  constructor(config: ScrapeConfig, labels: SampleLabels, metadata: MetadataStore) {
    this.#config = config;
    this.#labels = labels;
    this.#metadata = metadata;
  }

  /**
   * Adds the samples of `body` to the batch, and stale markers for series that are gone. Raises
   * `bad_data` where the body is not well-formed or exceeds a limit; the batch then holds nothing
   * of it, and the caller goes on with `appendNothing`. `counts` is right in both cases.
   */
  append(
    body: { bytes: Uint8Array; start: number; end: number },
    format: ExpositionFormat,
    timestampMs: number,
    counts: ScrapeCounts,
  ): void {
    const { cache } = this;
    this.#begin();
    this.#parser.reset(format, body.bytes, body.start, body.end);
    cache.entries.source(body.bytes);
    this.#metadata.source(body.bytes);
    try {
      this.#read(timestampMs, counts);
    } catch (error) {
      this.#undo();
      throw error;
    }
    const live = counts.total;
    this.#markStale(timestampMs);
    const moved = cache.shrink(live);
    if (moved !== undefined) this.#renumber(moved);
  }

  /** A scrape without samples: every series of the last one gets a stale marker. */
  appendNothing(timestampMs: number): void {
    this.#begin();
    this.#markStale(timestampMs);
  }

  /** Adds a sample of a series about the scrape itself. */
  report(name: string, timestampMs: number, value: number): void {
    this.#float[0] = value;
    this.#reportBits(name, timestampMs, this.#bits[1]!, this.#bits[0]!);
  }

  /** Ends the series about the scrape, when the target is gone. */
  reportStale(timestampMs: number): void {
    for (const name of this.#reports.keys()) {
      this.#reportBits(name, timestampMs, STALE_HI, STALE_LO);
    }
  }

  #reportBits(name: string, timestampMs: number, hi: number, lo: number): void {
    let series = this.#reports.get(name);
    if (series === undefined) {
      series = this.cache.seriesOf(this.#labels.reportBytes(name));
      this.#reports.set(name, series);
    }
    if (timestampMs <= this.cache.seriesTimestamp[series]!) return;
    this.#push(series, timestampMs, hi, lo);
  }

  #begin(): void {
    this.cache.scrape++;
    this.batch.clear();
    this.#now.length = 0;
  }

  #read(timestampMs: number, counts: ScrapeCounts): void {
    const parser = this.#parser;
    const { sampleLimit } = this.#config;
    let overLimit = false;
    for (let kind = parser.next(); kind !== EntryKind.eof; kind = parser.next()) {
      if (kind !== EntryKind.series) {
        if (kind !== EntryKind.comment) this.#metadata.see(parser, kind);
        continue;
      }
      counts.total++;
      if (overLimit) {
        if (this.#survives()) counts.added++;
        continue;
      }
      const series = this.#seriesOf(counts);
      if (series === DROPPED) continue;
      this.#sample(series, timestampMs, counts);
      overLimit = sampleLimit > 0 && this.batch.count > sampleLimit;
    }
    if (overLimit) {
      throw new NarthexError("bad_data", `sample_limit of ${sampleLimit} exceeded`, {
        detail: { limit: "sample_limit" },
      });
    }
  }

  /** Takes back what a scrape that failed half-way left. */
  #undo(): void {
    const { batch, cache } = this;
    for (let i = batch.count - 1; i >= 0; i--) {
      cache.seriesTimestamp[batch.series[i]!] = batch.previous[i]!;
    }
    batch.clear();
    this.#now.length = 0;
  }

  /** True if relabelling keeps the parser's entry, which is not remembered: there are too many. */
  #survives(): boolean {
    const parser = this.#parser;
    const found = this.cache.entries.find(parser.seriesStart, parser.seriesEnd);
    if (found >= 0) return this.cache.entrySeries[found] !== DROPPED;
    return this.#labels.bytesOf(parser.labels()) !== undefined;
  }

  /** Adds a sample to the batch as the newest of its series. */
  #push(series: number, timestampMs: number, hi: number, lo: number): void {
    const { batch, cache } = this;
    const i = batch.count;
    batch.push(series, timestampMs, hi, lo);
    batch.previous[i] = cache.seriesTimestamp[series]!;
    cache.seriesTimestamp[series] = timestampMs;
  }

  /** The series of the parser's entry; new ones get their labels here, once. */
  #seriesOf(counts: ScrapeCounts): number {
    const { cache } = this;
    const parser = this.#parser;
    const found = cache.entries.find(parser.seriesStart, parser.seriesEnd);
    if (found >= 0) {
      cache.entrySeen[found] = cache.scrape;
      return cache.entrySeries[found]!;
    }
    const labelBytes = this.#labels.bytesOf(parser.labels());
    const series = labelBytes === undefined ? DROPPED : cache.seriesOf(labelBytes);
    if (series !== DROPPED) counts.seriesAdded++;
    // Looking up the series did not touch what `find` left for `add`: the tables are apart.
    cache.addEntry({ start: parser.seriesStart, end: parser.seriesEnd }, series);
    return series;
  }

  #sample(series: number, scrapeMs: number, counts: ScrapeCounts): void {
    const { cache } = this;
    const parser = this.#parser;
    counts.added++;
    const explicit = parser.hasTimestamp && this.#config.honorTimestamps;
    const timestampMs = explicit ? parser.timestampMs : scrapeMs;
    const tracked = !explicit || this.#config.trackTimestampsStaleness;
    const seen = cache.seriesSeen[series] === cache.scrape;
    if (tracked && !seen) {
      cache.seriesSeen[series] = cache.scrape;
      this.#now.push(series);
    }
    const newest = cache.seriesTimestamp[series]!;
    if (timestampMs <= newest) {
      // An explicit timestamp that stands still is a target that has nothing new.
      if (timestampMs < newest) counts.outOfOrder++;
      else if (!explicit) counts.duplicates++;
      return;
    }
    const { value } = parser;
    if (Number.isNaN(value)) {
      this.#push(series, timestampMs, NAN_HI, NAN_LO);
    } else {
      this.#float[0] = value;
      this.#push(series, timestampMs, this.#bits[1]!, this.#bits[0]!);
    }
  }

  #markStale(timestampMs: number): void {
    const { cache } = this;
    for (const series of this.#before) {
      if (cache.seriesSeen[series] === cache.scrape) continue;
      if (timestampMs <= cache.seriesTimestamp[series]!) continue;
      this.#push(series, timestampMs, STALE_HI, STALE_LO);
    }
    const spare = this.#before;
    this.#before = this.#now;
    this.#now = spare;
    this.#now.length = 0;
  }

  /** After the cache was rebuilt: series have new numbers, and those that are gone none. */
  #renumber(moved: Int32Array): void {
    this.#before = this.#before.map((series) => moved[series]!).filter((series) => series >= 0);
    this.#reports.clear();
  }
}
