import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BlockMeta, chunksOf, encodeMeta, writeBlock } from "#pkg/block/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { compareLabels, type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import type { ListedSeries } from "#pkg/promql/library.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";

/** Where the blocks begin, ms; a multiple of two hours. */
export const BLOCKS_FROM_MS = 1_699_999_200_000;
const RANGE_MS = 7_200_000;
const random = seededRandom(11);

/** A block on disk, and what it holds. */
export interface MadeBlock {
  readonly meta: BlockMeta;
  readonly dir: string;
  readonly series: readonly ListedSeries[];
}

/** Labels that begin each other and that have one name more or less: hard to keep in order. */
const LABELS: readonly Readonly<Record<string, string>>[] = [
  { __name__: "up" },
  { __name__: "up", a: "1" },
  { __name__: "up", a: "1", job: "x" },
  { __name__: "up", job: "x" },
  { __name__: "up", job: "y", zone: "z" },
  { __name__: "up", cluster: "own", job: "x", zone: "a" },
  { __name__: "rows_total", job: "x" },
];

/** Writes a block of range `range` (of two hours) below `dir`; samples come each minute. */
export async function makeBlock(dir: string, range: number, scale = 1): Promise<MadeBlock> {
  const from = BLOCKS_FROM_MS + range * RANGE_MS;
  const series = LABELS.map((labels, i): ListedSeries => {
    const samples = Array.from({ length: 120 }, (_, s): [number, number] => [
      from + s * 60_000,
      scale * (i * 1000 + s * (i + 1)),
    ]);
    return { labels, samples };
  });
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    const listed = series.map(({ labels, samples }): { labels: Labels; columns: SampleColumns } => {
      const columns = new SampleColumns();
      for (const [time, value] of samples) columns.push(time, value as number);
      return { labels: labelsFromObject(labels), columns };
    });
    listed.sort((a, b) => compareLabels(a.labels, b.labels));
    yield listed.map(({ labels, columns }) => ({ labels, chunks: chunksOf(columns) }));
  }
  const options = { mint: from, maxt: from + RANGE_MS, clock: new FakeClock(from), random };
  const meta = (await writeBlock(batches(), { dir, ...options }))!;
  return { meta, dir: join(dir, meta.ulid), series };
}

/** Puts a block into a bucket below `prefix` ("" is the root); `thanos` goes into its `meta.json`. */
export async function putBlock(
  bucket: Bucket,
  prefix: string,
  block: MadeBlock,
  thanos?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const at = `${prefix}${block.meta.ulid}`;
  for (const name of ["index", "chunks/000001"]) {
    await bucket.putFile(`${at}/${name}`, join(block.dir, name));
  }
  const meta = thanos ? { ...block.meta, thanos } : block.meta;
  await bucket.put(`${at}/meta.json`, Buffer.from(encodeMeta(meta)));
}

async function putJson(bucket: Bucket, key: string, value: unknown): Promise<void> {
  await bucket.put(key, Buffer.from(JSON.stringify(value)));
}

/** Series with `added` in place of their own labels of the same names, as Thanos gives them. */
export function withExternal(
  series: readonly ListedSeries[],
  added: Readonly<Record<string, string>>,
): ListedSeries[] {
  return series.map(({ labels, samples }) => ({ labels: { ...labels, ...added }, samples }));
}

/** A data folder of Prometheus: blocks beside what else lies there. */
export async function prometheusBucket(
  bucket: Bucket,
  blocks: readonly MadeBlock[],
): Promise<void> {
  for (const block of blocks) await putBlock(bucket, "", block);
  const others = ["wal/00000000", "wal/checkpoint.00000001/00000000", "chunks_head/000001"];
  for (const key of [...others, "wbl/00000000", "lock", "queries.active"]) {
    await bucket.put(key, Buffer.from("not a block"));
  }
}

