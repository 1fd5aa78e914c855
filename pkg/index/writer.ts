import { Pacer } from "#pkg/async/mod.ts";
import { ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { assert, NarthexError } from "#pkg/errs/mod.ts";
import { FileSink } from "#pkg/fsutil/mod.ts";
import { compareBytes, type Labels } from "#pkg/labels/mod.ts";
import { PostingsBuilder } from "./postings-builder.ts";
import { type ChunkEntry, encodeChunkEntries } from "./series-entry.ts";
import { encodeToc, INDEX_MAGIC, SERIES_ALIGNMENT } from "./toc.ts";

/** Symbols, and entries of the offset table, written between two looks at the buffer. */
const DRAIN_EVERY = 1024;
/** Lengths of sections take four bytes. */
const SECTION_BYTES_MAX = 0xffffffff;

/**
 * Writes an index of version 2, front to back: symbols, then series in label order, then postings.
 * Memory: 4 bytes a label of a series, and the symbols it is given.
 * Source: docs/format/index.md.
 */
export class IndexWriter {
  readonly #sink: FileSink;
  readonly #symbols: readonly string[];
  readonly #postings = new PostingsBuilder();
  readonly #entry = new ByteWriter(512);
  readonly #head = new ByteWriter(16);
  #refs: Map<string, number> | undefined;
  #lastSymbols: readonly number[] = [];
  #seriesStart = 0;
  #seriesCount = 0;

  private constructor(sink: FileSink, symbols: readonly string[]) {
    this.#sink = sink;
    this.#symbols = symbols;
  }

  /**
   * Creates the file `path` and writes the symbols: every label name and value of the series to
   * come, sorted in byte order, each once.
   */
  static async create(path: string, symbols: readonly string[]): Promise<IndexWriter> {
    const writer = new IndexWriter(await FileSink.create(path), symbols);
    try {
      await writer.#writeSymbols();
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    return writer;
  }

  /** Series written so far. */
  get seriesCount(): number {
    return this.#seriesCount;
  }

  /** Bytes so far; the whole file after `finish`. */
  get byteLength(): number {
    return this.#sink.position;
  }

  /** Adds a series, whose label set must be above the last one; see `addSeriesBySymbol`. */
  async addSeries(labels: Labels, chunks: readonly ChunkEntry[]): Promise<void> {
    this.#refs ??= new Map(this.#symbols.map((symbol, i) => [symbol, i]));
    const refs: number[] = [];
    for (const text of labels) {
      const ref = this.#refs.get(text);
      if (ref === undefined) {
        throw new NarthexError("internal", `write index: symbol ${text} was not announced`);
      }
      refs.push(ref);
    }
    assertChunks(chunks);
    const blob = new ByteWriter(16 * chunks.length);
    encodeChunkEntries(chunks, blob);
    await this.addSeriesBySymbol(refs, blob.bytes, 0, blob.length);
  }

  /**
   * Adds a series by the places of its names and values among the symbols, name and value in turn.
   * `chunks[start, end)` is its chunk list as `encodeChunkEntries` writes it.
   */
  async addSeriesBySymbol(
    symbols: readonly number[],
    chunks: Uint8Array,
    start: number,
    end: number,
  ): Promise<void> {
    this.#checkOrder(symbols);
    const sink = this.#sink;
    sink.pad(SERIES_ALIGNMENT);
    const ref = sink.position / SERIES_ALIGNMENT;
    if (ref > 0xffffffff) throw new NarthexError("too_large", "write index: beyond 64 GiB");
    const entry = this.#entry;
    entry.clear();
    entry.uvarint(symbols.length / 2);
    for (let i = 0; i < symbols.length; i++) entry.uvarint(symbols[i]!);
    entry.raw(chunks, start, end);
    const length = entry.length;
    entry.u32(crc32c(entry.bytes, 0, length));
    this.#head.clear();
    this.#head.uvarint(length);
    sink.append(this.#head.bytes, 0, this.#head.length);
    sink.append(entry.bytes, 0, entry.length);
    this.#postings.add(ref, symbols);
    this.#seriesCount++;
    if (sink.isDue) await sink.drain();
  }

  /** Writes postings, their offset table and the table of contents; syncs and closes. */
  async finish(): Promise<void> {
    const sink = this.#sink;
    try {
      const labelIndices = sink.position;
      sink.pad(4);
      const postings = sink.position;
      const table = new ByteWriter(1 << 16);
      await this.#writePostings(table);
      const postingsTable = sink.position;
      await this.#writeSection(table);
      const toc = new ByteWriter(64);
      // No label indices: readers since Prometheus 2.13 do without, and newer writers omit them.
      encodeToc(
        {
          symbols: 5,
          series: this.#seriesStart,
          labelIndices,
          labelIndicesTable: postingsTable,
          postings,
          postingsTable,
        },
        toc,
      );
      sink.append(toc.view());
    } catch (error) {
      await this.abandon();
      throw error;
    }
    await sink.finish();
  }

  /** Closes the file without finishing it. */
  async abandon(): Promise<void> {
    await this.#sink.abandon();
  }

  #checkOrder(symbols: readonly number[]): void {
    const last = this.#lastSymbols;
    let order = 0;
    for (let i = 0; i < last.length && i < symbols.length && order === 0; i++) {
      order = last[i]! - symbols[i]!;
    }
    if (order === 0) order = last.length - symbols.length;
    if (order >= 0 && this.#seriesCount > 0) {
      throw new NarthexError("internal", "write index: series out of label order", {
        detail: { series: this.#seriesCount },
      });
    }
    this.#lastSymbols = symbols.slice();
  }

  async #writeSymbols(): Promise<void> {
    const sink = this.#sink;
    const out = new ByteWriter(1 << 16);
    out.u32(INDEX_MAGIC);
    out.u8(2);
    sink.append(out.view());
    out.clear();
    const symbols = this.#symbols;
    const pacer = new Pacer();
    out.u32(symbols.length);
    for (let i = 0; i < symbols.length; i++) {
      if (i > 0 && compareBytes(symbols[i - 1]!, symbols[i]!) >= 0) {
        throw new NarthexError("internal", "write index: symbols out of order");
      }
      out.uvarintString(symbols[i]!);
      if (pacer.due()) await pacer.yield();
    }
    await this.#writeSection(out);
    this.#seriesStart = sink.position;
  }

  /** Writes one list for all series, then one per label pair; notes them in `table`. */
  async #writePostings(table: ByteWriter): Promise<void> {
    const built = await this.#postings.build();
    table.u32(built.pairs.length + 1);
    const buffer = new ByteWriter(1 << 16);
    this.#writeList(table, buffer, ["", ""], built.all);
    let sinceDrain = 0;
    for (const { name, value, start, end } of built.pairs) {
      const list = built.lists.subarray(start, end);
      this.#writeList(table, buffer, [this.#symbols[name]!, this.#symbols[value]!], list);
      if (++sinceDrain >= DRAIN_EVERY || this.#sink.isDue) {
        sinceDrain = 0;
        await this.#sink.drain();
      }
    }
  }

  #writeList(
    table: ByteWriter,
    buffer: ByteWriter,
    pair: readonly [string, string],
    list: Uint32Array,
  ): void {
    const sink = this.#sink;
    sink.pad(4);
    table.uvarint(2);
    table.uvarintString(pair[0]);
    table.uvarintString(pair[1]);
    table.uvarint(sink.position);
    buffer.clear();
    buffer.u32(4 + 4 * list.length);
    buffer.u32(list.length);
    for (let i = 0; i < list.length; i++) buffer.u32(list[i]!);
    buffer.u32(crc32c(buffer.bytes, 4, buffer.length));
    sink.append(buffer.bytes, 0, buffer.length);
  }

  /** A 4-byte length, the bytes of `section`, and their checksum. */
  async #writeSection(section: ByteWriter): Promise<void> {
    if (section.length > SECTION_BYTES_MAX) {
      throw new NarthexError("too_large", "write index: section beyond 4 GiB");
    }
    const frame = new ByteWriter(8);
    frame.u32(section.length);
    this.#sink.append(frame.view());
    this.#sink.append(section.bytes, 0, section.length);
    frame.clear();
    frame.u32(crc32c(section.bytes, 0, section.length));
    this.#sink.append(frame.view());
    await this.#sink.drain();
  }
}

/** Raises `internal` unless chunks ascend in reference and time without overlap. */
export function assertChunks(chunks: readonly ChunkEntry[]): void {
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i]!;
    assert(chunk.mint <= chunk.maxt, "a chunk's mint is not above its maxt");
    if (i === 0) continue;
    assert(chunk.mint > chunks[i - 1]!.maxt, "chunks of a series do not overlap");
    assert(chunk.ref > chunks[i - 1]!.ref, "chunk references ascend");
  }
}
