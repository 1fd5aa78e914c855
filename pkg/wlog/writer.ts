import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { BufferPool } from "#pkg/encoding/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { syncDir } from "#pkg/fsutil/mod.ts";
import {
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentHeader,
  segmentIndex,
  segmentName,
  writeRecordHeader,
} from "./format.ts";
import { listSegments } from "./reader.ts";

/** When the log asks the disk to keep what was written; the kernel has it in every case. */
export type FsyncPolicy = "never" | "interval" | "always";

export interface SegmentLogOptions {
  readonly segmentBytesMax: number;
  readonly fsync: FsyncPolicy;
  /** Where buffers are taken from while something waits to be written; its own where absent. */
  readonly buffers?: BufferPool;
}

const NOTHING = new Uint8Array(0);

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Append-only log in numbered segment files. Appends gather in memory and are written by one
 * write at a time, so that requests which arrive together share it (group commit). When a write
 * fails, those who wait for it are told; its bytes stay first in line and are written again at the
 * same place before anything later, so that the file never has a gap.
 */
export class SegmentLog {
  readonly dir: string;
  readonly #options: SegmentLogOptions;
  #file: FileHandle | undefined;
  #index = 0;
  /** Bytes of the current segment that are known to be in the file. */
  #written = 0;
  /** Bytes of the segments that were there, and of all that was written since. */
  #total = 0;
  readonly #buffers: BufferPool;
  #pending: Uint8Array = NOTHING;
  #pendingBytes = 0;
  #waiters: Waiter[] = [];
  #writing: Promise<void> | undefined;
  #failure: NarthexError | undefined;
  #unsynced = false;
  /** The last segment that the disk refused to keep, or -1. */
  #syncFailedIn = -1;

  private constructor(dir: string, options: SegmentLogOptions) {
    this.dir = dir;
    this.#options = options;
    this.#buffers = options.buffers ?? new BufferPool();
  }

  /** Opens the log in `dir` for appending, in a new segment behind those that exist. */
  static async open(dir: string, options: SegmentLogOptions): Promise<SegmentLog> {
    await mkdir(dir, { recursive: true });
    const log = new SegmentLog(dir, options);
    let last = -1;
    for (const [index, path] of await listSegments(dir)) {
      last = index;
      log.#total += (await stat(path)).size;
    }
    await log.#openSegment(last + 1);
    return log;
  }

  /** Index of the segment that is written now. */
  get segment(): number {
    return this.#index;
  }

  /** The error of the last write, until one succeeds. */
  get failure(): NarthexError | undefined {
    return this.#failure;
  }

  /** Bytes of the segments that were there when the log was opened, and of all written since. */
  get totalBytes(): number {
    return this.#total;
  }

