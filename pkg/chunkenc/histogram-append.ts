import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { decodeFloatHistogram, decodeHistogram } from "./histogram-decode.ts";
import { firstFlags, HistogramGroup } from "./histogram-group.ts";
import { EMPTY_LAYOUT } from "./histogram-layout.ts";
import { HistogramWriter } from "./histogram-writer.ts";

/**
 * A chunk of histograms that grows at its end: what `encodeHistograms` would write of its samples.
 * Samples are histograms, which are kept and must not change any more, or stale markers
 * (undefined). Buckets that are new to the chunk have it written anew. Start timestamps are not kept.
 */
export class HistogramAppender {
  /** True if all counts are whole numbers, and the chunk is one of integers. */
  readonly integer: boolean;
  readonly #group: HistogramGroup;
  #writer: HistogramWriter;

  /** A chunk with one sample. Counts of an `integer` one are below 2^50. */
  constructor(t: number, h: FloatHistogram | undefined, integer: boolean) {
    this.integer = integer;
    this.#group = new HistogramGroup(firstFlags(h));
    this.#group.take(h);
    this.#writer = this.#newWriter();
    this.#writer.append(t, h);
  }

  get encoding(): number {
    return this.integer ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram;
  }

  get count(): number {
    return this.#writer.count;
  }

  get byteLength(): number {
    return this.#writer.byteLength;
  }

  /** Whether `h` can be appended; if not, it begins a new chunk. */
  continues(h: FloatHistogram | undefined, integer: boolean): boolean {
    if (h !== undefined && integer !== this.integer) return false;
    return this.#group.cutBefore(h) === undefined;
  }

  /** Appends a sample that `continues` the chunk, behind all others; at most 65535 in all. */
  append(t: number, h: FloatHistogram | undefined): void {
    const before = this.#group.layout;
    this.#group.take(h);
    if (this.#group.layout !== before) this.#rewrite();
    this.#writer.append(t, h);
  }

  /** The chunk as it is now, borrowed until the next `append`. */
  view(): Uint8Array {
    return this.#writer.view();
  }

  #newWriter(): HistogramWriter {
    const { layout, flags } = this.#group;
    const options = { flags, integer: this.integer, starts: false };
    return new HistogramWriter(layout ?? EMPTY_LAYOUT, options);
  }

  #rewrite(): void {
    const bytes = this.#writer.view();
    const columns = new SampleColumns();
    const decode = this.integer ? decodeHistogram : decodeFloatHistogram;
    decode(bytes, 0, bytes.length, columns);
    this.#writer = this.#newWriter();
    for (let i = 0; i < columns.length; i++) {
      this.#writer.append(columns.timestamps[i]!, columns.histograms?.[i]);
    }
  }
}
