import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlockCompaction, type BlockMeta, BlockReader, writeBlock } from "#pkg/block/mod.ts";
import { encodeColumns, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { compareLabels, type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { type ChunkQuerier, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { commitBlock, uploadFiles } from "./publish.ts";

const signal = new AbortController().signal;

/** Times of samples by number of series; what a sample is follows from both. */
export type Times = ReadonlyMap<number, readonly number[]>;

/** The labels of series `i`; every third one is of native histograms. */
export function labelsOf(i: number): Labels {
  return labelsFromObject({
    __name__: `metric_${i % 4}`,
    instance: `host-${i}`,
    kind: i % 3 === 2 ? "histogram" : "float",
  });
}

/** Appends the sample of series `i` at time `t`: the same from every replica. */
export function pushSample(columns: SampleColumns, i: number, t: number): void {
  if ((t / 1000 + i) % 41 === 0) {
    columns.pushStale(t);
    return;
  }
  if (i % 3 !== 2) {
    columns.push(t, Math.sin(i + t / 1e6) * 1000);
    return;
  }
  const h = new FloatHistogram();
  const size = 1 + (Math.floor(t / 60_000) % 3);
  h.schema = 2;
  h.zeroThreshold = 1e-10;
  h.positiveSpans = Int32Array.of(0, size);
  h.positiveBuckets = new Float64Array(size).fill(i + 1);
  h.count = size * (i + 1);
  h.sum = t % 977;
  columns.pushHistogram(t, h);
}

/** What to make a block of. */
export interface BlockSpec {
  readonly mint: number;
  readonly maxt: number;
  readonly times: Times;
  /** Ms since the epoch, in the block's id. */
  readonly madeAt?: number;
  readonly samplesPerChunk?: number;
  readonly compaction?: BlockCompaction;
  readonly thanos?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
}

let serial = 0;

/** Writes a block below `dir`. */
export async function writeTestBlock(dir: string, spec: BlockSpec): Promise<BlockMeta> {
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    const all: ChunkSeries[] = [];
    for (const [i, times] of spec.times) {
      const columns = new SampleColumns();
      for (const t of times) pushSample(columns, i, t);
      const options = { samplesMax: spec.samplesPerChunk ?? 120, integer: i % 2 === 0 };
      all.push({ labels: labelsOf(i), chunks: encodeColumns(columns, 0, columns.length, options) });
    }
    yield all.sort((a, b) => compareLabels(a.labels, b.labels));
  }
  const meta = await writeBlock(batches(), {
    dir,
    mint: spec.mint,
    maxt: spec.maxt,
    clock: new FakeClock(spec.madeAt ?? spec.maxt),
    random: seededRandom(spec.seed ?? ++serial),
    ...(spec.compaction ? { compaction: spec.compaction } : {}),
    ...(spec.thanos ? { thanos: spec.thanos } : {}),
  });
  if (!meta) throw new Error("block without series");
  return meta;
}

/** Writes a block into a bucket. */
export async function putTestBlock(
  bucket: Bucket,
  tenant: string,
  spec: BlockSpec,
): Promise<BlockMeta> {
  const dir = await mkdtemp(join(tmpdir(), "narthex-testblock-"));
  try {
    const meta = await writeTestBlock(dir, spec);
    const prefix = `${tenant}/${meta.ulid}`;
    await uploadFiles(bucket, prefix, join(dir, meta.ulid), signal);
    await commitBlock(bucket, prefix, join(dir, meta.ulid), signal);
    return meta;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** `[mint, maxt)` every `stepMs`, of series `[0, count)`. */
export function regular(count: number, mint: number, maxt: number, stepMs: number): Times {
  const out = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const times: number[] = [];
    for (let t = mint; t < maxt; t += stepMs) times.push(t);
    out.set(i, times);
  }
  return out;
}

/** Everything a querier has, one line a series: labels, then times and values with their bits. */
export async function contents(source: ChunkQuerier): Promise<string[]> {
  const out: string[] = [];
  const range = { mint: -8.64e15, maxt: 8.64e15, matchers: [] };
  for await (const batch of source.selectChunks(range, signal)) {
    for (const series of batch) {
      const columns = new SampleColumns();
      seriesFromChunks(series).read(columns, range.mint, range.maxt);
      if (columns.length > 0) out.push(lineOf(series.labels, columns));
    }
  }
  return out;
}

/** What `contents` must give for these samples. */
export function expected(times: Times): string[] {
  const all = [...times].filter(([, list]) => list.length > 0);
  all.sort(([a], [b]) => compareLabels(labelsOf(a), labelsOf(b)));
  return all.map(([i, list]) => {
    const columns = new SampleColumns();
    for (const t of [...new Set(list)].sort((a, b) => a - b)) pushSample(columns, i, t);
    return lineOf(labelsOf(i), columns);
  });
}

function lineOf(labels: Labels, columns: SampleColumns): string {
  const parts: string[] = [];
  for (let s = 0; s < columns.length; s++) {
    const h = columns.histograms?.[s];
    const value = h
      ? `h${h.count}/${h.sum}/${[...h.positiveBuckets].join("+").replace(/(\+0)+$/, "")}`
      : `${columns.bits[2 * s]}:${columns.bits[2 * s + 1]}`;
    parts.push(`${columns.timestamps[s]}=${value}`);
  }
  return `${labels.join()} ${parts.join(" ")}`;
}

/** The contents of a block in a folder. */
export async function blockContents(dir: string): Promise<string[]> {
  const reader = await BlockReader.open(dir);
  try {
    return await contents(reader);
  } finally {
    await reader.close();
  }
}

/** Where two results of `contents` differ, in short. */
export function differences(got: readonly string[], want: readonly string[]): string[] {
  const byLabels = (lines: readonly string[]): Map<string, string> =>
    new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line]));
  const [ours, theirs] = [byLabels(got), byLabels(want)];
  const out: string[] = [];
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a = "", b = ""] = [ours.get(key), theirs.get(key)];
    if (a === b) continue;
    const [as, bs] = [a.split(" "), b.split(" ")];
    const more = as.filter((sample) => !bs.includes(sample));
    const less = bs.filter((sample) => !as.includes(sample));
    out.push(`${key}: +${more.length} ${more[0] ?? ""} -${less.length} ${less[0] ?? ""}`);
  }
  if (out.length === 0 && got.join("\n") !== want.join("\n")) out.push("order or repeats");
  return out;
}
