import type { Rejection } from "#pkg/rpc/mod.ts";
import type { RejectionSink } from "#pkg/tsdb/mod.ts";

/** Gathers the refusals of one push by reason; keeps the first message of each. */
export class RejectionTally implements RejectionSink {
  readonly #byReason = new Map<string, { reason: string; count: number; message: string }>();

  /** Exemplars that were refused, by reason. */
  readonly exemplars = new Map<string, number>();

  refuseExemplar(reason: string): void {
    this.exemplars.set(reason, (this.exemplars.get(reason) ?? 0) + 1);
  }

  reject(reason: string, count: number, message: () => string): void {
    const known = this.#byReason.get(reason);
    if (known === undefined) this.#byReason.set(reason, { reason, count, message: message() });
    else known.count += count;
  }

  list(): readonly Rejection[] {
    return this.#byReason.size === 0 ? NONE : [...this.#byReason.values()];
  }
}

const NONE: readonly Rejection[] = [];
