export { bucketBound, exponentialBound } from "./bounds.ts";
export { BucketCursor, BucketOrder } from "./bucket-cursor.ts";
export { ClassicHistogram } from "./classic.ts";
export { CombineNote } from "./combine.ts";
export { CompensatedHistogram } from "./compensated.ts";
export { sameBounds } from "./custom-bounds.ts";
export { bucketsShrank } from "./detect-reset.ts";
export { FloatHistogram } from "./float-histogram.ts";
export {
  boundaryRule,
  formatHistogram,
  formatTestHistogram,
  type JsonBucket,
  jsonBuckets,
} from "./format.ts";
export { type IntegerHistogram, toFloatHistogram } from "./integer-histogram.ts";
export { fractionBelow, log2 } from "./interpolate.ts";
export { KahanSum, kahanAddAt } from "./kahan.ts";
export {
  CounterReset,
  CUSTOM_BUCKETS,
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  isExponentialSchema,
  isValidSchema,
  RESERVED_SCHEMA_MAX,
  RESERVED_SCHEMA_MIN,
} from "./schema.ts";
export { SpanCursor, spreadBuckets, uniteSpans } from "./spans.ts";
export { validateHistogram, validateIntegerHistogram } from "./validate.ts";
