import { join } from "node:path";
import { type BlockMeta, chunksOf, writeBlock } from "#pkg/block/mod.ts";
import { encodeHistograms, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { atomicWrite } from "#pkg/fsutil/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { formatLabels, type Labels, labelsFromObject, type Matcher } from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  type Chunk,
  type ChunkQuerier,
  type ChunkSeries,
  SampleColumns,
} from "#pkg/storage/mod.ts";
import { encodeTombstones, type Tombstones } from "#pkg/tombstones/mod.ts";

/** Time of the first sample, ms. */
export const FIXTURE_T0 = 1_700_000_000_000;
export const FIXTURE_STEP_MS = 15_000;
export const FIXTURE_BLOCK = "01HF7YAT00K6G93G7YNER91DZX";
/** Samples of each series: two chunks of floats. */
const SAMPLES = 130;
const EVERYTHING: readonly Matcher[] = [newMatcher("!=", "__name__", "")];

function floatColumns(kind: number): SampleColumns {
  const columns = new SampleColumns();
  for (let i = 0; i < SAMPLES; i++) {
    const t = FIXTURE_T0 + i * FIXTURE_STEP_MS + (kind === 1 ? (i * 7) % 5 : 0);
    if (kind === 2 && i % 40 === 39) columns.pushStale(t);
    else columns.push(t, kind === 0 ? i * 3 : kind === 1 ? Math.fround(Math.sqrt(i)) : i % 3);
    if (kind === 3) columns.setStart(i, FIXTURE_T0 - 1 + (i > 70 ? 70 * FIXTURE_STEP_MS : 0));
  }
  return columns;
}

function histogramColumns(hasStarts: boolean): SampleColumns {
  const columns = new SampleColumns();
  for (let i = 0; i < 20; i++) {
    const t = FIXTURE_T0 + i * FIXTURE_STEP_MS;
    if (i === 15) columns.pushStale(t);
    else {
      const h = new FloatHistogram();
      Object.assign(h, { schema: 1, zeroThreshold: 0.001, zeroCount: i, count: 4 * i, sum: i / 2 });
      h.positiveSpans = Int32Array.of(-2, 1, 3, i < 8 ? 1 : 2);
      h.positiveBuckets = i < 8 ? Float64Array.of(i, 2 * i) : Float64Array.of(i, i, i);
      columns.pushHistogram(t, h);
    }
    if (hasStarts) columns.setStart(i, FIXTURE_T0 - 5);
  }
  return columns;
}

/** Series of every encoding, in label order. */
export function fixtureSeries(): ChunkSeries[] {
  const out: ChunkSeries[] = [];
  const add = (name: string, instance: string, chunks: readonly Chunk[]): void => {
    const labels = labelsFromObject({ __name__: name, instance, job: "päge \u{1f600}" });
    out.push({ labels, chunks });
  };
  for (const kind of [0, 1, 2, 3]) {
    for (const instance of ["a:1", "b:2"]) {
      const floatEncoding = instance === "a:1" ? "xor" : "xor2";
      add(`floats_${kind}`, instance, chunksOf(floatColumns(kind), { floatEncoding }));
    }
  }
  for (const [i, integer] of [true, false].entries()) {
    for (const hasStarts of [false, true]) {
      const columns = histogramColumns(hasStarts);
      const chunks = encodeHistograms(columns, 0, columns.length, integer);
      add(`histograms_${i}`, hasStarts ? "started" : "plain", chunks);
    }
  }
  return out;
}

/** Writes the block of `fixtureSeries` to `dir/FIXTURE_BLOCK`, always the same bytes. */
export async function writeFixtureBlock(dir: string): Promise<BlockMeta> {
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    yield fixtureSeries();
  }
  const meta = await writeBlock(batches(), {
    dir,
    mint: FIXTURE_T0,
    maxt: FIXTURE_T0 + 7_200_000,
    clock: new FakeClock(FIXTURE_T0),
    random: () => 0,
    ulid: FIXTURE_BLOCK,
  });
  return meta!;
}

/** Deletions of what the block's series have, by references that are spread as those of series. */
export const FIXTURE_TOMBSTONES: Tombstones = new Map([
  [3, [{ mint: FIXTURE_T0, maxt: FIXTURE_T0 + 100_000 }]],
  [
    11,
    [
      { mint: Number.NEGATIVE_INFINITY, maxt: FIXTURE_T0 - 1 },
      { mint: FIXTURE_T0 + 5, maxt: Number.POSITIVE_INFINITY },
    ],
  ],
]);

/** Puts `tombstones` into the block in `path`. */
export async function writeTombstones(path: string, tombstones: Tombstones): Promise<void> {
  await atomicWrite(join(path, "tombstones"), encodeTombstones(tombstones));
}

/** All that a querier has, as text: names, values, and the samples of each series, bit for bit. */
export async function readEverything(querier: ChunkQuerier): Promise<string[]> {
  const signal = new AbortController().signal;
  const range = { mint: -(2 ** 52), maxt: 2 ** 52 };
  const out: string[] = [];
  const names = await querier.labelNames({ ...range, matchers: [] }, signal);
  for (const name of names) {
    const values = await querier.labelValues(name, { ...range, matchers: [] }, signal);
    out.push(`${name}: ${JSON.stringify(values)}`);
    const matchers = [newMatcher("!=", name, "")];
    out.push(JSON.stringify(await querier.labelValues(name, { ...range, matchers }, signal)));
  }
  out.push(JSON.stringify(await querier.labelNames({ ...range, matchers: EVERYTHING }, signal)));
  const params = { ...range, matchers: EVERYTHING };
  for await (const batch of querier.selectChunks(params, signal)) {
    for (const series of batch) out.push(seriesText(series));
  }
  return out;
}

/** The labels and samples of a series. */
export function seriesText({ labels, chunks }: ChunkSeries): string {
  const columns = new SampleColumns();
  seriesFromChunks({ labels, chunks }).read(columns, -(2 ** 52), 2 ** 52);
  return `${labelsText(labels)} ${samplesText(columns).join(" ")}`;
}

function labelsText(labels: Labels): string {
  return formatLabels(labels);
}

/** Each sample: time, bits or histogram, and start. */
export function samplesText(columns: SampleColumns): string[] {
  return Array.from({ length: columns.length }, (_, i) => {
    const start = columns.starts?.[i] ?? 0;
    const h = columns.histograms?.[i];
    const value = h
      ? [h.schema, h.zeroThreshold, h.zeroCount, h.count, h.sum, h.counterReset].join() +
        [h.positiveSpans, h.positiveBuckets, h.negativeSpans, h.negativeBuckets].join(";")
      : `${columns.bits[2 * i + 1]!.toString(16)}_${columns.bits[2 * i]!.toString(16)}`;
    return `${columns.timestamps[i]}=${value}${start === 0 ? "" : `@${start}`}`;
  });
}
