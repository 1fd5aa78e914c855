import { blockIdTime } from "#pkg/block/mod.ts";

/** A whole block in the bucket, as planning sees it. Samples have `minTime <= t < maxTime`, ms. */
export interface PlanBlock {
  readonly id: string;
  readonly minTime: number;
  readonly maxTime: number;
  readonly level: number;
  /** Blocks with different ones are never merged: external labels, among them Mimir's shard. */
  readonly labels: string;
  /** Of Thanos's downsampling, ms; 0 for raw samples. */
  readonly resolution: number;
  readonly indexBytes: number;
  readonly bytes: number;
  /** Blocks that it was made of directly. */
  readonly parents: readonly string[];
}

/** What planning needs to know besides the blocks. */
export interface PlanOptions {
  /** Ascending, ms, each a multiple of the one before. */
  readonly rangesMs: readonly number[];
  readonly nowMs: number;
  /** A window is left alone while one of its blocks was made less than this ago. */
  readonly consistencyDelayMs: number;
  /** Blocks of one plan have at most this many bytes together. */
  readonly bytesMax: number;
}

/** Why blocks are merged. */
export type PlanReason = "vertical" | "horizontal" | "rewrite";

/** Blocks to be made one, oldest first. */
export interface Plan {
  readonly reason: PlanReason;
  readonly blocks: readonly PlanBlock[];
  /** Union of the blocks' ranges. */
  readonly minTime: number;
  readonly maxTime: number;
}

/** A plan that was not made, and the limit that forbade it. */
export interface RefusedPlan {
  readonly blocks: readonly string[];
  readonly limit: "index_size" | "bytes";
}

/** What there is to do. */
export interface Planned {
  readonly plans: readonly Plan[];
  readonly refused: readonly RefusedPlan[];
}

/** Series references of an index are 32 bits, in units of 16 bytes. */
export const INDEX_BYTES_MAX = 2 ** 36;

/**
 * What to merge, smallest windows first; no block is in two plans. In each aligned window whose
 * time is over, and whose blocks have settled, all blocks that lie inside are made one: replicas,
 * late blocks and small ones alike. Blocks that fit into no window are merged only where they
 * overlap and the result is no longer than the longest of them or of the windows. Downsampled
 * blocks are left alone.
 */
export function planCompactions(blocks: readonly PlanBlock[], options: PlanOptions): Planned {
  const plans: Plan[] = [];
  const refused: RefusedPlan[] = [];
  const take = (reason: PlanReason, group: readonly PlanBlock[]): void => {
    const plan = planOf(reason, group);
    const limit = limitOf(plan, options);
    if (limit) refused.push({ blocks: plan.blocks.map(({ id }) => id), limit });
    else plans.push(plan);
  };
  for (const group of groupsOf(blocks)) {
    const free = new Set(group.filter((block) => block.resolution === 0));
    const isOver = overOf(group, options);
    for (const rangeMs of options.rangesMs) {
      planWindows(free, { ...options, rangeMs, isOver }, take);
    }
    planStragglers(free, options, take);
  }
  const byTime = (a: Plan, b: Plan): number =>
    a.maxTime - a.minTime - (b.maxTime - b.minTime) || a.minTime - b.minTime;
  return { plans: plans.sort(byTime), refused };
}

/** A plan that writes one block anew, or merges several. */
export function planOf(reason: PlanReason, group: readonly PlanBlock[]): Plan {
  const blocks = [...group].sort(byMinTime);
  return {
    reason,
    blocks,
    minTime: Math.min(...blocks.map((block) => block.minTime)),
    maxTime: Math.max(...blocks.map((block) => block.maxTime)),
  };
}

/** Blocks that another whole block was made of: they only wait for their deletion marks. */
export function supersededBlocks(
  blocks: readonly PlanBlock[],
  isUsable: (id: string) => boolean,
): string[] {
  const parents = new Set<string>();
  for (const { id, parents: own } of blocks) {
    if (isUsable(id)) for (const parent of own) if (parent !== id) parents.add(parent);
  }
  return blocks.map(({ id }) => id).filter((id) => parents.has(id));
}

