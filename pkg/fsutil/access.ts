import { type FileHandle, open } from "node:fs/promises";
import { CorruptionError } from "#pkg/errs/mod.ts";

/** Bytes of known size that are read by range: a local file, an object in a bucket, memory. */
export interface RandomAccess {
  /** Names the file or object in errors. */
  readonly path: string;
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`; they may be shared, so they are not to be modified.
   * Raises `corruption` where the range ends behind `size`.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Raises `corruption` unless `[offset, offset + length)` lies inside `access`. */
export function checkRange(access: RandomAccess, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= access.size) return;
  throw new CorruptionError(
    access.path,
    offset,
    `want ${length} bytes, got ${Math.max(0, access.size - offset)}`,
  );
}

/** Random access to bytes in memory, without copies. */
export function bytesAccess(path: string, bytes: Uint8Array): RandomAccess {
  const access: RandomAccess = {
    path,
    size: bytes.length,
    async read(offset, length) {
      checkRange(access, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
  return access;
}

/** Random access to a local file, which stays open until `close`. */
export class FileAccess implements RandomAccess {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  /** Opens `path`, which must not change while it is open. */
  static async open(path: string): Promise<FileAccess> {
    const handle = await open(path, "r");
    try {
      return new FileAccess(path, (await handle.stat()).size, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    checkRange(this, offset, length);
    signal?.throwIfAborted();
    return readFully(this.#handle, this.path, offset, length);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Reads `[offset, offset + length)` of an open file; `corruption` where it ends before. */
export async function readFully(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
    if (bytesRead === 0) throw new CorruptionError(path, offset + at, "file ends early");
    at += bytesRead;
  }
  return bytes;
}
