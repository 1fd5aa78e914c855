// Hot path: batches of series as arrays that can be handed to a thread; some 50 ns a series.
import type { PackedMessage } from "#pkg/query-eval/mod.ts";
import {
  type ChunkSeries,
  PackedBatchBuilder,
  type PackedColumns,
  wholeBatch,
} from "#pkg/storage/mod.ts";

/** A table of symbols that has grown beyond this is begun anew, so that both ends stay small. */
const SYMBOLS_MAX = 65_536;
const PAGE_BITS = 10;
/** Bytes of chunks in one message, unless one series alone has more. */
const MESSAGE_BYTES = 512 * 1024;

/** Turns the batches of one selection into messages, whose strings refer to those before. */
export class BatchPacker {
  /** Numbers of strings that came as text. */
  readonly #byText = new Map<string, number>();
  /** Numbers of strings that came as numbers of `#table`, plus 1, by page. */
  #byNumber: (Uint32Array | undefined)[] = [];
  #table: readonly string[] | undefined;
  #count = 0;
  #fresh = true;
  #strings: string[] = [];

  /**
   * The messages of a batch. The columns of a batch that is packed are given away: nobody may use
   * the series of `batch` after.
   */
  *pack(batch: readonly ChunkSeries[]): Generator<PackedMessage> {
    const whole = wholeBatch(batch);
    if (whole) {
      this.#useTable(whole.strings);
      const { columns } = whole;
      const { symbols, symbolsAt, length } = columns;
      for (let i = 0; i < symbolsAt[length]!; i++) symbols[i] = this.#ofNumber(symbols[i]!);
      yield this.#message(columns);
      return;
    }
    let builder = new PackedBatchBuilder(batch.length);
    for (const { labels, chunks } of batch) {
      for (const text of labels) builder.symbol(this.#ofText(text));
      for (const chunk of chunks) builder.addChunk(chunk);
      builder.endSeries();
      if (builder.byteLength < MESSAGE_BYTES) continue;
      yield this.#message(builder.finish());
      builder = new PackedBatchBuilder(batch.length);
    }
    if (builder.length > 0) yield this.#message(builder.finish());
  }

  #message(columns: PackedColumns): PackedMessage {
    const message = { columns, strings: this.#strings, fresh: this.#fresh };
    this.#strings = [];
    this.#fresh = this.#count > SYMBOLS_MAX;
    if (this.#fresh) {
      this.#byText.clear();
      this.#byNumber = [];
      this.#count = 0;
    }
    return message;
  }

  #useTable(table: readonly string[]): void {
    if (this.#table === table) return;
    this.#table = table;
    this.#byNumber = [];
  }

  #ofNumber(number: number): number {
    const pages = this.#byNumber;
    const page = (pages[number >>> PAGE_BITS] ??= new Uint32Array(1 << PAGE_BITS));
    const at = number & ((1 << PAGE_BITS) - 1);
    if (page[at] === 0) page[at] = 1 + this.#ofText(this.#table![number]!);
    return page[at]! - 1;
  }

  #ofText(text: string): number {
    let number = this.#byText.get(text);
    if (number === undefined) {
      number = this.#count++;
      this.#byText.set(text, number);
      this.#strings.push(text);
    }
    return number;
  }
}

/** The memory of a message that moves to the thread instead of being copied. */
export function transferOf({ columns }: PackedMessage): ArrayBuffer[] {
  const { symbols, symbolsAt, chunksAt, encodings, mints, maxts, bytesAt, bytes } = columns;
  return [symbols, symbolsAt, chunksAt, encodings, mints, maxts, bytesAt, bytes].map(
    (column) => column.buffer,
  );
}
