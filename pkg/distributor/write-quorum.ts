import { codeOf, ERROR_CODES, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { PushOutcome, Rejection } from "#pkg/rpc/mod.ts";

/** One request to one instance: which series of the push it carries. */
export interface Delivery {
  /** Name of the instance, for messages. */
  readonly instance: string;
  /** Indexes of series in the push. */
  readonly series: Uint32Array;
}

/**
 * Counts, series by series, how many instances have taken it. A push is done when every series has
 * its quorum, and has failed as soon as one cannot get it any more.
 *
 * Refusals (4xx) count as taken, since the valid samples were; they are passed on when a quorum of
 * instances refused something, so that one replica that lags behind does not turn good samples away
 * and a bad sample is never retried. Source: Cortex's ring.DoBatch, for the rule of the majority.
 */
export class WriteQuorum {
  readonly #need: number;
  readonly #taken: Uint8Array;
  readonly #open: Uint8Array;
  readonly #outcomes: PushOutcome[] = [];
  readonly #failures: string[] = [];
  #seriesDone = 0;
  #clientErrors = 0;
  #failed = false;

  constructor(seriesCount: number, need: number) {
    this.#need = need;
    this.#taken = new Uint8Array(seriesCount);
    this.#open = new Uint8Array(seriesCount);
  }

  /** Announces a delivery; all must be announced before the first one ends. */
  expect(delivery: Delivery): void {
    for (const i of delivery.series) this.#open[i]!++;
  }

  /** Marks a series as one that needs no replica, such as one that was refused at the door. */
  skip(series: number): void {
    this.#taken[series] = this.#need;
    this.#seriesDone++;
  }

  /** Fails at once where a series has fewer instances than it needs. */
  checkReachable(): void {
    for (let i = 0; i < this.#open.length; i++) {
      if (this.#taken[i]! + this.#open[i]! < this.#need) {
        throw new NarthexError(
          "unavailable",
          `at least ${this.#need} live ingesters are needed for a series, got ${this.#open[i]}`,
        );
      }
    }
  }

  succeed(delivery: Delivery, outcome: PushOutcome): void {
    this.#outcomes.push(outcome);
    for (const i of delivery.series) {
      this.#open[i]!--;
      if (++this.#taken[i]! === this.#need) this.#seriesDone++;
    }
  }

  fail(delivery: Delivery, error: unknown): void {
    this.#failures.push(`${delivery.instance}: ${messageOf(error)}`);
    if (ERROR_CODES[codeOf(error)].http < 500) this.#clientErrors++;
    for (const i of delivery.series) {
      this.#open[i]!--;
      if (this.#taken[i]! + this.#open[i]! < this.#need) this.#failed = true;
    }
  }

  get met(): boolean {
    return this.#seriesDone === this.#taken.length;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** The error of a push that failed: 4xx if a majority of its failures are. */
  error(): NarthexError {
    const client = this.#clientErrors > this.#failures.length / 2;
    return new NarthexError(
      client ? "bad_data" : "unavailable",
      `push reached no quorum of ${this.#need} ingesters: ${this.#failures.join("; ")}`,
    );
  }

  /** What to tell the sender of a push that is done; `samples` is what it sent. */
  outcome(samples: number, atTheDoor: readonly Rejection[]): PushOutcome {
    const refusing = this.#outcomes.filter((outcome) => outcome.rejected.length > 0);
    const rejected = [...atTheDoor];
    if (refusing.length >= this.#need) {
      // Each of the replicas counts the same samples; the largest count is nearest the truth.
      const byReason = new Map<string, Rejection>();
      for (const rejection of refusing.flatMap((outcome) => outcome.rejected)) {
        const known = byReason.get(rejection.reason);
        if (!known || known.count < rejection.count) byReason.set(rejection.reason, rejection);
      }
      rejected.push(...byReason.values());
    }
    const lost = rejected.reduce((sum, rejection) => sum + rejection.count, 0);
    // Likewise; each has seen a part of them.
    const refused = this.#outcomes.map((outcome) => outcome.exemplarsRefused ?? 0);
    const exemplarsRefused = Math.max(0, ...refused);
    return {
      samples: Math.max(0, samples - lost),
      rejected,
      ...(exemplarsRefused > 0 ? { exemplarsRefused } : {}),
    };
  }
}
