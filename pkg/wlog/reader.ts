import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "#pkg/encoding/mod.ts";
import {
  RECORD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  segmentIndex,
} from "./format.ts";

const READ_BYTES = 1024 * 1024;

/** Where reading a segment had to stop, and why. */
export interface SegmentDamage {
  readonly path: string;
  /** Of the record that could not be read. */
  readonly offset: number;
  /** Bytes of the file from there on. */
  readonly lostBytes: number;
  readonly message: string;
}

/**
 * Called with the payload `bytes[start, end)` of each record, borrowed until it returns, and where
 * the record begins in the file. The next record waits for a promise that it returns.
 */
export type RecordVisitor = (
  bytes: Uint8Array,
  start: number,
  end: number,
  offset: number,
) => Promise<void> | undefined;

/** The segments in `dir` as `[index, path]`, in order. None if the folder is missing. */
export async function listSegments(dir: string): Promise<[number, string][]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [] as string[];
    throw error;
  });
  return names
    .map((name): [number, string] => [segmentIndex(name), join(dir, name)])
    .filter(([index]) => index >= 0)
    .sort((a, b) => a[0] - b[0]);
}

/**
 * Streams the records of one segment (or checkpoint) file in order, in memory of about one record
 * and 1 MiB. Returns the damage that ended the reading early, if any: a record cut short by a
 * crash, or bytes whose checksum is wrong.
 */
export async function readSegment(
  path: string,
  visit: RecordVisitor,
): Promise<SegmentDamage | undefined> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const damage = (offset: number, message: string): SegmentDamage => ({
      path,
      offset,
      lostBytes: size - offset,
      message,
    });
    let buffer = Buffer.alloc(READ_BYTES);
    let base = 0;
    let filled = 0;
    /** Makes `[offset, offset + count)` of the file available; false past its end. */
    const fill = async (offset: number, count: number): Promise<boolean> => {
      if (offset + count > size) return false;
      if (offset + count <= base + filled) return true;
      if (count > buffer.length) {
        const larger = Buffer.alloc(Math.max(count, buffer.length * 2));
        buffer.copy(larger, 0, offset - base, filled);
        buffer = larger;
      } else buffer.copyWithin(0, offset - base, filled);
      filled = Math.max(0, base + filled - offset);
      base = offset;
      while (filled < count) {
        const { bytesRead } = await file.read(
          buffer,
          filled,
          buffer.length - filled,
          base + filled,
        );
        if (bytesRead === 0) return false;
        filled += bytesRead;
      }
      return true;
    };
    if (!(await fill(0, SEGMENT_HEADER_BYTES))) return damage(0, "segment header cut short");
    const magic = buffer.readUInt32BE(0);
    if (magic !== SEGMENT_MAGIC) return damage(0, `magic ${magic.toString(16)}`);
    const version = buffer.readUInt32BE(4);
    if (version !== SEGMENT_VERSION)
      return damage(4, `version ${version}, want ${SEGMENT_VERSION}`);
    let at = SEGMENT_HEADER_BYTES;
    while (at < size) {
      if (!(await fill(at, RECORD_HEADER_BYTES))) return damage(at, "record header cut short");
      const length = buffer.readUInt32BE(at - base);
      const want = buffer.readUInt32BE(at - base + 4);
      if (length > RECORD_BYTES_MAX) return damage(at, `record of ${length} bytes`);
      if (!(await fill(at, RECORD_HEADER_BYTES + length))) {
        return damage(at, `record of ${length} bytes cut short`);
      }
      const start = at - base + RECORD_HEADER_BYTES;
      const got = crc32c(buffer, start, start + length);
      if (got !== want) return damage(at, `crc ${got.toString(16)}, want ${want.toString(16)}`);
      const pause = visit(buffer, start, start + length, at);
      if (pause) await pause;
      at += RECORD_HEADER_BYTES + length;
    }
    return undefined;
  } finally {
    await file.close();
  }
}
