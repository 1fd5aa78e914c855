import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Pacer } from "#pkg/async/mod.ts";
import { type BlockMeta, chunksOf, localBlockFiles, writeBlock } from "#pkg/block/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import {
  compareLabels,
  formatLabels,
  type Labels,
  labelsFromPairs,
  labelsKey,
} from "#pkg/labels/mod.ts";
import { formatFloatG } from "#pkg/model/mod.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import type { ExpositionFormat, ExpositionParser } from "#pkg/textparse/mod.ts";
import { parseExposition } from "./exposition.ts";
import type { Io } from "./io.ts";
import { SampleSpill, type SpilledRange } from "./sample-spill.ts";
import { type ListedBlock, printBlocks } from "./tsdb-list.ts";

/** How samples become blocks. */
export interface ImportOptions {
  readonly format: ExpositionFormat;
  readonly maxBlockDuration?: number;
  /** Labels that every series gets, in place of its own of that name. */
  readonly label?: Readonly<Record<string, string>>;
  readonly humanReadable?: boolean;
  readonly quiet?: boolean;
}

/** Range of the smallest blocks. */
const BLOCK_MS = 2 * 3_600_000;
/** Upstream's ranges: each three times the one before. */
const BLOCK_RANGES = Array.from({ length: 10 }, (_, i) => BLOCK_MS * 3 ** i);
/** Samples that are sorted at once; 128 MB. */
const SORTED_SAMPLES = 8_000_000;
const BATCH_SERIES = 128;

/**
 * `tsdb create-blocks-from`: blocks of the samples in `path` (`-` for standard input) in folder
 * `dir`. Reads the text once; samples go through a temporary file beside the blocks, so memory grows
 * with the number of series and not with that of samples. On an error no block is left.
 */
export async function createBlocks(
  path: string,
  dir: string,
  options: ImportOptions,
  io: Io,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const spillPath = join(dir, `.import-${Math.floor(io.random() * 1e9)}.tmp`);
  const spill = await SampleSpill.create(spillPath, blockDuration(options.maxBlockDuration));
  const written: string[] = [];
  try {
    const series = new SeriesTable(options.label ?? {});
    await readSamples(path, { series, spill }, options, io);
    const blocks = await writeBlocks(dir, { series, spill, written }, options, io);
    io.progress.stop();
    if (blocks.length === 0) io.err("no samples, no blocks\n");
    else if (!options.quiet) await printBlocks(blocks, options, io);
  } catch (error) {
    for (const id of written) await rm(join(dir, id), { recursive: true, force: true });
    throw error;
  } finally {
    io.progress.stop();
    await spill.close();
  }
}

/** The largest range of upstream's that is no longer than what was asked for. */
function blockDuration(maxMs = BLOCK_MS): number {
  return BLOCK_RANGES.findLast((ms) => ms <= maxMs) ?? BLOCK_MS;
}

/** The series of a text, numbered as they come. */
class SeriesTable {
  readonly labels: Labels[] = [];
  readonly #more: readonly (readonly [string, string])[];
  /** By the bytes that name it in the text. */
  readonly #byText = new Map<string, number>();
  /** By label set, where two texts name one series. */
  readonly #byKey = new Map<string, number>();

  constructor(more: Readonly<Record<string, string>>) {
    this.#more = Object.entries(more);
  }

  /** The number of the series that `parser` is at. */
  numberOf(parser: ExpositionParser): number {
    const { bytes, seriesStart, seriesEnd } = parser;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
      "latin1",
      seriesStart,
      seriesEnd,
    );
    let number = this.#byText.get(text);
    if (number !== undefined) return number;
    const labels = this.#extended(parser.labels());
    const key = labelsKey(labels);
    number = this.#byKey.get(key);
    if (number === undefined) {
      number = this.labels.length;
      this.labels.push(labels);
      this.#byKey.set(key, number);
    }
    this.#byText.set(text, number);
    return number;
  }

  /** Numbers of series by their place in label order, and the other way round. */
  sorted(): { order: Uint32Array; ranks: Uint32Array } {
    const { labels } = this;
    const order = Uint32Array.from(labels, (_, i) => i);
    order.sort((a, b) => compareLabels(labels[a]!, labels[b]!));
    const ranks = new Uint32Array(order.length);
    for (let rank = 0; rank < order.length; rank++) ranks[order[rank]!] = rank;
    return { order, ranks };
  }

  #extended(labels: Labels): Labels {
    if (this.#more.length === 0) return labels;
    const pairs = new Map<string, string>();
    for (let i = 0; i < labels.length; i += 2) pairs.set(labels[i]!, labels[i + 1]!);
    for (const [name, value] of this.#more) pairs.set(name, value);
    return labelsFromPairs(pairs);
  }
}

