import type { Rejection } from "#pkg/rpc/mod.ts";
import type { RejectionSink } from "#pkg/tsdb/mod.ts";

/** A `Rejection` that grows. */
interface Tallied {
  readonly reason: string;
  readonly message: string;
  count: number;
  histograms: number;
}

/** Gathers the refusals of one push by reason; keeps the first message of each. */
export class RejectionTally implements RejectionSink {
  readonly #byReason = new Map<string, Tallied>();

  /** Exemplars that were refused, by reason. */
  readonly exemplars = new Map<string, number>();

  refuseExemplar(reason: string): void {
    this.exemplars.set(reason, (this.exemplars.get(reason) ?? 0) + 1);
  }

  reject(reason: string, count: number, message: () => string, histograms = 0): void {
    let known = this.#byReason.get(reason);
    if (known === undefined) {
      known = { reason, count: 0, message: message(), histograms: 0 };
      this.#byReason.set(reason, known);
    }
    known.count += count;
    known.histograms += histograms;
  }

  /** How many exemplars were refused. */
  get exemplarCount(): number {
    let count = 0;
    for (const some of this.exemplars.values()) count += some;
    return count;
  }

  list(): readonly Rejection[] {
    return this.#byReason.size === 0 ? NONE : [...this.#byReason.values()];
  }
}

const NONE: readonly Rejection[] = [];
