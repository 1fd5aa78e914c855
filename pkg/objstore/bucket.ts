import { NarthexError } from "#pkg/errs/mod.ts";

/** One line of a listing. */
export interface BucketEntry {
  /** The whole key; ends with `/` for what `list` folded. */
  readonly key: string;
  /** Bytes; 0 for what `list` folded. */
  readonly size: number;
  /** Ms since the epoch, to the second or finer; 0 for what `list` folded. */
  readonly lastModified: number;
}

/** How to list. */
export interface ListOptions {
  /** True lists every key below the prefix; else keys with a further `/` are folded up to it. */
  readonly recursive?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * A bucket of immutable byte strings by key. Keys are `/`-separated, without empty, `.` or `..`
 * parts, and none is the folder of another one. Writes appear whole or not at all, and are seen by every later read and listing. Errors:
 * `not_found` for a key that is not there, `bad_data` for a malformed key or a range beyond the
 * object, `unauthorized`, `unavailable` where another attempt may help, `canceled`.
 */
export interface Bucket {
  /** For logs and metrics. */
  readonly name: string;
  /** Keys that begin with `prefix`, in byte order. */
  list(prefix: string, options?: ListOptions): AsyncIterable<BucketEntry>;
  /** The whole object, owned by the caller. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Exactly `length` bytes from `offset`, owned by the caller. */
  getRange(key: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** The object's size, or undefined where there is none. */
  head(key: string, signal?: AbortSignal): Promise<{ readonly size: number } | undefined>;
  exists(key: string, signal?: AbortSignal): Promise<boolean>;
  /** Writes or replaces an object; `bytes` is borrowed until the promise settles. */
  put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Writes or replaces an object with the content of the local file `path`, streamed. */
  putFile(key: string, path: string, signal?: AbortSignal): Promise<void>;
  /** Deletes an object; one that is not there is no error. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
}

/** Raises `bad_data` unless `key` is well formed. */
export function checkKey(key: string): void {
  const isBad =
    key === "" ||
    key.includes("\0") ||
    key.split("/").some((part) => part === "" || part === "." || part === "..");
  if (isBad) throw new NarthexError("bad_data", `bucket key ${JSON.stringify(key)} is malformed`);
}

/** Raises `bad_data` unless `prefix` can begin a well-formed key. */
export function checkPrefix(prefix: string): void {
  const parts = prefix.split("/");
  // The last part may be cut anywhere, and is empty behind a slash.
  const whole = parts.slice(0, -1);
  const isBad =
    prefix.includes("\0") || whole.some((part) => part === "" || part === "." || part === "..");
  if (isBad) {
    throw new NarthexError("bad_data", `bucket prefix ${JSON.stringify(prefix)} is malformed`);
  }
}

/** The error for a key that is not there. */
export function missingKey(bucket: string, key: string, cause?: unknown): NarthexError {
  return new NarthexError("not_found", `bucket ${bucket} has no object ${key}`, { cause });
}

/** The error for a range that is not inside the object. */
export function badRange(key: string, offset: number, length: number, size: number): NarthexError {
  return new NarthexError("bad_data", `range ${offset}+${length} of ${key} ends behind ${size}`);
}

/** Folds keys, in byte order and below `prefix`, at the next `/`. */
export function foldEntry(entry: BucketEntry, prefix: string): BucketEntry {
  const slash = entry.key.indexOf("/", prefix.length);
  if (slash < 0) return entry;
  return { key: entry.key.slice(0, slash + 1), size: 0, lastModified: 0 };
}
