// Hot path: decode one sample; 5 to 13 ns, twice that with starts, 0 B but for the columns' growth.
import { CorruptionError } from "#pkg/errs/mod.ts";
import { type SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { START_CHANGE_MASK, START_KNOWN } from "./start-times.ts";

/** Sample count, big endian, and the byte about start timestamps. */
const HEADER_BYTES = 3;
/** A sample takes at most 219 bits, so reads of one that starts this far from the end stay in. */
const SAMPLE_BYTES_MAX = 32;

/**
 * Where the end of a chunk is copied to, so that reads may run over it. Nothing outlives a call;
 * one for all because a fresh buffer costs more than the whole chunk.
 */
const TAIL = new DataView(new ArrayBuffer(2 * SAMPLE_BYTES_MAX + 16));

/** How the value of a sample is written, or none of it. */
const Value = { unchanged: 0, inWindow: 1, newWindow: 2, stale: 3 } as const;

/**
 * Appends all samples of the XOR2 chunk `bytes[start, end)` to `into`, value bits exact, with the
 * start timestamps that it has. Raises `corruption`, naming `path` and the byte offset in the chunk's
 * buffer, where the stream is short, a timestamp does not ascend or a time leaves ±2^53; `into` is
 * then as it was. Source: docs/format/chunks.md#xor2.
 */
export function decodeXor2(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: SampleColumns,
  path = "chunk",
): void {
  if (end - start < HEADER_BYTES) {
    throw new CorruptionError(path, start, "chunk shorter than its header");
  }
  const count = (bytes[start]! << 8) | bytes[start + 1]!;
  if (count === 0) return;
  // One bit a sample is the least; refuse a count that would only make room for nothing.
  if ((end - start - HEADER_BYTES) * 8 < count) {
    throw new CorruptionError(path, start, `want ${count} samples, got ${end - start} bytes`);
  }
  into.reserve(into.length + count);
  const hadStarts = into.starts !== undefined;
  if (bytes[start + 2] !== 0) into.ensureStarts();
  const failedAt = decodeStream(bytes, start, end, into, count);
  if (!hadStarts && into.starts !== undefined) dropUnknown(into, failedAt < 0 ? count : 0);
  if (failedAt >= 0) {
    into.starts?.fill(0, into.length);
    throw new CorruptionError(path, start + failedAt, "XOR2 stream is short or out of order");
  }
  into.length += count;
}

/** Takes the starts back out if none of the `count` entries behind the filled ones has any. */
function dropUnknown(into: SampleColumns, count: number): void {
  const starts = into.starts!;
  for (let i = into.length; i < into.length + count; i++) if (starts[i] !== 0) return;
  starts.fill(0, into.length);
  into.starts = undefined;
}

/**
 * Decodes `count` samples behind the filled entries of `into`, whose length stays. Returns -1, or
 * the byte at which the stream turned out to be corrupt.
 */
function decodeStream(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: SampleColumns,
  count: number,
): number {
  const { timestamps, bits, starts } = into;
  const size = end - start;
  const startHeader = bytes[start + 2]!;
  const first = into.length;
  const stop = first + count;
  let at = first;

  // First sample: zigzag varint, 64 bits, and perhaps a zigzag varint more.
  let byte = start + HEADER_BYTES;
  let length = varintLength(bytes, byte, end);
  if (length === 0) return byte - start;
  let t = unzigzag(varintAt(bytes, byte, length));
  byte += length;
  if (byte + 8 > end || !Number.isSafeInteger(t)) return byte - start;
  let hi = word32(bytes, byte);
  let lo = word32(bytes, byte + 4);
  byte += 8;
  timestamps[at] = t;
  bits[2 * at] = lo;
  bits[2 * at + 1] = hi;
  // A stale marker is no value that later ones differ from.
  if (hi === STALE_HI && lo === STALE_LO) hi = lo = 0;
  let sampleStart = 0;
  if ((startHeader & START_KNOWN) !== 0) {
    length = varintLength(bytes, byte, end);
    if (length === 0) return byte - start;
    sampleStart = t - unzigzag(varintAt(bytes, byte, length));
    byte += length;
    if (!Number.isSafeInteger(sampleStart)) return byte - start;
  }
  if (starts !== undefined) starts[at] = sampleStart;
  if (++at === stop) return -1;

  // Second sample: uvarint delta, then a value as all others.
  length = varintLength(bytes, byte, end);
  if (length === 0) return byte - start;
  let delta = varintAt(bytes, byte, length);
  byte += length;
  if (!(delta > 0)) return byte - start;

  // From here on `pos` counts bits from `source[base]`. As long as a sample starts at or before
  // `safeBit`, all its reads are inside; the last ones are read from a copy with room behind it.
  let pos = 0;
  let endBit = (end - byte) * 8;
  let safeBit = endBit - SAMPLE_BYTES_MAX * 8;
  let viewEnd = end;
  if (bytes.buffer.byteLength - bytes.byteOffset - end >= SAMPLE_BYTES_MAX + 8) {
    // Other bytes follow the chunk in its buffer: reads may run over them.
    viewEnd = end + SAMPLE_BYTES_MAX + 8;
    safeBit = endBit;
  }
  let source = new DataView(bytes.buffer, bytes.byteOffset + byte, viewEnd - byte);
  /** Trailing zeros and significant bits of the window in force. */
  let trailing = 0;
  let significant = 64;
  // The first entry that has a start of its own; none of the chunk's, where there is none.
  const changeOn = startHeader & START_CHANGE_MASK;
  const startsFrom = changeOn === 0 ? stop : first + changeOn;
  let startDistance = 0;
  const second = at;
  for (; at < stop; at++) {
    if (pos > safeBit) {
      if (safeBit === endBit) return size;
      source = tailOf(bytes, byte + (pos >>> 3), end);
      endBit -= pos & ~7;
      pos &= 7;
      safeBit = endBit;
    }
    // At least 25 bits of `word` are valid from the top.
    let word = source.getInt32(pos >>> 3) << (pos & 7);
    let kind: number = Value.unchanged;
    if (at > second && word >= 0) pos++;
    else if (at > second && (word & 0x40000000) === 0) {
      kind = (word & 0x20000000) === 0 ? Value.inWindow : Value.newWindow;
      pos += 3;
    } else if (at > second && word >>> 27 === 0b11111) {
      kind = Value.stale;
      pos += 5;
    } else {
      if (at > second) {
        let dod: number;
        if ((word & 0x20000000) === 0) {
          dod = (word << 3) >> 19;
          pos += 16;
        } else if ((word & 0x10000000) === 0) {
          dod = (word << 4) >> 12;
          pos += 24;
        } else {
          pos += 5;
          const i = pos >>> 3;
          const high = bits32(source, i, pos & 7);
          dod = high * 0x100000000 + (bits32(source, i + 4, pos & 7) >>> 0);
          pos += 64;
        }
        delta += dod;
        if (!(delta > 0)) return size;
        word = source.getInt32(pos >>> 3) << (pos & 7);
      }
      if (word >= 0) pos++;
      else if ((word & 0x40000000) === 0) {
        kind = Value.inWindow;
        pos += 2;
      } else {
        kind = (word & 0x20000000) === 0 ? Value.newWindow : Value.stale;
        pos += 3;
      }
    }
    if (kind === Value.inWindow || kind === Value.newWindow) {
      if (kind === Value.newWindow) {
        word = source.getInt32(pos >>> 3) << (pos & 7);
        // 5 bits of leading zeros, 6 bits of significant ones, 0 of which means 64.
        significant = (((word >>> 21) - 1) & 0x3f) + 1;
        trailing = 64 - (word >>> 27) - significant;
        if (trailing < 0) return size;
        pos += 11;
      }
      const i = pos >>> 3;
      const shift = pos & 7;
      const top = (source.getInt32(i) << shift) | (source.getUint8(i + 4) >>> (8 - shift));
      if (significant <= 32) {
        const x = top >>> (32 - significant);
        if (trailing >= 32) hi ^= x << (trailing - 32);
        else {
          lo ^= x << trailing;
          // Shifts of 32 in two steps: one alone would be none.
          hi ^= (x >>> 1) >>> (31 - trailing);
        }
      } else {
        const next = (source.getInt32(i + 4) << shift) | (source.getUint8(i + 8) >>> (8 - shift));
        // The 64 bits read, moved right to drop what is beyond the window, then left again.
        const drop = 64 - significant;
        const high = top >>> drop;
        const low = (next >>> drop) | ((top << 1) << (31 - drop));
        lo ^= low << trailing;
        hi ^= (high << trailing) | ((low >>> 1) >>> (31 - trailing));
      }
      pos += significant;
    }
    if (at >= startsFrom) {
      const ones = Math.min(8, Math.clz32(~bits32(source, pos >>> 3, pos & 7)));
      pos += Math.min(8, ones + 1);
      startDistance += varbitPayload(source, pos, ones);
      pos += VARBIT_SIZES[ones]!;
      sampleStart = t - startDistance;
      if (!Number.isSafeInteger(sampleStart)) return size;
    }
    if (starts !== undefined) starts[at] = sampleStart;
    t += delta;
    timestamps[at] = t;
    bits[2 * at] = kind === Value.stale ? STALE_LO : lo;
    bits[2 * at + 1] = kind === Value.stale ? STALE_HI : hi;
  }
  return pos <= endBit && Number.isSafeInteger(t) ? -1 : size;
}

/** Payload bits of a number of varying length by the count of leading ones. */
const VARBIT_SIZES = new Uint8Array([0, 3, 6, 9, 12, 18, 25, 56, 64]);

/** The signed number of varying length whose payload is at bit `pos` behind `ones` leading ones. */
function varbitPayload(view: DataView, pos: number, ones: number): number {
  if (ones === 0) return 0;
  const size = VARBIT_SIZES[ones]!;
  const top = bits32(view, pos >>> 3, pos & 7);
  if (size <= 32) {
    const value = top >>> (32 - size);
    // One more positive number than two's complement has, one fewer negative.
    return value > 2 ** (size - 1) ? value - 2 ** size : value;
  }
  if (size === 64) return top * 0x100000000 + (bits32(view, (pos >>> 3) + 4, pos & 7) >>> 0);
  const low = bits32(view, (pos + 24) >>> 3, pos & 7) >>> 0;
  const high = top >>> 8;
  const isNegative = high > 0x800000 || (high === 0x800000 && low > 0);
  return (isNegative ? high - 0x1000000 : high) * 0x100000000 + low;
}

/** Bytes of the varint at `bytes[i]`; 0 if it ends behind `end` or is too long for a number. */
function varintLength(bytes: Uint8Array, i: number, end: number): number {
  for (let length = 1; length <= 8 && i + length <= end; length++) {
    if (bytes[i + length - 1]! < 0x80) return length;
  }
  return 0;
}

/** The varint in `length` bytes at `bytes[i]`, without a sign; inexact above 2^53. */
function varintAt(bytes: Uint8Array, i: number, length: number): number {
  let value = 0;
  let scale = 1;
  for (let k = i; k < i + length; k++) {
    value += (bytes[k]! & 0x7f) * scale;
    scale *= 128;
  }
  return value;
}

function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** A copy of `bytes[from, end)` with room for the reads of a sample that is cut short. */
function tailOf(bytes: Uint8Array, from: number, end: number): DataView {
  const count = end - from;
  for (let i = 0; i < count; i++) TAIL.setUint8(i, bytes[from + i]!);
  for (let i = count; i < TAIL.byteLength; i++) TAIL.setUint8(i, 0);
  return TAIL;
}

function word32(bytes: Uint8Array, i: number): number {
  return (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!;
}

/** 32 bits that begin `shift` bits into byte `i`. */
function bits32(view: DataView, i: number, shift: number): number {
  return (view.getInt32(i) << shift) | (view.getUint8(i + 4) >>> (8 - shift));
}
