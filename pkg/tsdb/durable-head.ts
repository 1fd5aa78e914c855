import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { yieldNow } from "#pkg/async/mod.ts";
import type { NarthexError } from "#pkg/errs/mod.ts";
import { unwritten } from "#pkg/fsutil/mod.ts";
import type { Matcher } from "#pkg/labels/mod.ts";
import type { LabelHasher, ScannedRequest } from "#pkg/remotewrite/mod.ts";
import { SegmentLog, type SegmentLogOptions } from "#pkg/wlog/mod.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { Head } from "./head.ts";
import { deleteRange } from "./head-delete.ts";
import { appendExemplars } from "./head-exemplars.ts";
import type { HeadOptions, RejectionSink, SeriesAdmission } from "./head-ports.ts";
import { HeadReader } from "./head-read.ts";
import { PushRecords } from "./head-wal.ts";
import { MetadataStore } from "./metadata.ts";
import { CHECKPOINT, type ReplayRelief, type ReplayReport, replay } from "./replay.ts";

/** A refused write is tried again before more than this gathers. */
const UNWRITTEN_BYTES_MAX = 64 * 1024 * 1024;
const METADATA_ENTRIES_MAX = 100_000;
const DELETIONS_PER_SLICE = 64;
/** Times in records are exact up to here; "for ever" becomes this. */
const TIME_LIMIT = Number.MAX_SAFE_INTEGER;

export interface DurableHeadOptions extends HeadOptions, SegmentLogOptions {
  /** Where records are put together, shared by many heads; its own where absent. */
  readonly records?: PushRecords;
}

/**
 * A head whose samples are in its WAL before they are acknowledged. On disk:
 *
 *     <dir>/00000012 …             segments, see #pkg/wlog/mod.ts
 *     <dir>/checkpoint.00000012    what the head held of the segments before 12
 */
export class DurableHead {
  readonly head: Head;
  readonly reader: HeadReader;
  readonly metadata = new MetadataStore(METADATA_ENTRIES_MAX);
  readonly #log: SegmentLog;
  readonly #dir: string;
  readonly #records: PushRecords;
  /** True if records could not be put into the log at all. */
  #logLacks = false;
  /** The log's bytes when the last checkpoint was begun. */
  #bytesAtCheckpoint = 0;

  private constructor(dir: string, head: Head, log: SegmentLog, records: PushRecords) {
    this.#dir = dir;
    this.#records = records;
    this.head = head;
    this.reader = new HeadReader(head);
    this.#log = log;
  }

  /**
   * Replays what `dir` holds and opens it for appending. Damage is reported, never thrown. Where the
   * head becomes too large on the way, `relief` is asked to make it smaller.
   */
  static async open(
    dir: string,
    options: DurableHeadOptions,
    hasher: LabelHasher,
    relief?: ReplayRelief,
  ): Promise<{ durable: DurableHead; report: ReplayReport }> {
    await mkdir(dir, { recursive: true });
    const head = new Head(options, hasher);
    const metadata: [Uint8Array][] = [];
    const report: ReplayReport = { samples: 0, series: 0, damage: [] };
    await replay(dir, head, report, metadata, relief);
    const log = await SegmentLog.open(dir, options);
    const durable = new DurableHead(dir, head, log, options.records ?? new PushRecords());
    for (const [bytes] of metadata) durable.metadata.update(bytes, 0, bytes.length);
    return { durable, report };
  }

  /** The error that keeps the WAL from being written, if any. */
  get failure(): NarthexError | undefined {
    return this.#log.failure;
  }

  /**
   * Appends a scanned request and resolves with the number of accepted samples once they are in
   * the WAL. Rejects with `unavailable` when the WAL cannot be written; then the sender must send
   * again, and what is in memory already will count as repeats.
   */
  async append(
    request: ScannedRequest,
    nowMs: number,
    admission: SeriesAdmission,
    sink: RejectionSink,
  ): Promise<number> {
    if (this.#log.failure !== undefined && this.#log.pendingBytes > UNWRITTEN_BYTES_MAX) {
      // Take in no more before the disk does; see whether it does by now.
      this.#log.commit().catch(() => undefined);
      throw this.#log.failure;
    }
    const accepted = this.#appendNow(request, nowMs, admission, sink);
    await this.#log.commit();
    return accepted;
  }

