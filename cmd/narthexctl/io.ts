import type { Clock } from "#pkg/clock/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import type { Progress } from "./progress.ts";

/** What a command touches of the world. */
export interface Io {
  /** Prints; where there is a promise, wait for it before printing more. */
  out(text: string): Promise<void> | undefined;
  err(text: string): void;
  readFile(path: string): Promise<string>;
  /** Standard input, piece by piece. */
  readonly stdin: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long work shows that it goes on; silent where nobody watches. */
  readonly progress: Progress;
  /** Aborts when the user has had enough. */
  readonly signal: AbortSignal;
}
