import { type Clock, systemClock } from "#pkg/clock/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";

/**
 * What to throw when `signal` has aborted: its reason where that is a `NarthexError`, else one with
 * the code `timeout` or `canceled` that has the reason as its cause.
 */
export function abortError(signal: AbortSignal): NarthexError {
  const reason: unknown = signal.reason;
  if (reason instanceof NarthexError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return new NarthexError("timeout", messageOf(reason), { cause: reason });
  }
  return new NarthexError("canceled", "canceled by the caller", { cause: reason });
}

/** Throws `abortError` if `signal` has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** Resolves after `ms`; rejects with `abortError` as soon as `signal` aborts. */
export function sleep(ms: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    const onAbort = (): void => {
      timer.cancel();
      reject(abortError(signal as AbortSignal));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Lets pending I/O and timers run before the caller goes on. */
export function yieldNow(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Keeps a long loop from blocking the event loop: `if (pacer.due()) await pacer.yield()` once an
 * item. `due` reads the clock every 16th call only.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  #since = 0;
  #calls = 0;

  /** @param budgetMs how long the loop may run between two yields. */
  constructor(clock: Clock = systemClock, budgetMs = 8) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
    this.#since = clock.monotonic();
  }

  /** True if the budget is spent. */
  due(): boolean {
    if ((++this.#calls & 15) !== 0) return false;
    return this.#clock.monotonic() - this.#since >= this.#budgetMs;
  }

  /** Yields and starts a new budget. */
  async yield(): Promise<void> {
    await yieldNow();
    this.#since = this.#clock.monotonic();
  }
}
