/** Room that is kept beyond the write position, so that scalars are written unchecked. */
const SLACK_BYTES = 16;

/**
 * Growable byte buffer with the scalar encodings of Prometheus's files: big-endian integers,
 * unsigned and zigzag varints, length-prefixed strings. Integers are JavaScript numbers and exact
 * up to 2^53.
 */
export class ByteWriter {
  /** Filled up to `length`; replaced when it grows, so do not keep it across writes. */
  bytes: Uint8Array;
  length = 0;
  #view: DataView;

  constructor(capacityBytes = 1024) {
    this.bytes = new Uint8Array(capacityBytes + SLACK_BYTES);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes sure that `count` more bytes fit. */
  reserve(count: number): void {
    const need = this.length + count + SLACK_BYTES;
    if (need <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(need, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.#view.setUint16(this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }

  /** An unsigned integer below 2^53, in 8 bytes. */
  u64(value: number): void {
    this.reserve(8);
    this.#view.setUint32(this.length, Math.floor(value / 0x100000000));
    this.#view.setUint32(this.length + 4, value >>> 0);
    this.length += 8;
  }

  /** A signed integer within ±2^53, in 8 bytes two's complement. */
  i64(value: number): void {
    this.reserve(8);
    this.#view.setInt32(this.length, Math.floor(value / 0x100000000));
    this.#view.setUint32(this.length + 4, value >>> 0);
    this.length += 8;
  }

  /** Unsigned LEB128 of an integer in [0, 2^53). */
  uvarint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest >= 0x80000000) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** Zigzag LEB128, as Go's `binary.PutVarint`, of an integer in [-2^52, 2^52). */
  varint(value: number): void {
    this.uvarint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** `source[start, end)`. */
  raw(source: Uint8Array, start = 0, end = source.length): void {
    this.reserve(end - start);
    if (end - start > 64) this.bytes.set(source.subarray(start, end), this.length);
    else for (let i = start, at = this.length; i < end; i++) this.bytes[at++] = source[i]!;
    this.length += end - start;
  }

  /** The UTF-8 bytes of `text`, without a length. */
  utf8(text: string): void {
    this.reserve(text.length * 3);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.length += encoder.encodeInto(text.slice(i), this.bytes.subarray(this.length)).written;
        return;
      }
      this.bytes[this.length++] = unit;
    }
  }

  /** Length in bytes as uvarint, then the UTF-8 bytes. */
  uvarintString(text: string): void {
    this.uvarint(utf8Length(text));
    this.utf8(text);
  }

  /** Writes over four bytes already written at `offset`. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  clear(): void {
    this.length = 0;
  }

  /** The bytes written so far, borrowed until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** An owned copy of the bytes written so far. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

const encoder = new TextEncoder();

/** The number of bytes of `text` in UTF-8; a lone surrogate counts as U+FFFD. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text, i + 1)) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function isLowSurrogate(text: string, i: number): boolean {
  const unit = text.charCodeAt(i);
  return unit >= 0xdc00 && unit < 0xe000;
}
