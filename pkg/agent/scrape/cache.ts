import { ByteTable } from "./byte-table.ts";

/** Series number of an entry that relabelling dropped. */
export const DROPPED = -1;

/**
 * What one target exposes, from scrape to scrape. Two tables: the bytes a target writes for a
 * series lead to an entry, and an entry to a series, which is its final label bytes in remote
 * write's form. Several entries may be one series, where relabelling makes them equal.
 *
 *     entry:  raw bytes ──▶ series number or DROPPED, scrape in which it was last seen
 *     series: label bytes ─▶ scrape in which it last had a sample, its newest timestamp,
 *                            its reference in the log's current segment
 */
export class ScrapeCache {
  entries = new ByteTable();
  series = new ByteTable();
  entrySeries: Int32Array = new Int32Array(32);
  entrySeen: Int32Array = new Int32Array(32);
  /** Scrape in which the series last had a sample that counts for staleness. */
  seriesSeen: Int32Array = new Int32Array(32);
  /** Of the newest sample, ms; -Infinity where there was none. */
  seriesTimestamp: Float64Array = new Float64Array(32);
  /** Segment generation for which `logRef` holds; 0 is none. */
  logGeneration: Int32Array = new Int32Array(32);
  logRef: Int32Array = new Int32Array(32);
  /** Counts attempts to append a scrape; from 1. */
  scrape = 1;

  /** Adds the entry that `entries.find` just did not find. */
  addEntry(range: { start: number; end: number }, series: number): void {
    const i = this.entries.add(range.start, range.end);
    if (i === this.entrySeries.length) {
      this.entrySeries = doubled(this.entrySeries, new Int32Array(2 * i));
      this.entrySeen = doubled(this.entrySeen, new Int32Array(2 * i));
    }
    this.entrySeries[i] = series;
    this.entrySeen[i] = this.scrape;
  }

  /** The number of the series with these label bytes, new or known. */
  seriesOf(labelBytes: Uint8Array): number {
    this.series.source(labelBytes);
    const found = this.series.find(0, labelBytes.length);
    return found >= 0 ? found : this.#addSeries(labelBytes);
  }

  #addSeries(labelBytes: Uint8Array): number {
    const i = this.series.add(0, labelBytes.length);
    if (i === this.seriesSeen.length) {
      this.seriesSeen = doubled(this.seriesSeen, new Int32Array(2 * i));
      this.seriesTimestamp = doubled(this.seriesTimestamp, new Float64Array(2 * i));
      this.logGeneration = doubled(this.logGeneration, new Int32Array(2 * i));
      this.logRef = doubled(this.logRef, new Int32Array(2 * i));
    }
    this.seriesTimestamp[i] = -Infinity;
    return i;
  }

  /**
   * Forgets entries that the last scrape did not have, once they are more than half. Series keep
   * their state; `moved` tells the caller the new number of each that stays, for its own lists.
   */
  shrink(liveEntries: number): Int32Array | undefined {
    if (this.entries.count < 2 * liveEntries + 1000) return undefined;
    const old = { ...this };
    const moved = new Int32Array(old.series.count).fill(-1);
    const { arena, start } = old.entries;
    const seriesTable = old.series;
    this.entries = new ByteTable();
    this.series = new ByteTable();
    this.entrySeries = new Int32Array(32);
    this.entrySeen = new Int32Array(32);
    this.seriesSeen = new Int32Array(32);
    this.seriesTimestamp = new Float64Array(32);
    this.logGeneration = new Int32Array(32);
    this.logRef = new Int32Array(32);
    this.entries.source(arena);
    for (let i = 0; i < old.entries.count; i++) {
      if (old.entrySeen[i] !== this.scrape) continue;
      const from = old.entrySeries[i]!;
      if (from >= 0 && moved[from] === -1) {
        const to = this.seriesOf(
          seriesTable.arena.subarray(seriesTable.start[from]!, seriesTable.start[from + 1]!),
        );
        moved[from] = to;
        this.seriesSeen[to] = old.seriesSeen[from]!;
        this.seriesTimestamp[to] = old.seriesTimestamp[from]!;
        this.logGeneration[to] = old.logGeneration[from]!;
        this.logRef[to] = old.logRef[from]!;
      }
      this.entries.find(start[i]!, start[i + 1]!);
      this.addEntry({ start: start[i]!, end: start[i + 1]! }, from < 0 ? DROPPED : moved[from]!);
    }
    return moved;
  }
}

function doubled<T extends Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
