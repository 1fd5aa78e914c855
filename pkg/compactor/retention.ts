import type { PlanBlock } from "./plan.ts";

/** What a tenant keeps; 0 means everything. */
export interface Retention {
  readonly periodMs: number;
  readonly bytes: number;
}

/**
 * The blocks to give up: those whose newest sample is older than the period, and then the oldest
 * ones beyond the total size.
 */
export function expiredBlocks(
  blocks: readonly PlanBlock[],
  { periodMs, bytes }: Retention,
  nowMs: number,
): { readonly byAge: readonly string[]; readonly bySize: readonly string[] } {
  const isOld = (block: PlanBlock): boolean => periodMs > 0 && block.maxTime <= nowMs - periodMs;
  const byAge = blocks.filter(isOld).map(({ id }) => id);
  const bySize: string[] = [];
  if (bytes > 0) {
    const rest = blocks.filter((block) => !isOld(block));
    rest.sort((a, b) => b.maxTime - a.maxTime || b.minTime - a.minTime || (a.id < b.id ? 1 : -1));
    let total = 0;
    for (const block of rest) {
      total += block.bytes;
      // The newest one stays, however large it is.
      if (total > bytes && block !== rest[0]) bySize.push(block.id);
    }
  }
  return { byAge, bySize };
}
