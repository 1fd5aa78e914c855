import { mapLimit } from "#pkg/async/mod.ts";
import {
  type BlockMeta,
  DELETION_MARK_FILE,
  DELETIONS_FOLDER,
  type DeletionRequest,
  decodeDeletion,
  decodeDeletionMark,
  decodeMeta,
  deletionIdOf,
  INDEX_FILE,
  isBlockId,
  MARKERS_FOLDER,
  META_FILE,
  NO_COMPACT_MARK_FILE,
  type StoredDeletion,
} from "#pkg/block/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import type { Bucket, BucketEntry } from "#pkg/objstore/mod.ts";
import type { Plan, PlanBlock } from "./plan.ts";

/** Small objects that are read side by side. */
const READ_CONCURRENCY = 16;

/** Mimir's mark of a tenant that is being deleted, in the folder of marks. */
const TENANT_DELETION_MARK = "tenant-deletion-mark.json";

/** A whole block in the bucket. */
export interface ViewBlock extends PlanBlock {
  readonly meta: BlockMeta;
  /** Bytes by name of file, relative to the block. */
  readonly files: ReadonlyMap<string, number>;
  /** When `meta.json` came, ms since the epoch. */
  readonly uploadedAt: number;
  /** When its tombstones file came, ms since the epoch; 0 where it has none. */
  readonly tombstonesAt: number;
}

/** A plan over blocks of a view. */
export interface ViewPlan extends Plan {
  readonly blocks: readonly ViewBlock[];
}

/** A folder of a block without `meta.json`. */
export interface PartialBlock {
  readonly id: string;
  readonly files: readonly string[];
  /** When the newest of its files came, ms since the epoch. */
  readonly lastModified: number;
}

/** A tenant's part of the bucket at one moment. */
export interface TenantView {
  /** Whole blocks whose meta could be read, by id. */
  readonly blocks: ReadonlyMap<string, ViewBlock>;
  /** Whole blocks whose meta cannot be read, with the reason. */
  readonly broken: ReadonlyMap<string, unknown>;
  readonly partial: readonly PartialBlock[];
  /** When blocks were marked for deletion, ms since the epoch. */
  readonly deletionMarks: ReadonlyMap<string, number>;
  /** Blocks that are not to be compacted. */
  readonly noCompact: ReadonlySet<string>;
  /** Keys of marks of blocks of which nothing else is there. */
  readonly orphanMarks: readonly string[];
  readonly deletions: ReadonlyMap<string, StoredDeletion>;
  /** True if the tenant's folder has Mimir's mark that all of it is to go. */
  readonly isTenantDeleted: boolean;
}

interface Listed {
  readonly blocks: Map<string, Map<string, BucketEntry>>;
  readonly markers: BucketEntry[];
  readonly deletions: BucketEntry[];
  isTenantDeleted: boolean;
}

/** Reads tenants' parts of the bucket; metas, which never change, are read once. */
export class ViewReader {
  readonly #bucket: Bucket;
  readonly #tenant: string;
  #metas = new Map<string, { readonly stamp: string; readonly meta: BlockMeta }>();
  #marks = new Map<string, { readonly stamp: string; readonly time: number }>();
  #deletions = new Map<string, StoredDeletion>();

  constructor(bucket: Bucket, tenant: string) {
    this.#bucket = bucket;
    this.#tenant = tenant;
  }

  /** One listing, and what in it is new. */
  async read(signal: AbortSignal): Promise<TenantView> {
    const listed = await this.#list(signal);
    const whole: [string, Map<string, BucketEntry>][] = [];
    const partial: PartialBlock[] = [];
    for (const [id, files] of listed.blocks) {
      if (files.has(META_FILE)) whole.push([id, files]);
      else partial.push(partialOf(id, files));
    }
    const { blocks, broken } = await this.#readBlocks(whole, signal);
    return {
      blocks,
      broken,
      partial,
      deletionMarks: await this.#readMarks(listed, signal),
      noCompact: noCompactOf(listed),
      orphanMarks: listed.markers
        .filter(({ key }) => !listed.blocks.has(markedBlock(key)))
        .map(({ key }) => key),
      deletions: await this.#readDeletions(listed.deletions, signal),
      isTenantDeleted: listed.isTenantDeleted,
    };
  }

