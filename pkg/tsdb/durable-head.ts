import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { yieldNow } from "#pkg/async/mod.ts";
import { decodeChunk } from "#pkg/chunkenc/mod.ts";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Matcher } from "#pkg/labels/mod.ts";
import {
  canonicalLabelBytes,
  decodeHistogramMessage,
  decodeLabels,
  type HistogramSample,
  type LabelHasher,
  type ScannedRequest,
} from "#pkg/remotewrite/mod.ts";
import { ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import {
  listSegments,
  readSegment,
  SegmentLog,
  type SegmentLogOptions,
  segmentHeader,
  writeRecordHeader,
} from "#pkg/wlog/mod.ts";
import { Head } from "./head.ts";
import { deleteRange } from "./head-delete.ts";
import { messageFor } from "./head-messages.ts";
import type { HeadOptions, MessageRange, RejectionSink, SeriesAdmission } from "./head-ports.ts";
import { HeadReader } from "./head-read.ts";
import {
  PushRecords,
  type RecordHandler,
  RecordKind,
  readRecord,
  writeSeries,
} from "./head-wal.ts";
import { MetadataStore } from "./metadata.ts";
import {
  FLAG_DEAD,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
} from "./series-rows.ts";

const CHECKPOINT = /^checkpoint\.(\d{8})$/;
/** A refused write is tried again before more than this gathers. */
const UNWRITTEN_BYTES_MAX = 64 * 1024 * 1024;
const METADATA_ENTRIES_MAX = 100_000;
const DELETIONS_PER_SLICE = 64;
/** Above the series of any head; a damaged number must not make rows without end. */
const REF_MAX = 2 ** 28;
/** Times in records are exact up to here; "for ever" becomes this. */
const TIME_LIMIT = Number.MAX_SAFE_INTEGER;

export interface DurableHeadOptions extends HeadOptions, SegmentLogOptions {
  /** Where records are put together, shared by many heads; its own where absent. */
  readonly records?: PushRecords;
}

/** What a replay brought back, and what it could not. */
export interface ReplayReport {
  samples: number;
  series: number;
  /** One line per damaged file: path, offset, why. */
  readonly damage: { path: string; offset: number; lostBytes: number; message: string }[];
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
  /** The log's bytes when the last checkpoint was begun. */
  #bytesAtCheckpoint = 0;

  private constructor(dir: string, head: Head, log: SegmentLog, records: PushRecords) {
    this.#dir = dir;
    this.#records = records;
    this.head = head;
    this.reader = new HeadReader(head);
    this.#log = log;
  }

  /** Replays what `dir` holds and opens it for appending. Damage is reported, never thrown. */
  static async open(
    dir: string,
    options: DurableHeadOptions,
    hasher: LabelHasher,
  ): Promise<{ durable: DurableHead; report: ReplayReport }> {
    await mkdir(dir, { recursive: true });
    const head = new Head(options, hasher);
    const metadata: [Uint8Array][] = [];
    const report: ReplayReport = { samples: 0, series: 0, damage: [] };
    await replay(dir, head, report, metadata);
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
      return this.head.append(request, nowMs, admission, records, sink);
    } finally {
      // What is in the head must be in the log, and the records are empty for the next one.
      records.drain((bytes, start, end) => this.#log.append(bytes, start, end));
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
      if (own.mint <= own.maxt && deleteRange(head, reader, ref, own)) {
        deleted++;
        records.deletion(ref, own.mint, own.maxt);
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
      throw error;
    }
    const folder = await open(this.#dir, "r");
    await folder.sync().finally(() => folder.close());
    for (const other of await readdir(this.#dir)) {
      if (CHECKPOINT.test(other) && other !== name)
        await rm(join(this.#dir, other), { force: true });
    }
    await this.#log.dropBefore(segment);
    this.#bytesAtCheckpoint = bytes;
  }

  /** True if the log may lack something that was acknowledged, until the next checkpoint. */
  get needsCheckpoint(): boolean {
    return this.#log.syncFailed;
  }

  /** Bytes of records that a replay would read beside the checkpoint. */
  get bytesSinceCheckpoint(): number {
    return this.#log.totalBytes - this.#bytesAtCheckpoint;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

async function writeCheckpoint(
  path: string,
  head: Head,
  reader: HeadReader,
  metadata: MetadataStore,
): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.write(segmentHeader());
    const out = new ByteWriter(1024 * 1024);
    const records = new PushRecords();
    const frame = (bytes: Uint8Array, start: number, end: number): void => {
      const at = out.length;
      out.u64(0);
      out.raw(bytes, start, end);
      writeRecordHeader(out.bytes, at, end - start);
    };
    const flush = async (): Promise<void> => {
      await file.writeFile(out.view());
      out.clear();
    };
    const one = new ByteWriter(1024);
    for (let ref = 0; ref < head.rows.length; ref++) {
      const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
      const doubles = head.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
      if ((words[(ref & ROW_MASK) * ROW_WORDS + ROW.flags]! & FLAG_DEAD) !== 0) continue;
      const labels = canonicalLabelBytes(head.labelsOf(ref));
      one.clear();
      one.u8(RecordKind.series);
      writeSeries(one, ref, labels, 0, labels.length);
      frame(one.bytes, 0, one.length);
      for (const chunk of reader.inOrderChunks(ref)) {
        one.clear();
        one.u8(RecordKind.chunk);
        one.uvarint(ref);
        one.u8(chunk.encoding);
        one.raw(chunk.bytes, chunk.start, chunk.end);
        frame(one.bytes, 0, one.length);
      }
      const lastT = doubles[(ref & ROW_MASK) * ROW_DOUBLES + ROW.lastT]!;
      if (Number.isFinite(lastT)) {
        one.clear();
        one.u8(RecordKind.state);
        one.uvarint(ref);
        one.i64(lastT);
        const word = (ref & ROW_MASK) * ROW_WORDS;
        one.u32(words[word + ROW.lastHi]! >>> 0);
        one.u32(words[word + ROW.lastLo]! >>> 0);
        frame(one.bytes, 0, one.length);
      }
      const newest = head.histograms.last(ref);
      if (newest !== undefined) {
        const { bytes, start, end } = messageFor(lastT, newest, false);
        one.clear();
        one.u8(RecordKind.histogramState);
        one.uvarint(ref);
        one.raw(bytes, start, end);
        frame(one.bytes, 0, one.length);
      }
      head.ooo.get(ref)?.visit((t, hi, lo, histogram) => {
        if (histogram === undefined) records.outOfOrder(ref, t, hi, lo);
        else records.histogram(ref, messageFor(t, histogram, false), true);
      });
      records.drain(frame);
      if (out.length > 1024 * 1024) {
        await flush();
        await yieldNow();
      }
    }
    metadata.encode(records);
    records.drain(frame);
    await flush();
    await file.sync();
  } finally {
    await file.close();
  }
}

async function replay(
  dir: string,
  head: Head,
  report: ReplayReport,
  metadata: [Uint8Array][],
): Promise<void> {
  let checkpoint = -1;
  for (const name of await readdir(dir)) {
    if (name.endsWith(".tmp")) await rm(join(dir, name), { force: true });
    const match = CHECKPOINT.exec(name);
    if (match) checkpoint = Math.max(checkpoint, Number(match[1]));
  }
  const handler = new Replayer(head, report, metadata);
  const files: string[] = [];
  if (checkpoint >= 0) {
    files.push(join(dir, `checkpoint.${String(checkpoint).padStart(8, "0")}`));
  }
  for (const [index, path] of await listSegments(dir)) if (index >= checkpoint) files.push(path);
  for (const path of files) {
    handler.path = path;
    const { size } = await stat(path);
    let failed = false;
    const damage = await readSegment(path, (bytes, start, end, offset) => {
      // After a record that makes no sense, later ones of the file may refer to what it held.
      if (failed) return;
      try {
        readRecord(path, bytes, start, end, handler);
      } catch (error) {
        failed = true;
        const lostBytes = size - offset;
        report.damage.push({ path, offset, lostBytes, message: messageOf(error) });
      }
    });
    if (damage !== undefined) report.damage.push(damage);
  }
  handler.releaseRows();
}

/** Puts the content of records back into a head. */
class Replayer implements RecordHandler {
  path = "";
  readonly #head: Head;
  readonly #report: ReplayReport;
  readonly #metadata: [Uint8Array][];
  readonly #reader: HeadReader;
  readonly #columns = new SampleColumns();
  /** Newest in-order sample that the checkpoint, or a block, holds of a series. */
  readonly #settled: (number | undefined)[] = [];
  /** Number of a series that had the labels before, by the number it got when it came back. */
  readonly #returned = new Map<number, number>();

  constructor(head: Head, report: ReplayReport, metadata: [Uint8Array][]) {
    this.#head = head;
    this.#reader = new HeadReader(head);
    this.#report = report;
    this.#metadata = metadata;
  }

  series(ref: number, bytes: Uint8Array, start: number, end: number): void {
    const { rows } = this.#head;
    if (ref > REF_MAX) throw new NarthexError("corruption", `${this.path}: series number ${ref}`);
    const known = this.#head.findLabels(bytes.subarray(start, end));
    if (this.#exists(ref)) {
      // A checkpoint is written while series are added, so the first segment may repeat them.
      if (known === ref) return;
      throw new NarthexError("corruption", `${this.path}: series ${ref} has two label sets`);
    }
    while (rows.length <= ref) this.#bury(rows.add());
    // The number may have been another series' before.
    this.#returned.delete(ref);
    delete this.#settled[ref];
    // A series that left the head and came back has two numbers where no checkpoint was written
    // in between; its samples belong together.
    if (known >= 0) {
      this.#returned.set(ref, known);
      return;
    }
    this.#head.addSeries(decodeLabels(bytes, start, end).labels, bytes, { start, end }, ref);
    this.#report.series++;
  }

  /** Gives back the numbers that no series has, from the end on. */
  releaseRows(): void {
    const { rows } = this.#head;
    const free: number[] = [];
    for (let ref = rows.length - 1; ref >= 0; ref--) if (this.#head.isDead(ref)) free.push(ref);
    rows.release(free);
    this.#head.reusedRefs = [];
  }

  /** Marks a row as one that no series has. */
  #bury(ref: number): void {
    const words = this.#head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    words[(ref & ROW_MASK) * ROW_WORDS + ROW.flags] = FLAG_DEAD;
  }

  sample(ref: number, t: number, hi: number, lo: number, outOfOrder: boolean): void {
    const before = this.#returned.size > 0 ? this.#returned.get(ref) : undefined;
    if (before !== undefined) {
      this.#head.appendSample(before, t, hi, lo, Number.NEGATIVE_INFINITY);
      this.#report.samples++;
      return;
    }
    if (!this.#exists(ref)) return;
    if (!outOfOrder && t <= (this.#settled[ref] ?? Number.NEGATIVE_INFINITY)) return;
    if (outOfOrder) this.#head.expectLate(ref, t);
    this.#head.appendSample(ref, t, hi, lo, Number.NEGATIVE_INFINITY);
    this.#report.samples++;
  }

  state(ref: number, lastT: number, hi: number, lo: number): void {
    if (!this.#exists(ref)) return;
    const words = this.#head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    words[(ref & ROW_MASK) * ROW_WORDS + ROW.lastHi] = hi | 0;
    words[(ref & ROW_MASK) * ROW_WORDS + ROW.lastLo] = lo | 0;
    const doubles = this.#head.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    if (doubles[double + ROW.lastT]! < lastT) {
      // The samples between were deleted, or are in a block: what is open ends before them.
      this.#head.closeChunk(ref);
      doubles[double + ROW.lastT] = lastT;
    }
    this.#settled[ref] = lastT;
    if (lastT > this.#head.maxt) this.#head.maxt = lastT;
  }

  chunk(ref: number, encoding: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#exists(ref)) return;
    const columns = this.#columns;
    columns.clear();
    const mint = Number.NEGATIVE_INFINITY;
    const maxt = Number.POSITIVE_INFINITY;
    decodeChunk({ encoding, mint, maxt, bytes, start, end }, columns, this.path);
    const integer = encoding === ChunkEncoding.histogram;
    const { timestamps, bits, histograms } = columns;
    for (let i = 0; i < columns.length; i++) {
      const t = timestamps[i]!;
      const histogram = histograms?.[i];
      if (histogram === undefined) {
        this.#head.appendSample(ref, t, bits[2 * i + 1]!, bits[2 * i]!, mint);
      } else this.#head.appendHistogram(ref, { t, histogram, integer }, mint);
    }
    this.#report.samples += columns.length;
  }

  histogram(ref: number, message: MessageRange, isOutOfOrder: boolean): void {
    const sample = this.#decode(message);
    const before = this.#returned.get(ref);
    if (before === undefined) {
      if (!this.#exists(ref)) return;
      const settled = this.#settled[ref] ?? Number.NEGATIVE_INFINITY;
      if (!isOutOfOrder && sample.t <= settled) return;
    }
    if (isOutOfOrder) this.#head.expectLate(before ?? ref, sample.t);
    this.#head.appendHistogram(before ?? ref, sample, Number.NEGATIVE_INFINITY);
    this.#report.samples++;
  }

  histogramState(ref: number, message: MessageRange): void {
    const { histogram } = this.#decode(message);
    if (this.#exists(ref) && histogram !== undefined) this.#head.histograms.restore(ref, histogram);
  }

  deletion(ref: number, mint: number, maxt: number): void {
    const own = this.#returned.get(ref) ?? ref;
    if (this.#exists(own)) deleteRange(this.#head, this.#reader, own, { mint, maxt });
  }

  #decode({ bytes, start, end }: MessageRange): HistogramSample {
    const sample = decodeHistogramMessage(bytes, start, end);
    if (sample.problem === undefined) return sample;
    throw new NarthexError("corruption", `${this.path}: ${sample.problem}`);
  }

  metadata(bytes: Uint8Array, start: number, end: number): void {
    this.#metadata.push([bytes.slice(start, end)]);
  }

  #exists(ref: number): boolean {
    return ref < this.#head.rows.length && !this.#head.isDead(ref);
  }
}
