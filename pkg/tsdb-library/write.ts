import {
  type BlockMeta,
  chunksOf,
  joinOverlaps,
  writeBlock as writeChunks,
} from "#pkg/block/mod.ts";
import { systemClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { compareLabels, formatLabels, type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { systemRandom } from "#pkg/prng/mod.ts";
import type { ListedSeries } from "#pkg/promql/mod.ts";
import { type Chunk, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";

/** A series for a block: labels by name or as a label set, with samples, columns or chunks. */
export type WrittenSeries =
  | ListedSeries
  | { readonly labels: LabelsInput; readonly columns: SampleColumns }
  | { readonly labels: LabelsInput; readonly chunks: readonly Chunk[] };

/** Labels by name, or name and value in turn in byte order of the names. */
export type LabelsInput = Readonly<Record<string, string>> | Labels;

/** How to write a block. */
export interface WriteOptions {
  /**
   * The block's time: samples have `minTimeMs <= t < maxTimeMs`. From the samples where absent,
   * which an asynchronous iterable cannot do without.
   */
  readonly minTimeMs?: number;
  readonly maxTimeMs?: number;
  /** External labels for Thanos, which readers add to every series. */
  readonly externalLabels?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Series handed to the writer at once. */
const BATCH_SERIES = 128;

/**
 * Writes a block into folder `dir` and resolves with its `meta.json`; the block is in
 * `<dir>/<meta.ulid>`, whole or not at all. An array may be in any order; an asynchronous iterable
 * must give series in order of their labels, and takes memory for symbols only. Samples are in
 * ascending order of time; chunks may overlap and are joined then. Resolves with undefined where
 * there are no samples. Errors: `bad_data` for series out of order, equal label sets, and times
 * that are out of order or outside the block.
 */
export async function writeBlock(
  dir: string,
  series: readonly WrittenSeries[] | AsyncIterable<WrittenSeries>,
  options: WriteOptions = {},
): Promise<BlockMeta | undefined> {
  const all = Array.isArray(series) ? sorted(series as readonly WrittenSeries[]) : undefined;
  const mint = options.minTimeMs ?? all?.reduce((min, one) => Math.min(min, first(one)), Infinity);
  const maxt =
    options.maxTimeMs ?? all?.reduce((max, one) => Math.max(max, last(one) + 1), -Infinity);
  if (mint === undefined || maxt === undefined) {
    const text = "write block: want minTimeMs and maxTimeMs with an asynchronous iterable";
    throw new NarthexError("bad_data", text);
  }
  const source = all ?? encoded(series as AsyncIterable<WrittenSeries>);
  const { externalLabels } = options;
  return writeChunks(checked(source, mint, maxt), {
    dir,
    mint,
    maxt,
    clock: systemClock,
    random: systemRandom,
    ...(externalLabels ? { thanos: thanosSection(externalLabels) } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

function thanosSection(labels: Readonly<Record<string, string>>): Record<string, unknown> {
  return { version: 1, labels, downsample: { resolution: 0 }, source: "bucket.upload" };
}

function sorted(series: readonly WrittenSeries[]): ChunkSeries[] {
  return series
    .map(encode)
    .filter(({ chunks }) => chunks.length > 0)
    .sort((a, b) => compareLabels(a.labels, b.labels));
}

async function* encoded(series: AsyncIterable<WrittenSeries>): AsyncGenerator<ChunkSeries> {
  for await (const one of series) yield encode(one);
}

function encode(series: WrittenSeries): ChunkSeries {
  const labels = Array.isArray(series.labels)
    ? (series.labels as Labels)
    : labelsFromObject(series.labels as Readonly<Record<string, string>>);
  if ("chunks" in series) {
    const chunks = series.chunks.toSorted((a, b) => a.mint - b.mint || a.maxt - b.maxt);
    return joinOverlaps({ labels, chunks });
  }
  const columns = "columns" in series ? series.columns : columnsOf(series);
  for (let i = 1; i < columns.length; i++) {
    if (columns.timestamps[i]! > columns.timestamps[i - 1]!) continue;
    throw refused(labels, `sample ${i} is not after the one before it`);
  }
  return { labels, chunks: chunksOf(columns) };
}

function columnsOf({ samples }: ListedSeries): SampleColumns {
  const columns = new SampleColumns();
  for (const [timeMs, value] of samples) {
    if (value === null) columns.pushStale(timeMs);
    else if (typeof value === "number") columns.push(timeMs, value);
    else columns.pushHistogram(timeMs, value);
  }
  return columns;
}

function first({ chunks }: ChunkSeries): number {
  return chunks[0]!.mint;
}

function last({ chunks }: ChunkSeries): number {
  return chunks[chunks.length - 1]!.maxt;
}

/** Batches of series that the writer accepts, or `bad_data`. */
async function* checked(
  series: Iterable<ChunkSeries> | AsyncIterable<ChunkSeries>,
  mint: number,
  maxt: number,
): AsyncGenerator<readonly ChunkSeries[]> {
  let before: Labels | undefined;
  let batch: ChunkSeries[] = [];
  for await (const one of series) {
    if (one.chunks.length === 0) continue;
    if (before && compareLabels(before, one.labels) >= 0) {
      throw refused(one.labels, `it is not above ${formatLabels(before)}`);
    }
    if (first(one) < mint || last(one) >= maxt) {
      throw refused(one.labels, `samples outside of [${mint}, ${maxt})`);
    }
    before = one.labels;
    batch.push(one);
    if (batch.length < BATCH_SERIES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function refused(labels: Labels, problem: string): NarthexError {
  return new NarthexError("bad_data", `write block: ${formatLabels(labels)}: ${problem}`);
}
