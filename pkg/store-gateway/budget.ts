import { NarthexError } from "#pkg/errs/mod.ts";
import type { RandomAccess } from "#pkg/fsutil/mod.ts";

/** The name of the limit, as the configuration has it. */
const LIMIT_NAME = "store_gateway.query_bytes_max";

/** Counts what one query reads, against a limit. */
export class QueryBudget {
  readonly #limitBytes: number;
  #takenBytes = 0;

  /** @param limitBytes 0 for none. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes taken so far. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Takes `bytes`, or raises `execution` naming the limit. */
  take(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#limitBytes === 0 || this.#takenBytes <= this.#limitBytes) return;
    throw new NarthexError(
      "execution",
      `query reads more than ${this.#limitBytes} bytes of blocks (limit ${LIMIT_NAME})`,
      { detail: { limit: this.#limitBytes, taken: this.#takenBytes, name: LIMIT_NAME } },
    );
  }
}

/** `inner` with every read taken from `budget` first. */
export function budgetedAccess(inner: RandomAccess, budget: QueryBudget): RandomAccess {
  return {
    path: inner.path,
    size: inner.size,
    async read(offset, length, signal) {
      budget.take(length);
      return inner.read(offset, length, signal);
    },
  };
}
