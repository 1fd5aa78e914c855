import type { Clock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { systemRandom } from "#pkg/prng/mod.ts";
import type { Bucket } from "./bucket.ts";
import { FilesystemBucket } from "./filesystem.ts";
import { S3Bucket } from "./s3.ts";
import { prefixBucket, retryBucket } from "./wrappers.ts";

const ATTEMPTS = 5;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Which bucket: the section `bucket` of the configuration. */
export interface BucketSettings {
  readonly backend: "filesystem" | "s3";
  readonly prefix: string;
  readonly filesystem: { readonly dir: string };
  readonly s3: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly region: string;
    readonly path_style: boolean;
    readonly access_key_id: string;
    readonly secret_access_key: string;
  };
}

/** How to open it. */
export interface OpenBucketOptions {
  readonly clock: Clock;
  /** The folder where the settings name none. */
  readonly defaultDir: string;
  /** True where nothing will be written: then a folder is left exactly as it is. */
  readonly readOnly?: boolean;
  /** Put around the bucket, below retries: for metrics. */
  readonly wrap?: (bucket: Bucket) => Bucket;
}

/** The bucket that the settings name, with retries where it is remote. */
export async function openBucket(
  settings: BucketSettings,
  options: OpenBucketOptions,
): Promise<Bucket> {
  const bare = await backend(settings, options);
  const inner = options.wrap?.(bare) ?? bare;
  const retried =
    settings.backend === "filesystem"
      ? inner
      : retryBucket(inner, {
          maxAttempts: ATTEMPTS,
          minDelayMs: RETRY_MIN_MS,
          maxDelayMs: RETRY_MAX_MS,
          clock: options.clock,
          random: systemRandom,
        });
  return settings.prefix === "" ? retried : prefixBucket(retried, settings.prefix);
}

async function backend(settings: BucketSettings, options: OpenBucketOptions): Promise<Bucket> {
  if (settings.backend === "filesystem") {
    const dir = settings.filesystem.dir || options.defaultDir;
    return FilesystemBucket.open(dir, { readOnly: options.readOnly ?? false });
  }
  const { endpoint, bucket: name, region, path_style: pathStyle } = settings.s3;
  for (const [key, value] of Object.entries({ endpoint, bucket: name })) {
    if (value === "")
      throw new NarthexError("bad_data", `bucket.s3.${key}: want a value with backend s3`);
  }
  return new S3Bucket({
    endpoint,
    bucket: name,
    region,
    pathStyle,
    accessKey: settings.s3.access_key_id,
    secretKey: settings.s3.secret_access_key,
  });
}
