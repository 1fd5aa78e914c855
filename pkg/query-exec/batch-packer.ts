// Hot path: batches of series as arrays that can be handed to a thread; some 50 ns a series.
import type { PackedMessage } from "#pkg/query-eval/mod.ts";
import {
  type ChunkSeries,
  PackedBatchBuilder,
  type PackedColumns,
  wholeBatch,
} from "#pkg/storage/mod.ts";

/**
 * A table of strings that has grown beyond this is begun anew: few enough that a thread drops it
 * before its collector has moved it among what lives long.
 */
const SYMBOLS_MAX = 2_048;
/** Bytes of chunks in one message, unless one series alone has more. */
const MESSAGE_BYTES = 512 * 1024;
/** Series that memory is made ready for at once, however many a batch has. */
const EXPECTED_MAX = 512;

/** Turns the batches of one selection into messages, whose strings refer to those before. */
export class BatchPacker {
  /** Numbers of strings that came as text. */
  readonly #byText = new Map<string, number>();
  /**
   * Numbers of strings that came as numbers of `#table`, plus `#base`; lower ones are of a table
   * that was given up. So to begin anew costs nothing, however many strings `#table` has.
   */
  #byNumber = new Uint32Array(0);
  #table: readonly string[] | undefined;
  #base = 1;
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
      this.#renumber(symbols, symbolsAt[length]!);
      yield this.#message(columns);
      return;
    }
    const builder = new PackedBatchBuilder(Math.min(batch.length, EXPECTED_MAX));
    for (const { labels, chunks } of batch) {
      for (const text of labels) builder.symbol(this.#ofText(text));
      for (const chunk of chunks) builder.addChunk(chunk);
      builder.endSeries();
      if (builder.byteLength < MESSAGE_BYTES) continue;
      yield this.#message(builder.finish());
      builder.clear();
    }
    if (builder.length > 0) yield this.#message(builder.finish());
  }

  #message(columns: PackedColumns): PackedMessage {
    const message = { columns, strings: this.#strings, fresh: this.#fresh };
    this.#strings = [];
    this.#fresh = this.#count > SYMBOLS_MAX;
    if (this.#fresh) {
      this.#byText.clear();
      this.#base += this.#count;
      this.#count = 0;
    }
    return message;
  }

  #useTable(table: readonly string[]): void {
    if (this.#table !== table) {
      this.#table = table;
      this.#byNumber = new Uint32Array(table.length);
    } else if (this.#byNumber.length < table.length) {
      const wider = new Uint32Array(Math.max(table.length, this.#byNumber.length * 2));
      wider.set(this.#byNumber);
      this.#byNumber = wider;
    }
  }

  /** Changes numbers of `#table` to those of the selection, in place. */
  #renumber(symbols: Uint32Array, length: number): void {
    const byNumber = this.#byNumber;
    const table = this.#table!;
    const base = this.#base;
    for (let i = 0; i < length; i++) {
      const number = symbols[i]!;
      let known = byNumber[number]!;
      if (known < base) {
        this.#strings.push(table[number]!);
        known = base + this.#count++;
        byNumber[number] = known;
      }
      symbols[i] = known - base;
    }
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
  // All columns are in one buffer.
  return [columns.bytes.buffer];
}
