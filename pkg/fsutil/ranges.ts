import { mapLimit } from "#pkg/async/mod.ts";
import type { RandomAccess } from "./access.ts";

/** How to join ranges that lie close together into one read. */
export interface CoalesceOptions {
  /** Ranges with at most this many unwanted bytes between them are read at once. */
  readonly gapBytesMax: number;
  /** A joined read is no longer than this, unless one range alone is. */
  readonly readBytesMax: number;
  /** Reads under way at once. */
  readonly concurrency: number;
}

/** For local files: a read costs about what copying this gap does. */
export const LOCAL_COALESCE: CoalesceOptions = {
  gapBytesMax: 32 << 10,
  readBytesMax: 4 << 20,
  concurrency: 4,
};

/** For object stores, where a request costs as much as half a megabyte. */
export const REMOTE_COALESCE: CoalesceOptions = {
  gapBytesMax: 512 << 10,
  readBytesMax: 16 << 20,
  concurrency: 16,
};

/** `bytes[start, start + length of the range)` is the range; `bytes` goes on to what was read. */
export interface RangeBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
}

/**
 * Reads many ranges `[starts[i], ends[i])`, joined where they are close or overlap, and gives them
 * in their order. Ends beyond the file are cut. The bytes are shared between ranges.
 */
export async function readRanges(
  access: RandomAccess,
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  options: CoalesceOptions,
  signal?: AbortSignal,
): Promise<RangeBytes[]> {
  const count = starts.length;
  const order = sortedOrder(starts);
  const groups: { from: number; to: number; first: number; last: number }[] = [];
  for (let k = 0; k < count; k++) {
    const i = order[k]!;
    const from = starts[i]!;
    const to = Math.min(Math.max(ends[i]!, from), access.size);
    const group = groups[groups.length - 1];
    if (
      group &&
      from - group.to <= options.gapBytesMax &&
      (to <= group.to || to - group.from <= options.readBytesMax)
    ) {
      group.to = Math.max(group.to, to);
      group.last = k + 1;
    } else groups.push({ from, to, first: k, last: k + 1 });
  }
  const out = new Array<RangeBytes>(count);
  await mapLimit(groups, options.concurrency, async (group) => {
    const bytes = await access.read(group.from, group.to - group.from, signal);
    for (let k = group.first; k < group.last; k++) {
      const i = order[k]!;
      out[i] = { bytes, start: starts[i]! - group.from };
    }
  });
  return out;
}

/** Indexes in ascending order of value; without a sort where they are in order already. */
function sortedOrder(values: ArrayLike<number>): Uint32Array {
  const order = new Uint32Array(values.length);
  let isSorted = true;
  for (let i = 0; i < order.length; i++) {
    order[i] = i;
    if (i > 0 && values[i]! < values[i - 1]!) isSorted = false;
  }
  return isSorted ? order : order.sort((a, b) => values[a]! - values[b]!);
}
