import { readFile } from "node:fs/promises";
import { throwIfAborted } from "#pkg/async/mod.ts";
import { compareBytes } from "#pkg/labels/mod.ts";
import {
  type Bucket,
  type BucketEntry,
  badRange,
  checkKey,
  checkPrefix,
  foldEntry,
  type ListOptions,
  missingKey,
} from "./bucket.ts";

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly lastModified: number;
}

/** A bucket in memory, for tests and for one process. */
export class MemoryBucket implements Bucket {
  readonly name: string;
  readonly #objects = new Map<string, StoredObject>();
  readonly #now: () => number;

  /** @param now ms since the epoch, for `lastModified`. */
  constructor(name = "memory", now: () => number = () => 0) {
    this.name = name;
    this.#now = now;
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<BucketEntry> {
    checkPrefix(prefix);
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
    let last = "";
    for (const key of keys.sort(compareBytes)) {
      throwIfAborted(options.signal);
      const object = this.#objects.get(key);
      if (!object) continue;
      const { bytes, lastModified } = object;
      const entry = { key, size: bytes.length, lastModified };
      const shown = options.recursive ? entry : foldEntry(entry, prefix);
      if (shown.key !== last) yield shown;
      last = shown.key;
    }
  }

  async get(key: string, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfAborted(signal);
    return new Uint8Array(this.#find(key).bytes);
  }

  async getRange(
    key: string,
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    throwIfAborted(signal);
    const { bytes } = this.#find(key);
    if (offset < 0 || length < 0 || offset + length > bytes.length) {
      throw badRange(key, offset, length, bytes.length);
    }
    return bytes.slice(offset, offset + length);
  }

  async head(key: string, signal?: AbortSignal): Promise<{ size: number } | undefined> {
    throwIfAborted(signal);
    checkKey(key);
    const object = this.#objects.get(key);
    return object && { size: object.bytes.length };
  }

  async exists(key: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.head(key, signal)) !== undefined;
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    checkKey(key);
    this.#objects.set(key, { bytes: new Uint8Array(bytes), lastModified: this.#now() });
  }

  async putFile(key: string, path: string, signal?: AbortSignal): Promise<void> {
    checkKey(key);
    await this.put(key, await readFile(path), signal);
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    checkKey(key);
    this.#objects.delete(key);
  }

  #find(key: string): StoredObject {
    checkKey(key);
    const object = this.#objects.get(key);
    if (!object) throw missingKey(this.name, key);
    return object;
  }
}
