import { mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  CHUNKS_FOLDER,
  DELETION_MARK_FILE,
  encodeDeletionMark,
  encodeNoCompactMark,
  INDEX_FILE,
  MARKERS_FOLDER,
  META_FILE,
  NO_COMPACT_MARK_FILE,
  TOMBSTONES_FILE,
} from "#pkg/block/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { FileSink } from "#pkg/fsutil/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";

/** Bytes that a copy holds in memory. */
const PIECE_BYTES = 4 << 20;

/** Copies what makes up a block to `dir`, `meta.json` last. */
export async function downloadBlock(
  bucket: Bucket,
  prefix: string,
  files: ReadonlyMap<string, number>,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const names = [...files.keys()].filter(isBlockFile).sort((a, b) => rank(a) - rank(b));
  await mkdir(join(dir, CHUNKS_FOLDER), { recursive: true });
  for (const name of names) {
    const size = files.get(name) as number;
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true });
    const sink = await FileSink.create(path);
    try {
      for (let at = 0; at < size; at += PIECE_BYTES) {
        const length = Math.min(PIECE_BYTES, size - at);
        sink.append(await bucket.getRange(`${prefix}/${name}`, at, length, signal));
        await sink.drain(true);
      }
    } finally {
      await sink.abandon();
    }
  }
}

function isBlockFile(name: string): boolean {
  return (
    name === META_FILE ||
    name === INDEX_FILE ||
    name === TOMBSTONES_FILE ||
    (name.startsWith(`${CHUNKS_FOLDER}/`) && /^\d{6,}$/.test(name.slice(CHUNKS_FOLDER.length + 1)))
  );
}

function rank(name: string): number {
  return name === META_FILE ? 1 : 0;
}

/** Copies all files of the block in `dir` but `meta.json` to the bucket. */
export async function uploadFiles(
  bucket: Bucket,
  prefix: string,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(dir.length + 1);
    if (name !== META_FILE) await bucket.putFile(`${prefix}/${name}`, path, signal);
  }
}

/** Makes an uploaded block whole: from here on readers find it. */
export async function commitBlock(
  bucket: Bucket,
  prefix: string,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  await bucket.putFile(`${prefix}/${META_FILE}`, join(dir, META_FILE), signal);
}

/** Names a block and says why it is marked. */
export interface MarkOptions {
  readonly tenant: string;
  readonly block: string;
  readonly nowMs: number;
  readonly details: string;
}

/** Marks a block for deletion, in its folder and in the tenant's. */
export async function markDeleted(
  bucket: Bucket,
  { tenant, block, nowMs, details }: MarkOptions,
  signal: AbortSignal,
): Promise<void> {
  const bytes = encodeDeletionMark(block, Math.floor(nowMs / 1000), details);
  await bucket.put(markerKey(tenant, block, DELETION_MARK_FILE), bytes, signal);
  await bucket.put(`${tenant}/${block}/${DELETION_MARK_FILE}`, bytes, signal);
}

/** Keeps a block from being compacted from now on. */
export async function markNoCompact(
  bucket: Bucket,
  { tenant, block, nowMs, details, reason }: MarkOptions & { readonly reason: string },
  signal: AbortSignal,
): Promise<void> {
  const noCompactTime = Math.floor(nowMs / 1000);
  const bytes = encodeNoCompactMark({ id: block, noCompactTime, reason, details });
  await bucket.put(markerKey(tenant, block, NO_COMPACT_MARK_FILE), bytes, signal);
  await bucket.put(`${tenant}/${block}/${NO_COMPACT_MARK_FILE}`, bytes, signal);
}

/** Deletes a block: `meta.json` first, so that what is left after a crash is no block; marks last. */
export async function deleteBlock(
  bucket: Bucket,
  tenant: string,
  block: string,
  files: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const prefix = `${tenant}/${block}`;
  await bucket.delete(`${prefix}/${META_FILE}`, signal);
  for (const name of files) {
    if (name !== META_FILE && name !== DELETION_MARK_FILE) {
      await bucket.delete(`${prefix}/${name}`, signal);
    }
  }
  await bucket.delete(`${prefix}/${DELETION_MARK_FILE}`, signal);
  await bucket.delete(markerKey(tenant, block, NO_COMPACT_MARK_FILE), signal);
  await bucket.delete(markerKey(tenant, block, DELETION_MARK_FILE), signal);
}

function markerKey(tenant: string, block: string, file: string): string {
  return `${tenant}/${MARKERS_FOLDER}/${block}-${file}`;
}

/** What Thanos keeps of a block's history goes on; what it says of the files does not. */
export function thanosOf(
  thanos: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (!thanos) return undefined;
  const dropped = new Set(["files", "segment_files", "index_stats", "upload_time"]);
  const kept = Object.entries(thanos).filter(([key]) => !dropped.has(key));
  return { ...Object.fromEntries(kept), source: "compactor" };
}

/** Bytes of all files below `dir`. Errors: `internal` where it is missing. */
export async function bytesBelow(dir: string): Promise<number> {
  let bytes = 0;
  try {
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
    }
  } catch (error) {
    throw new NarthexError("internal", `measure ${dir}`, { cause: error });
  }
  return bytes;
}
