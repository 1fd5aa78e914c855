import {
  constants,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { throwIfAborted } from "#pkg/async/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { syncDir } from "#pkg/fsutil/mod.ts";
import { compareBytes } from "#pkg/labels/mod.ts";
import {
  type Bucket,
  type BucketEntry,
  badRange,
  checkKey,
  checkPrefix,
  type ListOptions,
  missingKey,
} from "./bucket.ts";
import { HandlePool } from "./handles.ts";

/** Objects in the making; no key begins so. */
const TEMPORARY_FOLDER = ".tmp";
/** What lies there from a process that died is deleted after this time. */
const TEMPORARY_AGE_MS = 24 * 3_600_000;

/** How to keep a bucket in a folder. */
export interface FilesystemBucketOptions {
  /** Files kept open for range reads. 256 where absent. */
  readonly openFilesMax?: number;
  /** False skips fsync; for tests. */
  readonly sync?: boolean;
  /** True leaves the folder exactly as it is; writes and deletions are then refused. */
  readonly readOnly?: boolean;
}

/**
 * A bucket in a local folder, one file an object. A write goes to a temporary file, is synced and
 * renamed. Range reads keep files open, so objects that are read by range must not be replaced
 * under the same key by another process (blocks never are).
 */
export class FilesystemBucket implements Bucket {
  readonly name: string;
  readonly root: string;
  readonly #handles: HandlePool;
  readonly #sync: boolean;
  readonly #readOnly: boolean;
  #serial = 0;

  private constructor(root: string, options: FilesystemBucketOptions) {
    this.name = "filesystem";
    this.root = root;
    this.#handles = new HandlePool(options.openFilesMax ?? 256);
    this.#sync = options.sync ?? true;
    this.#readOnly = options.readOnly ?? false;
  }

  /** Opens the bucket in `root`, making the folder if it is missing and may be written. */
  static async open(
    root: string,
    options: FilesystemBucketOptions = {},
  ): Promise<FilesystemBucket> {
    const bucket = new FilesystemBucket(resolve(root), options);
    if (options.readOnly) return bucket;
    await mkdir(join(bucket.root, TEMPORARY_FOLDER), { recursive: true });
    await bucket.#sweep();
    return bucket;
  }

  /** Closes the files that were kept open. */
  async close(): Promise<void> {
    await this.#handles.close();
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<BucketEntry> {
    checkPrefix(prefix);
    const slash = prefix.lastIndexOf("/") + 1;
    yield* this.#walk(prefix.slice(0, slash), prefix, options);
  }

  async get(key: string, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfAborted(signal);
    const path = this.#pathOf(key);
    try {
      return await readFile(path, signal ? { signal } : {});
    } catch (error) {
      throwIfAborted(signal);
      throw this.#translate(error, key);
    }
  }

  async getRange(
    key: string,
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    throwIfAborted(signal);
    const path = this.#pathOf(key);
    if (offset < 0 || length < 0) throw badRange(key, offset, length, -1);
    try {
      return await this.#handles.use(path, async (handle) => {
        const bytes = Buffer.allocUnsafeSlow(length);
        for (let at = 0; at < length; ) {
          const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
          if (bytesRead === 0) throw badRange(key, offset, length, offset + at);
          at += bytesRead;
        }
        return bytes;
      });
    } catch (error) {
      throw this.#translate(error, key);
    }
  }

  async head(key: string, signal?: AbortSignal): Promise<{ size: number } | undefined> {
    throwIfAborted(signal);
    const path = this.#pathOf(key);
    try {
      const status = await stat(path);
      return status.isFile() ? { size: status.size } : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async exists(key: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.head(key, signal)) !== undefined;
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#write(key, signal, async (temporary) => {
      const handle = await open(temporary, "wx");
      try {
        await handle.writeFile(bytes);
        if (this.#sync) await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  async putFile(key: string, path: string, signal?: AbortSignal): Promise<void> {
    await this.#write(key, signal, async (temporary) => {
      // A clone where the file system has them: the blocks of a large file are then shared.
      await copyFile(path, temporary, constants.COPYFILE_FICLONE);
      if (!this.#sync) return;
      const handle = await open(temporary, "r+");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const path = this.#pathOf(key);
    this.#checkWritable(key);
    await this.#handles.forget(path);
    try {
      await unlink(path);
    } catch (error) {
      if (!isMissing(error) && !isFolder(error)) throw error;
      return;
    }
    if (this.#sync) await syncDir(dirname(path)).catch(ignoreMissing);
    await this.#removeEmpty(dirname(path));
  }

  async #write(
    key: string,
    signal: AbortSignal | undefined,
    fill: (temporary: string) => Promise<void>,
  ): Promise<void> {
    throwIfAborted(signal);
    const path = this.#pathOf(key);
    this.#checkWritable(key);
    const name = `${process.pid}-${++this.#serial}`;
    const temporary = join(this.root, TEMPORARY_FOLDER, name);
    try {
      await fill(temporary);
      throwIfAborted(signal);
      await this.#place(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw this.#translateWrite(error, key);
    }
    await this.#handles.forget(path);
    if (this.#sync) await syncDir(dirname(path)).catch(ignoreMissing);
  }

  /** Renames into place; a `delete` may remove the empty folder in between, so try again. */
  async #place(temporary: string, path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await mkdir(dirname(path), { recursive: true });
      try {
        await rename(temporary, path);
        return;
      } catch (error) {
        if (attempt === 5 || !isMissing(error)) throw error;
      }
    }
  }

  async *#walk(folder: string, prefix: string, options: ListOptions): AsyncGenerator<BucketEntry> {
    throwIfAborted(options.signal);
    const entries = await readdir(join(this.root, folder), { withFileTypes: true }).catch(
      (error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      },
    );
    // A folder sorts as its name with a slash, as its keys do.
    const names = entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort(compareBytes);
    for (const name of names) {
      const key = folder + name;
      if (key === `${TEMPORARY_FOLDER}/`) continue;
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue;
      if (!name.endsWith("/")) {
        const status = await stat(join(this.root, key)).catch(ignoreMissing);
        if (status) yield { key, size: status.size, lastModified: status.mtimeMs };
      } else if (options.recursive) yield* this.#walk(key, prefix, options);
      else if (await this.#hasFiles(key)) yield { key, size: 0, lastModified: 0 };
    }
  }

  /** Empty folders are nothing in a bucket. */
  async #hasFiles(folder: string): Promise<boolean> {
    const entries = await readdir(join(this.root, folder), { withFileTypes: true }).catch(
      ignoreMissing,
    );
    if (!entries) return false;
    if (entries.some((entry) => entry.isFile())) return true;
    for (const entry of entries) {
      if (entry.isDirectory() && (await this.#hasFiles(`${folder}${entry.name}/`))) return true;
    }
    return false;
  }

  async #removeEmpty(folder: string): Promise<void> {
    for (let at = folder; at !== this.root && at.startsWith(this.root + sep); at = dirname(at)) {
      try {
        await rmdir(at);
      } catch {
        // Not empty, or gone already: nothing more to tidy.
        return;
      }
    }
  }

  async #sweep(): Promise<void> {
    const folder = join(this.root, TEMPORARY_FOLDER);
    const { mtimeMs: now } = await this.#touch(folder);
    for (const name of await readdir(folder)) {
      const status = await stat(join(folder, name)).catch(ignoreMissing);
      if (status && now - status.mtimeMs > TEMPORARY_AGE_MS) {
        await rm(join(folder, name), { force: true });
      }
    }
  }

  /** The file system's own idea of now: the time of a file made this moment. */
  async #touch(folder: string): Promise<{ mtimeMs: number }> {
    const path = join(folder, `${process.pid}-now`);
    const handle = await open(path, "w");
    try {
      return await handle.stat();
    } finally {
      await handle.close();
      await rm(path, { force: true });
    }
  }

  #checkWritable(key: string): void {
    if (!this.#readOnly) return;
    throw new NarthexError("bad_data", `write ${key}: the bucket was opened for reading only`);
  }

  #pathOf(key: string): string {
    checkKey(key);
    const path = resolve(this.root, key);
    const isInside = relative(this.root, path).split(sep).join("/") === key;
    if (!isInside || key === TEMPORARY_FOLDER || key.startsWith(`${TEMPORARY_FOLDER}/`)) {
      throw new NarthexError("bad_data", `bucket key ${JSON.stringify(key)} is malformed`);
    }
    return path;
  }

  #translate(error: unknown, key: string): unknown {
    return isMissing(error) || isFolder(error) ? missingKey(this.name, key, error) : error;
  }

  #translateWrite(error: unknown, key: string): unknown {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!["EISDIR", "ENOTDIR", "EEXIST", "ENOTEMPTY", "ENAMETOOLONG"].includes(code)) return error;
    const text = `bucket key ${JSON.stringify(key)} cannot be stored in a folder: ${code}`;
    return new NarthexError("bad_data", text, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function isFolder(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EISDIR" || code === "EPERM";
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
