import type { BlockContent } from "#pkg/block/mod.ts";
import { decodeChunk, xorSampleCount } from "#pkg/chunkenc/mod.ts";
import type { Postings } from "#pkg/index/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import type { Io } from "./io.ts";
import { table } from "./tsdb-list.ts";

/** Samples that a chunk aims at. */
const FULL_CHUNK = 120;
const BATCH_SERIES = 512;
/** Encodings by number, those of later formats included. */
const NAMES: Readonly<Record<number, string>> = {
  1: "XOR",
  2: "histogram",
  3: "float histogram",
  4: "XOR2",
  5: "histogram ST",
  6: "float histogram ST",
  255: "aggregates",
};
const FLOATS: readonly number[] = [ChunkEncoding.xor, 4];
const HISTOGRAMS: readonly number[] = [ChunkEncoding.histogram, ChunkEncoding.floatHistogram, 5, 6];

/** Statistics of the chunks of a block, for `tsdb analyze --extended`. */
export class ChunkAnalysis {
  readonly #block: BlockContent;
  readonly #floatSamples = new Distribution();
  readonly #floatBytes = new Distribution();
  readonly #histogramSamples = new Distribution();
  readonly #histogramBytes = new Distribution();
  readonly #histogramBuckets = new Distribution();
  readonly #encodings = new Map<number, { chunks: number; samples: number; bytes: number }>();
  readonly #columns = new SampleColumns();
  #chunks = 0;

  constructor(block: BlockContent) {
    this.#block = block;
  }

  /** Reads the chunks of the series `refs`. */
  async run(refs: Postings, io: Io, isQuiet: boolean): Promise<void> {
    const { index, chunks } = this.#block;
    const everything = { mint: Number.NEGATIVE_INFINITY, maxt: Number.POSITIVE_INFINITY };
    if (!isQuiet) io.progress.start("Reading chunks", "series");
    for (let at = 0; at < refs.length; at += BATCH_SERIES) {
      const batch = refs.subarray(at, at + BATCH_SERIES);
      const series = await index.readSeries(batch, everything, io.signal);
      const metas = series.flatMap((one) => one.chunks);
      for (const chunk of await chunks.read(metas, io.signal)) this.#visit(chunk);
      if (!isQuiet) io.progress.update(at + batch.length, refs.length);
    }
    io.progress.stop();
  }

  #visit(chunk: Chunk): void {
    const { encoding, bytes, start, end } = chunk;
    const size = end - start;
    // All encodings of samples begin with their count.
    const samples = encoding === 0xff ? 0 : xorSampleCount(bytes, start, end);
    const own = this.#encodings.get(encoding) ?? { chunks: 0, samples: 0, bytes: 0 };
    this.#encodings.set(encoding, own);
    own.chunks++;
    own.samples += samples;
    own.bytes += size;
    this.#chunks++;
    if (FLOATS.includes(encoding)) {
      this.#floatSamples.add(samples);
      this.#floatBytes.add(size);
    } else if (HISTOGRAMS.includes(encoding)) {
      this.#histogramSamples.add(samples);
      this.#histogramBytes.add(size);
      this.#histogramBuckets.add(this.#bucketsOf(chunk));
    }
  }

  #bucketsOf(chunk: Chunk): number {
    const columns = this.#columns;
    columns.clear();
    decodeChunk(chunk, columns);
    let buckets = 0;
    for (let i = 0; i < columns.length; i++) {
      const h = columns.histograms?.[i];
      if (h) buckets += h.positiveBuckets.length + h.negativeBuckets.length;
    }
    return buckets;
  }

  /** The text of the analysis. */
  report(): string {
    const total = this.#chunks;
    return [
      "\nCompaction analysis:\n\n",
      this.#floatSamples.report("samples per float chunk", total),
      this.#floatBytes.report("bytes per float chunk", total),
      this.#histogramSamples.report("samples per histogram chunk", total),
      this.#histogramBytes.report("bytes per histogram chunk", total),
      this.#histogramBuckets.report("buckets per histogram chunk", total),
      "Encodings (a chunk of 120 samples is full):\n",
      this.#encodingTable(),
    ].join("");
  }

  #encodingTable(): string {
    const rows = [...this.#encodings].sort(([a], [b]) => a - b);
    return table([
      ["ENCODING", "CHUNKS", "SAMPLES", "BYTES", "BYTES/SAMPLE", "FULLNESS"],
      ...rows.map(([encoding, { chunks, samples, bytes }]) => [
        NAMES[encoding] ?? `unknown (${encoding})`,
        String(chunks),
        String(samples),
        String(bytes),
        samples === 0 ? "-" : (bytes / samples).toFixed(2),
        `${((100 * samples) / (FULL_CHUNK * chunks)).toFixed(0)}%`,
      ]),
    ]);
  }
}

/** How often each figure occurred. */
class Distribution {
  readonly #counts = new Map<number, number>();

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  /** A histogram as promtool draws it; bars are percents of `total`. */
  report(title: string, total: number): string {
    if (this.#counts.size === 0) return `${title}: N/A\n\n`;
    const values = [...this.#counts.keys()].sort((a, b) => a - b);
    const [least, most] = [values[0]!, values[values.length - 1]!];
    const { start, end, step } = bucketsFor(least, most);
    const buckets = new Array<number>(Math.floor((end - start) / step) + 1).fill(0);
    let sum = 0;
    let count = 0;
    for (const [value, times] of this.#counts) {
      buckets[Math.floor((value - start) / step)]! += times;
      sum += value * times;
      count += times;
    }
    const widths = [end, end + step, Math.max(...buckets)].map((n) => String(n).length);
    const lines = buckets.map((times, i) => {
      const [left, right, number] = [i * step + start + 1, (i + 1) * step + start, times];
      const cells = [left, right, number].map((n, k) => String(n).padStart(widths[k]!));
      const bar = "#".repeat(Math.floor((100 * times) / total));
      return `[${cells[0]}, ${cells[1]}]: ${cells[2]} ${bar}\n`;
    });
    return `${title} (min/avg/max): ${least}/${Math.floor(sum / count)}/${most}\n${lines.join("")}\n`;
  }
}

function bucketsFor(least: number, most: number): { start: number; end: number; step: number } {
  const wanted = Math.floor((most - least) / 10);
  let step = 10;
  while (step < wanted && step <= 10_000) step *= 10;
  return { start: least - (least % step), end: most - (most % step) + step, step };
}
