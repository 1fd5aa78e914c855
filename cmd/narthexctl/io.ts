import type { Clock } from "#pkg/clock/mod.ts";

/** What a command touches of the world. */
export interface Io {
  /** Prints; where there is a promise, wait for it before printing more. */
  out(text: string): Promise<void> | undefined;
  err(text: string): void;
  readFile(path: string): Promise<string>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}
