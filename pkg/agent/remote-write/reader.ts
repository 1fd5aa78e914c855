import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "#pkg/encoding/mod.ts";
import { RECORD_HEADER_BYTES, segmentHeader, segmentName } from "#pkg/wlog/mod.ts";
import type { AgentLog, LogPosition } from "./log.ts";

const HEADER_BYTES = segmentHeader().length;
const READ_BYTES = 256 * 1024;

/** What `LogReader.next` found. */
export const ReadResult = {
  /** A record, in `bytes[start, end)`. */
  record: 0,
  /** The first record of another segment comes next: references start over. */
  segment: 1,
  /** Nothing yet; the next commit may bring more. */
  nothing: 2,
} as const;
export type ReadResult = (typeof ReadResult)[keyof typeof ReadResult];

/**
 * Reads the records of the log one by one, those of the segment that is being written included.
 * Memory is bounded by the largest record. A broken tail ends its segment.
 */
export class LogReader {
  /** The record; borrowed until the next call. */
  bytes: Buffer = Buffer.alloc(READ_BYTES);
  start = 0;
  end = 0;
  /** Segment that is read, and the offset behind the record. */
  segment = 0;
  offset = 0;
  readonly #log: AgentLog;
  readonly #onDamage: (path: string, offset: number) => void;
  #file: FileHandle | undefined = undefined;
  /** File offset of `bytes[0]`, and how many bytes are there. */
  #base = 0;
  #filled = 0;
  #skipping = false;

  /** Starts at the beginning of segment `from.segment`, or of the next one that is there. */
  constructor(log: AgentLog, from: LogPosition, onDamage: (path: string, offset: number) => void) {
    this.#log = log;
    this.#onDamage = onDamage;
    this.segment = log.segmentFrom(from.segment);
  }

  async next(): Promise<ReadResult> {
    if (this.#file === undefined && !(await this.#open())) return ReadResult.segment;
    // Looked at before reading: what is missing then in an older segment will never come.
    const last = !this.#log.hasAfter(this.segment);
    if (this.#skipping) {
      if (last) return ReadResult.nothing;
      return await this.#nextSegment();
    }
    if (await this.#readRecord()) return ReadResult.record;
    if (last) return ReadResult.nothing;
    if (!(await this.#atEnd())) this.#onDamage(this.#path(), this.offset);
    return await this.#nextSegment();
  }

  /** Leaves the rest of the segment out. */
  skipSegment(): void {
    this.#skipping = true;
  }

  async #nextSegment(): Promise<ReadResult> {
    await this.close();
    this.#skipping = false;
    this.segment = this.#log.segmentFrom(this.segment + 1);
    return ReadResult.segment;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #path(): string {
    return join(this.#log.dir, segmentName(this.segment));
  }

  /** False if the segment was dropped meanwhile: reading goes on at the next one. */
  async #open(): Promise<boolean> {
    try {
      this.#file = await open(this.#path(), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      this.segment = this.#log.segmentFrom(this.segment + 1);
      return false;
    }
    this.offset = HEADER_BYTES;
    this.#base = 0;
    this.#filled = 0;
    return true;
  }

  /** True if nothing is left behind the last record. */
  async #atEnd(): Promise<boolean> {
    return (await this.#file!.stat()).size <= this.offset;
  }

  async #readRecord(): Promise<boolean> {
    if (!(await this.#fill(RECORD_HEADER_BYTES))) return false;
    const at = this.offset - this.#base;
    const length = this.bytes.readUInt32BE(at);
    const want = this.bytes.readUInt32BE(at + 4);
    // No record is empty; a tail of zeros after a crash of the machine would look like one.
    if (length === 0 || !(await this.#fill(RECORD_HEADER_BYTES + length))) return false;
    const start = this.offset - this.#base + RECORD_HEADER_BYTES;
    if (crc32c(this.bytes, start, start + length) !== want) {
      // Read it anew next time, should its last bytes be on their way.
      this.#base = this.offset;
      this.#filled = 0;
      return false;
    }
    this.start = start;
    this.end = start + length;
    this.offset += RECORD_HEADER_BYTES + length;
    return true;
  }

  /** Makes `count` bytes from `offset` on available; false where the file has fewer. */
  async #fill(count: number): Promise<boolean> {
    const file = this.#file!;
    if (this.offset + count <= this.#base + this.#filled) return true;
    const kept = Math.max(0, this.#base + this.#filled - this.offset);
    const from = this.offset - this.#base;
    // A length that no file holds is damage, not a reason to take memory.
    if (count > this.bytes.length && this.offset + count > (await file.stat()).size) return false;
    const larger = count > this.bytes.length ? Buffer.alloc(count) : this.bytes;
    this.bytes.copy(larger, 0, from, from + kept);
    this.bytes = larger;
    this.#base = this.offset;
    this.#filled = kept;
    while (this.#filled < count) {
      const { bytesRead } = await file.read(
        this.bytes,
        this.#filled,
        this.bytes.length - this.#filled,
        this.#base + this.#filled,
      );
      if (bytesRead === 0) return false;
      this.#filled += bytesRead;
    }
    return true;
  }
}
