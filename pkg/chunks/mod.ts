export {
  CHUNKS_MAGIC,
  CHUNKS_VERSION,
  chunkRef,
  offsetOf,
  SEGMENT_BYTES_MAX,
  segmentName,
  segmentOf,
} from "./format.ts";
export {
  CHUNK_GUESS_BYTES,
  type ChunkMeta,
  ChunkReader,
  type ChunkReaderOptions,
} from "./reader.ts";
export { ChunkWriter } from "./writer.ts";
