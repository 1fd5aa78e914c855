import { mapLimit } from "#pkg/async/mod.ts";
import {
  BUCKET_INDEX_KEY,
  type BucketIndex,
  DELETION_MARK_FILE,
  decodeBucketIndex,
  decodeDeletionMark,
  decodeMeta,
  type ExternalMeta,
  externalMeta,
  finestBlocks,
  isBlockId,
  MARKERS_FOLDER,
  META_FILE,
} from "#pkg/block/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import { EMPTY_LABELS } from "#pkg/labels/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";

/** In a tenant's folder of markers, and in that of Cortex below `__markers__`. */
const TENANT_DELETION_MARK_FILE = "tenant-deletion-mark.json";
const DELETED_TENANTS_FOLDER = "__markers__";
/** Folders beside blocks in a data folder of Prometheus and in a bucket of Thanos. */
const ROOT_FOLDERS: ReadonlySet<string> = new Set([
  ...["wal", "wbl", "chunks_head", "snapshots", "debug"],
]);
/** Requests under way at once for one tenant. */
const CONCURRENCY = 16;

/** A block that is in the bucket, whole. Samples have `minTime <= t < maxTime`, ms. */
export interface KnownBlock {
  readonly id: string;
  readonly minTime: number;
  readonly maxTime: number;
  /** When it was first seen, ms since the epoch. */
  readonly seenAt: number;
  /** Where its objects lie, without a slash at the end. */
  readonly prefix: string;
  /** What `meta.json` says of its series; undefined where only a manifest was read. */
  readonly external: ExternalMeta | undefined;
}

/** What a look at the bucket found. */
export interface Listing {
  readonly source: "manifest" | "list";
  readonly blocks: ReadonlyMap<string, KnownBlock>;
  /** Blocks whose `meta.json` cannot be read, with the reason. */
  readonly broken: ReadonlyMap<string, unknown>;
  /** When blocks that are marked were marked, ms since the epoch. */
  readonly marks: ReadonlyMap<string, number>;
  /** True if all of the tenant is being deleted: then it has no blocks. */
  readonly isTenantDeleted: boolean;
}

/** How to look at a tenant's blocks. */
export interface ListingOptions {
  readonly nowMs: number;
  /** A manifest up to this old is taken for the list of blocks; 0: it never is. */
  readonly manifestAgeMsMax: number;
  /** What was known before: not read again. */
  readonly known: ReadonlyMap<string, KnownBlock>;
  readonly knownMarks: ReadonlyMap<string, number>;
  /** True if blocks at the bucket's root are the tenant's too. */
  readonly withRoot?: boolean;
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
  if (!manifest) return fromList(bucket, tenant, options);
  const mark = `${tenant}/${MARKERS_FOLDER}/${TENANT_DELETION_MARK_FILE}`;
  if (await bucket.exists(mark, options.signal)) return deletedTenant("manifest");
  return fromManifest(manifest, tenant, options);
}

/**
 * The tenants of a bucket, by its folders. Where blocks lie at the root, it may be a data folder of
 * Prometheus or a bucket of Thanos: their other folders are no tenants then.
 */
export async function findTenants(
  bucket: Bucket,
  rootTenant: string | undefined,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { key } of bucket.list("", signal ? { signal } : {})) {
    const name = key.slice(0, -1);
    // Names with two underscores are not tenants: other systems keep their own files there.
    if (!key.endsWith("/") || name.startsWith("__") || isBlockId(name)) continue;
    if (rootTenant === undefined || !ROOT_FOLDERS.has(name)) found.add(name);
  }
  if (rootTenant !== undefined) found.add(rootTenant);
  return found;
}

/** The downsampled blocks that are not needed, because finer ones hold all of their time. */
export function coarseBlocks(blocks: readonly KnownBlock[]): ReadonlySet<string> {
  const finest = finestBlocks(
    blocks.map(({ id, minTime, maxTime, external }) => {
      const { labels, resolutionMs } = external ?? { labels: EMPTY_LABELS, resolutionMs: 0 };
      return { id, minTime, maxTime, labels, resolutionMs };
    }),
  );
  const coarse = new Set(blocks.map(({ id }) => id));
  for (const { id } of finest) coarse.delete(id);
  return coarse;
}

/** What is to be known of a tenant that is being deleted. */
export function deletedTenant(source: Listing["source"]): Listing {
  const none = new Map<string, never>();
  return { source, blocks: none, broken: none, marks: none, isTenantDeleted: true };
}

