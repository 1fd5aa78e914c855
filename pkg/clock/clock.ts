/** A timer that was set; cancelling one that fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as every part sees it. Only this package reads the machine's clock. */
export interface Clock {
  /** Wall time, ms since the epoch; may jump. */
  now(): number;
  /** Ms since some fixed moment, with fractions; never goes back. For durations and leases. */
  monotonic(): number;
  /** Runs `callback` once, `ms` from now; delays longer than 24 days work too. */
  setTimeout(callback: () => void, ms: number): Timer;
}

/** The longest delay that Node takes; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock. A timer keeps the process alive until it fires or is cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, ms) {
    const due = performance.now() + ms;
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const rest = Math.max(0, due - performance.now());
      handle =
        rest > LONGEST_DELAY_MS ? setTimeout(arm, LONGEST_DELAY_MS) : setTimeout(callback, rest);
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
