import type { Clock, Timer } from "./clock.ts";

interface FakeTimer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock for tests: time stands still until `advance`. Timers fire in order of their due time,
 * then of their creation; between two timers, promises and I/O callbacks that are ready get to run.
 */
export class FakeClock implements Clock {
  #now = 0;
  #monotonic = 0;
  #order = 0;
  readonly #timers = new Set<FakeTimer>();

  /** @param startMs wall time at the start, ms since the epoch. */
  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const timer = { due: this.#monotonic + Math.max(0, ms), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonic + ms;
    await settle();
    for (let next = this.#next(target); next; next = this.#next(target)) {
      this.#moveTo(next.due);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#moveTo(target);
  }

  /** Steps the wall clock alone, as an operator or NTP would. */
  stepWall(ms: number): void {
    this.#now += ms;
  }

  #moveTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #next(target: number): FakeTimer | undefined {
    let first: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > target) continue;
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Lets promise chains and ready I/O callbacks run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
