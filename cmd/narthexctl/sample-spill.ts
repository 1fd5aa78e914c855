import { rm } from "node:fs/promises";
import { FileSink } from "#pkg/fsutil/mod.ts";

/** Samples gathered in memory before they go to the file; 40 MB. */
const BUFFER_SAMPLES = 2_000_000;
/** Series number, time and value. */
const RECORD_BYTES = 20;

/** Samples of one range of time. */
export interface SpilledRange {
  /** Where the range begins, ms; a multiple of its length. */
  readonly start: number;
  /** Oldest and newest sample, ms. */
  mint: number;
  maxt: number;
  count: number;
  /** Where its samples lie in the file, in the order they came. */
  readonly pieces: { readonly offset: number; readonly count: number }[];
}

/**
 * Samples on their way into blocks, sorted into ranges of time through one temporary file: memory
 * does not grow with them. Call `drain` after each `add` that returns true.
 */
export class SampleSpill {
  readonly #rangeMs: number;
  readonly #sink: FileSink;
  readonly #series = new Uint32Array(BUFFER_SAMPLES);
  readonly #times = new Float64Array(BUFFER_SAMPLES);
  readonly #values = new Float64Array(BUFFER_SAMPLES);
  readonly #ranges = new Map<number, SpilledRange>();
  #filled = 0;

  private constructor(rangeMs: number, sink: FileSink) {
    this.#rangeMs = rangeMs;
    this.#sink = sink;
  }

  /** Begins the file `path`, which nobody else sees: it has no name from then on. */
  static async create(path: string, rangeMs: number): Promise<SampleSpill> {
    const sink = await FileSink.create(path);
    await rm(path, { force: true });
    return new SampleSpill(rangeMs, sink);
  }

  /** Takes a sample; true if `drain` is due. */
  add(series: number, timestampMs: number, value: number): boolean {
    const i = this.#filled++;
    this.#series[i] = series;
    this.#times[i] = timestampMs;
    this.#values[i] = value;
    return this.#filled === BUFFER_SAMPLES;
  }

  /** Writes what was gathered, range by range. */
  async drain(): Promise<void> {
    const byRange = new Map<number, number[]>();
    for (let i = 0; i < this.#filled; i++) {
      const start = Math.floor(this.#times[i]! / this.#rangeMs) * this.#rangeMs;
      const list = byRange.get(start);
      if (list) list.push(i);
      else byRange.set(start, [i]);
    }
    for (const [start, indexes] of byRange) await this.#write(start, indexes);
    this.#filled = 0;
  }

  async #write(start: number, indexes: readonly number[]): Promise<void> {
    let range = this.#ranges.get(start);
    if (!range) {
      const [mint, maxt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      range = { start, mint, maxt, count: 0, pieces: [] };
      this.#ranges.set(start, range);
    }
    range.pieces.push({ offset: this.#sink.position, count: indexes.length });
    range.count += indexes.length;
    const record = Buffer.allocUnsafe(RECORD_BYTES);
    for (const i of indexes) {
      const time = this.#times[i]!;
      if (time < range.mint) range.mint = time;
      if (time > range.maxt) range.maxt = time;
      record.writeUInt32LE(this.#series[i]!, 0);
      record.writeDoubleLE(time, 4);
      record.writeDoubleLE(this.#values[i]!, 12);
      this.#sink.append(record);
      if (this.#sink.isDue) await this.#sink.drain();
    }
  }

  /** All ranges in order of time; after the last `drain`. */
  ranges(): SpilledRange[] {
    return [...this.#ranges.values()].sort((a, b) => a.start - b.start);
  }

  /** Calls `visit` for the samples of a range, in the order they came. */
  async read(
    range: SpilledRange,
    visit: (series: number, timestampMs: number, value: number) => void,
  ): Promise<void> {
    for (const { offset, count } of range.pieces) {
      let rest: Uint8Array = new Uint8Array(0);
      for await (const part of this.#sink.readBack(offset, offset + count * RECORD_BYTES)) {
        const bytes = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
        let at = 0;
        for (; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
          visit(bytes.readUInt32LE(at), bytes.readDoubleLE(at + 4), bytes.readDoubleLE(at + 12));
        }
        rest = bytes.subarray(at);
      }
    }
  }

  /** Gives the file back to the disk. */
  async close(): Promise<void> {
    await this.#sink.abandon();
  }
}