async function readSamples(
  path: string,
  into: { series: SeriesTable; spill: SampleSpill },
  options: ImportOptions,
  io: Io,
): Promise<void> {
  const { series, spill } = into;
  let totalBytes = 0;
  if (path !== "-") {
    const status = await stat(path).catch((error: unknown) => {
      throw new NarthexError("not_found", `read ${path}: ${messageOf(error)}`, { cause: error });
    });
    totalBytes = status.size;
  }
  const source = path === "-" ? io.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
  if (!options.quiet) io.progress.start("Reading samples", "B");
  let doneBytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const part of source) {
      io.signal.throwIfAborted();
      yield part as Uint8Array;
      doneBytes += (part as Uint8Array).length;
      io.progress.update(doneBytes, totalBytes);
    }
  }
  const pacer = new Pacer(io.clock);
  await parseExposition(counted(), options.format, (parser) => {
    if (!parser.hasTimestamp) {
      const name = formatLabels(parser.labels());
      const text = `line ${parser.line()}: want a timestamp for series ${name}, got none`;
      throw new NarthexError("bad_data", text);
    }
    const isFull = spill.add(series.numberOf(parser), parser.timestampMs, parser.value);
    if (isFull) return spill.drain();
    return pacer.due() ? pacer.yield() : undefined;
  });
  await spill.drain();
}

interface Imported {
  readonly series: SeriesTable;
  readonly spill: SampleSpill;
  /** Ids of the blocks so far. */
  readonly written: string[];
}

async function writeBlocks(
  dir: string,
  imported: Imported,
  options: ImportOptions,
  io: Io,
): Promise<ListedBlock[]> {
  const { spill, series, written } = imported;
  const ranges = spill.ranges();
  const total = ranges.reduce((sum, { count }) => sum + count, 0);
  const order = series.sorted();
  const blocks: ListedBlock[] = [];
  if (!options.quiet) io.progress.start("Writing blocks", "samples");
  let done = 0;
  for (const range of ranges) {
    const meta: BlockMeta | undefined = await writeBlock(seriesOf(range, imported, order), {
      dir,
      mint: range.mint,
      maxt: range.maxt + 1,
      clock: io.clock,
      random: io.random,
      signal: io.signal,
    });
    done += range.count;
    io.progress.update(done, total);
    if (!meta) continue;
    written.push(meta.ulid);
    const { sizes } = await localBlockFiles(join(dir, meta.ulid));
    blocks.push({ meta, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) });
  }
  return blocks;
}

/** The series of a range in label order, as many at a time as can be sorted in memory. */
async function* seriesOf(
  range: SpilledRange,
  { spill, series }: Imported,
  { order, ranks }: { order: Uint32Array; ranks: Uint32Array },
): AsyncGenerator<readonly ChunkSeries[]> {
  const counts = new Uint32Array(order.length);
  await spill.read(range, (number) => void counts[ranks[number]!]!++);
  for (let from = 0; from < order.length; ) {
    let to = from;
    let total = 0;
    while (to < order.length && (to === from || total + counts[to]! <= SORTED_SAMPLES)) {
      total += counts[to++]!;
    }
    const group = new SampleGroup(counts.subarray(from, to), total);
    await spill.read(range, (number, time, value) => {
      const rank = ranks[number]!;
      if (rank >= from && rank < to) group.place(rank - from, time, value);
    });
    let batch: ChunkSeries[] = [];
    for (let rank = from; rank < to; rank++) {
      if (counts[rank] === 0) continue;
      const labels = series.labels[order[rank]!]!;
      batch.push({ labels, chunks: chunksOf(group.columnsOf(rank - from, labels)) });
      if (batch.length < BATCH_SERIES) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    from = to;
  }
}

/** The samples of some series, side by side. */
class SampleGroup {
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  /** Where each series begins; one more entry for the end. */
  readonly #starts: Uint32Array;
  readonly #next: Uint32Array;

  constructor(counts: Uint32Array, total: number) {
    this.#times = new Float64Array(total);
    this.#values = new Float64Array(total);
    this.#starts = new Uint32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) this.#starts[i + 1] = this.#starts[i]! + counts[i]!;
    this.#next = this.#starts.slice();
  }

  place(series: number, time: number, value: number): void {
    const at = this.#next[series]!++;
    this.#times[at] = time;
    this.#values[at] = value;
  }

  /** The samples of a series in order of time; a sample that repeats another one comes once. */
  columnsOf(series: number, labels: Labels): SampleColumns {
    const from = this.#starts[series]!;
    const indexes = Uint32Array.from(
      { length: this.#starts[series + 1]! - from },
      (_, i) => from + i,
    );
    const times = this.#times;
    let isSorted = true;
    for (let i = 1; i < indexes.length; i++) isSorted &&= times[from + i]! > times[from + i - 1]!;
    if (!isSorted) indexes.sort((a, b) => times[a]! - times[b]! || a - b);
    const columns = new SampleColumns(indexes.length);
    for (const i of indexes) {
      const last = columns.length - 1;
      if (last < 0 || columns.timestamps[last] !== times[i]) {
        columns.push(times[i]!, this.#values[i]!);
      } else if (!Object.is(columns.values[last], this.#values[i])) {
        const [a, b] = [columns.values[last]!, this.#values[i]!].map(formatFloatG);
        const text = `duplicate sample for timestamp ${times[i]} of ${formatLabels(labels)}`;
        throw new NarthexError("bad_data", `${text}: ${a} and ${b}`);
      }
    }
    return columns;
  }
}