/** The tenants that Cortex has marked for deletion, in a folder apart from theirs. */
export async function readDeletedTenants(
  bucket: Bucket,
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const tenants = new Set<string>();
  const options = { recursive: true, ...(signal ? { signal } : {}) };
  for await (const { key } of bucket.list(`${DELETED_TENANTS_FOLDER}/`, options)) {
    const [, tenant, file] = key.split("/");
    if (file === TENANT_DELETION_MARK_FILE && tenant !== undefined) tenants.add(tenant);
  }
  return tenants;
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

function fromManifest(index: BucketIndex, tenant: string, options: ListingOptions): Listing {
  const blocks = new Map<string, KnownBlock>();
  for (const { block_id: id, min_time: minTime, max_time: maxTime } of index.blocks) {
    const known = options.known.get(id);
    const seenAt = known?.seenAt ?? options.nowMs;
    const prefix = known?.prefix ?? `${tenant}/${id}`;
    blocks.set(id, { id, minTime, maxTime, seenAt, prefix, external: known?.external });
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
  return { source: "manifest", blocks, broken: new Map(), marks, isTenantDeleted: false };
}

async function fromList(bucket: Bucket, tenant: string, options: ListingOptions): Promise<Listing> {
  const { signal } = options;
  const marks = new Map<string, number>();
  if (await readMarkers(bucket, tenant, marks, signal)) return deletedTenant("list");
  const prefixes = await blockPrefixes(bucket, `${tenant}/`, signal);
  if (options.withRoot) {
    for (const [id, prefix] of await blockPrefixes(bucket, "", signal)) {
      if (!prefixes.has(id)) prefixes.set(id, prefix);
    }
  }
  const blocks = new Map<string, KnownBlock>();
  const broken = new Map<string, unknown>();
  await mapLimit([...prefixes], CONCURRENCY, async ([id, prefix]) => {
    const known = options.known.get(id);
    if (known?.external && known.prefix === prefix) {
      blocks.set(id, known);
      return;
    }
    try {
      const key = `${prefix}/${META_FILE}`;
      const meta = decodeMeta(key, await bucket.get(key, signal));
      const { minTime, maxTime } = meta;
      const seenAt = known?.seenAt ?? options.nowMs;
      blocks.set(id, { id, minTime, maxTime, seenAt, prefix, external: externalMeta(meta) });
    } catch (error) {
      const code = codeOf(error);
      if (code === "corruption") broken.set(id, error);
      else if (code !== "not_found") throw error;
      return;
    }
    const mark = await readMark(bucket, `${prefix}/${DELETION_MARK_FILE}`, signal);
    if (mark !== undefined && !marks.has(id)) marks.set(id, mark);
  });
  for (const [id, time] of options.knownMarks) {
    if (blocks.has(id) && !marks.has(id)) marks.set(id, time);
  }
  return { source: "list", blocks: inOrder(blocks), broken, marks, isTenantDeleted: false };
}

/** The folders below `parent` that are named as blocks are, by that name. */
async function blockPrefixes(
  bucket: Bucket,
  parent: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const prefixes = new Map<string, string>();
  for await (const { key } of bucket.list(parent, signal ? { signal } : {})) {
    const id = key.slice(parent.length, -1);
    if (key.endsWith("/") && isBlockId(id)) prefixes.set(id, key.slice(0, -1));
  }
  return prefixes;
}

function inOrder(blocks: ReadonlyMap<string, KnownBlock>): Map<string, KnownBlock> {
  return new Map([...blocks].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Adds the marks of the tenant's markers folder that are not in `marks` yet. True if there is one
 * that says that all of the tenant is being deleted.
 */
async function readMarkers(
  bucket: Bucket,
  tenant: string,
  marks: Map<string, number>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const folder = `${tenant}/${MARKERS_FOLDER}/`;
  const keys: string[] = [];
  for await (const { key } of bucket.list(folder, signal ? { signal } : {})) {
    if (key === folder + TENANT_DELETION_MARK_FILE) return true;
    if (key.endsWith(`-${DELETION_MARK_FILE}`)) keys.push(key);
  }
  await mapLimit(keys, CONCURRENCY, async (key) => {
    const id = key.slice(folder.length, -DELETION_MARK_FILE.length - 1);
    if (!isBlockId(id) || marks.has(id)) return;
    const mark = await readMark(bucket, key, signal);
    if (mark !== undefined) marks.set(id, mark);
  });
  return false;
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
