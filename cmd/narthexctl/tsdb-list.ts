import { type BlockMeta, readBlockMeta } from "#pkg/block/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { formatDuration } from "#pkg/model/mod.ts";
import type { Io } from "./io.ts";
import { formatBytes } from "./progress.ts";
import { blockSources, type SourceOptions } from "./sources.ts";
import { formatTime } from "./times.ts";

const HEADS = [
  ...["BLOCK ULID", "MIN TIME", "MAX TIME", "DURATION"],
  ...["NUM SAMPLES", "NUM CHUNKS", "NUM SERIES", "SIZE"],
];

/** How blocks are listed. */
export interface ListOptions extends SourceOptions {
  readonly humanReadable?: boolean;
  readonly json?: boolean;
}

/** A block in a list. */
export interface ListedBlock {
  readonly meta: BlockMeta;
  readonly bytes: number;
}

/** `tsdb list`. A block that cannot be read is named on standard error, and fails the command. */
export async function listBlocks(
  dir: string | undefined,
  options: ListOptions,
  io: Io,
): Promise<void> {
  const listed: ListedBlock[] = [];
  const broken: string[] = [];
  for (const source of await blockSources(dir, options, io)) {
    try {
      const files = await source.open();
      const bytes = [...files.sizes.values()].reduce((sum, size) => sum + size, 0);
      listed.push({ meta: await readBlockMeta(files, io.signal), bytes });
    } catch (error) {
      broken.push(`${source.path}: ${messageOf(error)}`);
    }
  }
  await printBlocks(listed, options, io);
  if (broken.length > 0) {
    throw new NarthexError("corruption", `${broken.length} unreadable:\n${broken.join("\n")}`);
  }
}

/** Prints blocks in order of time, as a table or as JSON, one a line. */
export async function printBlocks(
  blocks: readonly ListedBlock[],
  options: { readonly humanReadable?: boolean; readonly json?: boolean },
  io: Io,
): Promise<void> {
  const sorted = [...blocks].sort(
    (a, b) => a.meta.minTime - b.meta.minTime || a.meta.maxTime - b.meta.maxTime,
  );
  if (options.json) {
    for (const { meta } of sorted) await io.out(`${JSON.stringify(meta)}\n`);
    return;
  }
  const human = options.humanReadable === true;
  await io.out(table([HEADS, ...sorted.map(({ meta, bytes }) => rowOf(meta, bytes, human))]));
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

/** Rows with their cells aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}