  /** Bytes that wait to be written. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Adds one record with the payload `bytes[start, end)`, which is copied. See `commit`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const need = this.#pendingBytes + RECORD_HEADER_BYTES + length;
    if (need > this.#pending.length) {
      const grown = this.#buffers.take(Math.max(need, this.#pending.length * 2));
      grown.set(this.#pending.subarray(0, this.#pendingBytes));
      this.#buffers.give(this.#pending);
      this.#pending = grown;
    }
    const at = this.#pendingBytes;
    this.#pending.set(bytes.subarray(start, end), at + RECORD_HEADER_BYTES);
    writeRecordHeader(this.#pending, at, length);
    this.#pendingBytes = need;
  }

  /**
   * Resolves once all that was appended so far is in the file (and on the disk, with
   * `fsync: always`). Rejects with `unavailable` when the write failed; the bytes are not given up.
   */
  commit(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#writing ??= this.#run();
    });
  }

  /** Never rejects: those who wait are told. */
  async #run(): Promise<void> {
    // Let the requests of this turn of the event loop join the write.
    await Promise.resolve();
    while (this.#waiters.length > 0) {
      const waiters = this.#waiters;
      this.#waiters = [];
      const bytes = this.#pending;
      const count = this.#pendingBytes;
      this.#pending = NOTHING;
      this.#pendingBytes = 0;
      try {
        await this.#write(bytes, count);
        this.#buffers.give(bytes);
        this.#failure = undefined;
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        this.#failure = this.#unwritten(error);
        this.#putBack(bytes, count);
        for (const waiter of waiters) waiter.reject(this.#failure);
      }
    }
    // Here, not in a reaction to the promise: a commit that came in between would wait for nobody.
    this.#writing = undefined;
  }

  #unwritten(error: unknown): NarthexError {
    const path = join(this.dir, segmentName(this.#index));
    return new NarthexError("unavailable", `write WAL segment ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }

  /** Puts bytes that could not be written before those that came meanwhile. */
  #putBack(bytes: Uint8Array, count: number): void {
    const later = this.#pending.subarray(0, this.#pendingBytes);
    const joined = this.#buffers.take(count + later.length);
    joined.set(bytes.subarray(0, count));
    joined.set(later, count);
    this.#buffers.give(bytes);
    this.#buffers.give(this.#pending);
    this.#pending = joined;
    this.#pendingBytes = count + later.length;
  }

  async #write(bytes: Uint8Array, count: number): Promise<void> {
    if (count === 0 && !(this.#unsynced && this.#options.fsync === "always")) return;
    if (
      this.#written + count > this.#options.segmentBytesMax &&
      this.#written > SEGMENT_HEADER_BYTES
    ) {
      await this.#openSegment(this.#index + 1);
    }
    const file = this.#file!;
    for (let done = 0; done < count; ) {
      const { bytesWritten } = await file.write(bytes, done, count - done, this.#written + done);
      if (bytesWritten === 0) throw new Error("nothing could be written");
      done += bytesWritten;
    }
    this.#unsynced = true;
    // Only then: what a disk would not keep is written again, at the same place.
    if (this.#options.fsync === "always") await this.sync();
    this.#written += count;
    this.#total += count;
  }

  /** Asks the disk to keep what was written; called on a timer with `fsync: interval`. */
  async sync(): Promise<void> {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    await this.#keep().catch((error: unknown) => {
      this.#unsynced = true;
      throw error;
    });
  }

  async #keep(): Promise<void> {
    const index = this.#index;
    try {
      await this.#file?.datasync();
    } catch (error) {
      this.#syncFailedIn = Math.max(this.#syncFailedIn, index);
      throw error;
    }
  }

  /**
   * True if the disk once refused to keep what was written: the kernel may have dropped that, whatever
   * later calls say. What was lost so is to be written anew from memory, by a checkpoint.
   */
  get syncFailed(): boolean {
    return this.#syncFailedIn >= 0;
  }

  /**
   * Starts a new segment; all later appends go to it. Returns its index. Rejects with `unavailable`
   * when that cannot be done; then the old one goes on.
   */
  async rotate(): Promise<number> {
    await this.commit();
    while (this.#writing !== undefined) await this.#writing;
    // Held like a write, so that no commit runs while the file changes.
    const work = this.#openSegment(this.#index + 1);
    this.#writing = this.#hold(work);
    try {
      await work;
    } catch (error) {
      throw this.#unwritten(error);
    }
    return this.#index;
  }

  async #hold(work: Promise<void>): Promise<void> {
    await work.catch(() => undefined);
    this.#writing = this.#waiters.length > 0 ? this.#run() : undefined;
  }

  /** Either the new segment is the current one afterwards, or nothing has changed. */
  async #openSegment(index: number): Promise<void> {
    const file = await open(join(this.dir, segmentName(index)), "w");
    try {
      const { bytesWritten } = await file.write(segmentHeader(), 0, SEGMENT_HEADER_BYTES, 0);
      if (bytesWritten < SEGMENT_HEADER_BYTES) throw new Error("header could not be written");
      if (this.#options.fsync !== "never") await this.#keep();
      if (this.#options.fsync === "always") await syncDir(this.dir);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    // All that is in the old file was written; an error of closing it changes nothing.
    await this.#file?.close().catch(() => undefined);
    this.#file = file;
    this.#index = index;
    this.#written = SEGMENT_HEADER_BYTES;
  }

  /** Removes the segments before `index`, for which a checkpoint stands. */
  async dropBefore(index: number): Promise<void> {
    for (const name of await readdir(this.dir)) {
      const found = segmentIndex(name);
      if (found >= 0 && found < index) await rm(join(this.dir, name), { force: true });
    }
    // What may be missing in them is in the checkpoint.
    if (this.#syncFailedIn < index) this.#syncFailedIn = -1;
  }

  /** Writes what is pending and closes the file. Closes it also where it rejects. */
  async close(): Promise<void> {
    try {
      await this.commit();
      while (this.#writing !== undefined) await this.#writing;
      if (this.#options.fsync !== "never") await this.sync();
    } finally {
      await this.#file?.close();
      this.#file = undefined;
    }
  }
}
