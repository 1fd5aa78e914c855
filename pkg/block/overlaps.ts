import { decodeChunk, encodeXor, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { type Chunk, ChunkEncoding, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";

/** Samples in a chunk that is encoded anew; what Prometheus aims at. */
const SAMPLES_PER_CHUNK = 120;

/**
 * The series with chunks as a block wants them: in order and without overlap. Chunks that overlap
 * (replicas, out-of-order samples) are merged sample by sample as `ChunkSeriesReader` does and
 * encoded anew; all others are passed on as they are. Only float chunks can overlap: others raise
 * `execution`.
 */
export function joinOverlaps(series: ChunkSeries): ChunkSeries {
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
    else out.push(...encodeAnew({ labels: series.labels, chunks: chunks.slice(i, end) }));
    i = end;
  }
  return { labels: series.labels, chunks: out };
}

function encodeAnew(series: ChunkSeries): Chunk[] {
  const columns = new SampleColumns();
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  seriesFromChunks(series).read(columns, NEGATIVE_INFINITY, POSITIVE_INFINITY);
  return chunksOf(columns);
}

/** Encodes columns as chunks of at most 120 samples of about equal length. */
export function chunksOf(columns: SampleColumns): Chunk[] {
  const count = Math.ceil(columns.length / SAMPLES_PER_CHUNK);
  const out: Chunk[] = [];
  for (let i = 0; i < count; i++) {
    const from = Math.floor((columns.length * i) / count);
    const to = Math.floor((columns.length * (i + 1)) / count);
    const bytes = encodeXor(columns, from, to);
    out.push({
      encoding: ChunkEncoding.xor,
      mint: columns.timestamps[from]!,
      maxt: columns.timestamps[to - 1]!,
      bytes,
      start: 0,
      end: bytes.length,
    });
  }
  return out;
}

/**
 * The part of a chunk inside `[mint, maxt]`, ms: the chunk itself where all of it is, undefined
 * where nothing is, else encoded anew (float chunks only).
 */
export function clipChunk(chunk: Chunk, mint: number, maxt: number): Chunk | undefined {
  if (chunk.mint >= mint && chunk.maxt <= maxt) return chunk;
  if (chunk.mint > maxt || chunk.maxt < mint) return undefined;
  const columns = new SampleColumns();
  decodeChunk(chunk, columns);
  const { timestamps } = columns;
  let from = 0;
  let to = columns.length;
  while (from < to && timestamps[from]! < mint) from++;
  while (to > from && timestamps[to - 1]! > maxt) to--;
  if (from === to) return undefined;
  const bytes = encodeXor(columns, from, to);
  return {
    encoding: ChunkEncoding.xor,
    mint: timestamps[from]!,
    maxt: timestamps[to - 1]!,
    bytes,
    start: 0,
    end: bytes.length,
  };
}
