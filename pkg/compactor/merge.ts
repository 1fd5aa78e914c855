import {
  type BlockMeta,
  BlockReader,
  clipChunk,
  joinOverlaps,
  TEMPORARY_SUFFIX,
  writeBlock,
} from "#pkg/block/mod.ts";
import { decodeChunk } from "#pkg/chunkenc/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { CorruptionError, codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { compareLabels, formatLabels, type Labels } from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  type Chunk,
  type ChunkQuerier,
  type ChunkSeries,
  mergeChunkQueriers,
  SampleColumns,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import type { MergeInput, MergeJob, MergeProgress } from "./messages.ts";

/** All series of a block. */
const EVERYTHING: SelectParams = {
  mint: Number.NEGATIVE_INFINITY,
  maxt: Number.POSITIVE_INFINITY,
  matchers: [],
};

/** What a merge works with. */
export interface MergeDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: MergeProgress) => void;
}

/**
 * Makes one block of the inputs: series united, identical chunks once, chunks that overlap merged
 * sample by sample, deleted samples left out, all others copied as they are. Memory does not depend
 * on the number of samples. Returns undefined where nothing is left. Errors: `corruption` with the
 * id of the input as `detail.block` where one cannot be read.
 */
export async function mergeBlocks(job: MergeJob, deps: MergeDeps): Promise<BlockMeta | undefined> {
  const readers: BlockReader[] = [];
  try {
    const sources: ChunkQuerier[] = [];
    for (const input of job.inputs) {
      const reader = await openInput(input, deps.signal);
      readers.push(reader);
      sources.push(guarded(input, reader, job.verify === true));
    }
    const meta = await writeBlock(merged(sources, deps), {
      dir: job.outDir,
      mint: job.mint,
      maxt: job.maxt,
      clock: deps.clock,
      random: () => 0,
      ulid: job.ulid,
      compaction: job.compaction,
      signal: deps.signal,
      ...(job.thanos ? { thanos: job.thanos } : {}),
      ...(job.segmentBytesMax ? { segmentBytesMax: job.segmentBytesMax } : {}),
    });
    if (meta) await (await BlockReader.open(`${job.outDir}/${meta.ulid}`)).close();
    return meta;
  } finally {
    await Promise.allSettled(readers.map((reader) => reader.close()));
  }
}

/** The folder that holds a block while it is being written. */
export function unfinishedDir(job: MergeJob): string {
  return `${job.outDir}/${job.ulid}${TEMPORARY_SUFFIX}`;
}

async function openInput(input: MergeInput, signal: AbortSignal): Promise<BlockReader> {
  try {
    const reader = await BlockReader.open(input.dir);
    if (input.deletions.length > 0) {
      const requests = input.deletions.map(({ matchers, mint, maxt }) => ({
        matchers: matchers.map(({ type, name, value }) => newMatcher(type, name, value)),
        mint,
        maxt,
      }));
      await reader.hide(requests, signal);
    }
    return reader;
  } catch (error) {
    throw blamed(input, error);
  }
}

/** A reader whose series are checked and cut to the block's range; its errors name the block. */
function guarded(input: MergeInput, reader: BlockReader, verify: boolean): ChunkQuerier {
  const { minTime, maxTime } = reader.meta;
  return {
    async *selectChunks(params, signal) {
      let last: Labels | undefined;
      try {
        for await (const batch of reader.selectChunks(params, signal)) {
          const out: ChunkSeries[] = [];
          for (const series of batch) {
            if (last && compareLabels(last, series.labels) >= 0) {
              const text = `series out of label order: ${formatLabels(series.labels)}`;
              throw new CorruptionError(`${input.dir}/index`, 0, text);
            }
            last = series.labels;
            if (verify) for (const chunk of series.chunks) decodeChunk(chunk, new SampleColumns());
            out.push({ labels: series.labels, chunks: inside(series.chunks, minTime, maxTime) });
          }
          yield out;
        }
      } catch (error) {
        throw blamed(input, error);
      }
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}

/** The chunks in order, cut to `[minTime, maxTime)`; nearly always as they are. */
function inside(chunks: readonly Chunk[], minTime: number, maxTime: number): readonly Chunk[] {
  let isFine = true;
  for (let i = 0; i < chunks.length && isFine; i++) {
    const { mint, maxt } = chunks[i]!;
    isFine = mint >= minTime && maxt < maxTime && (i === 0 || chunks[i - 1]!.mint <= mint);
  }
  if (isFine) return chunks;
  return chunks
    .map((chunk) => clipChunk(chunk, minTime, maxTime - 1))
    .filter((chunk) => chunk !== undefined)
    .sort((a, b) => a.mint - b.mint || a.maxt - b.maxt);
}

async function* merged(
  sources: readonly ChunkQuerier[],
  deps: MergeDeps,
): AsyncGenerator<readonly ChunkSeries[]> {
  let series = 0;
  const all = mergeChunkQueriers(sources).selectChunks(EVERYTHING, deps.signal);
  for await (const batch of all) {
    yield batch.map((one) => joinOverlaps(one));
    series += batch.length;
    deps.onProgress?.({ series });
  }
}

/** The error of an input: damage, and files that are missing, are the block's own fault. */
function blamed(input: MergeInput, error: unknown): unknown {
  const isMissing = (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
  if (codeOf(error) !== "corruption" && !isMissing) return error;
  return new NarthexError("corruption", `block ${input.id}: ${messageOf(error)}`, {
    cause: error,
    detail: { block: input.id },
  });
}
