import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Pacer, throwIfAborted } from "#pkg/async/mod.ts";
import {
  chunkSampleCount,
  type FloatEncoding,
  isFloatChunk,
  recodeFloatChunk,
} from "#pkg/chunkenc/mod.ts";
import { ChunkWriter } from "#pkg/chunks/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { atomicWrite, syncDir } from "#pkg/fsutil/mod.ts";
import { type ChunkEntry, encodeChunkEntries, IndexWriter } from "#pkg/index/mod.ts";
import { compareLabels, formatLabels, type Labels } from "#pkg/labels/mod.ts";
import { ChunkEncoding, type ChunkSeries } from "#pkg/storage/mod.ts";
import {
  type BlockCompaction,
  type BlockMeta,
  CHUNKS_FOLDER,
  encodeMeta,
  INDEX_FILE,
  META_FILE,
  newBlockId,
} from "./meta.ts";
import { SeriesLog } from "./series-log.ts";
import { sortSymbols } from "./sort.ts";

/** Ends the name of a block that is being written; Prometheus deletes such folders too. */
export const TEMPORARY_SUFFIX = ".tmp-for-creation";

/** Ends the name of a block that is being removed; Prometheus deletes such folders too. */
const REMOVED_SUFFIX = ".tmp-for-deletion";

/** Removes the block in `dir`, all at once to whoever looks at its folder, a crash on the way or not. */
export async function removeBlock(dir: string): Promise<void> {
  const removed = dir + REMOVED_SUFFIX;
  await rm(removed, { recursive: true, force: true });
  await rename(dir, removed);
  await rm(removed, { recursive: true, force: true });
}

/** What block to write, and where. */
export interface BlockWriterOptions {
  /** The folder that will hold the block's folder; made if missing. */
  readonly dir: string;
  /** Samples have `mint <= t < maxt`, ms. */
  readonly mint: number;
  readonly maxt: number;
  readonly clock: Clock;
  /** Uniform in [0, 1); for the block's id. */
  readonly random: () => number;
  /** The block's id, where it is decided already. */
  readonly ulid?: string;
  /** Level 1 with itself as source where absent. */
  readonly compaction?: BlockCompaction;
  readonly thanos?: Readonly<Record<string, unknown>>;
  /**
   * Floats are written in this encoding; those that are not yet are encoded anew, but XOR2 with start
   * timestamps stays. Absent: chunks are written as they come. Only XOR is read by Prometheus before
   * 3.14.
   */
  readonly floatEncoding?: FloatEncoding;
  /** 512 MiB unless a test wants small segments. */
  readonly segmentBytesMax?: number;
  readonly signal?: AbortSignal;
}

/**
 * Writes a block of `batches`: series in label order, each once, whose chunks are in order, do not
 * overlap and lie in `[mint, maxt)`. The block's folder appears at once and whole: its files are
 * synced before it is renamed to its id, `meta.json` last. Memory is bounded by the symbols and 4
 * bytes a label. Returns undefined, leaving nothing, where there are no series. Errors: `internal`
 * for input that breaks these rules; then nothing is left either.
 */
