export {
  decodeMetadata,
  encodeMetadata,
  type MetricMetadata,
  WriteRequestBuilder,
} from "./encode.ts";
export {
  type DecodedExemplar,
  decodeExemplar,
  encodeExemplarOfBytes,
} from "./exemplar.ts";
export { LabelHasher } from "./hash.ts";
export {
  decodeHistogramMessage,
  HISTOGRAM_BUCKETS_MAX,
  type HistogramSample,
} from "./histogram-decode.ts";
export { encodeHistogramMessage } from "./histogram-encode.ts";
export {
  canonicalLabelBytes,
  type DecodedLabels,
  decodeLabels,
  encodeLabels,
} from "./labels.ts";
export { FieldReader, type KnownLabels, ScannedRequest } from "./scan.ts";
export { RequestTranslator, type TranslatedRequest } from "./v2.ts";
