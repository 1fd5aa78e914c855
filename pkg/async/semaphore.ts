import { assert, NarthexError } from "#pkg/errs/mod.ts";
import { abortError, throwIfAborted } from "./sleep.ts";

interface Waiter {
  readonly weight: number;
  readonly grant: () => void;
}

/** Gives a permit back; calling it again does nothing. */
export type Release = () => void;

/**
 * Bounds how much runs at once. Waiters are served in the order they came; one that asks for much
 * is not overtaken by those that ask for little.
 */
export class Semaphore {
  readonly permits: number;
  readonly maxWaiting: number;
  #free = 0;
  readonly #waiting = new Set<Waiter>();

  /** @param maxWaiting how many may wait; one more is refused with `unavailable`. */
  constructor(permits: number, maxWaiting = Number.POSITIVE_INFINITY) {
    assert(permits > 0, "semaphore without permits");
    this.permits = permits;
    this.maxWaiting = maxWaiting;
    this.#free = permits;
  }

  /** Permits that are not taken. */
  get free(): number {
    return this.#free;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes `weight` permits if they are free and nobody waits; else undefined. */
  tryAcquire(weight = 1): Release | undefined {
    if (this.#waiting.size > 0 || this.#free < weight) return undefined;
    return this.#take(weight);
  }

  /** Waits for `weight` permits; rejects when `signal` aborts or too many wait. */
  acquire(signal?: AbortSignal, weight = 1): Promise<Release> {
    return new Promise((resolve, reject) => {
      throwIfAborted(signal);
      assert(weight <= this.permits, "more permits wanted than the semaphore has");
      const release = this.tryAcquire(weight);
      if (release) {
        resolve(release);
        return;
      }
      if (this.#waiting.size >= this.maxWaiting) {
        throw new NarthexError("unavailable", `too many requests wait, limit ${this.maxWaiting}`);
      }
      const onAbort = (): void => {
        this.#waiting.delete(waiter);
        reject(abortError(signal as AbortSignal));
        this.#serve();
      };
      const waiter: Waiter = {
        weight,
        grant: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve(this.#take(weight));
        },
      };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Runs `work` with one permit. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const release = await this.acquire(signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  #take(weight: number): Release {
    this.#free -= weight;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free += weight;
      this.#serve();
    };
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      if (waiter.weight > this.#free) return;
      this.#waiting.delete(waiter);
      waiter.grant();
    }
  }
}

/**
 * Calls `work` on each item, at most `limit` at once, and gives the results in the items' order.
 * The first failure rejects at once; items not begun by then never are.
 */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
