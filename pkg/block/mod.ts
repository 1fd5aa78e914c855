export {
  BUCKET_INDEX_KEY,
  type BucketIndex,
  type BucketIndexBlock,
  type BucketIndexMark,
  DELETION_MARK_FILE,
  decodeBucketIndex,
  decodeDeletionMark,
  encodeBucketIndex,
  encodeDeletionMark,
  encodeNoCompactMark,
  MARKERS_FOLDER,
  NO_COMPACT_MARK_FILE,
  type NoCompactMark,
} from "./bucket-index.ts";
export {
  concerns,
  DELETIONS_FOLDER,
  type DeletedRanges,
  type DeletionRequest,
  decodeDeletion,
  deletionIdOf,
  deletionKey,
  encodeDeletion,
  LayeredTombstones,
  readDeletions,
  type StoredDeletion,
} from "./deletions.ts";
export { ExternalQuerier, matchersBelow, withLabels } from "./external-querier.ts";
export {
  type BlockContent,
  type BlockFiles,
  bucketBlockFiles,
  localBlockFiles,
  openBlockFiles,
  readBlockMeta,
  segmentNames,
} from "./files.ts";
export {
  type BlockCompaction,
  type BlockDesc,
  type BlockMeta,
  type BlockStats,
  blockIdTime,
  blockOverlaps,
  CHUNKS_FOLDER,
  decodeMeta,
  encodeMeta,
  INDEX_FILE,
  isBlockId,
  META_FILE,
  newBlockId,
  readMeta,
  TOMBSTONES_FILE,
} from "./meta.ts";
export { type ChunksOfOptions, chunksOf, clipChunk, joinOverlaps } from "./overlaps.ts";
export { type BlockParts, BlockQuerier, withoutIntervals } from "./querier.ts";
export { BlockReader } from "./reader.ts";
export { type ExternalMeta, externalLabels, externalMeta, finestBlocks } from "./thanos.ts";
export { verifyBlock } from "./verify.ts";
export type { BlockProblem, BlockReport, VerifyOptions } from "./verify-check.ts";
export { type BlockWriterOptions, removeBlock, TEMPORARY_SUFFIX, writeBlock } from "./writer.ts";
