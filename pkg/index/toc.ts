import { yieldNow } from "#pkg/async/mod.ts";
import { ByteReader, type ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";
import type { RandomAccess } from "#pkg/fsutil/mod.ts";

/** First four bytes of an index. */
export const INDEX_MAGIC = 0xbaaad700;
/** Magic and version. */
export const INDEX_HEADER_BYTES = 5;
/** Six offsets and a checksum, at the end of the file. */
export const TOC_BYTES = 6 * 8 + 4;
/** Series entries of version 2 begin at multiples of this; refs count in it. */
export const SERIES_ALIGNMENT = 16;

/** Bytes summed between two yields; a few ms. */
const CRC_SLICE_BYTES = 4 << 20;

/** Where the sections of an index begin; 0 for one that is not there. */
export interface IndexToc {
  readonly symbols: number;
  readonly series: number;
  readonly labelIndices: number;
  readonly labelIndicesTable: number;
  readonly postings: number;
  readonly postingsTable: number;
}

/** Appends the table of contents and its checksum. */
export function encodeToc(toc: IndexToc, into: ByteWriter): void {
  const start = into.length;
  into.u64(toc.symbols);
  into.u64(toc.series);
  into.u64(toc.labelIndices);
  into.u64(toc.labelIndicesTable);
  into.u64(toc.postings);
  into.u64(toc.postingsTable);
  into.u32(crc32c(into.bytes, start, into.length));
}

/** Reads the table of contents; `corruption` where it is cut, torn or points outside. */
export async function readToc(access: RandomAccess, signal?: AbortSignal): Promise<IndexToc> {
  const at = access.size - TOC_BYTES;
  if (at < INDEX_HEADER_BYTES) {
    throw new CorruptionError(access.path, 0, `index of ${access.size} bytes has no toc`);
  }
  const bytes = await access.read(at, TOC_BYTES, signal);
  const reader = new ByteReader(access.path, bytes, 0, TOC_BYTES, at);
  const toc: IndexToc = {
    symbols: reader.u64(),
    series: reader.u64(),
    labelIndices: reader.u64(),
    labelIndicesTable: reader.u64(),
    postings: reader.u64(),
    postingsTable: reader.u64(),
  };
  const want = reader.u32();
  const got = crc32c(bytes, 0, TOC_BYTES - 4);
  if (got !== want) {
    const sums = `crc ${got.toString(16)}, want ${want.toString(16)}`;
    throw new CorruptionError(access.path, at, `index toc ${sums}`);
  }
  for (const [section, offset] of Object.entries(toc)) {
    if (offset > at) throw new CorruptionError(access.path, at, `${section} at ${offset}`);
  }
  return toc;
}

/**
 * Reads a section that holds a 4-byte length, that many bytes, and their checksum. Returns the
 * bytes between; `end` is where the section can end at most.
 */
export async function readSection(
  access: RandomAccess,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await access.read(start, Math.max(4, end - start), signal);
  const reader = new ByteReader(access.path, bytes, 0, bytes.length, start);
  const length = reader.u32();
  // Each section begins with a count. None at all would fit its checksum where a disk gives zeros.
  if (length < 4) throw new CorruptionError(access.path, start, `index section of ${length} bytes`);
  reader.need(length + 4);
  const want = new ByteReader(access.path, bytes, 4 + length, bytes.length, start).u32();
  let got = 0;
  for (let at = 4; at < 4 + length; at += CRC_SLICE_BYTES) {
    if (at > 4) await yieldNow();
    got = crc32c(bytes, at, Math.min(at + CRC_SLICE_BYTES, 4 + length), got);
  }
  if (got !== want) {
    const sums = `crc ${got.toString(16)}, want ${want.toString(16)}`;
    throw new CorruptionError(access.path, start, `index section ${sums}`);
  }
  return bytes.subarray(4, 4 + length);
}
