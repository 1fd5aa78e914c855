import { mapLimit } from "#pkg/async/mod.ts";
import {
  BUCKET_INDEX_KEY,
  type BucketIndex,
  DELETION_MARK_FILE,
  decodeBucketIndex,
  decodeDeletionMark,
  decodeMeta,
  isBlockId,
  MARKERS_FOLDER,
  META_FILE,
} from "#pkg/block/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";

/** Requests under way at once for one tenant. */
const CONCURRENCY = 16;

/** A block that is in the bucket, whole. Samples have `minTime <= t < maxTime`, ms. */
export interface KnownBlock {
  readonly id: string;
  readonly minTime: number;
  readonly maxTime: number;
  /** When it was first seen, ms since the epoch. */
  readonly seenAt: number;
}

/** What a look at the bucket found. */
export interface Listing {
  readonly source: "manifest" | "list";
  readonly blocks: ReadonlyMap<string, KnownBlock>;
  /** Blocks whose `meta.json` cannot be read, with the reason. */
  readonly broken: ReadonlyMap<string, unknown>;
  /** When blocks that are marked were marked, ms since the epoch. */
  readonly marks: ReadonlyMap<string, number>;
}

/** How to look at a tenant's blocks. */
export interface ListingOptions {
  readonly nowMs: number;
  /** A manifest up to this old is taken for the list of blocks; 0: it never is. */
  readonly manifestAgeMsMax: number;
  /** What was known before: not read again. */
  readonly known: ReadonlyMap<string, KnownBlock>;
  readonly knownMarks: ReadonlyMap<string, number>;
  readonly signal?: AbortSignal;
}

/**
 * Finds the blocks of `tenant`: in its manifest where that is fresh, else by listing. Blocks
 * without `meta.json` (being uploaded, or being deleted) are left out.
 */
export async function listBlocks(
  bucket: Bucket,
  tenant: string,
  options: ListingOptions,
): Promise<Listing> {
  const manifest =
    options.manifestAgeMsMax > 0 ? await readManifest(bucket, tenant, options) : undefined;
  return manifest ? fromManifest(manifest, options) : fromList(bucket, tenant, options);
}

/** The manifest, or undefined where it is missing, stale or unreadable: listing then helps. */
async function readManifest(
  bucket: Bucket,
  tenant: string,
  options: ListingOptions,
): Promise<BucketIndex | undefined> {
  const key = `${tenant}/${BUCKET_INDEX_KEY}`;
  let index: BucketIndex;
  try {
    index = decodeBucketIndex(key, await bucket.get(key, options.signal));
  } catch (error) {
    const code = codeOf(error);
    if (code === "not_found" || code === "corruption") return undefined;
    throw error;
  }
  const ageMs = options.nowMs - index.updated_at * 1000;
  return ageMs <= options.manifestAgeMsMax ? index : undefined;
}

function fromManifest(index: BucketIndex, options: ListingOptions): Listing {
  const blocks = new Map<string, KnownBlock>();
  for (const { block_id: id, min_time: minTime, max_time: maxTime } of index.blocks) {
    const seenAt = options.known.get(id)?.seenAt ?? options.nowMs;
    blocks.set(id, { id, minTime, maxTime, seenAt });
  }
  // A block that was found by listing after the manifest was written is no less there.
  for (const block of options.known.values()) {
    if (!blocks.has(block.id) && block.seenAt > index.updated_at * 1000) {
      blocks.set(block.id, block);
    }
  }
  const marks = new Map<string, number>();
  for (const { block_id: id, deletion_time: seconds } of index.block_deletion_marks) {
    marks.set(id, seconds * 1000);
  }
  return { source: "manifest", blocks, broken: new Map(), marks };
}

async function fromList(bucket: Bucket, tenant: string, options: ListingOptions): Promise<Listing> {
  const list = options.signal ? { signal: options.signal } : {};
  const ids: string[] = [];
  for await (const { key } of bucket.list(`${tenant}/`, list)) {
    if (!key.endsWith("/")) continue;
    const id = key.slice(tenant.length + 1, -1);
    if (isBlockId(id)) ids.push(id);
  }
  const blocks = new Map<string, KnownBlock>();
  const broken = new Map<string, unknown>();
  const marks = new Map<string, number>();
  await mapLimit(ids, CONCURRENCY, async (id) => {
    const known = options.known.get(id);
    if (known) {
      blocks.set(id, known);
      return;
    }
    const prefix = `${tenant}/${id}`;
    try {
      const key = `${prefix}/${META_FILE}`;
      const { minTime, maxTime } = decodeMeta(key, await bucket.get(key, options.signal));
      blocks.set(id, { id, minTime, maxTime, seenAt: options.nowMs });
    } catch (error) {
      const code = codeOf(error);
      if (code === "corruption") broken.set(id, error);
      else if (code !== "not_found") throw error;
      return;
    }
    const mark = await readMark(bucket, `${prefix}/${DELETION_MARK_FILE}`, options.signal);
    if (mark !== undefined) marks.set(id, mark);
  });
  for (const [id, time] of options.knownMarks) {
    if (blocks.has(id) && !marks.has(id)) marks.set(id, time);
  }
  await readMarkers(bucket, tenant, marks, options.signal);
  return { source: "list", blocks: inOrder(blocks), broken, marks };
}

function inOrder(blocks: ReadonlyMap<string, KnownBlock>): Map<string, KnownBlock> {
  return new Map([...blocks].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Adds the marks of the tenant's markers folder that are not in `marks` yet. */
async function readMarkers(
  bucket: Bucket,
  tenant: string,
  marks: Map<string, number>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const folder = `${tenant}/${MARKERS_FOLDER}/`;
  const keys: string[] = [];
  for await (const { key } of bucket.list(folder, signal ? { signal } : {})) {
    if (key.endsWith(`-${DELETION_MARK_FILE}`)) keys.push(key);
  }
  await mapLimit(keys, CONCURRENCY, async (key) => {
    const id = key.slice(folder.length, -DELETION_MARK_FILE.length - 1);
    if (!isBlockId(id) || marks.has(id)) return;
    const mark = await readMark(bucket, key, signal);
    if (mark !== undefined) marks.set(id, mark);
  });
}

async function readMark(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    return decodeDeletionMark(key, await bucket.get(key, signal)) * 1000;
  } catch (error) {
    const code = codeOf(error);
    // A mark that cannot be read does not hide a block.
    if (code === "not_found" || code === "corruption") return undefined;
    throw error;
  }
}
