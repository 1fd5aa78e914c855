// Hot path: append one sample to a chunk; about 15 ns, 0 B but for growth.
import { assert, NarthexError } from "#pkg/errs/mod.ts";
import type { SampleColumns } from "#pkg/storage/mod.ts";

/** Sample count, big endian, ahead of the bit stream. */
const HEADER_BYTES = 2;
/** The most samples that the count in the header can name. */
export const XOR_SAMPLES_MAX = 0xffff;
/** More than one sample can take: 4 + 64 bits of time, 13 + 64 bits of value. */
const SAMPLE_BYTES_MAX = 24;
/** No window of significant bits has been written yet. */
const NO_WINDOW = 0xff;

/**
 * Writes XOR chunks, byte for byte as Prometheus does: a count, the first timestamp and value in
 * full, then deltas of deltas and XORed values. Reusable: `reset` starts the next chunk and keeps
 * the buffer. Source: docs/format/chunks.md#xor, after Pelkonen et al. 2015 (Gorilla), 4.1.
 */
export class XorEncoder {
  #bytes: Uint8Array;
  /** Next byte to write. */
  #at = HEADER_BYTES;
  /** Bits that wait for a full byte, in the low `#pendingBits` bits. */
  #pending = 0;
  #pendingBits = 0;
  #count = 0;
  #timestamp = 0;
  #delta = 0;
  #hi = 0;
  #lo = 0;
  #leading = NO_WINDOW;
  #trailing = 0;

  constructor(capacityBytes = 1024) {
    this.#bytes = new Uint8Array(Math.max(capacityBytes, 2 * SAMPLE_BYTES_MAX));
  }

  /** Forgets the chunk at hand. */
  reset(): void {
    this.#at = HEADER_BYTES;
    this.#pending = 0;
    this.#pendingBits = 0;
    this.#count = 0;
    this.#timestamp = 0;
    this.#delta = 0;
    this.#hi = 0;
    this.#lo = 0;
    this.#leading = NO_WINDOW;
    this.#trailing = 0;
  }

  /** Samples appended since `reset`. */
  get count(): number {
    return this.#count;
  }

  /** Size of the chunk as it stands, header included. */
  get byteLength(): number {
    return this.#at + (this.#pendingBits > 0 ? 1 : 0);
  }

  /** Timestamp of the last sample, ms; 0 while empty. */
  get lastTimestamp(): number {
    return this.#timestamp;
  }