/** The `thanos` section as its sidecar writes it. */
export function thanosSection(
  labels: Readonly<Record<string, string>>,
  resolution = 0,
): Readonly<Record<string, unknown>> {
  return {
    version: 1,
    labels,
    downsample: { resolution },
    source: resolution > 0 ? "compactor" : "sidecar",
    segment_files: ["000001"],
    files: [
      { rel_path: "chunks/000001", size_bytes: 1 },
      { rel_path: "index", size_bytes: 1 },
      { rel_path: "meta.json" },
    ],
    index_stats: {},
  };
}

/** What else lies in a bucket of Thanos: marks, debug files, a block whose upload broke off. */
export async function thanosExtras(bucket: Bucket, block: MadeBlock): Promise<void> {
  const { ulid } = block.meta;
  await putJson(bucket, `${ulid}/no-compact-mark.json`, {
    id: ulid,
    version: 1,
    no_compact_time: 1_700_000_000,
    reason: "manual",
  });
  await putJson(bucket, `debug/metas/${ulid}.json`, block.meta);
  const partial = "01HF7YAT00K6G93G7YNER91DZX";
  await bucket.put(`${partial}/index`, await readFile(join(block.dir, "index")));
}

/** A tenant of Cortex (1) or Mimir (2), with bucket index and markers as they write them. */
export async function cortexTenant(
  bucket: Bucket,
  tenant: string,
  version: 1 | 2,
  blocks: { readonly kept: readonly MadeBlock[]; readonly deleted?: MadeBlock },
): Promise<void> {
  const labels =
    version === 1
      ? { __org_id__: tenant, __ingester_id__: "i-1" }
      : { __compactor_shard_id__: "1_of_4" };
  const all = blocks.deleted ? [...blocks.kept, blocks.deleted] : blocks.kept;
  for (const block of all) await putBlock(bucket, `${tenant}/`, block, thanosSection(labels));
  const marks = blocks.deleted ? [blocks.deleted.meta.ulid] : [];
  for (const id of marks) {
    const mark = { id, version: 1, details: "", deletion_time: 1_600_000_000 };
    await putJson(bucket, `${tenant}/${id}/deletion-mark.json`, mark);
    await putJson(bucket, `${tenant}/markers/${id}-deletion-mark.json`, mark);
  }
  const kept = blocks.kept[0]!.meta.ulid;
  const noCompact = { id: kept, version: 1, no_compact_time: 1, reason: "manual" };
  await putJson(bucket, `${tenant}/markers/${kept}-no-compact-mark.json`, noCompact);
  const index = {
    version,
    blocks: all.map(({ meta }) => ({
      block_id: meta.ulid,
      min_time: meta.minTime,
      max_time: meta.maxTime,
      segments_format: "1b6d",
      segments_num: 1,
      uploaded_at: 1_700_000_000,
      ...(version === 2
        ? { compactor_shard_id: "1_of_4", source: "ingester", compaction_level: 1, labels }
        : {}),
    })),
    block_deletion_marks: marks.map((id) => ({ block_id: id, deletion_time: 1_600_000_000 })),
    updated_at: Math.floor(BLOCKS_FROM_MS / 1000),
  };
  await bucket.put(`${tenant}/bucket-index.json.gz`, gzipSync(JSON.stringify(index)));
  await putJson(bucket, `${tenant}/bucket-index-sync-status.json`, { status: "ok" });
  await bucket.put("user-index.json.gz", gzipSync("{}"));
  await putJson(bucket, `debug/metas/${kept}.json`, {});
}

/** Marks a tenant for deletion, as Mimir does in its folder or Cortex in one apart. */
export async function deleteTenant(
  bucket: Bucket,
  tenant: string,
  by: "mimir" | "cortex",
): Promise<void> {
  const folder = by === "mimir" ? `${tenant}/markers` : `__markers__/${tenant}`;
  await putJson(bucket, `${folder}/tenant-deletion-mark.json`, { deletion_time: 1_700_000_000 });
}
