import {
  type BlockFiles,
  type BlockMeta,
  type BlockReport,
  ExternalQuerier,
  externalMeta,
  localBlockFiles,
  openBlockFiles,
  type VerifyOptions,
  verifyBlock as verifyFiles,
} from "#pkg/block/mod.ts";
import type { ChunkQuerier } from "#pkg/storage/mod.ts";
import { SeriesReader } from "./series.ts";

/** How to open a block. */
export interface BlockOptions {
  /**
   * False reads series as they are stored. Else the external labels of a block of Thanos
   * (`thanos.labels` of `meta.json`) are added to them, in place of their own of the same names.
   */
  readonly externalLabels?: boolean;
  readonly signal?: AbortSignal;
}

/** A block in a local folder, open for reading until `close`. */
export class Block extends SeriesReader {
  /** Its `meta.json`; samples have `minTime <= t < maxTime`, ms. */
  readonly meta: BlockMeta;
  readonly #files: BlockFiles;

  /** Made by `openBlock`. */
  constructor(files: BlockFiles, meta: BlockMeta, querier: ChunkQuerier) {
    super(querier);
    this.meta = meta;
    this.#files = files;
  }

  /** The block's id. */
  get id(): string {
    return this.meta.ulid;
  }

  /** Closes its files; reading ends first. */
  close(): Promise<void> {
    return this.#files.close();
  }
}

/**
 * Opens the block in folder `dir`: `meta.json`, `index`, `chunks/`, and `tombstones` if it has
 * some. Nothing is written. Errors: `corruption` with file and offset, `not_found`.
 */
export async function openBlock(dir: string, options: BlockOptions = {}): Promise<Block> {
  const files = await localBlockFiles(dir);
  try {
    const { meta, index, querier } = await openBlockFiles(files, options.signal);
    const { labels } = externalMeta(meta);
    const isPlain = labels.length === 0 || options.externalLabels === false;
    return new Block(files, meta, isPlain ? querier : new ExternalQuerier(querier, index, labels));
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** Reads all of the block in folder `dir` and names every problem; see `narthexctl tsdb verify`. */
export async function verifyBlock(dir: string, options: VerifyOptions = {}): Promise<BlockReport> {
  const files = await localBlockFiles(dir);
  try {
    return await verifyFiles(files, options);
  } finally {
    await files.close();
  }
}
