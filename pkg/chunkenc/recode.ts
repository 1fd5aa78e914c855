import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { splitAggrChunk } from "./aggregate.ts";
import { decodeChunk } from "./decode.ts";
import { encodeFloats, type FloatEncoding } from "./encode-columns.ts";
import { HISTOGRAM_ST_SAMPLES_MAX } from "./histogram-layout.ts";

/**
 * A float chunk in the encoding that a tenant wants: an XOR chunk becomes XOR2, and XOR2 becomes XOR
 * unless it has start timestamps, which XOR cannot keep. All other chunks, and those that are as wanted
 * already, are returned themselves. Errors: `corruption` of the chunk.
 */
export function recodeFloatChunk(chunk: Chunk, encoding: FloatEncoding): Chunk {
  const from = encoding === "xor" ? ChunkEncoding.xor2 : ChunkEncoding.xor;
  if (chunk.encoding !== from) return chunk;
  const columns = new SampleColumns();
  decodeChunk(chunk, columns);
  if (columns.length === 0) return chunk;
  const recoded = encodeFloats(columns, 0, columns.length, encoding);
  return recoded.encoding === from ? chunk : recoded;
}

/**
 * The number of samples that the header of a chunk declares, 0 for encodings that are unknown: of a
 * downsampled one its counts. Errors: `corruption` of a downsampled one.
 */
export function chunkSampleCount(chunk: Chunk): number {
  const { bytes, start, end } = chunk;
  if (end - start < 2) return 0;
  const word = (bytes[start]! << 8) | bytes[start + 1]!;
  switch (chunk.encoding) {
    case ChunkEncoding.xor:
    case ChunkEncoding.xor2:
    case ChunkEncoding.histogram:
    case ChunkEncoding.floatHistogram:
      return word;
    case ChunkEncoding.histogramSt:
    case ChunkEncoding.floatHistogramSt:
      return word & HISTOGRAM_ST_SAMPLES_MAX;
    case ChunkEncoding.aggregate: {
      const { count } = splitAggrChunk(chunk);
      return count === undefined ? 0 : chunkSampleCount(count);
    }
    default:
      return 0;
  }
}

/** True if the chunk's encoding is one of floats. */
export function isFloatChunk({ encoding }: Pick<Chunk, "encoding">): boolean {
  return encoding === ChunkEncoding.xor || encoding === ChunkEncoding.xor2;
}
