import { ByteReader, ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { assert, CorruptionError } from "#pkg/errs/mod.ts";

/** First four bytes of a tombstones file. */
const TOMBSTONES_MAGIC = 0x0130ba30;
const TOMBSTONES_VERSION = 1;
/** Magic and version. */
const HEADER_BYTES = 5;

/** A deleted time range, ms, both ends inclusive. */
export interface Interval {
  readonly mint: number;
  readonly maxt: number;
}

/** Deleted ranges by series reference: sorted, not touching each other. */
export type Tombstones = ReadonlyMap<number, readonly Interval[]>;

/**
 * Decodes a tombstones file of a block. Errors: `corruption`.
 * Source: docs/format/index.md#tombstones.
 */
export function decodeTombstones(path: string, bytes: Uint8Array): Tombstones {
  const reader = new ByteReader(path, bytes);
  const magic = reader.u32();
  if (magic !== TOMBSTONES_MAGIC) reader.fail(`magic ${magic.toString(16)}, want 130ba30`);
  const version = reader.u8();
  if (version !== TOMBSTONES_VERSION) reader.fail(`tombstones version ${version}, want 1`);
  reader.need(4);
  const end = bytes.length - 4;
  const want = new ByteReader(path, bytes, end).u32();
  const got = crc32c(bytes, HEADER_BYTES, end);
  if (got !== want) {
    const sums = `crc ${got.toString(16)}, want ${want.toString(16)}`;
    throw new CorruptionError(path, end, `tombstones ${sums}`);
  }
  reader.end = end;
  const all = new Map<number, Interval[]>();
  while (reader.remaining > 0) {
    const ref = reader.uvarint();
    const interval = { mint: readTime(reader), maxt: readTime(reader) };
    if (interval.maxt < interval.mint) reader.fail("tombstone ends before it begins");
    const list = all.get(ref);
    if (list) list.push(interval);
    else all.set(ref, [interval]);
  }
  return new Map([...all].map(([ref, list]) => [ref, joinIntervals(list)]));
}

/** A 64-bit varint; times beyond ±2^53, as "for ever" is written, become infinite. */
function readTime(reader: ByteReader): number {
  const { bytes, at } = reader;
  let length = 1;
  while (at + length < reader.end && bytes[at + length - 1]! >= 0x80) length++;
  if (length < 8) return reader.varint();
  let isNegative = false;
  let value = 0;
  let scale = 1;
  for (let i = 0; i < length; i++) {
    const byte = reader.u8();
    if (i === 0) isNegative = (byte & 1) === 1;
    value += (byte & 0x7f) * scale;
    scale *= 128;
  }
  if (length > 10 || bytes[reader.at - 1]! >= 0x80) reader.fail("varint cut short");
  const half = isNegative ? -(value + 1) / 2 : value / 2;
  if (Number.isSafeInteger(half)) return half;
  return isNegative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** The intervals sorted, with those that overlap or touch joined. */
export function joinIntervals(intervals: readonly Interval[]): readonly Interval[] {
  const out: { mint: number; maxt: number }[] = [];
  for (const { mint, maxt } of intervals.toSorted((a, b) => a.mint - b.mint)) {
    const last = out[out.length - 1];
    if (last && mint <= last.maxt + 1) last.maxt = Math.max(last.maxt, maxt);
    else out.push({ mint, maxt });
  }
  return out;
}

/**
 * The bytes of a tombstones file, series in the order of their references. Times must be whole numbers
 * of ms below 2^52, or infinite. The file is to be written by `atomicWrite`.
 * Source: docs/format/index.md#tombstones.
 */
export function encodeTombstones(tombstones: Tombstones): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u32(TOMBSTONES_MAGIC);
  writer.u8(TOMBSTONES_VERSION);
  for (const ref of Float64Array.from(tombstones.keys()).sort()) {
    for (const { mint, maxt } of joinIntervals(tombstones.get(ref)!)) {
      assert(mint <= maxt, "tombstones end after they begin");
      writer.uvarint(ref);
      writeTime(mint, writer);
      writeTime(maxt, writer);
    }
  }
  writer.u32(crc32c(writer.bytes, HEADER_BYTES, writer.length));
  return writer.take();
}

/** What `readTime` reads: infinite times are the least and the greatest 64-bit integer. */
function writeTime(time: number, to: ByteWriter): void {
  if (Number.isFinite(time)) {
    const fits = Number.isInteger(time) && Math.abs(time) < 2 ** 52;
    assert(fits, "times of tombstones are whole numbers below 2^52");
    to.varint(time);
    return;
  }
  to.u8(time < 0 ? 0xff : 0xfe);
  for (let i = 0; i < 8; i++) to.u8(0xff);
  to.u8(1);
}

/** Adds the deletion of `interval` from series `ref` to `tombstones`, joined with those it has. */
export function addTombstone(
  tombstones: Map<number, readonly Interval[]>,
  ref: number,
  interval: Interval,
): void {
  assert(interval.mint <= interval.maxt, "tombstones end after they begin");
  tombstones.set(ref, joinIntervals([...(tombstones.get(ref) ?? []), interval]));
}

/** The deletions of both, joined. */
export function joinTombstones(a: Tombstones, b: Tombstones): Map<number, readonly Interval[]> {
  const out = new Map(a);
  for (const [ref, intervals] of b) {
    out.set(ref, joinIntervals([...(out.get(ref) ?? []), ...intervals]));
  }
  return out;
}

/** How many intervals there are in all, which `meta.json` tells as `numTombstones`. */
export function countTombstones(tombstones: Tombstones): number {
  let count = 0;
  for (const intervals of tombstones.values()) count += intervals.length;
  return count;
}
