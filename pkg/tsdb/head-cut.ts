import { yieldNow } from "#pkg/async/mod.ts";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { type Chunk, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import type { Head } from "./head.ts";
import type { HeadReader } from "./head-read.ts";
import { addOutOfOrder, encodeChunks, OooSamples } from "./ooo.ts";
import {
  FLAG_DEAD,
  FLAG_OOO,
  NO_ADDRESS,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
} from "./series-rows.ts";

/** Rows that are worked on before others may run. */
const ROWS_PER_SLICE = 4096;
const BATCH_SERIES = 256;
/** Series with late samples that are worked on before others may run. */
const LATE_PER_SLICE = 1000;

/** What a cut has taken: chunks up to a generation that end before a time. */
export interface HeadCut {
  readonly generation: number;
  /** Exclusive; `Infinity` when all is taken. */
  readonly before: number;
}

/** A time range of a cut that becomes one block; `maxt` is the last sample, inclusive. */
export interface CutRange {
  readonly mint: number;
  maxt: number;
}

/**
 * Closes what will go into blocks: all chunks that end before `before`, and the out-of-order
 * samples before it. What is appended from then on belongs to the next cut. Everything stays
 * readable until `finishCut`.
 */
export async function beginCut(head: Head, before: number): Promise<HeadCut> {
  const total = head.rows.length;
  for (let ref = 0; ref < total; ref++) {
    const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const doubles = head.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    const open = words[word + ROW.openAddress] !== (NO_ADDRESS | 0);
    if (open && doubles[double + ROW.lastT]! < before) head.closeChunk(ref);
    if (ref % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) await yieldNow();
  }
  const generation = head.chunks.nextGeneration();
  let work = 0;
  for (const ref of [...head.ooo.keys()]) {
    takeOutOfOrder(head, ref, before);
    if (++work % LATE_PER_SLICE === 0) await yieldNow();
  }
  return { generation, before };
}

function takeOutOfOrder(head: Head, ref: number, before: number): void {
  const samples = head.ooo.get(ref);
  if (samples === undefined || samples.mint >= before) return;
  const known = head.cutOoo.get(ref);
  if (known === undefined && samples.maxt < before) {
    head.cutOoo.set(ref, samples);
    head.ooo.delete(ref);
    return;
  }
  const taken = known ?? new OooSamples();
  const kept = new OooSamples();
  samples.visit((t, hi, lo, histogram) => {
    (t < before ? taken : kept).insert(t, hi, lo, histogram);
  });
  head.cutOoo.set(ref, taken);
  if (kept.length === 0) head.ooo.delete(ref);
  else head.ooo.set(ref, kept);
}

/** The block ranges that the samples of the cut fall into, in order of time. */
export async function cutRanges(head: Head, cut: HeadCut): Promise<CutRange[]> {
  const duration = head.options.blockDurationMs;
  const byRange = new Map<number, { mint: number; maxt: number }>();
  const note = (mint: number, maxt: number): void => {
    const key = Math.floor(mint / duration);
    const range = byRange.get(key);
    if (range === undefined) byRange.set(key, { mint, maxt });
    else {
      range.mint = Math.min(range.mint, mint);
      range.maxt = Math.max(range.maxt, maxt);
    }
  };
  for (let ref = 0; ref < head.rows.length; ref++) {
    forEachCutChunk(head, cut, ref, (id) => note(head.chunks.mint(id), head.chunks.maxt(id)));
    if (ref % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) await yieldNow();
  }
  let work = 0;
  for (const samples of [...head.cutOoo.values()]) {
    samples.visit((t) => note(t, t));
    if (++work % LATE_PER_SLICE === 0) await yieldNow();
  }
  return [...byRange.values()].sort((a, b) => a.mint - b.mint);
}

/** Calls `each` with the chunks of `ref` that the cut has taken: the first ones of its list. */
function forEachCutChunk(head: Head, cut: HeadCut, ref: number, each: (id: number) => void): void {
  const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
  const { chunks } = head;
  let id = words[(ref & ROW_MASK) * ROW_WORDS + ROW.firstChunk]!;
  while (id >= 0 && chunks.generation(id) <= cut.generation && chunks.maxt(id) < cut.before) {
    // Read first: `each` may drop the chunk.
    const next = chunks.next(id);
    each(id);
    id = next;
  }
}

/** The series of one range of the cut in label order, out-of-order samples merged in. */
export async function* cutSeries(
  head: Head,
  reader: HeadReader,
  cut: HeadCut,
  range: CutRange,
): AsyncIterable<readonly ChunkSeries[]> {
  const refs = await reader.ordered(new AbortController().signal);
  let batch: ChunkSeries[] = [];
  for (const ref of refs) {
    const chunks: Chunk[] = [];
    forEachCutChunk(head, cut, ref, (id) => {
      if (head.chunks.mint(id) >= range.mint && head.chunks.maxt(id) <= range.maxt) {
        chunks.push(reader.copyChunk(id));
      }
    });
    const late = head.cutOoo.get(ref);
    if (chunks.length > 0 || late !== undefined) {
      const labels = head.labelsOf(ref);
      const merged = late === undefined ? chunks : mergeLate(labels, chunks, late, range);
      if (merged.length > 0) batch.push({ labels, chunks: merged });
    }
    if (batch.length === BATCH_SERIES) {
      yield batch;
      batch = [];
      await yieldNow();
    }
  }
  if (batch.length > 0) yield batch;
}

/** The chunks of a series with its late samples of the range put in their places. */
function mergeLate(labels: Labels, chunks: Chunk[], late: OooSamples, range: CutRange): Chunk[] {
  const all = [...chunks];
  addOutOfOrder(late, range.mint, range.maxt, all);
  if (all.length === chunks.length) return chunks;
  all.sort((a, b) => a.mint - b.mint);
  // The reader decides which sample of a timestamp counts, here as in queries.
  const columns = new SampleColumns();
  seriesFromChunks({ labels, chunks: all }).read(columns, range.mint, range.maxt);
  return encodeChunks(columns, 0, columns.length);
}

/**
 * Drops what the cut has taken, once blocks hold it. Returns the series that have no samples left and
 * none since `idleBefore` (ms), for `Graveyard.bury`.
 */
export async function finishCut(head: Head, cut: HeadCut, idleBefore: number): Promise<number[]> {
  let mint = Number.POSITIVE_INFINITY;
  // Samples come in while this works, also older ones to series that were looked at already.
  head.mintSinceCut = Number.POSITIVE_INFINITY;
  const idle: number[] = [];
  for (let ref = 0; ref < head.rows.length; ref++) {
    const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const doubles = head.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    if ((words[word + ROW.flags]! & FLAG_DEAD) !== 0) continue;
    forEachCutChunk(head, cut, ref, (id) => {
      const next = head.chunks.next(id);
      words[word + ROW.firstChunk] = next;
      if (next < 0) words[word + ROW.lastChunk] = -1;
      head.chunks.remove(id);
    });
    const late = head.ooo.get(ref);
    if (late === undefined) words[word + ROW.flags] = words[word + ROW.flags]! & ~FLAG_OOO;
    const first = words[word + ROW.firstChunk]!;
    const open = words[word + ROW.openAddress] !== (NO_ADDRESS | 0);
    if (first >= 0) mint = Math.min(mint, head.chunks.mint(first));
    else if (open) mint = Math.min(mint, doubles[double + ROW.openMint]!);
    else if (late === undefined && doubles[double + ROW.lastT]! < idleBefore) idle.push(ref);
    if (late !== undefined) mint = Math.min(mint, late.mint);
    if (ref % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) await yieldNow();
  }
  head.cutOoo.clear();
  head.mint = Math.min(mint, head.mintSinceCut);
  return idle;
}
