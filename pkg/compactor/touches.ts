import {
  concerns,
  type DeletionRequest,
  externalMeta,
  INDEX_FILE,
  matchersBelow,
} from "#pkg/block/mod.ts";
import { REMOTE_COALESCE } from "#pkg/fsutil/mod.ts";
import { IndexReader } from "#pkg/index/mod.ts";
import { type Bucket, objectAccess } from "#pkg/objstore/mod.ts";
import type { ViewBlock } from "./view.ts";

/** Series whose chunks are looked at in one go. */
const SERIES_BATCH = 512;

/** Knows which requests to delete concern which blocks, by their indexes; each asked for once. */
export class Touches {
  readonly #bucket: Bucket;
  readonly #tenant: string;
  readonly #known = new Map<string, boolean>();

  constructor(bucket: Bucket, tenant: string) {
    this.#bucket = bucket;
    this.#tenant = tenant;
  }

  /** True if the block has chunks that overlap what the request deletes. */
  async has(block: ViewBlock, request: DeletionRequest, signal: AbortSignal): Promise<boolean> {
    if (!concerns(request, block)) return false;
    const key = `${block.id} ${request.id}`;
    let touched = this.#known.get(key);
    if (touched === undefined) {
      touched = await this.#look(block, request, signal);
      this.#known.set(key, touched);
    }
    return touched;
  }

  /** Forgets what is not about these blocks and requests. */
  retain(blocks: ReadonlyMap<string, unknown>, requests: ReadonlyMap<string, unknown>): void {
    for (const key of this.#known.keys()) {
      const [block = "", request = ""] = key.split(" ");
      if (!blocks.has(block) || !requests.has(request)) this.#known.delete(key);
    }
  }

  async #look(block: ViewBlock, request: DeletionRequest, signal: AbortSignal): Promise<boolean> {
    const path = `${this.#tenant}/${block.id}/${INDEX_FILE}`;
    const access = objectAccess(this.#bucket, path, block.indexBytes);
    const index = await IndexReader.open(access, REMOTE_COALESCE, signal);
    const matchers = matchersBelow(request.matchers, externalMeta(block.meta).labels);
    if (!matchers) return false;
    const refs = await index.select(matchers, signal);
    for (let at = 0; at < refs.length; at += SERIES_BATCH) {
      const batch = refs.subarray(at, at + SERIES_BATCH);
      const series = await index.readSeries(batch, request, signal);
      if (series.some(({ chunks }) => chunks.length > 0)) return true;
    }
    return false;
  }
}
