export { objectAccess } from "./access.ts";
export { type Bucket, type BucketEntry, checkKey, type ListOptions } from "./bucket.ts";
export { FilesystemBucket, type FilesystemBucketOptions } from "./filesystem.ts";
export { MemoryBucket } from "./memory.ts";
export { BucketMetrics } from "./metrics.ts";
export { type BucketSettings, type OpenBucketOptions, openBucket } from "./open.ts";
export { S3Bucket, type S3Options } from "./s3.ts";
export {
  type CrashingBucket,
  crashingBucket,
  type FaultOptions,
  faultyBucket,
  prefixBucket,
  type RetryBucketOptions,
  retryBucket,
} from "./wrappers.ts";
