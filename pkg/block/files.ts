import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { CHUNK_GUESS_BYTES, ChunkReader } from "#pkg/chunks/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import {
  type CoalesceOptions,
  FileAccess,
  LOCAL_COALESCE,
  type RandomAccess,
  REMOTE_COALESCE,
} from "#pkg/fsutil/mod.ts";
import { IndexReader } from "#pkg/index/mod.ts";
import { type Bucket, objectAccess } from "#pkg/objstore/mod.ts";
import { decodeTombstones, type Tombstones } from "#pkg/tombstones/mod.ts";
import {
  type BlockMeta,
  CHUNKS_FOLDER,
  decodeMeta,
  INDEX_FILE,
  META_FILE,
  TOMBSTONES_FILE,
} from "./meta.ts";
import { BlockQuerier } from "./querier.ts";

/** The files of one block, wherever they lie. */
export interface BlockFiles {
  /** The name of the block's folder: its id. */
  readonly id: string;
  /** Where the block is, for messages. */
  readonly path: string;
  /** Bytes of each file, by name below the block, such as `chunks/000001`. */
  readonly sizes: ReadonlyMap<string, number>;
  /** How to join reads that lie close together. */
  readonly coalesce: CoalesceOptions;
  /** A whole file. Errors: `not_found`, and those of file system or bucket. */
  read(name: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** A file of `sizes`, by range. It stays open until `close`. */
  open(name: string): Promise<RandomAccess>;
  close(): Promise<void>;
}

/** The block in the local folder `dir`. */
export async function localBlockFiles(dir: string): Promise<BlockFiles> {
  const opened: FileAccess[] = [];
  return {
    id: basename(resolve(dir)),
    path: dir,
    sizes: await sizesOf(dir),
    coalesce: LOCAL_COALESCE,
    async read(name, signal) {
      try {
        return await readFile(join(dir, name), signal ? { signal } : {});
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        throw new NarthexError("not_found", `${join(dir, name)} is missing`, { cause: error });
      }
    },
    async open(name) {
      const file = await FileAccess.open(join(dir, name));
      opened.push(file);
      return file;
    },
    async close() {
      await Promise.all(opened.splice(0).map((file) => file.close()));
    },
  };
}

/** The block whose objects lie below `prefix`, such as `tenant/01HF7YAT00K6G93G7YNER91DZX`. */
export async function bucketBlockFiles(
  bucket: Bucket,
  prefix: string,
  signal?: AbortSignal,
): Promise<BlockFiles> {
  const sizes = new Map<string, number>();
  const options = { recursive: true, ...(signal ? { signal } : {}) };
  for await (const { key, size } of bucket.list(`${prefix}/`, options)) {
    sizes.set(key.slice(prefix.length + 1), size);
  }
  return {
    id: basename(prefix),
    path: `${bucket.name}/${prefix}`,
    sizes,
    coalesce: bucket.name === "filesystem" ? LOCAL_COALESCE : REMOTE_COALESCE,
    read: (name, inner) => bucket.get(`${prefix}/${name}`, inner),
    async open(name) {
      const size = sizes.get(name);
      if (size === undefined) throw missing(`${bucket.name}/${prefix}/${name}`);
      return objectAccess(bucket, `${prefix}/${name}`, size);
    },
    close: async () => undefined,
  };
}

async function sizesOf(dir: string, below = ""): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const entry of await readdir(join(dir, below), { withFileTypes: true })) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) for (const file of await sizesOf(dir, name)) sizes.set(...file);
    else sizes.set(name, (await stat(join(dir, name))).size);
  }
  return sizes;
}

function missing(path: string): NarthexError {
  return new NarthexError("not_found", `${path} is missing`);
}

/** The segment files among the names of a block's files, in order. */
export function segmentNames(names: Iterable<string>): string[] {
  const folder = `${CHUNKS_FOLDER}/`;
  return [...names]
    .filter((name) => name.startsWith(folder) && /^\d{6,}$/.test(name.slice(folder.length)))
    .sort((a, b) => Number(a.slice(folder.length)) - Number(b.slice(folder.length)));
}

/** Reads the block's `meta.json`. Errors: `corruption`, `not_found`. */
export async function readBlockMeta(files: BlockFiles, signal?: AbortSignal): Promise<BlockMeta> {
  return decodeMeta(`${files.path}/${META_FILE}`, await files.read(META_FILE, signal));
}

/** The parts of a block, open for reading. Closing its files is the caller's. */
export interface BlockContent {
  readonly meta: BlockMeta;
  readonly index: IndexReader;
  readonly chunks: ChunkReader;
  readonly tombstones: Tombstones;
  readonly querier: BlockQuerier;
}

/** Opens the parts of a block. Errors: `corruption`, `not_found`. */
export async function openBlockFiles(
  files: BlockFiles,
  signal?: AbortSignal,
): Promise<BlockContent> {
  const meta = await readBlockMeta(files, signal);
  const { coalesce } = files;
  const index = await IndexReader.open(await files.open(INDEX_FILE), coalesce, signal);
  const segments: RandomAccess[] = [];
  for (const name of segmentNames(files.sizes.keys())) segments.push(await files.open(name));
  const guessBytes = coalesce === LOCAL_COALESCE ? CHUNK_GUESS_BYTES : 8 * CHUNK_GUESS_BYTES;
  const chunks = new ChunkReader(segments, { ...coalesce, guessBytes });
  await chunks.verifyHeaders(signal);
  const tombstones = files.sizes.has(TOMBSTONES_FILE)
    ? decodeTombstones(
        `${files.path}/${TOMBSTONES_FILE}`,
        await files.read(TOMBSTONES_FILE, signal),
      )
    : new Map<number, never>();
  const { minTime, maxTime } = meta;
  const querier = new BlockQuerier({ minTime, maxTime, index, chunks, tombstones });
  return { meta, index, chunks, tombstones, querier };
}
