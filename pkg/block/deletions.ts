import { z } from "zod";
import { mapLimit } from "#pkg/async/mod.ts";
import { CorruptionError, codeOf, messageOf } from "#pkg/errs/mod.ts";
import { EMPTY_POSTINGS, type IndexReader, type Postings } from "#pkg/index/mod.ts";
import type { Labels, Matcher } from "#pkg/labels/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { type Interval, joinIntervals } from "#pkg/tombstones/mod.ts";
import { matchersBelow } from "./external-querier.ts";
import { blockIdTime, isBlockId } from "./meta.ts";

/** The folder of deletion requests below a tenant's folder. */
export const DELETIONS_FOLDER = "deletions";
/** Requests that are read side by side. */
const READ_CONCURRENCY = 8;

/**
 * A request to delete samples: of the series that satisfy all `matchers`, those with
 * `mint <= t <= maxt`, ms. Source: docs/format/meta.md#deletion-requests.
 */
export interface DeletionRequest {
  readonly id: string;
  /** When it was made, ms since the epoch. */
  readonly createdAt: number;
  /** Blocks whose ids were made up to this time, ms, are concerned. */
  readonly until: number;
  readonly matchers: readonly Matcher[];
  readonly mint: number;
  readonly maxt: number;
  /** False while the ingesters are still being told: `until` is not final then. */
  readonly settled: boolean;
  /** True once somebody waits for the blocks to be written anew. */
  readonly urgent: boolean;
  /** True once no block that readers may use holds what was deleted. */
  readonly rewritten: boolean;
}

const requestSchema = z.looseObject({
  version: z.literal(1),
  created_at: z.number().int(),
  until: z.number().int().optional(),
  matchers: z
    .array(z.object({ type: z.enum(["=", "!=", "=~", "!~"]), name: z.string(), value: z.string() }))
    .min(1),
  mint: z.number(),
  maxt: z.number(),
  urgent: z.boolean().default(false),
  rewritten: z.boolean().default(false),
});

/** The key of a request, below the tenant's folder. */
export function deletionKey(tenant: string, id: string): string {
  return `${tenant}/${DELETIONS_FOLDER}/${id}.json`;
}

/** The id of the request with this key, or undefined where it is no request's. */
export function deletionIdOf(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const id = name.slice(0, -5);
  return name.endsWith(".json") && isBlockId(id) ? id : undefined;
}

/** The bytes of a request. */
export function encodeDeletion(request: DeletionRequest): Uint8Array {
  const { createdAt, until, matchers, mint, maxt, settled, urgent, rewritten } = request;
  const json = {
    version: 1,
    created_at: createdAt,
    ...(settled ? { until } : {}),
    selector: `{${matchers.join(", ")}}`,
    matchers: matchers.map(({ type, name, value }) => ({ type, name, value })),
    mint,
    maxt,
    urgent,
    rewritten,
  };
  return Buffer.from(JSON.stringify(json));
}

/** Decodes the request `id`. Errors: `corruption` naming `path`. */
export function decodeDeletion(path: string, id: string, bytes: Uint8Array): DeletionRequest {
  try {
    const json = requestSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    return {
      id,
      createdAt: json.created_at,
      until: Math.max(json.until ?? 0, blockIdTime(id)),
      matchers: json.matchers.map(({ type, name, value }) => newMatcher(type, name, value)),
      mint: json.mint,
      maxt: json.maxt,
      settled: json.until !== undefined,
      urgent: json.urgent,
      rewritten: json.rewritten,
    };
  } catch (error) {
    throw new CorruptionError(path, 0, `deletion request: ${messageOf(error)}`, error);
  }
}

/** A request with what tells its version apart. */
export interface StoredDeletion {
  readonly request: DeletionRequest;
  /** Of the listing: other bytes, another stamp. */
  readonly stamp: string;
}

/**
 * The requests of `tenant`, oldest first; those in `known` whose stamp is the same are not read
 * again. Errors: those of the bucket, and `corruption`: what may have to be left out of answers must
 * be known.
 */
