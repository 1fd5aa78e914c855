import type { Config } from "#pkg/config/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { parseDuration } from "#pkg/model/mod.ts";
import type { TenantOptions } from "./tenant.ts";

/** The settings of the work on tenants. Errors: `bad_data` naming the key. */
export function tenantOptions(config: Config["compactor"]): TenantOptions {
  return {
    rangesMs: parseRanges(config.block_ranges),
    consistencyDelayMs: config.consistency_delay,
    bytesMax: config.max_compaction_bytes,
    deletionDelayMs: config.deletion_delay,
    partialDelayMs: config.partial_block_deletion_delay,
    rewriteDelayMs: config.tombstone_rewrite_delay,
  };
}

/** Raises `bad_data` where blocks would go while store-gateways may still read them. */
export function checkDelays(config: Pick<Config, "compactor" | "store_gateway">): void {
  const { ignore_deletion_marks_delay: ignored, sync_interval: sync } = config.store_gateway;
  if (config.compactor.deletion_delay > ignored + 2 * sync) return;
  throw new NarthexError(
    "bad_data",
    "compactor.deletion_delay: want more than store_gateway.ignore_deletion_marks_delay and two of store_gateway.sync_interval: until then blocks are read",
  );
}

function parseRanges(texts: readonly string[]): number[] {
  const fail = (problem: string): never => {
    throw new NarthexError("bad_data", `compactor.block_ranges: ${problem}`);
  };
  const ranges = texts.map((text) => {
    try {
      return parseDuration(text);
    } catch (error) {
      return fail(messageOf(error));
    }
  });
  if (ranges.length === 0) fail("want at least one");
  for (const [i, range] of ranges.entries()) {
    const before = ranges[i - 1];
    const isMultiple = before === undefined || (range > before && range % before === 0);
    if (range <= 0 || !isMultiple) fail(`${texts[i]}: want a multiple of the range before`);
  }
  return ranges;
}
