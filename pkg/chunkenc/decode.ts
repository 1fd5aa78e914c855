import { NarthexError } from "#pkg/errs/mod.ts";
import { type Chunk, ChunkEncoding, type SampleColumns } from "#pkg/storage/mod.ts";
import { decodeXor } from "./xor-decode.ts";

/**
 * Appends all float samples of `chunk` to `into`. Raises `corruption` on bytes that are not what
 * the encoding says, and `execution` naming the encoding where it holds no floats or is unknown.
 */
export function decodeChunk(chunk: Chunk, into: SampleColumns, path?: string): void {
  switch (chunk.encoding) {
    case ChunkEncoding.xor:
      decodeXor(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.histogram:
      throw unsupported("histogram", chunk.encoding);
    case ChunkEncoding.floatHistogram:
      throw unsupported("float histogram", chunk.encoding);
    default:
      throw unsupported("unknown", chunk.encoding);
  }
}

function unsupported(name: string, encoding: number): NarthexError {
  return new NarthexError("execution", `decode chunk: ${name} encoding ${encoding} has no floats`, {
    detail: { encoding },
  });
}
