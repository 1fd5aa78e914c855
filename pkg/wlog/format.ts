import { crc32c } from "#pkg/encoding/mod.ts";

/** `NXWL` and format version 1; see docs/format/wal.md. */
export const SEGMENT_MAGIC = 0x4e58574c;
export const SEGMENT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 8;
/** Length and checksum before each record. */
export const RECORD_HEADER_BYTES = 8;
/** A longer record is corruption: no writer makes one. */
export const RECORD_BYTES_MAX = 256 * 1024 * 1024;

/** The file name of segment `index`. */
export function segmentName(index: number): string {
  return String(index).padStart(8, "0");
}

/** The index that a segment's file name stands for, or -1 for other files. */
export function segmentIndex(name: string): number {
  return /^\d{8}$/.test(name) ? Number(name) : -1;
}

/** The 8 bytes at the start of a segment. */
export function segmentHeader(): Uint8Array {
  const header = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, SEGMENT_MAGIC);
  view.setUint32(4, SEGMENT_VERSION);
  return header;
}

/** Fills in the header of a record whose payload stands at `[at + 8, at + 8 + length)`. */
export function writeRecordHeader(bytes: Uint8Array, at: number, length: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(at, length);
  const payload = at + RECORD_HEADER_BYTES;
  view.setUint32(at + 4, crc32c(bytes, payload, payload + length));
}
