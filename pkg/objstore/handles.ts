import { type FileHandle, open } from "node:fs/promises";

interface Opened {
  readonly handle: Promise<FileHandle>;
  users: number;
  /** True once it is to be closed as soon as nobody uses it. */
  isStale: boolean;
}

/** Open files by path, at most `capacity` idle ones; the least recently used is closed first. */
export class HandlePool {
  readonly #capacity: number;
  readonly #opened = new Map<string, Opened>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Files held open. */
  get size(): number {
    return this.#opened.size;
  }

  /** Calls `work` with the open file `path`. Errors: those of `open` and of `work`. */
  async use<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    let entry = this.#opened.get(path);
    if (entry) this.#opened.delete(path);
    else entry = { handle: open(path, "r"), users: 0, isStale: false };
    this.#opened.set(path, entry);
    entry.users++;
    try {
      return await work(await entry.handle);
    } catch (error) {
      // The file may be gone or replaced: the next call opens it anew.
      this.#drop(path, entry);
      throw error;
    } finally {
      entry.users--;
      if (entry.isStale) await closeIdle(entry);
      await this.#shrink();
    }
  }

  /** Forgets `path`, because it was replaced or deleted. */
  async forget(path: string): Promise<void> {
    const entry = this.#opened.get(path);
    if (!entry) return;
    this.#drop(path, entry);
    await closeIdle(entry);
  }

  /** Closes all; files in use when their work ends. */
  async close(): Promise<void> {
    for (const path of [...this.#opened.keys()]) await this.forget(path);
  }

  #drop(path: string, entry: Opened): void {
    entry.isStale = true;
    if (this.#opened.get(path) === entry) this.#opened.delete(path);
  }

  async #shrink(): Promise<void> {
    if (this.#opened.size <= this.#capacity) return;
    for (const [path, entry] of this.#opened) {
      if (entry.users > 0) continue;
      this.#drop(path, entry);
      await closeIdle(entry);
      if (this.#opened.size <= this.#capacity) return;
    }
  }
}

async function closeIdle(entry: Opened): Promise<void> {
  if (entry.users > 0) return;
  const handle = await entry.handle.catch(() => undefined);
  await handle?.close();
}
