// Hot path: batches of series as a few arrays, some 100 ns a series, one small object each.
import type { Labels } from "#pkg/labels/mod.ts";
import type { Chunk, ChunkSeries } from "./interface.ts";

/** The arrays of a batch, all of one buffer that is theirs alone; those of `…At` have one entry more than there are series or chunks. */
export interface PackedColumns {
  readonly length: number;
  /** Names and values of all labels, as numbers in the table of strings. */
  readonly symbols: Uint32Array<ArrayBuffer>;
  /** Where the labels of each series begin in `symbols`. */
  readonly symbolsAt: Uint32Array<ArrayBuffer>;
  /** Where the chunks of each series begin in the columns of chunks. */
  readonly chunksAt: Uint32Array<ArrayBuffer>;
  readonly encodings: Uint8Array<ArrayBuffer>;
  readonly mints: Float64Array<ArrayBuffer>;
  readonly maxts: Float64Array<ArrayBuffer>;
  /** Where each chunk begins in `bytes`. */
  readonly bytesAt: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One series of a packed batch; its labels and chunks become objects when they are asked for. */
export class PackedSeries implements ChunkSeries {
  readonly batch: PackedBatch;
  readonly index: number;
  #labels: Labels | undefined;
  #chunks: readonly Chunk[] | undefined;

  constructor(batch: PackedBatch, index: number) {
    this.batch = batch;
    this.index = index;
  }

  get labels(): Labels {
    this.#labels ??= this.batch.labelsOf(this.index);
    return this.#labels;
  }

  get chunks(): readonly Chunk[] {
    this.#chunks ??= this.batch.chunksOf(this.index);
    return this.#chunks;
  }
}

/** Series with their chunks in columns. Immutable. */
export class PackedBatch {
  readonly columns: PackedColumns;
  /** The table of strings; it may grow, what is in it stays. */
  readonly strings: readonly string[];
  readonly series: readonly PackedSeries[];

  /** Takes over the columns. */
  constructor(columns: PackedColumns, strings: readonly string[]) {
    this.columns = columns;
    this.strings = strings;
    const series = new Array<PackedSeries>(columns.length);
    for (let i = 0; i < series.length; i++) series[i] = new PackedSeries(this, i);
    this.series = series;
  }

  labelsOf(series: number): Labels {
    const { symbols, symbolsAt } = this.columns;
    const { strings } = this;
    const from = symbolsAt[series]!;
    const labels = new Array<string>(symbolsAt[series + 1]! - from);
    for (let i = 0; i < labels.length; i++) labels[i] = strings[symbols[from + i]!]!;
    return labels;
  }

  chunksOf(series: number): readonly Chunk[] {
    const { chunksAt, encodings, mints, maxts, bytesAt, bytes } = this.columns;
    const chunks: Chunk[] = [];
    for (let c = chunksAt[series]!; c < chunksAt[series + 1]!; c++) {
      chunks.push({
        encoding: encodings[c]!,
        mint: mints[c]!,
        maxt: maxts[c]!,
        bytes,
        start: bytesAt[c]!,
        end: bytesAt[c + 1]!,
      });
    }
    return chunks;
  }
}

/** The batch that `series` are, whole and in order, or undefined. */
export function wholeBatch(series: readonly ChunkSeries[]): PackedBatch | undefined {
  const first = series[0];
  if (!(first instanceof PackedSeries)) return undefined;
  return first.batch.series === series ? first.batch : undefined;
}

/** How many chunks a batch has, and how many bytes they have. */
export function sizeOfBatch(batch: readonly ChunkSeries[]): { chunks: number; bytes: number } {
  const whole = wholeBatch(batch);
  if (whole) {
    const { chunksAt, bytesAt, length } = whole.columns;
    const chunks = chunksAt[length]!;
    return { chunks, bytes: bytesAt[chunks]! };
  }
  let count = 0;
  let bytes = 0;
  for (const { chunks } of batch) {
    count += chunks.length;
    for (const { start, end } of chunks) bytes += end - start;
  }
  return { chunks: count, bytes };
}

/** Builds packed batches, series by series. */
export class PackedBatchBuilder {
  /** Series that are whole. */
  length = 0;
  /** Bytes of chunks so far. */
  byteLength = 0;
  bytes: Uint8Array<ArrayBuffer>;
  #symbols: Uint32Array<ArrayBuffer>;
  #symbolCount = 0;
  #symbolsAt: Uint32Array<ArrayBuffer>;
  #chunksAt: Uint32Array<ArrayBuffer>;
  #chunkCount = 0;
  #seriesChunk = 0;
  #encodings: Uint8Array<ArrayBuffer>;
  #mints: Float64Array<ArrayBuffer>;
  #maxts: Float64Array<ArrayBuffer>;
  #bytesAt: Uint32Array<ArrayBuffer>;