  /**
   * Appends a sample: a safe integer of ms since the epoch, above the last one, and the two halves
   * of the value's IEEE 754 bits. Raises `internal` on disorder and on the 65,536th sample.
   */
  append(timestampMs: number, hi: number, lo: number): void {
    if (this.#at + SAMPLE_BYTES_MAX > this.#bytes.length) this.#grow();
    if (this.#count === 0) {
      this.#first(timestampMs, hi | 0, lo | 0);
      return;
    }
    const delta = timestampMs - this.#timestamp;
    if (!(delta > 0) || this.#count === XOR_SAMPLES_MAX) this.#refuse(timestampMs);
    if (this.#count === 1) this.#uvarint(delta);
    else if (delta === this.#delta) this.#put(0, 1);
    else this.#deltaOfDelta(delta - this.#delta);
    this.#value(hi | 0, lo | 0);
    this.#timestamp = timestampMs;
    this.#delta = delta;
    this.#count++;
  }

  /** An owned copy of the chunk. The encoder may go on appending. */
  finish(): Uint8Array {
    const out = this.#bytes.slice(0, this.byteLength);
    out[0] = this.#count >>> 8;
    out[1] = this.#count & 0xff;
    if (this.#pendingBits > 0) out[this.#at] = this.#pending << (8 - this.#pendingBits);
    return out;
  }

  #first(timestampMs: number, hi: number, lo: number): void {
    assert(Number.isSafeInteger(timestampMs), "timestamps are safe integers");
    this.#uvarint(timestampMs < 0 ? -2 * timestampMs - 1 : 2 * timestampMs);
    this.#put(hi, 32);
    this.#put(lo, 32);
    this.#timestamp = timestampMs;
    this.#hi = hi;
    this.#lo = lo;
    this.#count = 1;
  }

  #refuse(timestampMs: number): never {
    throw new NarthexError("internal", "append to XOR chunk: out of order or full", {
      detail: { got: timestampMs, last: this.#timestamp, count: this.#count },
    });
  }

  #deltaOfDelta(dod: number): void {
    // The ranges are those of n-bit two's complement shifted up by one, as Prometheus has them.
    if (dod >= -8191 && dod <= 8192) this.#put(0x8000 | (dod & 0x3fff), 16);
    else if (dod >= -65535 && dod <= 65536) this.#put((0b110 << 17) | (dod & 0x1ffff), 20);
    else if (dod >= -524287 && dod <= 524288) this.#put((0b1110 << 20) | (dod & 0xfffff), 24);
    else {
      this.#put(0b1111, 4);
      this.#put(Math.floor(dod / 0x100000000), 32);
      this.#put(dod, 32);
    }
  }

  #value(hi: number, lo: number): void {
    const xorHi = hi ^ this.#hi;
    const xorLo = lo ^ this.#lo;
    if ((xorHi | xorLo) === 0) {
      this.#put(0, 1);
      return;
    }
    this.#hi = hi;
    this.#lo = lo;
    // More than 31 leading zeros do not fit the field.
    const leading = xorHi === 0 ? 31 : Math.min(Math.clz32(xorHi), 31);
    const trailing =
      xorLo === 0 ? 63 - Math.clz32(xorHi & -xorHi) : 31 - Math.clz32(xorLo & -xorLo);
    if (this.#leading !== NO_WINDOW && leading >= this.#leading && trailing >= this.#trailing) {
      this.#put(0b10, 2);
    } else {
      this.#leading = leading;
      this.#trailing = trailing;
      // 64 significant bits are written as 0; 0 itself never occurs.
      this.#put((0b11 << 11) | (leading << 6) | ((64 - leading - trailing) & 0x3f), 13);
    }
    this.#window(xorHi, xorLo);
  }

  /** The significant bits of a 64-bit XOR, by the window in force. */
  #window(xorHi: number, xorLo: number): void {
    const trailing = this.#trailing;
    const bits = 64 - this.#leading - trailing;
    if (trailing >= 32) {
      this.#put(xorHi >>> (trailing - 32), bits);
      return;
    }
    const low = trailing === 0 ? xorLo : (xorLo >>> trailing) | (xorHi << (32 - trailing));
    if (bits <= 32) this.#put(low, bits);
    else {
      this.#put(xorHi >>> trailing, bits - 32);
      this.#put(low, 32);
    }
  }

  #uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#put((rest % 0x80) | 0x80, 8);
      rest = Math.floor(rest / 0x80);
    }
    this.#put(rest, 8);
  }

  /** Appends the low `count` (1 to 32) bits of `value`, the highest first. */
  #put(value: number, count: number): void {
    const bytes = this.#bytes;
    let pending = this.#pending;
    let pendingBits = this.#pendingBits;
    let at = this.#at;
    let left = count;
    // At most 7 bits wait, so up to 24 more fit in 31 bits.
    if (left > 24) {
      left -= 16;
      pending = (pending << 16) | ((value >>> left) & 0xffff);
      pendingBits += 16;
      while (pendingBits >= 8) {
        pendingBits -= 8;
        bytes[at++] = pending >>> pendingBits;
      }
      pending &= (1 << pendingBits) - 1;
    }
    pending = (pending << left) | (value & ((1 << left) - 1));
    pendingBits += left;
    while (pendingBits >= 8) {
      pendingBits -= 8;
      bytes[at++] = pending >>> pendingBits;
    }
    this.#pending = pending & ((1 << pendingBits) - 1);
    this.#pendingBits = pendingBits;
    this.#at = at;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/** The XOR chunk of entries `[from, to)` of `columns`; at most 65,535, in ascending order. */
export function encodeXor(columns: SampleColumns, from: number, to: number): Uint8Array {
  const encoder = new XorEncoder(HEADER_BYTES + (to - from) * 10 + 32);
  const { timestamps, bits } = columns;
  for (let i = from; i < to; i++) {
    encoder.append(timestamps[i]!, bits[2 * i + 1]!, bits[2 * i]!);
  }
  return encoder.finish();
}
