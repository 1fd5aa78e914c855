import { abortError, linkSignals } from "#pkg/async/mod.ts";
import { codeOf, type ErrorCode, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { ReadSet, RingInstance } from "./snapshot.ts";

/** An instance that did not answer, and why. */
export interface Missing {
  readonly instance: RingInstance;
  readonly error: unknown;
}

/**
 * Counts answers against a read set: `met` once the instances that may be missing are the only
 * ones that are, `failed` once more are.
 */
export class QuorumTracker {
  readonly #set: ReadSet;
  /** Zone, or index of an instance → answers that it still owes. */
  readonly #owed = new Map<string | number, number>();
  readonly #broken = new Set<string | number>();
  readonly #need: number;
  #whole = 0;

  constructor(set: ReadSet) {
    this.#set = set;
    for (const instance of set.instances) {
      const group = this.#group(instance);
      this.#owed.set(group, (this.#owed.get(group) ?? 0) + 1);
    }
    // Never none: an answer that rests on nobody is no answer.
    this.#need = Math.max(1, this.#owed.size - set.maxMissing);
  }

  succeed(instance: RingInstance): void {
    const group = this.#group(instance);
    const owed = (this.#owed.get(group) ?? 0) - 1;
    this.#owed.set(group, owed);
    if (owed === 0 && !this.#broken.has(group)) this.#whole++;
  }

  fail(instance: RingInstance): void {
    this.#broken.add(this.#group(instance));
  }

  get met(): boolean {
    return this.#whole >= this.#need;
  }

  get failed(): boolean {
    return this.#owed.size - this.#broken.size < this.#need;
  }

  /** Such as `2 of 3 zones`. */
  get brokenText(): string {
    return `${this.#broken.size} of ${this.#owed.size} ${this.#set.by}`;
  }

  #group(instance: RingInstance): string | number {
    return this.#set.by === "zones" ? instance.zone : instance.index;
  }
}

/** Errors that say something of the request, not of the instance: one is enough. */
const TERMINAL: ReadonlySet<ErrorCode> = new Set([
  "bad_data",
  "unauthorized",
  "not_acceptable",
  "unsupported",
  "execution",
]);

/** What came together. */
export interface QuorumAnswer<T> {
  /** One per instance that answered, in the order they came. */
  readonly results: readonly T[];
  /** Those that did not: failed, not asked, or cancelled because enough had answered. */
  readonly missing: readonly RingInstance[];
}

/**
 * Asks all instances of `set` at once and resolves as soon as those that have not answered may be
 * missing; the rest are cancelled through their signal. Instances that are not readable are asked
 * only if the answer could not do without them.
 *
 * Rejects with `unavailable` naming who failed once too many have; at once, with its own error,
 * when one finds the request itself at fault (`bad_data`, `execution`, …), or when `signal` aborts.
 */
export function doUntilQuorum<T>(
  set: ReadSet,
  ask: (instance: RingInstance, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<QuorumAnswer<T>> {
  const linked = linkSignals(signal);
  return new Promise<QuorumAnswer<T>>((resolve, reject) => {
    const tracker = new QuorumTracker(set);
    const results: T[] = [];
    const missing = new Set(set.instances);
    const failures: Missing[] = [];
    const unreadable = set.instances.filter((instance) => !instance.readable);
    const trial = new QuorumTracker(set);
    for (const instance of unreadable) trial.fail(instance);
    const askAll = trial.failed;
    const finish = (settle: () => void): void => {
      settle();
      linked.abort(new NarthexError("canceled", "the answer is complete"));
    };
    const check = (): void => {
      if (tracker.met) finish(() => resolve({ results, missing: [...missing] }));
      else if (tracker.failed) finish(() => reject(quorumError(tracker, failures)));
    };
    if (linked.signal.aborted) {
      reject(abortError(linked.signal));
      return;
    }
    // After the answer is complete this changes nothing.
    linked.signal.addEventListener("abort", () => reject(abortError(linked.signal)), {
      once: true,
    });
    const fail = (instance: RingInstance, error: unknown): void => {
      failures.push({ instance, error });
      tracker.fail(instance);
      if (TERMINAL.has(codeOf(error))) finish(() => reject(error));
      else check();
    };
    for (const instance of set.instances) {
      if (!instance.readable && !askAll) {
        failures.push({ instance, error: notReadable(instance) });
        tracker.fail(instance);
        continue;
      }
      (async () => ask(instance, linked.signal))().then(
        (result) => {
          if (linked.signal.aborted) return;
          results.push(result);
          missing.delete(instance);
          tracker.succeed(instance);
          check();
        },
        (error: unknown) => {
          if (!linked.signal.aborted) fail(instance, error);
        },
      );
    }
    check();
  }).finally(() => linked.dispose());
}

function notReadable({ state, healthy }: RingInstance): NarthexError {
  return new NarthexError("unavailable", healthy ? `it is ${state}` : "its lease has run out");
}

function quorumError(tracker: QuorumTracker, failures: readonly Missing[]): NarthexError {
  if (failures.length === 0) return new NarthexError("unavailable", "no instance to ask");
  const who = failures.map(({ instance, error }) => {
    const zone = instance.zone ? ` (${instance.zone})` : "";
    return `${instance.id}${zone}: ${messageOf(error)}`;
  });
  return new NarthexError("unavailable", `${tracker.brokenText} failed: ${who.join("; ")}`, {
    cause: failures.at(-1)?.error,
  });
}