  /** @param series how many are expected; more make it grow. */
  constructor(series: number) {
    this.bytes = new Uint8Array(series * 128);
    this.#symbols = new Uint32Array(series * 24);
    this.#symbolsAt = new Uint32Array(series + 1);
    this.#chunksAt = new Uint32Array(series + 1);
    const chunks = series * 2;
    this.#encodings = new Uint8Array(chunks);
    this.#mints = new Float64Array(chunks);
    this.#maxts = new Float64Array(chunks);
    this.#bytesAt = new Uint32Array(chunks + 1);
  }

  /** Adds a symbol to the labels of the series at hand. */
  symbol(id: number): void {
    if (this.#symbolCount === this.#symbols.length) this.#symbols = grown(this.#symbols);
    this.#symbols[this.#symbolCount++] = id;
  }

  /** Adds `ids[from, from + count)`. */
  symbols(ids: Uint32Array, from: number, count: number): void {
    while (this.#symbolCount + count > this.#symbols.length) this.#symbols = grown(this.#symbols);
    const symbols = this.#symbols;
    let at = this.#symbolCount;
    for (let i = from; i < from + count; i++) symbols[at++] = ids[i]!;
    this.#symbolCount = at;
  }

  /** Adds a chunk of `size` bytes, which the caller copies to `bytes` from the result on. */
  chunk(encoding: number, mint: number, maxt: number, size: number): number {
    const chunk = this.#chunkCount++;
    if (chunk === this.#encodings.length) {
      this.#encodings = grown(this.#encodings);
      this.#mints = grown(this.#mints);
      this.#maxts = grown(this.#maxts);
      this.#bytesAt = grown(this.#bytesAt);
    }
    while (this.byteLength + size > this.bytes.length) this.bytes = grown(this.bytes);
    this.#encodings[chunk] = encoding;
    this.#mints[chunk] = mint;
    this.#maxts[chunk] = maxt;
    const at = this.byteLength;
    this.#bytesAt[chunk] = at;
    this.byteLength = at + size;
    return at;
  }

  /** True if the series at hand has chunks. */
  get hasChunks(): boolean {
    return this.#chunkCount > this.#seriesChunk;
  }

  /** Adds a copy of a chunk. */
  addChunk({ encoding, mint, maxt, bytes, start, end }: Chunk): void {
    const at = this.chunk(encoding, mint, maxt, end - start);
    this.bytes.set(bytes.subarray(start, end), at);
  }

  /** Ends the series at hand. */
  endSeries(): void {
    const next = ++this.length;
    if (next === this.#symbolsAt.length) {
      this.#symbolsAt = grown(this.#symbolsAt);
      this.#chunksAt = grown(this.#chunksAt);
    }
    this.#symbolsAt[next] = this.#symbolCount;
    this.#chunksAt[next] = this.#chunkCount;
    this.#seriesChunk = this.#chunkCount;
  }

  /** Copies of the columns, all in one buffer that holds nothing else. */
  finish(): PackedColumns {
    const { length } = this;
    const chunks = this.#chunkCount;
    const doubles = 2 * chunks;
    const words = this.#symbolCount + 2 * (length + 1) + chunks + 1;
    const buffer = new ArrayBuffer(8 * doubles + 4 * words + chunks + this.byteLength);
    const cursor = new BufferCursor(buffer);
    const columns = {
      length,
      mints: cursor.doubles(this.#mints, chunks),
      maxts: cursor.doubles(this.#maxts, chunks),
      symbols: cursor.words(this.#symbols, this.#symbolCount),
      symbolsAt: cursor.words(this.#symbolsAt, length + 1),
      chunksAt: cursor.words(this.#chunksAt, length + 1),
      bytesAt: cursor.words(this.#bytesAt, chunks, 1),
      encodings: cursor.bytes(this.#encodings, chunks),
      bytes: cursor.bytes(this.bytes, this.byteLength),
    };
    // The end of the last chunk.
    columns.bytesAt[chunks] = this.byteLength;
    return columns;
  }

  /** Makes the builder ready for another batch. */
  clear(): void {
    this.length = 0;
    this.byteLength = 0;
    this.#symbolCount = 0;
    this.#chunkCount = 0;
    this.#seriesChunk = 0;
  }
}

/** Copies columns into one buffer, one after the other; those of wider elements first. */
class BufferCursor {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
  }

  doubles(from: Float64Array, length: number): Float64Array<ArrayBuffer> {
    const out = new Float64Array(this.#buffer, this.#at, length);
    out.set(from.subarray(0, length));
    this.#at += 8 * length;
    return out;
  }

  /** @param more entries that are left at 0. */
  words(from: Uint32Array, length: number, more = 0): Uint32Array<ArrayBuffer> {
    const out = new Uint32Array(this.#buffer, this.#at, length + more);
    out.set(from.subarray(0, length));
    this.#at += 4 * (length + more);
    return out;
  }

  bytes(from: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#buffer, this.#at, length);
    out.set(from.subarray(0, length));
    this.#at += length;
    return out;
  }
}

type Column = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

function grown<T extends Column>(column: T): T {
  const make = column.constructor as new (length: number) => T;
  const out = new make(Math.max(16, column.length * 2));
  out.set(column as never);
  return out;
}
