export { AGGREGATES, type Aggregate, type AggregateChunks, splitAggrChunk } from "./aggregate.ts";
export { aggregateSeries } from "./aggregate-series.ts";
export { decodeChunk } from "./decode.ts";
export {
  type EncodeColumnsOptions,
  encodeColumns,
  encodeFloats,
  type FloatEncoding,
} from "./encode-columns.ts";
export { HistogramAppender } from "./histogram-append.ts";
export {
  decodeFloatHistogram,
  decodeFloatHistogramSt,
  decodeHistogram,
  decodeHistogramSt,
} from "./histogram-decode.ts";
export { encodeHistogramPart, encodeHistograms } from "./histogram-encode.ts";
export { chunkSampleCount, isFloatChunk, recodeFloatChunk } from "./recode.ts";
export {
  ChunkSeriesReader,
  chunkQuerierAsQuerier,
  seriesFromChunks,
} from "./series.ts";
export { decodeXor, xorSampleCount } from "./xor-decode.ts";
export { encodeXor, XOR_SAMPLES_MAX, XorEncoder } from "./xor-encode.ts";
export { encodeXorSingle, xorSingleBytes } from "./xor-single.ts";
export { decodeXor2 } from "./xor2-decode.ts";
export { encodeXor2, Xor2Encoder } from "./xor2-encode.ts";
