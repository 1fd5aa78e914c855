import {
  decodeChunk,
  encodeColumns,
  encodeFloats,
  encodeHistogramPart,
  type FloatEncoding,
  isFloatChunk,
  seriesFromChunks,
} from "#pkg/chunkenc/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { type Chunk, ChunkEncoding, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";

/** Samples in a chunk that is encoded anew; what Prometheus aims at. */
const SAMPLES_PER_CHUNK = 120;

/**
 * The series with chunks as a block wants them: in order and without overlap. Chunks that overlap
 * (replicas, out-of-order samples) are merged sample by sample as `ChunkSeriesReader` does and
 * encoded anew; all others are passed on as they are. Floats that are encoded anew are XOR2 if some of
 * them were or had start timestamps, unless `options` say so in any case. Chunks of unknown encodings
 * must not overlap, nor downsampled ones: they raise `execution`.
 */
export function joinOverlaps(series: ChunkSeries, options: ChunksOfOptions = {}): ChunkSeries {
  const { chunks } = series;
  let hasOverlap = false;
  for (let i = 1; i < chunks.length && !hasOverlap; i++) {
    hasOverlap = chunks[i]!.mint <= chunks[i - 1]!.maxt;
  }
  if (!hasOverlap) return series;
  const out: Chunk[] = [];
  for (let i = 0; i < chunks.length; ) {
    let maxt = chunks[i]!.maxt;
    let end = i + 1;
    while (end < chunks.length && chunks[end]!.mint <= maxt) {
      maxt = Math.max(maxt, chunks[end]!.maxt);
      end++;
    }
    if (end === i + 1) out.push(chunks[i]!);
    else {
      out.push(...encodeAnew({ labels: series.labels, chunks: chunks.slice(i, end) }, options));
    }
    i = end;
  }
  return { labels: series.labels, chunks: out };
}

/** Averages would be written in the place of aggregates. */
function refuseAggregates(chunks: readonly Chunk[]): void {
  if (chunks.every(({ encoding }) => encoding !== ChunkEncoding.aggregate)) return;
  throw new NarthexError("execution", "encode chunk anew: it is downsampled, want a raw one");
}

function encodeAnew(series: ChunkSeries, options: ChunksOfOptions): Chunk[] {
  refuseAggregates(series.chunks);
  const columns = new SampleColumns();
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  seriesFromChunks(series).read(columns, NEGATIVE_INFINITY, POSITIVE_INFINITY);
  // Floats hold the counts of integer histograms exactly; the other way is a loss.
  const integer = series.chunks.every((chunk) => isFloatChunk(chunk) || isIntegerChunk(chunk));
  const isXor2 = series.chunks.some(({ encoding }) => encoding === ChunkEncoding.xor2);
  return encodeColumns(columns, 0, columns.length, {
    samplesMax: SAMPLES_PER_CHUNK,
    integer,
    floatEncoding: isXor2 ? "xor2" : "xor",
    ...options,
  });
}

/** True if the chunk holds histograms whose counts are whole numbers. */
function isIntegerChunk({ encoding }: Chunk): boolean {
  return encoding === ChunkEncoding.histogram || encoding === ChunkEncoding.histogramSt;
}

/** How to write chunks anew. */
export interface ChunksOfOptions {
  /** Of floats without start timestamps. @default "xor" */
  readonly floatEncoding?: FloatEncoding;
}

/**
 * Encodes columns as chunks of at most 120 samples of about equal length, start timestamps included;
 * histograms as floats.
 */
export function chunksOf(columns: SampleColumns, options: ChunksOfOptions = {}): Chunk[] {
  const all = { samplesMax: SAMPLES_PER_CHUNK, integer: false, ...options };
  return encodeColumns(columns, 0, columns.length, all);
}

/**
 * The part of a chunk inside `[mint, maxt]`, ms: the chunk itself where all of it is, undefined
 * where nothing is, else encoded anew. Errors: `execution` for a downsampled chunk that would be.
 */
export function clipChunk(chunk: Chunk, mint: number, maxt: number): Chunk | undefined {
  if (chunk.mint >= mint && chunk.maxt <= maxt) return chunk;
  if (chunk.mint > maxt || chunk.maxt < mint) return undefined;
  refuseAggregates([chunk]);
  const columns = new SampleColumns();
  decodeChunk(chunk, columns);
  const { timestamps } = columns;
  let from = 0;
  let to = columns.length;
  while (from < to && timestamps[from]! < mint) from++;
  while (to > from && timestamps[to - 1]! > maxt) to--;
  return from === to ? undefined : encodePart(columns, from, to, chunk.encoding);
}

/**
 * Entries `[from, to)`, at least one, of what was a chunk of `encoding`, as one of it again: with start
 * timestamps where there are any left. What was decoded from a downsampled one becomes a raw one.
 */
export function encodePart(
  columns: SampleColumns,
  from: number,
  to: number,
  encoding: Chunk["encoding"],
): Chunk {
  if (encoding === ChunkEncoding.xor) return encodeFloats(columns, from, to, "xor");
  if (encoding === ChunkEncoding.xor2) return encodeFloats(columns, from, to, "xor2");
  if (encoding === ChunkEncoding.aggregate && !columns.isHistogram(from)) {
    return encodeFloats(columns, from, to, "xor");
  }
  const integer = encoding === ChunkEncoding.histogram || encoding === ChunkEncoding.histogramSt;
  return encodeHistogramPart(columns, from, to, integer);
}
