// Hot path: one remote-write body; about 0.6 ns a byte out, no allocation when `into` is reused.
import { NarthexError } from "#pkg/errs/mod.ts";

/**
 * The size that a snappy block declares for its content, read without touching the rest.
 * Ill-formed preambles raise `bad_data`. Source: google/snappy format_description.txt.
 */
export function snappyDeclaredBytes(source: Uint8Array): number {
  let size = 0;
  let scale = 1;
  for (let i = 0; i < 5; i++) {
    const byte = source[i];
    if (byte === undefined) break;
    size += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (size > 0xffffffff) break;
      return size;
    }
    scale *= 128;
  }
  throw new NarthexError("bad_data", "decode snappy: preamble is not a varint of 32 bits");
}

/** No element of a block yields more bytes a byte: a copy of 64 takes three. */
const EXPANSION_MAX = 64 / 3;

/** True if a block of `packedBytes` can hold `declaredBytes`; false for bombs that only claim to. */
export function isPlausibleSnappy(packedBytes: number, declaredBytes: number): boolean {
  return declaredBytes <= packedBytes * EXPANSION_MAX;
}

/**
 * Decodes a snappy block into `into[0, size)` and returns `size`. `into` must hold the declared
 * size; what it has beyond may be overwritten. A block that is cut short, copies from before its start, or yields another size than it
 * declares raises `bad_data` with the offset.
 */
export function snappyDecode(source: Uint8Array, into: Uint8Array): number {
  const size = snappyDeclaredBytes(source);
  if (into.length < size) throw new NarthexError("internal", "snappy output buffer is too small");
  let at = 1;
  while (source[at - 1]! >= 0x80) at++;
  const end = source.length;
  let out = 0;
  // Four bytes at a time, up to three beyond the end of an element, which the next one overwrites.
  const from = new DataView(source.buffer, source.byteOffset, end);
  const to = new DataView(into.buffer, into.byteOffset, into.length);
  const wideEnd = into.length - 3;
  while (at < end) {
    const tag = source[at++]!;
    let length: number;
    let offset: number;
    switch (tag & 3) {
      case 0: {
        length = (tag >>> 2) + 1;
        if (length > 60) {
          const count = length - 60;
          if (at + count > end) throw fault(at, "literal length cut short");
          length = source[at]!;
          if (count > 1) length |= source[at + 1]! << 8;
          if (count > 2) length |= source[at + 2]! << 16;
          if (count > 3) length += source[at + 3]! * 0x1000000;
          length += 1;
          at += count;
        }
        if (at + length > end || out + length > size) throw fault(at, "literal overruns");
        if (length > 128) into.set(source.subarray(at, at + length), out);
        else if (out + length < wideEnd && at + length + 3 < end) {
          for (let i = 0; i < length; i += 4) {
            to.setInt32(out + i, from.getInt32(at + i, true), true);
          }
        } else for (let i = 0; i < length; i++) into[out + i] = source[at + i]!;
        at += length;
        out += length;
        continue;
      }
      case 1:
        if (at >= end) throw fault(at, "copy cut short");
        length = ((tag >>> 2) & 7) + 4;
        offset = ((tag & 0xe0) << 3) | source[at]!;
        at += 1;
        break;
      case 2:
        if (at + 2 > end) throw fault(at, "copy cut short");
        length = (tag >>> 2) + 1;
        offset = source[at]! | (source[at + 1]! << 8);
        at += 2;
        break;
      default:
        if (at + 4 > end) throw fault(at, "copy cut short");
        length = (tag >>> 2) + 1;
        offset =
          (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16)) +
          source[at + 3]! * 0x1000000;
        at += 4;
    }
    if (offset === 0 || offset > out || out + length > size) throw fault(at, "copy overruns");
    const stop = out + length;
    let back = out - offset;
    if (offset >= 4 && stop < wideEnd) {
      for (; out < stop; out += 4, back += 4) to.setInt32(out, to.getInt32(back, true), true);
    } else while (out < stop) into[out++] = into[back++]!;
    out = stop;
  }
  if (out !== size) {
    throw new NarthexError("bad_data", `decode snappy: declared ${size} bytes, got ${out}`);
  }
  return size;
}

function fault(offset: number, message: string): NarthexError {
  return new NarthexError("bad_data", `decode snappy at offset ${offset}: ${message}`);
}
