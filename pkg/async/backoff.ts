import { type Clock, systemClock } from "#pkg/clock/mod.ts";
import { sleep, throwIfAborted } from "./sleep.ts";

/** Delays that grow from `minMs` to `maxMs`, each spread over [half, whole] by `random`. */
export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** Growth per attempt; 2 where absent. */
  readonly factor?: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Counts attempts and says how long to wait before the next. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Attempts since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Counts one failed attempt; returns the ms to wait. */
  next(): number {
    const { minMs, maxMs, factor = 2, random } = this.#options;
    const whole = Math.min(maxMs, minMs * factor ** this.#attempts);
    this.#attempts++;
    return whole / 2 + (whole / 2) * random();
  }

  reset(): void {
    this.#attempts = 0;
  }
}

/** When to go on trying. */
export interface RetryOptions extends BackoffOptions {
  /** Attempts in all, the first one included. */
  readonly maxAttempts: number;
  /** False for errors that another attempt cannot mend. */
  readonly retryable: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** Runs `work` until it succeeds, its error is not retryable, or attempts run out. */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const backoff = new Backoff(options);
  for (;;) {
    throwIfAborted(options.signal);
    try {
      return await work(backoff.attempts + 1);
    } catch (error) {
      const delay = backoff.next();
      if (backoff.attempts >= options.maxAttempts || !options.retryable(error)) throw error;
      await sleep(delay, options.signal, options.clock ?? systemClock);
    }
  }
}
