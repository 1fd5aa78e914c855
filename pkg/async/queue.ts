import { assert, NarthexError } from "#pkg/errs/mod.ts";
import { abortError, throwIfAborted } from "./sleep.ts";

/**
 * A FIFO with a bound, between producers and consumers of one thread. `push` waits for room,
 * `tryPush` does not; after `close`, consumers get what is left and then undefined.
 */
export class BoundedQueue<T> {
  readonly capacity: number;
  #items: (T | undefined)[] = [];
  #head = 0;
  #closed = false;
  readonly #takers = new Set<(item: T | undefined) => void>();
  readonly #pushers = new Set<() => void>();

  constructor(capacity: number) {
    assert(capacity > 0, "queue without capacity");
    this.capacity = capacity;
  }

  /** How many items wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds `item` if there is room; false where there is none or the queue is closed. */
  tryPush(item: T): boolean {
    if (this.#closed) return false;
    for (const taker of this.#takers) {
      this.#takers.delete(taker);
      taker(item);
      return true;
    }
    if (this.length >= this.capacity) return false;
    this.#items.push(item);
    return true;
  }

  /** Adds `item`, waiting for room; `unavailable` if the queue is or gets closed. */
  async push(item: T, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    while (!this.tryPush(item)) {
      if (this.#closed) throw new NarthexError("unavailable", "queue is closed");
      await this.#wait(this.#pushers, signal);
    }
  }

  /** The next item if one waits. */
  tryPop(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined;
    if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    for (const wake of this.#pushers) {
      this.#pushers.delete(wake);
      wake();
      break;
    }
    return item;
  }

  /** The next item, waiting for one; undefined once the queue is closed and empty. */
  async pop(signal?: AbortSignal): Promise<T | undefined> {
    throwIfAborted(signal);
    if (this.length > 0) return this.tryPop();
    if (this.#closed) return undefined;
    return await this.#wait(this.#takers, signal);
  }

  /** Ends the queue: no more pushes; what waits can still be taken. */
  close(): void {
    this.#closed = true;
    for (const taker of this.#takers) taker(undefined);
    this.#takers.clear();
    for (const wake of this.#pushers) wake();
    this.#pushers.clear();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (let item = await this.pop(); item !== undefined; item = await this.pop()) yield item;
  }

  #wait<V>(list: Set<(value: V) => void>, signal: AbortSignal | undefined): Promise<V> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        list.delete(entry);
        reject(abortError(signal as AbortSignal));
      };
      const entry = (value: V): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(value);
      };
      list.add(entry);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
