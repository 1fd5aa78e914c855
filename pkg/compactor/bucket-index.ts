import { type BucketIndex, encodeBucketIndex } from "#pkg/block/mod.ts";
import type { TenantView } from "./view.ts";

/** The label by which Mimir splits a tenant's series over blocks. */
const SHARD_LABEL = "__compactor_shard_id__";

/** The manifest of a tenant, as Mimir writes it (version 2). */
export function bucketIndexOf(view: TenantView, nowMs: number): Uint8Array {
  const blocks = [...view.blocks.values()].map((block) => {
    const segments = [...block.files.keys()].filter((name) => name.startsWith("chunks/")).length;
    const labels = new Map<string, string>(JSON.parse(block.labels) as [string, string][]);
    const hints = block.meta.compaction.hints ?? [];
    return {
      block_id: block.id,
      min_time: block.minTime,
      max_time: block.maxTime,
      segments_format: "1b6d",
      segments_num: segments,
      uploaded_at: Math.floor(block.uploadedAt / 1000),
      compactor_shard_id: labels.get(SHARD_LABEL) ?? "",
      source: String(block.meta.thanos?.["source"] ?? ""),
      compaction_level: block.level,
      out_of_order: hints.includes("from-out-of-order"),
      labels: Object.fromEntries(labels),
    };
  });
  const marks = [...view.deletionMarks]
    .filter(([id]) => view.blocks.has(id))
    .map(([id, time]) => ({ block_id: id, deletion_time: Math.floor(time / 1000) }));
  const index: BucketIndex = {
    version: 2,
    blocks,
    block_deletion_marks: marks,
    updated_at: Math.floor(nowMs / 1000),
  };
  return encodeBucketIndex(index);
}
