import { type FileHandle, open } from "node:fs/promises";

/** Bytes gathered before they are written. */
const BUFFER_BYTES = 1 << 20;

/**
 * Writes a new file front to back. `append` only fills a buffer, so call `drain` now and then (once
 * a series, say): it writes when a megabyte has come together, and costs next to nothing before.
 */
export class FileSink {
  readonly path: string;
  readonly #handle: FileHandle;
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES + (64 << 10));
  #filled = 0;
  #written = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Creates `path`, or empties it. */
  static async create(path: string): Promise<FileSink> {
    return new FileSink(path, await open(path, "w+"));
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#written + this.#filled;
  }

  /** Appends `bytes[start, end)`, copied at once. */
  append(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    if (this.#filled + length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(this.#buffer.length * 2, this.#filled + length),
      );
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(
      start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end),
      this.#filled,
    );
    this.#filled += length;
  }

  /** Appends zeros up to the next multiple of `alignment`. */
  pad(alignment: number): void {
    const over = this.position % alignment;
    if (over > 0) this.append(new Uint8Array(alignment - over));
  }

  /** True if `drain` would write. */
  get isDue(): boolean {
    return this.#filled >= BUFFER_BYTES;
  }

  /** Writes the buffer if enough has come together, or always with `all`. */
  async drain(all = false): Promise<void> {
    if (this.#filled === 0 || (!all && !this.isDue)) return;
    const chunk = this.#buffer.subarray(0, this.#filled);
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(
        chunk,
        at,
        chunk.length - at,
        this.#written + at,
      );
      at += bytesWritten;
    }
    this.#written += this.#filled;
    this.#filled = 0;
  }

  /** Writes over bytes that were appended before; drains first. */
  async patch(offset: number, bytes: Uint8Array): Promise<void> {
    await this.drain(true);
    await this.#handle.write(bytes, 0, bytes.length, offset);
  }

  /** Reads back what was appended, in pieces that are borrowed until the next one. */
  async *readBack(from: number, to: number): AsyncGenerator<Uint8Array> {
    await this.drain(true);
    const piece = Buffer.allocUnsafeSlow(Math.max(1, Math.min(BUFFER_BYTES, to - from)));
    for (let at = from; at < to; ) {
      const want = Math.min(piece.length, to - at);
      const { bytesRead } = await this.#handle.read(piece, 0, want, at);
      if (bytesRead === 0) throw new Error(`read ${this.path} back: ends at ${at}, want ${to}`);
      yield piece.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  /** Writes what is left, syncs and closes. */
  async finish(): Promise<void> {
    try {
      await this.drain(true);
      await this.#handle.sync();
    } finally {
      await this.#handle.close();
    }
  }

  /** Closes without writing what is left; for a file that is thrown away. */
  async abandon(): Promise<void> {
    await this.#handle.close();
  }
}
