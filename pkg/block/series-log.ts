import { ByteReader, ByteWriter } from "#pkg/encoding/mod.ts";
import { FileSink } from "#pkg/fsutil/mod.ts";

/** Records gathered in memory before they go to the file; small blocks never make one. */
const PIECE_BYTES = 4 << 20;

/** One series in the log; `chunks[start, end)` is its encoded chunk list, borrowed. */
export interface LoggedSeries {
  readonly symbols: number[];
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Series of a block to be, in order, with symbols numbered as they came: their places in the
 * sorted table are known only at the end. Held in memory up to a few megabytes, then in a file.
 */
export class SeriesLog {
  readonly #path: string;
  readonly #piece = new ByteWriter(1 << 16);
  /** Lengths of the pieces in the file; each holds whole records. */
  readonly #pieces: number[] = [];
  #sink: FileSink | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Appends a series. */
  async append(symbols: readonly number[], chunkList: ByteWriter): Promise<void> {
    const piece = this.#piece;
    piece.uvarint(symbols.length);
    for (let i = 0; i < symbols.length; i++) piece.uvarint(symbols[i]!);
    piece.uvarint(chunkList.length);
    piece.raw(chunkList.bytes, 0, chunkList.length);
    if (piece.length < PIECE_BYTES) return;
    this.#sink ??= await FileSink.create(this.#path);
    this.#sink.append(piece.bytes, 0, piece.length);
    this.#pieces.push(piece.length);
    piece.clear();
    await this.#sink.drain(true);
  }

  /** All series in order; each is borrowed until the next. */
  async *read(): AsyncGenerator<LoggedSeries> {
    let at = 0;
    for (const length of this.#pieces) {
      const parts: Buffer[] = [];
      for await (const part of this.#sink!.readBack(at, at + length)) parts.push(Buffer.from(part));
      yield* recordsOf(this.#path, Buffer.concat(parts), length);
      at += length;
    }
    yield* recordsOf(this.#path, this.#piece.bytes, this.#piece.length);
  }

  /** Closes the file, if there is one. */
  async close(): Promise<void> {
    await this.#sink?.abandon();
    this.#sink = undefined;
  }
}

function* recordsOf(path: string, bytes: Uint8Array, length: number): Generator<LoggedSeries> {
  const reader = new ByteReader(path, bytes, 0, length);
  while (reader.remaining > 0) {
    const count = reader.uvarint();
    const symbols: number[] = [];
    for (let i = 0; i < count; i++) symbols.push(reader.uvarint());
    const size = reader.uvarint();
    const start = reader.at;
    reader.skip(size);
    yield { symbols, bytes, start, end: reader.at };
  }
}
