/** Writes a stream of bits, the highest bit of a byte first. Grows as needed. */
export class BitWriter {
  #view: DataView;
  #position = 0;

  constructor(capacity = 256) {
    this.#view = new DataView(new ArrayBuffer(capacity));
  }

  /** Bytes begun. */
  get byteLength(): number {
    return (this.#position + 7) >>> 3;
  }

  /** Writes the low `count` (1 to 32) bits of `value`. */
  bits(value: number, count: number): void {
    const i = this.#position >>> 3;
    const shift = this.#position & 7;
    if (i + 8 > this.#view.byteLength) this.#grow();
    const top = value << (32 - count);
    const before = shift === 0 ? 0 : this.#view.getUint8(i) << 24;
    this.#view.setInt32(i, before | (top >>> shift));
    if (shift + count > 32) this.#view.setUint8(i + 4, top << (8 - shift));
    this.#position += count;
  }

  write64(hi: number, lo: number): void {
    this.bits(hi, 32);
    this.bits(lo, 32);
  }

  /** A safe integer in as few bits as the format has for it. */
  varbitInt(value: number): void {
    if (value === 0) this.bits(0, 1);
    else if (value >= -3 && value <= 4) this.bits((0b10 << 3) | (value & 0x7), 5);
    else if (value >= -31 && value <= 32) this.bits((0b110 << 6) | (value & 0x3f), 9);
    else if (value >= -255 && value <= 256) this.bits((0b1110 << 9) | (value & 0x1ff), 13);
    else if (value >= -2047 && value <= 2048) this.bits((0b11110 << 12) | (value & 0xfff), 17);
    else if (value >= -131071 && value <= 131072) {
      this.bits((0b111110 << 18) | (value & 0x3ffff), 24);
    } else if (value >= -16777215 && value <= 16777216) {
      this.bits((0b1111110 << 25) | (value & 0x1ffffff), 32);
    } else this.#long(value);
  }

  /** A safe integer in bytes of 7 bits, the sign in the lowest bit; not aligned to bytes. */
  varint(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.bits((rest % 0x80) | 0x80, 8);
    this.bits(rest, 8);
  }

  /** As `varbitInt`, of a number that is not negative. */
  varbitUint(value: number): void {
    if (value === 0) this.bits(0, 1);
    else if (value < 2 ** 3) this.bits((0b10 << 3) | value, 5);
    else if (value < 2 ** 6) this.bits((0b110 << 6) | value, 9);
    else if (value < 2 ** 9) this.bits((0b1110 << 9) | value, 13);
    else if (value < 2 ** 12) this.bits((0b11110 << 12) | value, 17);
    else if (value < 2 ** 18) this.bits((0b111110 << 18) | value, 24);
    else if (value < 2 ** 25) this.bits((0b1111110 << 25) | value, 32);
    else this.#long(value);
  }

  #long(value: number): void {
    this.bits(0b11111110, 8);
    this.bits(Math.floor(value / 0x100000000), 24);
    this.bits(value, 32);
  }

  /** The bytes, borrowed until the next write; bytes that are whole may be changed. */
  view(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.byteLength);
  }

  /** An owned copy of the bytes. */
  finish(): Uint8Array {
    return new Uint8Array(this.#view.buffer.slice(0, this.byteLength));
  }

  #grow(): void {
    const grown = new Uint8Array(this.#view.byteLength * 2);
    grown.set(new Uint8Array(this.#view.buffer));
    this.#view = new DataView(grown.buffer);
  }
}
