import { join } from "node:path";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import { type Bucket, BucketMetrics, openBucket as openNamed } from "#pkg/objstore/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";

/** The bucket that the configuration names, with metrics, and retries where it is remote. */
export async function openBucket(
  config: Config,
  deps: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<Bucket> {
  const metrics = new BucketMetrics(deps.telemetry.registry, deps.clock);
  return openNamed(config.bucket, {
    clock: deps.clock,
    defaultDir: join(config.data_dir, "bucket"),
    wrap: (bucket) => metrics.wrap(bucket),
  });
}
