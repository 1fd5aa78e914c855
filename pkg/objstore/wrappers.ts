import { retry } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { codeOf, ERROR_CODES, NarthexError } from "#pkg/errs/mod.ts";
import { type Bucket, type BucketEntry, checkPrefix, type ListOptions } from "./bucket.ts";

/** How often to try again, and how long to wait between. */
export interface RetryBucketOptions {
  /** Attempts in all, the first one included. */
  readonly maxAttempts: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1); spreads the delays. */
  readonly random: () => number;
}

/** Tries again what failed with a retryable code, waiting longer each time. */
export function retryBucket(inner: Bucket, options: RetryBucketOptions): Bucket {
  const run = <T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
    retry(work, {
      minMs: options.minDelayMs,
      maxMs: options.maxDelayMs,
      maxAttempts: options.maxAttempts,
      random: options.random,
      clock: options.clock,
      retryable: (error) => error instanceof NarthexError && ERROR_CODES[codeOf(error)].retry,
      ...(signal ? { signal } : {}),
    });
  return {
    name: inner.name,
    // A listing that broke off is begun again behind the last key that was given.
    list: (prefix, listOptions) => retryList(inner, prefix, listOptions, run),
    get: (key, signal) => run(() => inner.get(key, signal), signal),
    getRange: (key, offset, length, signal) =>
      run(() => inner.getRange(key, offset, length, signal), signal),
    head: (key, signal) => run(() => inner.head(key, signal), signal),
    exists: (key, signal) => run(() => inner.exists(key, signal), signal),
    put: (key, bytes, signal) => run(() => inner.put(key, bytes, signal), signal),
    putFile: (key, path, signal) => run(() => inner.putFile(key, path, signal), signal),
    delete: (key, signal) => run(() => inner.delete(key, signal), signal),
  };
}

async function* retryList(
  inner: Bucket,
  prefix: string,
  options: ListOptions | undefined,
  run: <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>,
): AsyncGenerator<BucketEntry> {
  let given = 0;
  let iterator: AsyncIterator<BucketEntry> | undefined;
  try {
    for (;;) {
      const step = await run(async () => {
        try {
          if (!iterator) {
            iterator = inner.list(prefix, options)[Symbol.asyncIterator]();
            for (let i = 0; i < given; i++) await iterator.next();
          }
          return await iterator.next();
        } catch (error) {
          iterator = undefined;
          throw error;
        }
      }, options?.signal);
      if (step.done) return;
      given++;
      yield step.value;
    }
  } finally {
    await iterator?.return?.();
  }
}

/** The part of a bucket whose keys begin with `prefix`, seen without it; `a/b` becomes `a/b/`. */
export function prefixBucket(inner: Bucket, prefix: string): Bucket {
  const trimmed = prefix.replace(/^\/+|\/+$/g, "");
  if (trimmed === "") return inner;
  const base = `${trimmed}/`;
  checkPrefix(base);
  return {
    name: inner.name,
    async *list(below, options) {
      for await (const entry of inner.list(base + below, options)) {
        yield { ...entry, key: entry.key.slice(base.length) };
      }
    },
    get: (key, signal) => inner.get(base + key, signal),
    getRange: (key, offset, length, signal) => inner.getRange(base + key, offset, length, signal),
    head: (key, signal) => inner.head(base + key, signal),
    exists: (key, signal) => inner.exists(base + key, signal),
    put: (key, bytes, signal) => inner.put(base + key, bytes, signal),
    putFile: (key, path, signal) => inner.putFile(base + key, path, signal),
    delete: (key, signal) => inner.delete(base + key, signal),
  };
}

/** Which calls of a faulty bucket fail. Rates are in [0, 1]. */
export interface FaultOptions {
  /** Uniform in [0, 1); seeded, so that a failure can be had again. */
  readonly random: () => number;
  /** How often a call fails without effect. */
  readonly failRate: number;
  /** How often a write or deletion takes effect and is reported as failed. */
  readonly lostReplyRate?: number;
  /** False for keys that never fail. */
  readonly affects?: (operation: string, key: string) => boolean;
}

/** Makes calls fail with `unavailable` now and then, for tests of what must survive that. */
export function faultyBucket(inner: Bucket, options: FaultOptions): Bucket {
  const fault = (operation: string, key: string): NarthexError =>
    new NarthexError("unavailable", `injected fault: ${operation} ${key}`);
  const hits = (rate: number, operation: string, key: string): boolean =>
    (options.affects?.(operation, key) ?? true) && options.random() < rate;
  const read = async <T>(operation: string, key: string, work: () => Promise<T>): Promise<T> => {
    if (hits(options.failRate, operation, key)) throw fault(operation, key);
    return work();
  };
  const write = async (operation: string, key: string, work: () => Promise<void>) => {
    await read(operation, key, work);
    if (hits(options.lostReplyRate ?? 0, operation, key)) throw fault(operation, key);
  };
  return {
    name: inner.name,
    async *list(prefix, listOptions) {
      for await (const entry of inner.list(prefix, listOptions)) {
        if (hits(options.failRate, "list", prefix)) throw fault("list", prefix);
        yield entry;
      }
    },
    get: (key, signal) => read("get", key, () => inner.get(key, signal)),
    getRange: (key, offset, length, signal) =>
      read("get_range", key, () => inner.getRange(key, offset, length, signal)),
    head: (key, signal) => read("head", key, () => inner.head(key, signal)),
    exists: (key, signal) => read("exists", key, () => inner.exists(key, signal)),
    put: (key, bytes, signal) => write("put", key, () => inner.put(key, bytes, signal)),
    putFile: (key, path, signal) => write("put", key, () => inner.putFile(key, path, signal)),
    delete: (key, signal) => write("delete", key, () => inner.delete(key, signal)),
  };
}

/** A bucket that is lost in the midst of work, and how often it was written to. */
export interface CrashingBucket extends Bucket {
  /** Writes and deletions so far, the one that was lost included. */
  readonly writes: number;
}

/**
 * Lets `writesMax` writes and deletions through; from the next one on every call fails with
 * `unavailable`, as for a process that died there. For tests of what a crash leaves behind.
 */
export function crashingBucket(inner: Bucket, writesMax: number): CrashingBucket {
  let writes = 0;
  const dead = (): NarthexError => new NarthexError("unavailable", "injected crash");
  const read = async <T>(work: () => Promise<T>): Promise<T> => {
    if (writes > writesMax) throw dead();
    return work();
  };
  const write = async (work: () => Promise<void>): Promise<void> => {
    writes++;
    await read(work);
  };
  return {
    name: inner.name,
    get writes() {
      return writes;
    },
    async *list(prefix, options) {
      if (writes > writesMax) throw dead();
      yield* inner.list(prefix, options);
    },
    get: (key, signal) => read(() => inner.get(key, signal)),
    getRange: (key, offset, length, signal) =>
      read(() => inner.getRange(key, offset, length, signal)),
    head: (key, signal) => read(() => inner.head(key, signal)),
    exists: (key, signal) => read(() => inner.exists(key, signal)),
    put: (key, bytes, signal) => write(() => inner.put(key, bytes, signal)),
    putFile: (key, path, signal) => write(() => inner.putFile(key, path, signal)),
    delete: (key, signal) => write(() => inner.delete(key, signal)),
  };
}
