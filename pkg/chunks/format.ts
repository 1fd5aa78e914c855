/** First four bytes of a segment file. */
export const CHUNKS_MAGIC = 0x85bd40dd;
/** The version after the magic; three bytes of padding follow. */
export const CHUNKS_VERSION = 1;
/** Magic, version and padding. */
export const SEGMENT_HEADER_BYTES = 8;
/** A segment is cut before it would grow beyond this. */
export const SEGMENT_BYTES_MAX = 512 * 1024 * 1024;
/** uvarint length of at most 5 bytes, encoding byte, checksum. */
export const CHUNK_OVERHEAD_BYTES_MAX = 10;

/**
 * The reference of the chunk at byte `offset` of segment `segment` (counted from 0; its file is
 * `000001`). Exact below 2^21 segments.
 */
export function chunkRef(segment: number, offset: number): number {
  return segment * 0x100000000 + offset;
}

/** The segment, counted from 0, of a chunk reference. */
export function segmentOf(ref: number): number {
  return Math.floor(ref / 0x100000000);
}

/** The byte offset inside its segment of a chunk reference. */
export function offsetOf(ref: number): number {
  return ref % 0x100000000;
}

/** The file name of segment `segment`, counted from 0. */
export function segmentName(segment: number): string {
  return String(segment + 1).padStart(6, "0");
}
