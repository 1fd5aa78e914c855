import { EMPTY_LABELS, type Labels, labelsFromPairs, labelsKey } from "#pkg/labels/mod.ts";
import type { BlockMeta } from "./meta.ts";

/** What the `thanos` section of `meta.json` says of the samples. */
export interface ExternalMeta {
  /** Labels of all series of the block, in place of their own of the same names. */
  readonly labels: Labels;
  /** Ms between samples of a downsampled block; 0 for a raw one. */
  readonly resolutionMs: number;
}

/** Reads the `thanos` section; what it does not say, or says in another way, is empty and 0. */
export function externalMeta({ thanos }: Pick<BlockMeta, "thanos">): ExternalMeta {
  const downsample = thanos?.["downsample"];
  const resolution = isObject(downsample) ? downsample["resolution"] : 0;
  return {
    labels: externalLabels(thanos?.["labels"]),
    resolutionMs: typeof resolution === "number" && resolution > 0 ? resolution : 0,
  };
}

/**
 * The labels that a block's external labels give its series. Names that begin with two underscores
 * are notes of Cortex and Mimir to themselves (`__org_id__`, `__compactor_shard_id__`), and give none.
 */
export function externalLabels(labels: unknown): Labels {
  if (!isObject(labels)) return EMPTY_LABELS;
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(labels)) {
    if (typeof value === "string" && !name.startsWith("__")) pairs.push([name, value]);
  }
  return labelsFromPairs(pairs);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A block among those from which `finestBlocks` chooses. */
interface Resolved extends ExternalMeta {
  readonly minTime: number;
  readonly maxTime: number;
}

/**
 * The blocks without those whose whole time is in blocks of finer resolution and the same labels:
 * raw blocks, and of downsampled ones what is needed where raw ones are gone.
 */
export function finestBlocks<T extends Resolved>(blocks: readonly T[]): T[] {
  if (blocks.every(({ resolutionMs }) => resolutionMs === 0)) return [...blocks];
  const byLabels = new Map<string, T[]>();
  for (const block of [...blocks].sort((a, b) => a.minTime - b.minTime)) {
    const key = labelsKey(block.labels);
    const list = byLabels.get(key);
    if (list) list.push(block);
    else byLabels.set(key, [block]);
  }
  return blocks.filter((block) => {
    if (block.resolutionMs === 0) return true;
    let covered = block.minTime;
    for (const { minTime, maxTime, resolutionMs } of byLabels.get(labelsKey(block.labels)) ?? []) {
      if (minTime > covered || covered >= block.maxTime) break;
      if (resolutionMs < block.resolutionMs) covered = Math.max(covered, maxTime);
    }
    return covered < block.maxTime;
  });
}
