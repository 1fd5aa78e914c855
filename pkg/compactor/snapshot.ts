import { join } from "node:path";
import { BlockReader, concerns } from "#pkg/block/mod.ts";
import { syncDir } from "#pkg/fsutil/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import { downloadBlock } from "./publish.ts";
import { liveBlocks, requestsOf, ViewReader } from "./view.ts";

/**
 * Copies the blocks of `tenant` that are in use to `dir/<ULID>/…`, as a Prometheus would open them;
 * what was deleted and not yet rewritten is in their tombstones.
 */
export async function snapshotBlocks(
  bucket: Bucket,
  tenant: string,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const view = await new ViewReader(bucket, tenant).read(signal);
  const requests = requestsOf(view);
  for (const block of liveBlocks(view)) {
    const target = join(dir, block.id);
    await downloadBlock(bucket, `${tenant}/${block.id}`, block.files, target, signal);
    const own = requests.filter((request) => concerns(request, block));
    if (own.length > 0) {
      const reader = await BlockReader.open(target);
      try {
        for (const { matchers, mint, maxt } of own) {
          await reader.deleteSeries(matchers, mint, maxt);
        }
      } finally {
        await reader.close();
      }
    }
    await syncDir(target);
  }
}
