// Hot path: append one sample to a chunk; 20 to 40 ns, 55 with starts; no object but for growth.
import { assert, NarthexError } from "#pkg/errs/mod.ts";
import { type SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { put, putUvarint, putVarbitInt, putVarint, putWindow } from "./put-bits.ts";
import { knownStart, START_CHANGE_MAX, START_KNOWN } from "./start-times.ts";
import { XOR_SAMPLES_MAX } from "./xor-encode.ts";

/** Sample count, big endian, and the byte about start timestamps, ahead of the bit stream. */
const HEADER_BYTES = 3;
/** More than one sample can take: 5 + 64 bits of time, 14 + 64 of value, 8 + 64 of start. */
const SAMPLE_BYTES_MAX = 40;
/** No window of significant bits has been written yet. */
const NO_WINDOW = 0xff;

/**
 * Writes XOR2 chunks, byte for byte as Prometheus does: time and value share a prefix, stale markers
 * have a code of their own, and start timestamps may go along. Reusable: `reset` starts the next
 * chunk and keeps the buffer. Source: docs/format/chunks.md#xor2.
 */
export class Xor2Encoder {
  #view: DataView;
  /** Bits written; what is left of the last byte is zero. */
  #position = HEADER_BYTES * 8;
  #count = 0;
  // NaN from the start: a field that once held an integer boxes every fraction-free double.
  #timestamp = Number.NaN;
  #delta = Number.NaN;
  #start = Number.NaN;
  /** By how much the sample before the last was later than the last start. */
  #startDistance = Number.NaN;
  /** Number of the first sample that carries a start of its own; 0 while there is none. */
  #startsFrom = 0;
  #startHeader = 0;
  /** The last value that was no stale marker. */
  #hi = 0;
  #lo = 0;
  #leading = NO_WINDOW;
  #trailing = 0;

  constructor(capacityBytes = 1024) {
    this.#view = new DataView(new ArrayBuffer(Math.max(capacityBytes, 2 * SAMPLE_BYTES_MAX)));
  }

  /** Forgets the chunk at hand. */
  reset(): void {
    this.#position = HEADER_BYTES * 8;
    this.#count = 0;
    this.#timestamp = Number.NaN;
    this.#delta = Number.NaN;
    this.#start = Number.NaN;
    this.#startDistance = Number.NaN;
    this.#startsFrom = 0;
    this.#startHeader = 0;
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
    return (this.#position + 7) >>> 3;
  }

  /** Timestamp of the last sample, ms; NaN while empty. */
  get lastTimestamp(): number {
    return this.#timestamp;
  }

  /**
   * Appends a sample: a safe integer of ms since the epoch, above the last one, the two halves of
   * the value's IEEE 754 bits, and the start timestamp in ms, 0 if it is unknown (one beyond ±2^52
   * counts as unknown). Raises `internal` on disorder and on the 65,536th sample.
   */
  append(timestampMs: number, hi: number, lo: number, startMs: number): void {
    if ((this.#position >>> 3) + SAMPLE_BYTES_MAX > this.#view.byteLength) this.#grow();
    const start = knownStart(startMs);
    if (this.#count === 0) {
      this.#first(timestampMs, hi | 0, lo | 0, start);
      return;
    }
    const previous = this.#timestamp;
    const delta = timestampMs - previous;
    if (!(delta > 0) || this.#count === XOR_SAMPLES_MAX) this.#refuse(timestampMs);
    const view = this.#view;
    let position = this.#position;
    if (this.#count === 1) {
      position = putUvarint(view, position, delta);
      position = this.#value(position, hi | 0, lo | 0);
    } else if (delta === this.#delta) position = this.#regular(position, hi | 0, lo | 0);
    else {
      position = putDeltaOfDelta(view, position, delta - this.#delta);
      position = this.#value(position, hi | 0, lo | 0);
    }
    this.#timestamp = timestampMs;
    this.#delta = delta;
    // A change later than the header can name must have been announced before.
    if (this.#startsFrom > 0 || start !== this.#start || this.#count === START_CHANGE_MAX) {
      position = this.#startOf(position, previous, start);
    }
    this.#count++;
    this.#position = position;
  }

  /** An owned copy of the chunk. The encoder may go on appending. */
  finish(): Uint8Array {
    this.#view.setUint16(0, this.#count);
    this.#view.setUint8(2, this.#startHeader);
    return new Uint8Array(this.#view.buffer.slice(0, this.byteLength));
  }

  #first(timestampMs: number, hi: number, lo: number, start: number): void {
    assert(Number.isSafeInteger(timestampMs), "timestamps are safe integers");
    let position = putVarint(this.#view, this.#position, timestampMs);
    position = put(this.#view, put(this.#view, position, hi, 32), lo, 32);
    if (start !== 0) {
      this.#startHeader = START_KNOWN;
      position = putVarint(this.#view, position, timestampMs - start);
    }
    this.#position = position;
    this.#timestamp = timestampMs;
    this.#start = start;
    if (hi !== STALE_HI || lo !== STALE_LO) {
      this.#hi = hi;
      this.#lo = lo;
    }
    this.#count = 1;
  }

  #refuse(timestampMs: number): never {
    throw new NarthexError("internal", "append to XOR2 chunk: out of order or full", {
      detail: { got: timestampMs, last: this.#timestamp, count: this.#count },
    });
  }

  /** Writes the start of a sample behind `previous`; returns where it ends. */
  #startOf(position: number, previous: number, start: number): number {
    const distance = previous - start;
    let change = distance;
    if (this.#startsFrom > 0) change -= this.#startDistance;
    else {
      this.#startsFrom = this.#count;
      this.#startHeader |= this.#count;
    }
    this.#startDistance = distance;
    this.#start = start;
    return putVarbitInt(this.#view, position, change);
  }

  /** Writes the value of a sample that comes as long after the last as that did. */
  #regular(position: number, hi: number, lo: number): number {
    const view = this.#view;
    if (hi === STALE_HI && lo === STALE_LO) return put(view, position, 0b11111, 5);
    const xorHi = hi ^ this.#hi;
    const xorLo = lo ^ this.#lo;
    if ((xorHi | xorLo) === 0) return put(view, position, 0, 1);
    this.#hi = hi;
    this.#lo = lo;
    return this.#changed(put(view, position, 0b10, 2), xorHi, xorLo, 1);
  }

  /** Writes any value behind a time of its own. */
  #value(position: number, hi: number, lo: number): number {
    const view = this.#view;
    if (hi === STALE_HI && lo === STALE_LO) return put(view, position, 0b111, 3);
    const xorHi = hi ^ this.#hi;
    const xorLo = lo ^ this.#lo;
    if ((xorHi | xorLo) === 0) return put(view, position, 0, 1);
    this.#hi = hi;
    this.#lo = lo;
    return this.#changed(put(view, position, 1, 1), xorHi, xorLo, 2);
  }

  /**
   * Writes an XOR that is not zero: behind a bit 0 into the window in force, or behind a new one,
   * which a bit 1 announces, the first of `prefixBits` (a stale marker has another second one).
   */
  #changed(position: number, xorHi: number, xorLo: number, prefixBits: number): number {
    const view = this.#view;
    // More than 31 leading zeros do not fit the field.
    let leading = xorHi === 0 ? 31 : Math.clz32(xorHi);
    let trailing = xorLo === 0 ? 63 - Math.clz32(xorHi & -xorHi) : 31 - Math.clz32(xorLo & -xorLo);
    let at = position;
    if (this.#leading !== NO_WINDOW && leading >= this.#leading && trailing >= this.#trailing) {
      leading = this.#leading;
      trailing = this.#trailing;
      at = put(view, at, 0, 1);
    } else {
      this.#leading = leading;
      this.#trailing = trailing;
      // 64 significant bits are written as 0; 0 itself never occurs.
      const window = (leading << 6) | ((64 - leading - trailing) & 0x3f);
      at = put(view, at, (1 << (10 + prefixBits)) | window, 11 + prefixBits);
    }
    return putWindow(view, at, xorHi, xorLo, trailing, 64 - leading - trailing);
  }

  #grow(): void {
    const grown = new Uint8Array(this.#view.byteLength * 2);
    grown.set(new Uint8Array(this.#view.buffer));
    this.#view = new DataView(grown.buffer);
  }
}

/** Prefix and difference fill whole bytes; the ranges are those of two's complement. */
function putDeltaOfDelta(view: DataView, position: number, dod: number): number {
  if (dod >= -4096 && dod <= 4095) return put(view, position, (0b110 << 13) | (dod & 0x1fff), 16);
  if (dod >= -524288 && dod <= 524287) {
    return put(view, position, (0b1110 << 20) | (dod & 0xfffff), 24);
  }
  const high = put(view, put(view, position, 0b11110, 5), Math.floor(dod / 0x100000000), 32);
  return put(view, high, dod, 32);
}

/**
 * The XOR2 chunk of entries `[from, to)` of `columns`, all floats, with their start timestamps where
 * there are any; at most 65,535, in ascending order.
 */
export function encodeXor2(columns: SampleColumns, from: number, to: number): Uint8Array {
  if (columns.histograms !== undefined) {
    for (let i = from; i < to; i++) assert(!columns.isHistogram(i), "XOR2 chunks hold floats only");
  }
  const encoder = new Xor2Encoder(HEADER_BYTES + (to - from) * 10 + 64);
  const { timestamps, bits, starts } = columns;
  for (let i = from; i < to; i++) {
    const start = starts === undefined ? 0 : starts[i]!;
    encoder.append(timestamps[i]!, bits[2 * i + 1]! | 0, bits[2 * i]! | 0, start);
  }
  return encoder.finish();
}
