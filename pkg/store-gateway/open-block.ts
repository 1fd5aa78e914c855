import {
  BlockQuerier,
  type DeletedRanges,
  decodeMeta,
  type ExternalMeta,
  ExternalQuerier,
  externalMeta,
  INDEX_FILE,
  META_FILE,
  segmentNames,
  TOMBSTONES_FILE,
} from "#pkg/block/mod.ts";
import { CHUNK_GUESS_BYTES, ChunkReader } from "#pkg/chunks/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { type CoalesceOptions, LOCAL_COALESCE, type RandomAccess } from "#pkg/fsutil/mod.ts";
import { type IndexHeader, IndexReader, readIndexHeader } from "#pkg/index/mod.ts";
import { type Bucket, objectAccess } from "#pkg/objstore/mod.ts";
import type { ChunkQuerier } from "#pkg/storage/mod.ts";
import { decodeTombstones, type Tombstones } from "#pkg/tombstones/mod.ts";
import { budgetedAccess, type QueryBudget } from "./budget.ts";
import type { KnownBlock } from "./catalog.ts";
import { HiddenRanges } from "./hidden.ts";

/** What is held of a block in the bucket while it is in use. */
export interface OpenBlock {
  readonly block: KnownBlock;
  readonly header: IndexHeader;
  readonly index: RandomAccess;
  readonly segments: readonly RandomAccess[];
  readonly tombstones: Tombstones;
  readonly external: ExternalMeta;
  readonly hidden: HiddenRanges;
}

/** Reads what a block needs: the sizes of its files, its index header, its tombstones. */
export async function openBlock(
  bucket: Bucket,
  tenant: string,
  block: KnownBlock,
  wrapIndex: (access: RandomAccess) => RandomAccess,
  signal?: AbortSignal,
): Promise<OpenBlock> {
  const prefix = `${block.prefix}/`;
  const sizes = new Map<string, number>();
  const options = { recursive: true, ...(signal ? { signal } : {}) };
  for await (const { key, size } of bucket.list(prefix, options)) {
    sizes.set(key.slice(prefix.length), size);
  }
  const indexSize = sizes.get(INDEX_FILE);
  if (indexSize === undefined) {
    throw new NarthexError("not_found", `block ${block.id} of ${tenant} has no index`);
  }
  const raw = objectAccess(bucket, prefix + INDEX_FILE, indexSize);
  const [header, external, tombstones] = await Promise.all([
    readIndexHeader(raw, signal),
    block.external ?? readExternal(bucket, prefix + META_FILE, signal),
    sizes.has(TOMBSTONES_FILE)
      ? readTombstones(bucket, prefix + TOMBSTONES_FILE, signal)
      : new Map<number, never>(),
  ]);
  const segments: RandomAccess[] = [];
  for (const name of segmentNames(sizes.keys())) {
    segments.push(objectAccess(bucket, prefix + name, sizes.get(name)!));
  }
  const hidden = new HiddenRanges();
  return { block, header, index: wrapIndex(raw), segments, tombstones, external, hidden };
}

/** A querier over an open block without `hidden`, whose reads are taken from `budget`. */
export function queryOpenBlock(
  open: OpenBlock,
  hidden: DeletedRanges,
  budget: QueryBudget,
  coalesce: CoalesceOptions,
): ChunkQuerier {
  // From an object store, reading more than a chunk may need is cheaper than a second request.
  const guessBytes = coalesce === LOCAL_COALESCE ? CHUNK_GUESS_BYTES : 8 * CHUNK_GUESS_BYTES;
  const index = new IndexReader(open.header, budgetedAccess(open.index, budget), coalesce);
  const querier = new BlockQuerier({
    minTime: open.block.minTime,
    maxTime: open.block.maxTime,
    index,
    chunks: new ChunkReader(
      open.segments.map((segment) => budgetedAccess(segment, budget)),
      { ...coalesce, guessBytes },
    ),
    tombstones: hidden,
  });
  const { labels } = open.external;
  return labels.length === 0 ? querier : new ExternalQuerier(querier, index, labels);
}

async function readExternal(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ExternalMeta> {
  return externalMeta(decodeMeta(key, await bucket.get(key, signal)));
}

async function readTombstones(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Tombstones> {
  return decodeTombstones(key, await bucket.get(key, signal));
}