export async function readDeletions(
  bucket: Bucket,
  tenant: string,
  known: ReadonlyMap<string, StoredDeletion> = new Map(),
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, StoredDeletion>> {
  const entries: { id: string; key: string; stamp: string }[] = [];
  const prefix = `${tenant}/${DELETIONS_FOLDER}/`;
  for await (const { key, size, lastModified } of bucket.list(prefix, signal ? { signal } : {})) {
    const id = deletionIdOf(key);
    if (id) entries.push({ id, key, stamp: `${size} ${lastModified}` });
  }
  const out = new Map<string, StoredDeletion>();
  const read = await mapLimit(entries, READ_CONCURRENCY, async ({ id, key, stamp }) => {
    const before = known.get(id);
    if (before?.stamp === stamp) return before;
    try {
      return { request: decodeDeletion(key, id, await bucket.get(key, signal)), stamp };
    } catch (error) {
      // Removed since it was listed.
      if (codeOf(error) === "not_found") return undefined;
      throw error;
    }
  });
  for (const [i, { id }] of entries.entries()) if (read[i]) out.set(id, read[i]);
  return out;
}

/** True if the request concerns a block by its id and its range, whatever series it has. */
export function concerns(
  request: DeletionRequest,
  block: { readonly id: string; readonly minTime: number; readonly maxTime: number },
): boolean {
  return (
    blockIdTime(block.id) <= request.until &&
    block.minTime <= request.maxt &&
    block.maxTime > request.mint
  );
}

/** What is deleted of the series of a block; a `Map` of intervals by reference is one. */
export interface DeletedRanges {
  get(ref: number): readonly Interval[] | undefined;
  /** 0 if nothing is deleted. */
  readonly size: number;
}

/** A time range that was deleted of several series. */
interface Layer {
  readonly refs: Postings;
  readonly interval: Interval;
}

/** Tombstones with requests on top: 4 bytes a series and request. */
export class LayeredTombstones implements DeletedRanges {
  readonly #own: DeletedRanges;
  readonly #layers: readonly Layer[];

  private constructor(own: DeletedRanges, layers: readonly Layer[]) {
    this.#own = own;
    this.#layers = layers;
  }

  /**
   * Finds the series that `requests` name in `index`, whose series all have the labels `added` more;
   * gives `own` back where there are none.
   */
  static async build(
    own: DeletedRanges,
    requests: readonly Pick<DeletionRequest, "matchers" | "mint" | "maxt">[],
    { index, added }: { readonly index: IndexReader; readonly added: Labels },
    signal?: AbortSignal,
  ): Promise<DeletedRanges> {
    const layers: Layer[] = [];
    for (const { matchers, mint, maxt } of requests) {
      const own = matchersBelow(matchers, added);
      const refs = own ? await index.select(own, signal) : EMPTY_POSTINGS;
      if (refs.length > 0) layers.push({ refs: refs.slice(), interval: { mint, maxt } });
    }
    return layers.length === 0 ? own : new LayeredTombstones(own, layers);
  }

  get size(): number {
    return this.#layers.reduce((sum, { refs }) => sum + refs.length, this.#own.size);
  }

  /** Memory beside that of the tombstones below. */
  get byteLength(): number {
    return this.#layers.reduce((sum, { refs }) => sum + 4 * refs.length + 100, 0);
  }

  get(ref: number): readonly Interval[] | undefined {
    let found: Interval[] | undefined;
    for (const { refs, interval } of this.#layers) {
      if (holds(refs, ref)) (found ??= []).push(interval);
    }
    const own = this.#own.get(ref);
    if (!found) return own;
    return joinIntervals(own ? [...own, ...found] : found);
  }
}

function holds(refs: Postings, ref: number): boolean {
  let low = 0;
  let high = refs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (refs[middle]! < ref) low = middle + 1;
    else high = middle;
  }
  return low < refs.length && refs[low] === ref;
}
