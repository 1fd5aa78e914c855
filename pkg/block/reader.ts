import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CHUNK_GUESS_BYTES, ChunkReader } from "#pkg/chunks/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { atomicWrite, FileAccess, LOCAL_COALESCE } from "#pkg/fsutil/mod.ts";
import { IndexReader } from "#pkg/index/mod.ts";
import type { Matcher } from "#pkg/labels/mod.ts";
import type { ChunkQuerier, ChunkSeries, LabelParams, SelectParams } from "#pkg/storage/mod.ts";
import {
  decodeTombstones,
  encodeTombstones,
  type Interval,
  joinIntervals,
  type Tombstones,
} from "#pkg/tombstones/mod.ts";
import { type DeletedRanges, type DeletionRequest, LayeredTombstones } from "./deletions.ts";
import { matchersBelow } from "./external-querier.ts";
import { type BlockMeta, CHUNKS_FOLDER, INDEX_FILE, readMeta, TOMBSTONES_FILE } from "./meta.ts";
import { type BlockParts, BlockQuerier } from "./querier.ts";
import { externalMeta } from "./thanos.ts";

interface LocalParts extends BlockParts {
  tombstones: DeletedRanges;
  /** Those of the file. */
  own: Tombstones;
}

/** A block in a local folder, open for reading. */
export class BlockReader implements ChunkQuerier {
  readonly dir: string;
  readonly meta: BlockMeta;
  readonly #parts: LocalParts;
  readonly #querier: BlockQuerier;
  readonly #files: readonly FileAccess[];
  /** Memory that the index takes while it is open. */
  readonly indexBytes: number;
  #active = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  private constructor(
    dir: string,
    meta: BlockMeta,
    parts: LocalParts,
    files: readonly FileAccess[],
  ) {
    this.dir = dir;
    this.meta = meta;
    this.#parts = parts;
    this.#querier = new BlockQuerier(parts);
    this.#files = files;
    this.indexBytes = parts.index.header.byteLength;
  }

  /** Opens the block in `dir`. Errors: `corruption`, or those of the file system. */
  static async open(dir: string): Promise<BlockReader> {
    const meta = await readMeta(dir);
    const files: FileAccess[] = [];
    const open = async (path: string): Promise<FileAccess> => {
      const file = await FileAccess.open(path);
      files.push(file);
      return file;
    };
    try {
      const index = await IndexReader.open(await open(join(dir, INDEX_FILE)), LOCAL_COALESCE);
      const segments: FileAccess[] = [];
      for (const name of await segmentNames(join(dir, CHUNKS_FOLDER))) {
        segments.push(await open(join(dir, CHUNKS_FOLDER, name)));
      }
      const options = { ...LOCAL_COALESCE, guessBytes: CHUNK_GUESS_BYTES };
      const chunks = new ChunkReader(segments, options);
      await chunks.verifyHeaders();
      const own = await readTombstones(join(dir, TOMBSTONES_FILE));
      const { minTime, maxTime } = meta;
      const parts = { minTime, maxTime, index, chunks, tombstones: own, own };
      return new BlockReader(dir, meta, parts, files);
    } catch (error) {
      await Promise.allSettled(files.map((file) => file.close()));
      throw error;
    }
  }

  /** How many series have tombstones. */
  get tombstoneCount(): number {
    return this.#parts.tombstones.size;
  }

  /**
   * Leaves samples out of all answers from now on, and of those after a restart: adds them to the
   * tombstones file, `mint <= t <= maxt`, ms. Returns how many series may have lost samples. Calls
   * must not overlap. Errors: those of the file system, and then nothing has changed.
   */
  async deleteSeries(matchers: readonly Matcher[], mint: number, maxt: number): Promise<number> {
    const { meta } = this;
    if (meta.minTime > maxt || meta.maxTime <= mint) return 0;
    const own = matchersBelow(matchers, externalMeta(meta).labels);
    const refs = own ? await this.#parts.index.select(own) : [];
    if (refs.length === 0) return 0;
    const interval: Interval = {
      mint: Math.max(mint, meta.minTime),
      maxt: Math.min(maxt, meta.maxTime),
    };
    const merged = new Map(this.#parts.own);
    const alone = [interval];
    for (const ref of refs) {
      const before = merged.get(ref);
      merged.set(ref, before ? joinIntervals([...before, interval]) : alone);
    }
    await atomicWrite(join(this.dir, TOMBSTONES_FILE), encodeTombstones(merged));
    this.#parts.own = merged;
    this.#parts.tombstones = merged;
    return refs.length;
  }

  /** Leaves out of answers what `requests` delete, for as long as it is open. */
  async hide(
    requests: readonly Pick<DeletionRequest, "matchers" | "mint" | "maxt">[],
    signal?: AbortSignal,
  ): Promise<void> {
    const { own, index } = this.#parts;
    const added = externalMeta(this.meta).labels;
    this.#parts.tombstones = await LayeredTombstones.build(own, requests, { index, added }, signal);
  }

  async *selectChunks(
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChunkSeries[]> {
    this.#begin();
    try {
      yield* this.#querier.selectChunks(params, signal);
    } finally {
      this.#end();
    }
  }

  async labelNames(params: LabelParams, signal: AbortSignal): Promise<string[]> {
    this.#begin();
    try {
      return await this.#querier.labelNames(params, signal);
    } finally {
      this.#end();
    }
  }

  async labelValues(name: string, params: LabelParams, signal: AbortSignal): Promise<string[]> {
    this.#begin();
    try {
      return await this.#querier.labelValues(name, params, signal);
    } finally {
      this.#end();
    }
  }

  /** Refuses new queries, waits for those under way, then closes the files. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      if (this.#active > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
      await Promise.all(this.#files.map((file) => file.close()));
    })();
    return this.#closing;
  }

  #begin(): void {
    if (this.#closing) {
      throw new NarthexError("unavailable", `read block ${this.meta.ulid}: it is closed`);
    }
    this.#active++;
  }

  #end(): void {
    this.#active--;
    if (this.#active === 0) this.#onIdle?.();
  }
}

/** The segment files of a chunks folder, in order. */
async function segmentNames(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => /^\d{6,}$/.test(name)).sort((a, b) => Number(a) - Number(b));
}

async function readTombstones(path: string): Promise<Tombstones> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
  return decodeTombstones(path, bytes);
}