  async #list(signal: AbortSignal): Promise<Listed> {
    const prefix = `${this.#tenant}/`;
    const listed: Listed = {
      blocks: new Map(),
      markers: [],
      deletions: [],
      isTenantDeleted: false,
    };
    for await (const entry of this.#bucket.list(prefix, { recursive: true, signal })) {
      const path = entry.key.slice(prefix.length);
      const slash = path.indexOf("/");
      if (slash < 0) continue;
      const folder = path.slice(0, slash);
      if (folder === MARKERS_FOLDER) {
        if (isBlockId(markedBlock(entry.key))) listed.markers.push(entry);
        else if (path.endsWith(`/${TENANT_DELETION_MARK}`)) listed.isTenantDeleted = true;
      } else if (folder === DELETIONS_FOLDER) {
        listed.deletions.push(entry);
      } else if (isBlockId(folder)) {
        let files = listed.blocks.get(folder);
        if (!files) listed.blocks.set(folder, (files = new Map()));
        files.set(path.slice(slash + 1), entry);
      }
    }
    return listed;
  }

  async #readBlocks(
    whole: readonly [string, Map<string, BucketEntry>][],
    signal: AbortSignal,
  ): Promise<{ blocks: Map<string, ViewBlock>; broken: Map<string, unknown> }> {
    const before = this.#metas;
    this.#metas = new Map();
    const blocks = new Map<string, ViewBlock>();
    const broken = new Map<string, unknown>();
    await mapLimit(whole, READ_CONCURRENCY, async ([id, files]) => {
      const entry = files.get(META_FILE) as BucketEntry;
      const stamp = stampOf(entry);
      try {
        const known = before.get(id);
        const meta =
          known?.stamp === stamp
            ? known.meta
            : decodeMeta(entry.key, await this.#bucket.get(entry.key, signal));
        this.#metas.set(id, { stamp, meta });
        blocks.set(id, viewBlock(id, meta, files));
      } catch (error) {
        const code = codeOf(error);
        if (code === "corruption") broken.set(id, error);
        else if (code !== "not_found") throw error;
      }
    });
    return { blocks: new Map([...blocks].sort(([a], [b]) => (a < b ? -1 : 1))), broken };
  }

  async #readMarks(listed: Listed, signal: AbortSignal): Promise<Map<string, number>> {
    const entries = listed.markers.filter(({ key }) => key.endsWith(`-${DELETION_MARK_FILE}`));
    for (const files of listed.blocks.values()) {
      const own = files.get(DELETION_MARK_FILE);
      if (own) entries.push(own);
    }
    const before = this.#marks;
    this.#marks = new Map();
    const marks = new Map<string, number>();
    await mapLimit(entries, READ_CONCURRENCY, async (entry) => {
      const { key } = entry;
      const stamp = stampOf(entry);
      try {
        const known = before.get(key);
        const time =
          known?.stamp === stamp
            ? known.time
            : decodeDeletionMark(key, await this.#bucket.get(key, signal)) * 1000;
        this.#marks.set(key, { stamp, time });
        const id = markedBlock(key);
        marks.set(id, Math.max(marks.get(id) ?? 0, time));
      } catch (error) {
        // A mark that cannot be read deletes nothing.
        const code = codeOf(error);
        if (code !== "not_found" && code !== "corruption") throw error;
      }
    });
    return marks;
  }

  async #readDeletions(
    entries: readonly BucketEntry[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, StoredDeletion>> {
    const out = new Map<string, StoredDeletion>();
    await mapLimit(entries, READ_CONCURRENCY, async (entry) => {
      const id = deletionIdOf(entry.key);
      if (!id) return;
      const stamp = stampOf(entry);
      const known = this.#deletions.get(id);
      if (known?.stamp === stamp) {
        out.set(id, known);
        return;
      }
      try {
        const bytes = await this.#bucket.get(entry.key, signal);
        out.set(id, { request: decodeDeletion(entry.key, id, bytes), stamp });
      } catch (error) {
        if (codeOf(error) !== "not_found") throw error;
      }
    });
    this.#deletions = out;
    return out;
  }
}

/** Requests of a view, oldest first. */
export function requestsOf(view: TenantView): DeletionRequest[] {
  return [...view.deletions.values()]
    .map(({ request }) => request)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Blocks that readers may use: whole and not marked for deletion. */
export function liveBlocks(view: TenantView): ViewBlock[] {
  return [...view.blocks.values()].filter(({ id }) => !view.deletionMarks.has(id));
}

function stampOf({ size, lastModified }: BucketEntry): string {
  return `${size} ${lastModified}`;
}

/** The block of `<tenant>/markers/<ULID>-….json` and of `<tenant>/<ULID>/….json`. */
function markedBlock(key: string): string {
  const parts = key.split("/");
  const name = parts[parts.length - 1] ?? "";
  const folder = parts[parts.length - 2] ?? "";
  return folder === MARKERS_FOLDER ? name.slice(0, 26) : folder;
}

function noCompactOf(listed: Listed): Set<string> {
  const out = new Set<string>();
  for (const { key } of listed.markers) {
    if (key.endsWith(`-${NO_COMPACT_MARK_FILE}`)) out.add(markedBlock(key));
  }
  for (const [id, files] of listed.blocks) if (files.has(NO_COMPACT_MARK_FILE)) out.add(id);
  return out;
}

function partialOf(id: string, files: ReadonlyMap<string, BucketEntry>): PartialBlock {
  const entries = [...files];
  return {
    id,
    files: entries.map(([name]) => name),
    lastModified: Math.max(...entries.map(([, entry]) => entry.lastModified)),
  };
}

function viewBlock(
  id: string,
  meta: BlockMeta,
  files: ReadonlyMap<string, BucketEntry>,
): ViewBlock {
  const sizes = new Map([...files].map(([name, { size }]) => [name, size]));
  let bytes = 0;
  for (const size of sizes.values()) bytes += size;
  const { labels = {}, downsample } = (meta.thanos ?? {}) as {
    labels?: Record<string, string> | null;
    downsample?: { resolution?: number };
  };
  return {
    id,
    meta,
    minTime: meta.minTime,
    maxTime: meta.maxTime,
    level: meta.compaction.level,
    labels: JSON.stringify(Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))),
    resolution: Number(downsample?.resolution ?? 0),
    indexBytes: sizes.get(INDEX_FILE) ?? 0,
    bytes,
    parents: (meta.compaction.parents ?? []).map(({ ulid }) => ulid),
    files: sizes,
    uploadedAt: files.get(META_FILE)?.lastModified ?? 0,
    tombstonesAt: files.get("tombstones")?.lastModified ?? 0,
  };
}
