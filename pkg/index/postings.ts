// Hot path: set algebra over sorted references; about 1 ns an entry, one allocation a list.
import { crc32c } from "#pkg/encoding/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";

/** Sorted, unique series references. Shared: never modify one that was handed to you. */
export type Postings = Uint32Array;

/** The list without series. */
export const EMPTY_POSTINGS: Postings = new Uint32Array(0);

/** From this ratio of lengths on, searching beats walking both lists. */
const GALLOP_RATIO = 16;

/**
 * Decodes the postings section at `bytes[start]`: length, count, references, checksum. Returns
 * undefined where it goes on behind `bytes`. Errors: `corruption`.
 */
export function decodePostings(
  path: string,
  bytes: Uint8Array,
  start: number,
  offset: number,
): Postings | undefined {
  if (start + 8 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint32(start);
  const count = view.getUint32(start + 4);
  if (length !== 4 + 4 * count) {
    throw new CorruptionError(path, offset, `postings of ${count} entries in ${length} bytes`);
  }
  const end = start + 4 + length;
  if (end + 4 > bytes.length) return undefined;
  const got = crc32c(bytes, start + 4, end);
  if (got !== view.getUint32(end)) {
    throw new CorruptionError(path, offset, `postings crc ${got.toString(16)} differs`);
  }
  // Not `slice`, which on a Buffer gives a view and not a copy.
  const copy = new Uint8Array(bytes.subarray(start + 8, end));
  // Files are big endian; machines that Node runs on here are little endian.
  Buffer.from(copy.buffer, copy.byteOffset, copy.length).swap32();
  return new Uint32Array(copy.buffer, copy.byteOffset, count);
}

/** The references that both lists have. */
export function intersect(a: Postings, b: Postings): Postings {
  const [small, large] = a.length <= b.length ? [a, b] : [b, a];
  if (small.length === 0) return EMPTY_POSTINGS;
  const out = new Uint32Array(small.length);
  let count = 0;
  let j = 0;
  if (large.length > small.length * GALLOP_RATIO) {
    for (let i = 0; i < small.length && j < large.length; i++) {
      j = lowerBound(large, small[i]!, j);
      if (j < large.length && large[j] === small[i]) out[count++] = small[i]!;
    }
  } else {
    for (let i = 0; i < small.length && j < large.length; ) {
      const x = small[i]!;
      const y = large[j]!;
      if (x === y) {
        out[count++] = x;
        i++;
        j++;
      } else if (x < y) i++;
      else j++;
    }
  }
  return out.subarray(0, count);
}

/** The references of `a` that `b` does not have. */
export function without(a: Postings, b: Postings): Postings {
  if (b.length === 0 || a.length === 0) return a;
  const out = new Uint32Array(a.length);
  const doesGallop = b.length > a.length * GALLOP_RATIO;
  let count = 0;
  let j = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    if (doesGallop) j = lowerBound(b, x, j);
    else while (j < b.length && b[j]! < x) j++;
    if (j >= b.length || b[j] !== x) out[count++] = x;
  }
  return out.subarray(0, count);
}

/** The references that any of the lists has. */
export function union(lists: readonly Postings[]): Postings {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return filled[0] ?? EMPTY_POSTINGS;
  if (filled.length === 2) return unionOfTwo(filled[0]!, filled[1]!);
  let total = 0;
  let low = 0xffffffff;
  let high = 0;
  for (const list of filled) {
    total += list.length;
    if (list[0]! < low) low = list[0]!;
    if (list[list.length - 1]! > high) high = list[list.length - 1]!;
  }
  // A bitmap is linear; worth it while it is not much larger than the lists.
  return high - low < total * 128 ? unionByBitmap(filled, low, high) : unionBySort(filled, total);
}

function unionOfTwo(a: Postings, b: Postings): Postings {
  const out = new Uint32Array(a.length + b.length);
  let [i, j, count] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const x = a[i]!;
    const y = b[j]!;
    out[count++] = x <= y ? x : y;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  while (i < a.length) out[count++] = a[i++]!;
  while (j < b.length) out[count++] = b[j++]!;
  return out.subarray(0, count);
}

function unionByBitmap(lists: readonly Postings[], low: number, high: number): Postings {
  const words = new Uint32Array(((high - low) >>> 5) + 1);
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const bit = list[i]! - low;
      words[bit >>> 5]! |= 1 << (bit & 31);
    }
  }
  let count = 0;
  for (let i = 0; i < words.length; i++) count += popcount(words[i]!);
  const out = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < words.length; i++) {
    for (let word = words[i]!; word !== 0; word &= word - 1) {
      out[at++] = low + i * 32 + (31 - Math.clz32(word & -word));
    }
  }
  return out;
}

function unionBySort(lists: readonly Postings[], total: number): Postings {
  const all = new Uint32Array(total);
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  let count = 0;
  for (let i = 0; i < total; i++) {
    if (i === 0 || all[i] !== all[i - 1]) all[count++] = all[i]!;
  }
  return all.subarray(0, count);
}

function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** The first index from `from` on whose entry is at least `value`, by doubling steps. */
function lowerBound(list: Postings, value: number, from: number): number {
  let step = 1;
  let low = from;
  while (low + step < list.length && list[low + step]! < value) {
    low += step;
    step *= 2;
  }
  let high = Math.min(list.length, low + step + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
