// Hot path: write up to 32 bits to a buffer; 1 to 2 ns, 0 B. Callers see to it that 9 bytes follow.

/** Writes the low `count` (1 to 32) bits of `value` at bit `position`; returns where they end. */
export function put(view: DataView, position: number, value: number, count: number): number {
  const i = position >>> 3;
  const shift = position & 7;
  const top = value << (32 - count);
  // Bytes behind the position may hold an older chunk, so they are written over, not into.
  const before = shift === 0 ? 0 : view.getUint8(i) << 24;
  view.setInt32(i, before | (top >>> shift));
  if (shift + count > 32) view.setUint8(i + 4, top << (8 - shift));
  return position + count;
}

/** Writes a number that is not negative, 7 bits a byte, the low ones first. */
export function putUvarint(view: DataView, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest >= 0x80) {
    at = put(view, at, (rest % 0x80) | 0x80, 8);
    rest = Math.floor(rest / 0x80);
  }
  return put(view, at, rest, 8);
}

/** Writes a safe integer as `putUvarint` does, the sign in the lowest bit. */
export function putVarint(view: DataView, position: number, value: number): number {
  return putUvarint(view, position, value < 0 ? -2 * value - 1 : 2 * value);
}

/** Writes an integer within ±2^55 as `BitWriter.varbitInt` does. */
export function putVarbitInt(view: DataView, position: number, value: number): number {
  if (value === 0) return put(view, position, 0, 1);
  if (value >= -3 && value <= 4) return put(view, position, (0b10 << 3) | (value & 0x7), 5);
  if (value >= -31 && value <= 32) return put(view, position, (0b110 << 6) | (value & 0x3f), 9);
  if (value >= -255 && value <= 256) {
    return put(view, position, (0b1110 << 9) | (value & 0x1ff), 13);
  }
  if (value >= -2047 && value <= 2048) {
    return put(view, position, (0b11110 << 12) | (value & 0xfff), 17);
  }
  if (value >= -131071 && value <= 131072) {
    return put(view, position, (0b111110 << 18) | (value & 0x3ffff), 24);
  }
  if (value >= -16777215 && value <= 16777216) {
    return put(view, position, (0b1111110 << 25) | (value & 0x1ffffff), 32);
  }
  const prefix = put(view, position, 0b11111110, 8);
  return put(view, put(view, prefix, Math.floor(value / 0x100000000), 24), value, 32);
}

/**
 * Writes the bits of an XOR from its lowest but `trailing` on: `count` (1 to 64) in all. The rest
 * of it is zero.
 */
export function putWindow(
  view: DataView,
  position: number,
  xorHi: number,
  xorLo: number,
  trailing: number,
  count: number,
): number {
  if (trailing >= 32) return put(view, position, xorHi >>> (trailing - 32), count);
  // Shifts of 32 in two steps: one alone would be none.
  const low = (xorLo >>> trailing) | ((xorHi << 1) << (31 - trailing));
  if (count <= 32) return put(view, position, low, count);
  return put(view, put(view, position, xorHi >>> trailing, count - 32), low, 32);
}
