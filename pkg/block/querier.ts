import { throwIfAborted } from "#pkg/async/mod.ts";
import { decodeChunk } from "#pkg/chunkenc/mod.ts";
import type { ChunkReader } from "#pkg/chunks/mod.ts";
import type { IndexedSeries, IndexReader, Postings } from "#pkg/index/mod.ts";
import {
  type Chunk,
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  SampleColumns,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import type { Interval } from "#pkg/tombstones/mod.ts";
import type { DeletedRanges } from "./deletions.ts";
import { blockOverlaps } from "./meta.ts";
import { encodePart } from "./overlaps.ts";

/** Series read at once, at first and at most. */
const BATCH_SERIES_FIRST = 128;
const BATCH_SERIES_MAX = 512;
/** Chunk bytes that a batch aims at: many blocks are read side by side. */
const BATCH_BYTES = 1 << 20;

/** The open parts of a block. */
export interface BlockParts {
  readonly minTime: number;
  readonly maxTime: number;
  readonly index: IndexReader;
  readonly chunks: ChunkReader;
  /** What is left out of answers; read anew for each batch. */
  readonly tombstones: DeletedRanges;
}

/**
 * Answers selections from one block, local or remote. Reads one batch ahead of the consumer, so at
 * most two batches are in memory. Deleted ranges (tombstones) are left out of the chunks.
 */
export class BlockQuerier implements ChunkQuerier {
  readonly #parts: BlockParts;

  constructor(parts: BlockParts) {
    this.#parts = parts;
  }

  async *selectChunks(
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChunkSeries[]> {
    throwIfAborted(signal);
    if (!this.overlaps(params)) return;
    const refs = await this.#parts.index.select(params.matchers, signal);
    yield* this.readRefs(refs, params, signal);
  }

  /** True if the block holds times of a range. */
  overlaps({ mint, maxt }: { readonly mint: number; readonly maxt: number }): boolean {
    return blockOverlaps(this.#parts, mint, maxt);
  }

  /** The series `refs`, in their order, as `selectChunks` gives them; matchers are not asked. */
  async *readRefs(
    refs: Postings,
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChunkSeries[]> {
    const limit = params.limit ?? 0;
    let count = 0;
    let size = BATCH_SERIES_FIRST;
    let end = Math.min(size, refs.length);
    let next = this.#ahead(refs.subarray(0, end), params, signal);
    for (let at = 0; at < refs.length; ) {
      throwIfAborted(signal);
      const batch = await next;
      size = nextSize(batch, end - at);
      at = end;
      if (limit > 0 && count + batch.length >= limit) {
        yield batch.slice(0, limit - count);
        return;
      }
      end = Math.min(at + size, refs.length);
      next = this.#ahead(refs.subarray(at, end), params, signal);
      count += batch.length;
      if (batch.length > 0) yield batch;
    }
  }

  async labelNames(params: LabelParams, signal: AbortSignal): Promise<string[]> {
    throwIfAborted(signal);
    const { index } = this.#parts;
    if (!blockOverlaps(this.#parts, params.mint, params.maxt)) return [];
    return cut(
      params.matchers.length === 0
        ? index.labelNames()
        : await index.labelNamesOf(params.matchers, signal),
      params.limit,
    );
  }

  async labelValues(name: string, params: LabelParams, signal: AbortSignal): Promise<string[]> {
    throwIfAborted(signal);
    const { index } = this.#parts;
    if (!blockOverlaps(this.#parts, params.mint, params.maxt)) return [];
    return cut(
      params.matchers.length === 0
        ? await index.labelValues(name)
        : await index.labelValuesOf(name, params.matchers, signal),
      params.limit,
    );
  }

  /** Begins to read a batch; its failure is seen when it is awaited. */
  #ahead(refs: Postings, params: SelectParams, signal: AbortSignal): Promise<ChunkSeries[]> {
    if (refs.length === 0) return Promise.resolve([]);
    const batch = this.#readBatch(refs, params, signal);
    batch.catch(() => undefined);
    return batch;
  }

  async #readBatch(
    refs: Postings,
    params: SelectParams,
    signal: AbortSignal,
  ): Promise<ChunkSeries[]> {
    const { index, chunks, tombstones } = this.#parts;
    const all = await index.readSeries(refs, params, signal);
    const wanted = all.filter((series) => series.chunks.length > 0);
    if (params.hints?.skipChunks) {
      return wanted
        .filter((series) => keptEntries(series, tombstones))
        .map(({ labels }) => ({ labels, chunks: [] }));
    }
    const metas = wanted.flatMap((series) => series.chunks);
    const read = await chunks.read(metas, signal);
    const out: ChunkSeries[] = [];
    let at = 0;
    for (const { ref, labels, chunks: own } of wanted) {
      const from = at;
      at += own.length;
      const intervals = tombstones.get(ref);
      const slice = read.slice(from, at);
      const kept = intervals ? withoutIntervals(slice, intervals, params) : slice;
      if (kept.length > 0) out.push({ labels, chunks: kept });
    }
    return out;
  }
}

/** How many references to read next, so that a batch has about `BATCH_BYTES` of chunks. */
function nextSize(batch: readonly ChunkSeries[], size: number): number {
  let bytes = 0;
  for (const { chunks } of batch) for (const { start, end } of chunks) bytes += end - start;
  const fitting = Math.floor((size * BATCH_BYTES) / Math.max(1, bytes));
  return Math.max(16, Math.min(BATCH_SERIES_MAX, 4 * size, fitting));
}

function cut(list: string[], limit = 0): string[] {
  return limit > 0 && list.length > limit ? list.slice(0, limit) : list;
}

/** True if some chunk of the series is not deleted whole. */
function keptEntries(series: IndexedSeries, tombstones: DeletedRanges): boolean {
  const intervals = tombstones.get(series.ref);
  return !intervals || series.chunks.some((chunk) => !isCovered(chunk, intervals));
}

function isCovered(
  chunk: { readonly mint: number; readonly maxt: number },
  intervals: readonly Interval[],
): boolean {
  return intervals.some(({ mint, maxt }) => mint <= chunk.mint && chunk.maxt <= maxt);
}

/** The chunks without the samples in `intervals`; those that lose some are encoded anew. */
export function withoutIntervals(
  chunks: readonly Chunk[],
  intervals: readonly Interval[],
  range: { readonly mint: number; readonly maxt: number },
): Chunk[] {
  const out: Chunk[] = [];
  for (const chunk of chunks) {
    if (isCovered(chunk, intervals)) continue;
    const touching = intervals.filter(({ mint, maxt }) => mint <= chunk.maxt && maxt >= chunk.mint);
    const rest = touching.length === 0 ? chunk : cutChunk(chunk, touching);
    if (rest && rest.mint <= range.maxt && rest.maxt >= range.mint) out.push(rest);
  }
  return out;
}

function cutChunk(chunk: Chunk, intervals: readonly Interval[]): Chunk | undefined {
  const columns = new SampleColumns();
  decodeChunk(chunk, columns);
  let kept = 0;
  for (let i = 0; i < columns.length; i++) {
    const t = columns.timestamps[i]!;
    if (intervals.some(({ mint, maxt }) => mint <= t && t <= maxt)) continue;
    columns.move(i, kept++);
  }
  return kept === 0 ? undefined : encodePart(columns, 0, kept, chunk.encoding);
}
