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
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #path: string;
  #at = 0;
  /** Bits of the byte at `#at` that are read already. */
  #shift = 0;

  constructor(bytes: Uint8Array, start: number, end: number, path: string) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#path = path;
  }

  /** Bits that are left. */
  get left(): number {
    return (this.#end - this.#at) * 8 - this.#shift;
  }

  /** Raises `corruption` at the byte that is read next. */
  fail(message: string): never {
    throw new CorruptionError(this.#path, this.#at, message);
  }

  /** The next `count` bits, 1 to 32, as an unsigned number. */
  bits(count: number): number {
    if (count > this.left) this.fail(`stream ends, want ${count} bits`);
    const bytes = this.#bytes;
    const at = this.#at;
    const shift = this.#shift;
    let word = (bytes[at]! << 24) | 0;
    if (shift + count > 8) {
      const next = at + 1;
      word |= (byteAt(bytes, next) << 16) | (byteAt(bytes, next + 1) << 8) | byteAt(bytes, at + 3);
    }
    word <<= shift;
    if (shift + count > 32) word |= byteAt(bytes, at + 4) >>> (8 - shift);
    this.#at = at + ((shift + count) >>> 3);
    this.#shift = (shift + count) & 7;
    return word >>> (32 - count);
  }

  /** Reads 64 bits into `hi` and `lo`. */
  read64(): void {
    this.hi = this.bits(32);
    this.lo = this.bits(32);
  }

  /** Reads a number of 1 to 8 leading ones and the bits that go with it; see the format. */
  #payloadBits(): number {
    for (let ones = 0; ones < VARBIT_SIZES.length; ones++) {
      if (this.bits(1) === 0) return VARBIT_SIZES[ones]!;
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

function byteAt(bytes: Uint8Array, i: number): number {
  return i < bytes.length ? bytes[i]! : 0;
}
