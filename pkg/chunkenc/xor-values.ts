import type { BitReader } from "./bit-reader.ts";
import type { BitWriter } from "./bit-writer.ts";

const NO_WINDOW = 0xff;

/**
 * Float values that are written again and again, each time as the difference to the bits of the
 * same value the time before. Windows of significant bits are kept for each value by itself.
 */
export class XorValues {
  readonly values: Float64Array;
  /** `bits[2 * i]` is the low, `bits[2 * i + 1]` the high half of `values[i]`. */
  readonly bits: Uint32Array;
  readonly #leading: Uint8Array;
  readonly #trailing: Uint8Array;

  /** `forWriting`: the first difference written opens a window; a reader need not know that. */
  constructor(count: number, forWriting: boolean) {
    this.values = new Float64Array(count);
    this.bits = new Uint32Array(this.values.buffer);
    this.#leading = new Uint8Array(count).fill(forWriting ? NO_WINDOW : 0);
    this.#trailing = new Uint8Array(count);
  }

  /** Sets value `i` to 64 bits that are read plainly. */
  readPlain(i: number, from: BitReader): void {
    from.read64();
    this.bits[2 * i] = from.lo;
    this.bits[2 * i + 1] = from.hi;
  }

  /** Moves value `i` on by a difference. */
  read(i: number, from: BitReader): void {
    if (from.bit() === 0) return;
    if (from.bit() === 1) {
      const leading = from.bits(5);
      const significant = from.bits(6) || 64;
      if (leading + significant > 64) from.fail("window of a value exceeds 64 bits");
      this.#leading[i] = leading;
      this.#trailing[i] = 64 - leading - significant;
    }
    const trailing = this.#trailing[i]!;
    const significant = 64 - this.#leading[i]! - trailing;
    const high = significant > 32 ? from.bits(significant - 32) : 0;
    const low = from.bits(Math.min(significant, 32));
    if (trailing >= 32) {
      this.bits[2 * i + 1]! ^= low << (trailing - 32);
      return;
    }
    this.bits[2 * i]! ^= low << trailing;
    // Shifts of 32 in two steps: one alone would be none.
    this.bits[2 * i + 1]! ^= (high << trailing) | ((low >>> 1) >>> (31 - trailing));
  }

  /** Writes the 64 bits of value `i` plainly, and keeps them. */
  writePlain(i: number, hi: number, lo: number, to: BitWriter): void {
    this.bits[2 * i] = lo;
    this.bits[2 * i + 1] = hi;
    to.write64(hi, lo);
  }

  /** Writes the difference of value `i` to what it was, and keeps it. */
  write(i: number, hi: number, lo: number, to: BitWriter): void {
    const xorHi = hi ^ this.bits[2 * i + 1]!;
    const xorLo = lo ^ this.bits[2 * i]!;
    if ((xorHi | xorLo) === 0) {
      to.bits(0, 1);
      return;
    }
    this.bits[2 * i] = lo;
    this.bits[2 * i + 1] = hi;
    // More than 31 leading zeros do not fit the field.
    let leading = xorHi === 0 ? 31 : Math.clz32(xorHi);
    let trailing = xorLo === 0 ? 63 - Math.clz32(xorHi & -xorHi) : 31 - Math.clz32(xorLo & -xorLo);
    const window = this.#leading[i]!;
    if (window !== NO_WINDOW && leading >= window && trailing >= this.#trailing[i]!) {
      leading = window;
      trailing = this.#trailing[i]!;
      to.bits(0b10, 2);
    } else {
      this.#leading[i] = leading;
      this.#trailing[i] = trailing;
      // 64 significant bits are written as 0; 0 itself never occurs.
      to.bits((0b11 << 11) | (leading << 6) | ((64 - leading - trailing) & 0x3f), 13);
    }
    writeWindow(xorHi, xorLo, { trailing, count: 64 - leading - trailing }, to);
  }
}

function writeWindow(
  hi: number,
  lo: number,
  { trailing, count }: { readonly trailing: number; readonly count: number },
  to: BitWriter,
): void {
  if (trailing >= 32) {
    to.bits(hi >>> (trailing - 32), count);
    return;
  }
  const low = (lo >>> trailing) | ((hi << 1) << (31 - trailing));
  if (count > 32) to.bits(hi >>> trailing, count - 32);
  to.bits(low, Math.min(count, 32));
}
