import { NarthexError } from "#pkg/errs/mod.ts";
import { type Chunk, ChunkEncoding, type SampleColumns } from "#pkg/storage/mod.ts";
import {
  decodeFloatHistogram,
  decodeFloatHistogramSt,
  decodeHistogram,
  decodeHistogramSt,
} from "./histogram-decode.ts";
import { decodeXor } from "./xor-decode.ts";
import { decodeXor2 } from "./xor2-decode.ts";

/**
 * Appends all samples of `chunk` to `into`. Raises `corruption` on bytes that are not what the
 * encoding says, and `execution` naming the encoding where it is unknown.
 */
export function decodeChunk(chunk: Chunk, into: SampleColumns, path?: string): void {
  switch (chunk.encoding) {
    case ChunkEncoding.xor:
      decodeXor(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.xor2:
      decodeXor2(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.histogram:
      decodeHistogram(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.floatHistogram:
      decodeFloatHistogram(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.histogramSt:
      decodeHistogramSt(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.floatHistogramSt:
      decodeFloatHistogramSt(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    default:
      throw new NarthexError("execution", `decode chunk: unknown encoding ${chunk.encoding}`, {
        detail: { encoding: chunk.encoding },
      });
  }
}
