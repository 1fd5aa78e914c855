import { CorruptionError } from "#pkg/errs/mod.ts";

/**
 * Cursor over `bytes[start, end)` with the scalar encodings of `ByteWriter`. Reading past the end,
 * an overlong varint or an integer beyond 2^53 raises `corruption` that names `path` and the
 * offset: `base` (where `bytes[0]` stands in the file) plus the position.
 */
export class ByteReader {
  bytes: Uint8Array;
  /** Next byte to read; an index into `bytes`. */
  at = 0;
  end = 0;
  readonly path: string;
  base = 0;
  #view: DataView;

  constructor(path: string, bytes: Uint8Array, start = 0, end = bytes.length, base = 0) {
    this.path = path;
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.base = base;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.end - this.at;
  }

  /** Raises `corruption` at the current position. */
  fail(message: string): never {
    throw new CorruptionError(this.path, this.base + this.at, message);
  }

  /** Checks that `count` bytes are left, or raises. */
  need(count: number): void {
    if (count > this.end - this.at) {
      this.fail(`want ${count} more bytes, got ${this.end - this.at}`);
    }
  }

  skip(count: number): void {
    this.need(count);
    this.at += count;
  }

  u8(): number {
    this.need(1);
    return this.bytes[this.at++]!;
  }

  u16(): number {
    this.need(2);
    this.at += 2;
    return this.#view.getUint16(this.at - 2);
  }

  u32(): number {
    this.need(4);
    this.at += 4;
    return this.#view.getUint32(this.at - 4);
  }

  u64(): number {
    this.need(8);
    const high = this.#view.getUint32(this.at);
    if (high >= 0x200000) this.fail("integer beyond 2^53");
    this.at += 8;
    return high * 0x100000000 + this.#view.getUint32(this.at - 4);
  }

  i64(): number {
    this.need(8);
    const high = this.#view.getInt32(this.at);
    if (high >= 0x200000 || high < -0x200000) this.fail("integer beyond 2^53");
    this.at += 8;
    return high * 0x100000000 + this.#view.getUint32(this.at - 4);
  }

  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) this.fail("varint cut short");
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) this.fail("varint beyond 2^53");
        return value;
      }
      scale *= 128;
    }
    return this.fail("varint longer than 10 bytes");
  }

  varint(): number {
    const value = this.uvarint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** A string of `length` bytes of UTF-8. */
  utf8(length: number): string {
    this.need(length);
    const start = this.at;
    this.at += length;
    return decodeUtf8(this.bytes, start, this.at);
  }

  uvarintString(): string {
    return this.utf8(this.uvarint());
  }
}

/** The string of `bytes[start, end)`; ill-formed UTF-8 becomes U+FFFD. Short ASCII is fast. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= 24) {
    let text = "";
    let i = start;
    for (; i < end; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (i === end) return text;
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
