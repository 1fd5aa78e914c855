import { CorruptionError } from "#pkg/errs/mod.ts";

/**
 * Reads a stream of bits, the highest bit of a byte first. Every read raises `corruption`, naming
 * `path` and the byte, if the stream ends within it.
 */
export class BitReader {
  /** High half of what `read64` has read. */
  hi = 0;
  /** Low half of what `read64` has read. */
  lo = 0;
  readonly #view: DataView;
  readonly #start: number;
  readonly #path: string;
  readonly #endBit: number;
  /** Bits that are read, counted from `#start`. */
  #position = 0;

  constructor(bytes: Uint8Array, start: number, end: number, path: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
    this.#start = start;
    this.#endBit = (end - start) * 8;
    this.#path = path;
  }

  /** Bits that are left. */
  get left(): number {
    return this.#endBit - this.#position;
  }

  /** Raises `corruption` at the byte that is read next. */
  fail(message: string): never {
    throw new CorruptionError(this.#path, this.#start + (this.#position >>> 3), message);
  }

  /** The next bit. */
  bit(): number {
    const position = this.#position;
    if (position >= this.#endBit) this.fail("stream ends, want 1 bit");
    this.#position = position + 1;
    return (this.#view.getUint8(position >>> 3) >>> (7 - (position & 7))) & 1;
  }

  /** The next `count` bits, 1 to 32, as an unsigned number. */
  bits(count: number): number {
    const position = this.#position;
    if (position + count > this.#endBit) this.fail(`stream ends, want ${count} bits`);
    this.#position = position + count;
    const at = position >>> 3;
    const shift = position & 7;
    const view = this.#view;
    if (at + 5 > view.byteLength) return this.#tailBits(at, shift, count);
    const word = (view.getInt32(at) << shift) | (view.getUint8(at + 4) >>> (8 - shift));
    return word >>> (32 - count);
  }

  /** As `bits`, where fewer than five bytes are left. */
  #tailBits(at: number, shift: number, count: number): number {
    let word = 0;
    for (let i = 0; i < 4; i++) word = (word << 8) | this.#byteAt(at + i);
    return ((word << shift) | (this.#byteAt(at + 4) >>> (8 - shift))) >>> (32 - count);
  }

  #byteAt(i: number): number {
    return i < this.#view.byteLength ? this.#view.getUint8(i) : 0;
  }

  /** Reads 64 bits into `hi` and `lo`. */
  read64(): void {
    this.hi = this.bits(32);
    this.lo = this.bits(32);
  }

  /** Reads a number of 1 to 8 leading ones and the bits that go with it; see the format. */
  #payloadBits(): number {
    for (let ones = 0; ones < VARBIT_SIZES.length; ones++) {
      if (this.bit() === 0) return VARBIT_SIZES[ones]!;
    }
    return 64;
  }

  /**
   * An integer of varying length. Beyond ±2^53 the result is not exact, which the caller sees by
   * `Number.isSafeInteger`.
   */
  varbitInt(): number {
    const size = this.#payloadBits();
    if (size === 0) return 0;
    if (size === 64) {
      this.read64();
      return (this.hi | 0) * 0x100000000 + this.lo;
    }
    if (size === 56) {
      const high = this.bits(24);
      const low = this.bits(32);
      const isNegative = high > 0x800000 || (high === 0x800000 && low > 0);
      return (isNegative ? high - 0x1000000 : high) * 0x100000000 + low;
    }
    const value = this.bits(size);
    // One more positive number than two's complement has, one fewer negative.
    return value > 2 ** (size - 1) ? value - 2 ** size : value;
  }

  /** A number of 7 bits a byte, low ones first; as to exactness see `varbitInt`. */
  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.bits(8);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.fail("varint longer than 10 bytes");
  }

  /** What `BitWriter.varint` writes: as `uvarint`, the sign in the lowest bit. */
  varint(): number {
    const value = this.uvarint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** As `varbitInt`, without a sign. */
  varbitUint(): number {
    const size = this.#payloadBits();
    if (size === 0) return 0;
    if (size <= 32) return this.bits(size);
    const high = this.bits(size - 32);
    return high * 0x100000000 + this.bits(32);
  }
}

/** Payload bits by the number of leading ones. */
const VARBIT_SIZES: readonly number[] = [0, 3, 6, 9, 12, 18, 25, 56];