export async function writeBlock(
  batches: AsyncIterable<readonly ChunkSeries[]>,
  options: BlockWriterOptions,
): Promise<BlockMeta | undefined> {
  const id = options.ulid ?? newBlockId(options.clock.now(), options.random);
  const dir = join(options.dir, id);
  const temporary = dir + TEMPORARY_SUFFIX;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const writer = new BlockFiles(temporary, options);
  let isThere = false;
  try {
    for await (const batch of batches) await writer.append(batch);
    const meta = await writer.finish(id);
    if (!meta) {
      await rm(temporary, { recursive: true, force: true });
      return undefined;
    }
    await atomicWrite(join(temporary, META_FILE), encodeMeta(meta));
    throwIfAborted(options.signal);
    await rename(temporary, dir);
    isThere = true;
    await syncDir(options.dir);
    return meta;
  } catch (error) {
    if (isThere) await removeBlock(dir).catch(() => undefined);
    await writer.abandon();
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

function recode({ labels, chunks }: ChunkSeries, encoding: FloatEncoding): ChunkSeries {
  return { labels, chunks: chunks.map((chunk) => recodeFloatChunk(chunk, encoding)) };
}

/** The files of one block in the making. */
class BlockFiles {
  readonly #dir: string;
  readonly #options: BlockWriterOptions;
  readonly #chunks: ChunkWriter;
  readonly #log: SeriesLog;
  readonly #pacer: Pacer;
  readonly #symbols = new Map<string, number>();
  readonly #chunkList = new ByteWriter(1024);
  #last: Labels | undefined;
  #samples = 0;
  #floatSamples = 0;
  #histogramSamples = 0;
  #seriesCount = 0;
  #chunkCount = 0;

  constructor(dir: string, options: BlockWriterOptions) {
    this.#dir = dir;
    this.#options = options;
    this.#chunks = new ChunkWriter(join(dir, CHUNKS_FOLDER), options.segmentBytesMax);
    this.#log = new SeriesLog(join(dir, "series.tmp"));
    this.#pacer = new Pacer(options.clock);
  }

  async append(batch: readonly ChunkSeries[]): Promise<void> {
    throwIfAborted(this.#options.signal);
    const { floatEncoding } = this.#options;
    for (const given of batch) {
      if (given.chunks.length === 0) continue;
      const series = floatEncoding === undefined ? given : recode(given, floatEncoding);
      this.#check(series);
      const refs: number[] = [];
      await this.#chunks.append(series.chunks, refs);
      const entries = series.chunks.map(
        ({ mint, maxt }, i): ChunkEntry => ({ ref: refs[i]!, mint, maxt }),
      );
      this.#chunkList.clear();
      encodeChunkEntries(entries, this.#chunkList);
      await this.#log.append(this.#numberSymbols(series.labels), this.#chunkList);
      this.#count(series);
      if (this.#pacer.due()) await this.#pacer.yield();
    }
  }

  /** Writes the index and syncs; undefined if nothing was appended. */
  async finish(id: string): Promise<BlockMeta | undefined> {
    if (this.#seriesCount === 0) return undefined;
    await this.#chunks.finish();
    await this.#writeIndex();
    await this.#log.close();
    await rm(join(this.#dir, "series.tmp"), { force: true });
    const { mint, maxt, compaction, thanos } = this.#options;
    return {
      ulid: id,
      minTime: mint,
      maxTime: maxt,
      stats: {
        numSamples: this.#samples,
        ...(this.#floatSamples > 0 ? { numFloatSamples: this.#floatSamples } : {}),
        ...(this.#histogramSamples > 0 ? { numHistogramSamples: this.#histogramSamples } : {}),
        numSeries: this.#seriesCount,
        numChunks: this.#chunkCount,
      },
      compaction: compaction ?? { level: 1, sources: [id] },
      version: 1,
      ...(thanos ? { thanos } : {}),
    };
  }

  async abandon(): Promise<void> {
    await Promise.allSettled([this.#chunks.abandon(), this.#log.close()]);
  }

  #check(series: ChunkSeries): void {
    const { mint, maxt } = this.#options;
    if (this.#last && compareLabels(this.#last, series.labels) >= 0) {
      this.#refuse(series, "series out of label order");
    }
    this.#last = series.labels;
    let before = Number.NEGATIVE_INFINITY;
    for (const chunk of series.chunks) {
      if (chunk.mint <= before || chunk.maxt < chunk.mint) {
        this.#refuse(series, "chunks overlap or are out of order");
      }
      if (chunk.mint < mint || chunk.maxt >= maxt) this.#refuse(series, "chunk outside the block");
      before = chunk.maxt;
    }
  }

  #refuse(series: ChunkSeries, problem: string): never {
    const text = `write block: ${problem}: ${formatLabels(series.labels)}`;
    throw new NarthexError("internal", text);
  }

  #numberSymbols(labels: Labels): number[] {
    const symbols = this.#symbols;
    const out: number[] = [];
    for (let i = 0; i < labels.length; i++) {
      let number = symbols.get(labels[i]!);
      if (number === undefined) {
        number = symbols.size;
        symbols.set(labels[i]!, number);
      }
      out.push(number);
    }
    return out;
  }

  #count(series: ChunkSeries): void {
    this.#seriesCount++;
    this.#chunkCount += series.chunks.length;
    for (const chunk of series.chunks) {
      const samples = chunkSampleCount(chunk);
      this.#samples += samples;
      if (isFloatChunk(chunk)) this.#floatSamples += samples;
      // Downsampled ones are neither, as in the blocks that Thanos writes.
      else if (chunk.encoding !== ChunkEncoding.aggregate) this.#histogramSamples += samples;
    }
  }

  async #writeIndex(): Promise<void> {
    const sorted = await sortSymbols(this.#symbols.keys());
    const places = new Uint32Array(sorted.length);
    for (let i = 0; i < sorted.length; i++) places[this.#symbols.get(sorted[i]!)!] = i;
    const index = await IndexWriter.create(join(this.#dir, INDEX_FILE), sorted);
    try {
      for await (const { symbols, bytes, start, end } of this.#log.read()) {
        for (let i = 0; i < symbols.length; i++) symbols[i] = places[symbols[i]!]!;
        await index.addSeriesBySymbol(symbols, bytes, start, end);
        if (this.#pacer.due()) await this.#pacer.yield();
      }
      throwIfAborted(this.#options.signal);
    } catch (error) {
      await index.abandon();
      throw error;
    }
    await index.finish();
  }
}
