import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeChunk } from "#pkg/chunkenc/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import {
  decodeExemplar,
  decodeHistogramMessage,
  decodeLabels,
  type HistogramSample,
} from "#pkg/remotewrite/mod.ts";
import { ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { listSegments, readSegment } from "#pkg/wlog/mod.ts";
import type { Head } from "./head.ts";
import { deleteRange } from "./head-delete.ts";
import type { MessageRange } from "./head-ports.ts";
import { HeadReader } from "./head-read.ts";
import { type RecordHandler, readRecord } from "./head-wal.ts";
import {
  FLAG_DEAD,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
} from "./series-rows.ts";

/** The file of a checkpoint that stands for the segments before its number. */
export const CHECKPOINT = /^checkpoint\.(\d{8})$/;
/** A cut that would free less than this part of the limit on a replay is not worth a block. */
const RELIEF_SHARE = 0.25;
/** Above the series of any head; a damaged number must not make rows without end. */
const REF_MAX = 2 ** 28;
/** What a replay brought back, and what it could not. */
export interface ReplayReport {
  samples: number;
  series: number;
  /** One line per damaged file: path, offset, why. */
  readonly damage: { path: string; offset: number; lostBytes: number; message: string }[];
}

/** What keeps a head small that is replayed. */
export interface ReplayRelief {
  /** Memory of the head above which `relieve` is called; 0: never. */
  readonly bytesMax: number;
  /** Writes what the head holds elsewhere, and drops it; nothing else uses the head meanwhile. */
  relieve(head: Head, reader: HeadReader): Promise<void>;
  /** Hears that samples were deleted, of which what was written elsewhere may hold some. */
  deleted(): void;
}

/** Reads checkpoint and segments of `dir` into an empty head. Damage is reported, never thrown. */
export async function replay(
  dir: string,
  head: Head,
  report: ReplayReport,
  metadata: [Uint8Array][],
  relief: ReplayRelief | undefined,
): Promise<void> {
  let checkpoint = -1;
  for (const name of await readdir(dir)) {
    if (name.endsWith(".tmp")) await rm(join(dir, name), { force: true });
    const match = CHECKPOINT.exec(name);
    if (match) checkpoint = Math.max(checkpoint, Number(match[1]));
  }
  const handler = new Replayer(head, report, metadata, () => relief?.deleted());
  const files: string[] = [];
  if (checkpoint >= 0) {
    files.push(join(dir, `checkpoint.${String(checkpoint).padStart(8, "0")}`));
  }
  for (const [index, path] of await listSegments(dir)) if (index >= checkpoint) files.push(path);
  for (const path of files) {
    handler.path = path;
    const { size } = await stat(path);
    // A crash came between its making and its first write.
    if (size === 0) continue;
    let failed = false;
    const damage = await readSegment(path, (bytes, start, end, offset) => {
      // After a record that makes no sense, later ones of the file may refer to what it held.
      if (failed) return undefined;
      try {
        readRecord(path, bytes, start, end, handler);
      } catch (error) {
        failed = true;
        const lostBytes = size - offset;
        report.damage.push({ path, offset, lostBytes, message: messageOf(error) });
      }
      return isTooLarge(head, relief) ? relief?.relieve(head, handler.reader) : undefined;
    });
    if (damage !== undefined) report.damage.push(damage);
  }
  handler.releaseRows();
}

/** True if the head takes more than it may, and enough of that are samples, which can go. */
function isTooLarge(head: Head, relief: ReplayRelief | undefined): boolean {
  if (relief === undefined || relief.bytesMax === 0) return false;
  if (head.sampleBytes < relief.bytesMax * RELIEF_SHARE) return false;
  return head.sampleBytes + head.seriesBytes > relief.bytesMax;
}

/** Puts the content of records back into a head. */
class Replayer implements RecordHandler {
  path = "";
  readonly #head: Head;
  readonly #report: ReplayReport;
  readonly #metadata: [Uint8Array][];
  readonly reader: HeadReader;
  readonly #columns = new SampleColumns();
  /** Newest in-order sample that the checkpoint, or a block, holds of a series. */
  readonly #settled: (number | undefined)[] = [];
  /** Number of a series that had the labels before, by the number it got when it came back. */
  readonly #returned = new Map<number, number>();

  readonly #onDeletion: () => void;

  constructor(head: Head, report: ReplayReport, metadata: [Uint8Array][], onDeletion: () => void) {
    this.#onDeletion = onDeletion;
    this.#head = head;
    this.reader = new HeadReader(head);
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
    const integer = encoding === ChunkEncoding.histogram || encoding === ChunkEncoding.histogramSt;
    const { timestamps, bits, histograms, starts } = columns;
    for (let i = 0; i < columns.length; i++) {
      const t = timestamps[i]!;
      const histogram = histograms?.[i];
      this.#head.starts.note(ref, t, starts?.[i] ?? 0);
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
    this.#onDeletion();
    if (this.#exists(own)) deleteRange(this.#head, this.reader, own, { mint, maxt });
  }

  start(ref: number, t: number, start: number): void {
    const own = this.#returned.get(ref) ?? ref;
    if (this.#exists(own)) this.#head.starts.note(own, t, start);
  }

  #decode({ bytes, start, end }: MessageRange): HistogramSample {
    const sample = decodeHistogramMessage(bytes, start, end);
    if (sample.problem === undefined) return sample;
    throw new NarthexError("corruption", `${this.path}: ${sample.problem}`);
  }

  exemplar(sequence: number, series: number | MessageRange, message: MessageRange): void {
    const head = this.#head;
    const exemplar = decodeExemplar(message.bytes, message.start, message.end);
    if (exemplar.problem !== undefined) {
      throw new NarthexError("corruption", `${this.path}: exemplar: ${exemplar.problem}`);
    }
    if (typeof series !== "number") {
      // It had left the head; it may have come back.
      const { bytes, start, end } = series;
      const { labels, isCanonical } = decodeLabels(bytes, start, end);
      if (!isCanonical) throw new NarthexError("corruption", `${this.path}: labels of an exemplar`);
      const known = labels.length > 0 ? head.findLabels(bytes.subarray(start, end)) : -1;
      head.exemplars.restore(sequence, known, () => labels, exemplar);
      return;
    }
    const own = this.#returned.get(series) ?? series;
    const labelsOf = this.#exists(own) ? () => head.labelsOf(own) : undefined;
    head.exemplars.restore(sequence, own, labelsOf, exemplar);
  }

  metadata(bytes: Uint8Array, start: number, end: number): void {
    this.#metadata.push([bytes.slice(start, end)]);
  }

  #exists(ref: number): boolean {
    return ref < this.#head.rows.length && !this.#head.isDead(ref);
  }
}
