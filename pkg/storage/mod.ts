export { SampleColumns, STALE_HI, STALE_LO } from "./columns.ts";
export {
  type Chunk,
  ChunkEncoding,
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  type LabelQuerier,
  type Querier,
  type SelectHints,
  type SelectParams,
  type Series,
} from "./interface.ts";
export { isSameChunk, mergeChunkQueriers, uniteChunks, uniteStrings } from "./merge.ts";
export {
  PackedBatch,
  PackedBatchBuilder,
  type PackedColumns,
  PackedSeries,
  sizeOfBatch,
  wholeBatch,
} from "./packed.ts";
