import { join } from "node:path";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import {
  type Bucket,
  BucketMetrics,
  FilesystemBucket,
  prefixBucket,
  retryBucket,
  S3Bucket,
} from "#pkg/objstore/mod.ts";
import { systemRandom } from "#pkg/prng/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";

const ATTEMPTS = 5;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;

/** The bucket that the configuration names, with metrics, and retries where it is remote. */
export async function openBucket(
  config: Config,
  deps: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<Bucket> {
  const metrics = new BucketMetrics(deps.telemetry.registry, deps.clock);
  const inner = metrics.wrap(await backend(config));
  const retried =
    config.bucket.backend === "filesystem"
      ? inner
      : retryBucket(inner, {
          maxAttempts: ATTEMPTS,
          minDelayMs: RETRY_MIN_MS,
          maxDelayMs: RETRY_MAX_MS,
          clock: deps.clock,
          random: systemRandom,
        });
  return config.bucket.prefix === "" ? retried : prefixBucket(retried, config.bucket.prefix);
}

async function backend({ bucket, data_dir: dataDir }: Config): Promise<Bucket> {
  if (bucket.backend === "filesystem") {
    return FilesystemBucket.open(bucket.filesystem.dir || join(dataDir, "bucket"));
  }
  const { endpoint, bucket: name, region, path_style: pathStyle } = bucket.s3;
  for (const [key, value] of Object.entries({ endpoint, bucket: name })) {
    if (value === "")
      throw new NarthexError("bad_data", `bucket.s3.${key}: want a value with backend s3`);
  }
  return new S3Bucket({
    endpoint,
    bucket: name,
    region,
    pathStyle,
    accessKey: bucket.s3.access_key_id,
    secretKey: bucket.s3.secret_access_key,
  });
}
