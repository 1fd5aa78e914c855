import type { Labels } from "#pkg/labels/mod.ts";
import {
  type Chunk,
  ChunkEncoding,
  type ChunkQuerier,
  type ChunkSeries,
  isSameChunk,
  type LabelParams,
  PackedSeries,
  type Querier,
  SampleColumns,
  type SelectParams,
  type Series,
} from "#pkg/storage/mod.ts";
import { decodeChunk } from "./decode.ts";
import { mergeColumns } from "./merge-columns.ts";
import { decodeXor } from "./xor-decode.ts";
import { decodeXor2 } from "./xor2-decode.ts";

/**
 * A series that decodes its chunks when it is read. Chunks outside the range are not decoded,
 * identical ones (replicas) decoded once, and overlapping ones merged by timestamp: each timestamp
 * once, the sample of the first chunk in order wins, but a value wins over a stale marker.
 */
export class ChunkSeriesReader implements Series {
  readonly #series: ChunkSeries;

  /** `series` is kept, not copied; see `ChunkSeries` for what it must be. */
  constructor(series: ChunkSeries) {
    this.#series = series;
  }

  get labels(): Labels {
    return this.#series.labels;
  }

  read(into: SampleColumns, mint: number, maxt: number): void {
    const series = this.#series;
    if (series instanceof PackedSeries && isDisjoint(series))
      readDisjoint(series, into, mint, maxt);
    else readMerged(series.chunks, into, mint, maxt);
  }
}

/** True if each chunk of the series ends before the next begins. */
function isDisjoint({ batch, index }: PackedSeries): boolean {
  const { chunksAt, mints, maxts } = batch.columns;
  for (let c = chunksAt[index]! + 1; c < chunksAt[index + 1]!; c++) {
    if (mints[c]! <= maxts[c - 1]!) return false;
  }
  return true;
}

/** Reads chunks of which none overlaps another, without an object for each. */
function readDisjoint(
  { batch, index }: PackedSeries,
  into: SampleColumns,
  mint: number,
  maxt: number,
): void {
  const { chunksAt, encodings, mints, maxts, bytesAt, bytes } = batch.columns;
  for (let c = chunksAt[index]!; c < chunksAt[index + 1]!; c++) {
    if (maxts[c]! < mint || mints[c]! > maxt) continue;
    const from = into.length;
    const encoding = encodings[c];
    if (encoding === ChunkEncoding.xor) decodeXor(bytes, bytesAt[c]!, bytesAt[c + 1]!, into);
    else if (encoding === ChunkEncoding.xor2) decodeXor2(bytes, bytesAt[c]!, bytesAt[c + 1]!, into);
    else decodeChunk(batch.chunksOf(index)[c - chunksAt[index]!]!, into);
    trim(into, from, { mint, maxt });
  }
}

function readMerged(
  chunks: readonly Chunk[],
  into: SampleColumns,
  mint: number,
  maxt: number,
): void {
  let i = 0;
  while (i < chunks.length) {
    const first = chunks[i]!;
    if (first.maxt < mint || first.mint > maxt) {
      i++;
      continue;
    }
    let groupMaxt = first.maxt;
    let next = i + 1;
    // A group is a run of chunks in which each overlaps one before it.
    while (next < chunks.length && chunks[next]!.mint <= groupMaxt) {
      groupMaxt = Math.max(groupMaxt, chunks[next]!.maxt);
      next++;
    }
    const from = into.length;
    if (next === i + 1) decodeChunk(first, into);
    else readGroup(distinctChunks(chunks, i, next, { mint, maxt }), into);
    trim(into, from, { mint, maxt });
    i = next;
  }
}

interface Range {
  readonly mint: number;
  readonly maxt: number;
}

/** Chunks `[from, to)` that touch `range`, each content once. */
function distinctChunks(
  chunks: readonly Chunk[],
  from: number,
  to: number,
  range: Range,
): readonly Chunk[] {
  const out: Chunk[] = [];
  for (let i = from; i < to; i++) {
    const chunk = chunks[i]!;
    if (chunk.maxt < range.mint || chunk.mint > range.maxt) continue;
    let isRepeat = false;
    // Sorted by `mint`, so repeats stand among the last entries with the same one.
    for (let j = out.length - 1; j >= 0 && out[j]!.mint === chunk.mint; j--) {
      if (isSameChunk(out[j]!, chunk)) {
        isRepeat = true;
        break;
      }
    }
    if (!isRepeat) out.push(chunk);
  }
  return out;
}

function readGroup(chunks: readonly Chunk[], into: SampleColumns): void {
  let acc: SampleColumns | undefined;
  let spare: SampleColumns | undefined;
  if (chunks.length === 1) {
    decodeChunk(chunks[0]!, into);
    return;
  }
  const sources: SampleColumns[] = [];
  for (const chunk of chunks) {
    const columns = new SampleColumns();
    decodeChunk(chunk, columns);
    sources.push(columns);
  }
  // Merged two by two in order: with few replicas this beats a heap.
  acc = sources[0]!;
  for (let i = 1; i < sources.length; i++) {
    const isLast = i === sources.length - 1;
    const target: SampleColumns = isLast ? into : (spare ?? new SampleColumns());
    if (!isLast) target.clear();
    mergeColumns(acc, sources[i]!, target);
    if (!isLast) {
      spare = acc;
      acc = target;
    }
  }
}

/** Drops the entries from `from` on that are outside `[mint, maxt]`. */
function trim(into: SampleColumns, from: number, range: Range): void {
  const { timestamps, bits } = into;
  let end = into.length;
  if (end === from) return;
  while (end > from && timestamps[end - 1]! > range.maxt) end--;
  let start = from;
  while (start < end && timestamps[start]! < range.mint) start++;
  if (start > from) {
    timestamps.copyWithin(from, start, end);
    bits.copyWithin(2 * from, 2 * start, 2 * end);
  }
  const length = from + end - start;
  if (into.histograms !== undefined || into.starts !== undefined) {
    moveRest(into, from, { start, end });
    into.truncate(length);
  }
  into.length = length;
}

/** Moves what only some columns have to where `trim` has moved the entries. */
function moveRest(into: SampleColumns, to: number, range: { start: number; end: number }): void {
  if (range.start === to) return;
  if (into.histograms !== undefined) {
    // Entries behind the last histogram may be missing; they count as undefined.
    into.histograms.length = into.length;
    into.histograms.copyWithin(to, range.start, range.end);
  }
  into.starts?.copyWithin(to, range.start, range.end);
}

/** `series` as one that decodes when it is read; see `ChunkSeriesReader`. */
export function seriesFromChunks(series: ChunkSeries): Series {
  return new ChunkSeriesReader(series);
}

/** A querier of samples over a querier of chunks, one to one. */
export function chunkQuerierAsQuerier(source: ChunkQuerier): Querier {
  return {
    labelNames: (params: LabelParams, signal: AbortSignal) => source.labelNames(params, signal),
    labelValues: (name: string, params: LabelParams, signal: AbortSignal) =>
      source.labelValues(name, params, signal),
    async *select(params: SelectParams, signal: AbortSignal) {
      for await (const batch of source.selectChunks(params, signal)) {
        yield batch.map(seriesFromChunks);
      }
    },
  };
}