function byMinTime(a: PlanBlock, b: PlanBlock): number {
  return a.minTime - b.minTime || a.maxTime - b.maxTime || (a.id < b.id ? -1 : 1);
}

/** Blocks that may be merged with each other, each group in order of time. */
function groupsOf(blocks: readonly PlanBlock[]): PlanBlock[][] {
  const groups = new Map<string, PlanBlock[]>();
  for (const block of [...blocks].sort(byMinTime)) {
    const key = `${block.resolution} ${block.labels}`;
    const group = groups.get(key);
    if (group) group.push(block);
    else groups.set(key, [block]);
  }
  return [...groups.values()];
}

/**
 * Tells whether the blocks of a window that ends at some time have come: the newest block reaches
 * that far, or it was long ago, for the last head may be cut late or never.
 */
function overOf(
  group: readonly PlanBlock[],
  { nowMs, rangesMs }: PlanOptions,
): (end: number) => boolean {
  const newest = Math.max(...group.map((block) => block.maxTime));
  return (end) => end <= nowMs && (newest >= end || end + 2 * rangesMs[0]! <= nowMs);
}

/** Plans the windows of one length, taking blocks out of `free`: also of windows that must wait. */
function planWindows(
  free: Set<PlanBlock>,
  options: PlanOptions & { readonly rangeMs: number; readonly isOver: (end: number) => boolean },
  take: (reason: PlanReason, group: readonly PlanBlock[]) => void,
): void {
  const range = options.rangeMs;
  const windows = new Map<number, PlanBlock[]>();
  for (const block of free) {
    const window = Math.floor(block.minTime / range);
    if (block.maxTime > (window + 1) * range) continue;
    const members = windows.get(window);
    if (members) members.push(block);
    else windows.set(window, [block]);
  }
  for (const [window, members] of windows) {
    if (members.length < 2) continue;
    const isReady =
      options.isOver((window + 1) * range) && members.every((block) => isSettled(block, options));
    if (isReady) take(overlaps(members) ? "vertical" : "horizontal", members);
    // What is merged here, or soon, is merged with its neighbours later: not twice in a pass.
    const overlapping = overlaps(members);
    if (isReady || overlapping) for (const block of members) free.delete(block);
  }
}

/** Plans blocks that cross the borders of windows, as other systems cut them. */
function planStragglers(
  free: ReadonlySet<PlanBlock>,
  options: PlanOptions,
  take: (reason: PlanReason, group: readonly PlanBlock[]) => void,
): void {
  const largest = options.rangesMs[options.rangesMs.length - 1]!;
  let cluster: PlanBlock[] = [];
  let maxTime = Number.NEGATIVE_INFINITY;
  const close = (): void => {
    if (cluster.length < 2) return;
    const longest = Math.max(...cluster.map((block) => block.maxTime - block.minTime));
    const span = maxTime - cluster[0]!.minTime;
    const isSafe = span <= Math.max(largest, longest);
    if (isSafe && cluster.every((block) => isSettled(block, options))) take("vertical", cluster);
  };
  for (const block of [...free].sort(byMinTime)) {
    if (block.minTime >= maxTime) {
      close();
      cluster = [];
    }
    cluster.push(block);
    maxTime = Math.max(maxTime, block.maxTime);
  }
  close();
}

function isSettled(block: PlanBlock, { nowMs, consistencyDelayMs }: PlanOptions): boolean {
  return block.level > 1 || nowMs - blockIdTime(block.id) >= consistencyDelayMs;
}

/** True if two of the blocks, in order of `minTime`, overlap. */
function overlaps(blocks: readonly PlanBlock[]): boolean {
  let maxTime = Number.NEGATIVE_INFINITY;
  for (const block of blocks) {
    if (block.minTime < maxTime) return true;
    maxTime = Math.max(maxTime, block.maxTime);
  }
  return false;
}

function limitOf(plan: Plan, { bytesMax }: PlanOptions): RefusedPlan["limit"] | undefined {
  let indexBytes = 0;
  let bytes = 0;
  for (const block of plan.blocks) {
    indexBytes += block.indexBytes;
    bytes += block.bytes;
  }
  if (indexBytes > INDEX_BYTES_MAX) return "index_size";
  return bytesMax > 0 && bytes > bytesMax ? "bytes" : undefined;
}
