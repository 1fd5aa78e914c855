/** Buffers that are kept, and the size above which one is not. */
const BUFFERS_MAX = 16;
const BUFFER_BYTES_MAX = 4 * 1024 * 1024;
const BUFFER_BYTES_MIN = 4096;

/**
 * Buffers that many users take in turn, so that each need not keep one of its own. What a buffer
 * holds when it is taken is undefined; nobody may use it after it was given back.
 */
export class BufferPool {
  readonly #free: Uint8Array[] = [];

  /** A buffer of at least `bytes`. */
  take(bytes: number): Uint8Array {
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const buffer = this.#free[i]!;
      if (buffer.length < bytes) continue;
      this.#free.splice(i, 1);
      return buffer;
    }
    let size = BUFFER_BYTES_MIN;
    while (size < bytes) size *= 2;
    return new Uint8Array(size);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length === 0 || buffer.length > BUFFER_BYTES_MAX) return;
    // Small ones make room: what needs a large one would allocate it anew each time.
    if (this.#free.length === BUFFERS_MAX) {
      const smallest = this.#free.reduce((a, b) => (a.length <= b.length ? a : b));
      if (smallest.length >= buffer.length) return;
      this.#free.splice(this.#free.indexOf(smallest), 1);
    }
    this.#free.push(buffer);
  }
}
