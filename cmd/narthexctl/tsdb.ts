import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type BlockMeta, BlockReader, isBlockId, META_FILE, readMeta } from "#pkg/block/mod.ts";
import { chunkQuerierAsQuerier } from "#pkg/chunkenc/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { formatHistogram } from "#pkg/histogram/mod.ts";
import { formatLabels, METRIC_NAME } from "#pkg/labels/mod.ts";
import { formatDuration, formatFloatG } from "#pkg/model/mod.ts";
import { parseMetricSelector } from "#pkg/promql/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  type ChunkQuerier,
  mergeChunkQueriers,
  SampleColumns,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import type { Io } from "./io.ts";
import { formatTime } from "./times.ts";

const HEADS = [
  ...["BLOCK ULID", "MIN TIME", "MAX TIME", "DURATION"],
  ...["NUM SAMPLES", "NUM CHUNKS", "NUM SERIES", "SIZE"],
];
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
/** Printed at once. */
const TEXT_LENGTH = 64 * 1024;

/** `tsdb list`. A block that cannot be read is named on standard error, and fails the command. */
export async function listBlocks(
  dir: string,
  options: { humanReadable?: boolean; json?: boolean },
  io: Io,
): Promise<void> {
  const metas: { meta: BlockMeta; bytes: number }[] = [];
  const broken: string[] = [];
  for (const path of await blockFolders(dir)) {
    try {
      metas.push({ meta: await readMeta(path), bytes: await bytesOf(path) });
    } catch (error) {
      broken.push(`${path}: ${messageOf(error)}`);
    }
  }
  metas.sort((a, b) => a.meta.minTime - b.meta.minTime || a.meta.maxTime - b.meta.maxTime);
  if (options.json) {
    for (const { meta } of metas) await io.out(`${JSON.stringify(meta)}\n`);
  } else {
    const human = options.humanReadable === true;
    const rows = metas.map(({ meta, bytes }) => rowOf(meta, bytes, human));
    await io.out(table([HEADS, ...rows]));
  }
  if (broken.length > 0) {
    throw new NarthexError("corruption", `${broken.length} unreadable:\n${broken.join("\n")}`);
  }
}

function rowOf(meta: BlockMeta, bytes: number, human: boolean): string[] {
  const time = (ms: number): string => (human ? formatTime(ms) : String(ms));
  const count = (n: number | undefined): string => String(n ?? 0);
  return [
    meta.ulid,
    time(meta.minTime),
    time(meta.maxTime),
    formatDuration(meta.maxTime - meta.minTime),
    count(meta.stats?.numSamples),
    count(meta.stats?.numChunks),
    count(meta.stats?.numSeries),
    human ? formatBytes(bytes) : String(bytes),
  ];
}

function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)}${UNITS[unit]}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEADS.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}

/** `tsdb dump`: samples of all blocks, each time of a series once. Times in ms, inclusive. */
export async function dumpBlocks(
  dir: string,
  options: { match?: readonly string[]; mint?: number; maxt?: number },
  io: Io,
): Promise<void> {
  const selections = options.match?.map((text) => parseMetricSelector(text)) ?? [
    [newMatcher("=~", METRIC_NAME, ".*")],
  ];
  const range = {
    mint: options.mint ?? Number.MIN_SAFE_INTEGER,
    maxt: options.maxt ?? Number.MAX_SAFE_INTEGER,
  };
  const blocks: BlockReader[] = [];
  try {
    for (const path of await blockFolders(dir)) blocks.push(await BlockReader.open(path));
    const all = mergeChunkQueriers(blocks);
    const parts = selections.map((matchers) => fixed(all, { ...range, matchers }));
    await dump(mergeChunkQueriers(parts), { ...range, matchers: [] }, io);
  } finally {
    await Promise.all(blocks.map((block) => block.close()));
  }
}

/** `inner` that always answers `params`: so that answers to several selectors can be merged. */
function fixed(inner: ChunkQuerier, params: SelectParams): ChunkQuerier {
  return {
    selectChunks: (_params, signal) => inner.selectChunks(params, signal),
    labelNames: (_params, signal) => inner.labelNames(params, signal),
    labelValues: (name, _params, signal) => inner.labelValues(name, params, signal),
  };
}

async function dump(source: ChunkQuerier, params: SelectParams, io: Io): Promise<void> {
  const querier = chunkQuerierAsQuerier(source);
  const columns = new SampleColumns();
  let text = "";
  for await (const batch of querier.select(params, new AbortController().signal)) {
    for (const series of batch) {
      columns.clear();
      series.read(columns, params.mint, params.maxt);
      const name = formatLabels(series.labels);
      for (let i = 0; i < columns.length; i++) {
        const h = columns.histograms?.[i];
        const value = h ? formatHistogram(h) : formatFloatG(columns.values[i]!);
        text += `${name} ${value} ${columns.timestamps[i]!}\n`;
        if (text.length < TEXT_LENGTH) continue;
        await io.out(text);
        text = "";
      }
    }
  }
  if (text !== "") await io.out(text);
}

/** The folders of the blocks in `dir`, or `dir` itself if it is one. */
async function blockFolders(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw new NarthexError("not_found", `read ${dir}: ${messageOf(error)}`, { cause: error });
  });
  const isBlock = entries.some((entry) => entry.name === META_FILE);
  if (isBlock && isBlockId(basename(resolve(dir)))) return [dir];
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = folders.filter(isBlockId).sort();
  if (found.length > 0) return found.map((name) => join(dir, name));
  const inner: string[] = [];
  for (const name of folders.sort()) {
    if ((await readdir(join(dir, name))).some(isBlockId)) inner.push(join(dir, name));
  }
  const hint = inner.length > 0 ? `; there are some in ${inner.join(", ")}` : "";
  throw new NarthexError("not_found", `${dir} holds no blocks${hint}`);
}

async function bytesOf(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    bytes += entry.isDirectory() ? await bytesOf(path) : (await stat(path)).size;
  }
  return bytes;
}
