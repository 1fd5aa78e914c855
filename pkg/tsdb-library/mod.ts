/**
 * The door of `narthex/tsdb`: blocks and buckets of blocks without the database, in Node. See
 * docs/tsdb-library.md.
 */
export type {
  BlockCompaction,
  BlockMeta,
  BlockProblem,
  BlockReport,
  BlockStats,
  VerifyOptions,
} from "#pkg/block/mod.ts";
export { type ErrorCode, NarthexError } from "#pkg/errs/mod.ts";
export { FloatHistogram, formatHistogram } from "#pkg/histogram/mod.ts";
export {
  formatSeries,
  type Labels,
  labelsFromObject,
  labelsToObject,
  labelValue,
  Matcher,
  type MatchType,
} from "#pkg/labels/mod.ts";
export type { ListedSample, ListedSeries } from "#pkg/promql/mod.ts";
export { newMatcher } from "#pkg/re2/mod.ts";
export {
  type Chunk,
  ChunkEncoding,
  type ChunkSeries,
  type LabelParams,
  type Querier,
  SampleColumns,
  type SelectParams,
  type Series,
} from "#pkg/storage/mod.ts";
export { Block, type BlockOptions, openBlock, verifyBlock } from "./block.ts";
export {
  BlockBucket,
  type BucketOptions,
  type ListedBlock,
  openBucket,
  type S3Location,
} from "./bucket.ts";
export { FoundSeries, type ReadOptions, type Selector, SeriesReader } from "./series.ts";
export { type LabelsInput, type WriteOptions, type WrittenSeries, writeBlock } from "./write.ts";