  #appendNow(
    request: ScannedRequest,
    nowMs: number,
    admission: SeriesAdmission,
    sink: RejectionSink,
  ): number {
    const records = this.#records;
    try {
      const ranges = request.metadataRanges;
      for (let i = 0; i < ranges.length; i += 2) {
        if (this.metadata.update(request.bytes, ranges[i]!, ranges[i + 1]!)) {
          records.metadata(request.bytes, ranges[i]!, ranges[i + 1]!);
        }
      }
      const accepted = this.head.append(request, nowMs, admission, records, sink);
      if (request.exemplarCount > 0) {
        appendExemplars(this.head, request, {
          limit: admission.exemplarsMax ?? 0,
          nowMs,
          log: records,
          refuse: (reason) => sink.refuseExemplar?.(reason),
        });
      }
      return accepted;
    } finally {
      // What is in the head must be in the log, and the records are empty for the next one.
      const lacked = this.#logLacks;
      this.#logLacks = true;
      records.drain((bytes, start, end) => this.#log.append(bytes, start, end));
      this.#logLacks = lacked;
    }
  }

  /**
   * Deletes the samples with `mint <= t <= maxt` of the series that all `matchers` select, and
   * resolves with the number of series that lost some once that is in the WAL. What is appended
   * later stays, whatever its time. No cut may run meanwhile.
   */
  async deleteSeries(matchers: readonly Matcher[], mint: number, maxt: number): Promise<number> {
    const { head, reader } = this;
    const range = { mint: Math.max(mint, -TIME_LIMIT), maxt: Math.min(maxt, TIME_LIMIT) };
    const records = new PushRecords();
    let deleted = 0;
    const refs = head.postings.select(matchers, head.rows.length);
    for (let i = 0; i < refs.length; i++) {
      const ref = refs[i]!;
      if (head.isDead(ref)) continue;
      // Newer samples than there are now do not belong to what is deleted.
      const own = { mint: range.mint, maxt: Math.min(range.maxt, head.newestTime(ref)) };
      if (own.mint <= own.maxt) {
        const hasLost = deleteRange(head, reader, ref, own);
        if (hasLost) deleted++;
        // Where a block has the newest sample, all that changes is that it may come again.
        if (hasLost || own.maxt === head.newestTime(ref)) {
          records.deletion(ref, own.mint, own.maxt);
        }
      }
      if (i % DELETIONS_PER_SLICE !== DELETIONS_PER_SLICE - 1) continue;
      // Logged before anything else can be, so that a replay does all in the same order.
      records.drain((bytes, start, end) => this.#log.append(bytes, start, end));
      await yieldNow();
    }
    records.drain((bytes, start, end) => this.#log.append(bytes, start, end));
    await this.#log.commit();
    return deleted;
  }

  /** Starts a new WAL segment; returns its index, for `checkpoint`. */
  rotate(): Promise<number> {
    return this.#log.rotate();
  }

  sync(): Promise<void> {
    return this.#log.sync();
  }

  /**
   * Writes what the head still holds as the checkpoint that stands for all segments before
   * `segment`, then removes those.
   */
  async checkpoint(segment: number): Promise<void> {
    const bytes = this.#log.totalBytes;
    const name = `checkpoint.${String(segment).padStart(8, "0")}`;
    const temporary = join(this.#dir, `${name}.tmp`);
    try {
      await writeCheckpoint(temporary, this.head, this.reader, this.metadata);
      await rename(temporary, join(this.#dir, name));
    } catch (error) {
      // On a disk that is full, each attempt would leave one more.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw unwritten(`checkpoint ${join(this.#dir, name)}`, error);
    }
    const folder = await open(this.#dir, "r");
    await folder.sync().finally(() => folder.close());
    for (const other of await readdir(this.#dir)) {
      if (CHECKPOINT.test(other) && other !== name)
        await rm(join(this.#dir, other), { force: true });
    }
    await this.#log.dropBefore(segment);
    this.#logLacks = false;
    this.#bytesAtCheckpoint = bytes;
  }

  /** True if the log may lack something that was acknowledged, until the next checkpoint. */
  get needsCheckpoint(): boolean {
    return this.#log.syncFailed || this.#logLacks;
  }

  /** Bytes of records that a replay would read beside the checkpoint. */
  get bytesSinceCheckpoint(): number {
    return this.#log.totalBytes - this.#bytesAtCheckpoint;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
