import { type Clock, systemClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";

/** A signal and the way to let go of what it listens to. Dispose it when the work is done. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  dispose(): void;
}

/**
 * A signal that aborts, with the same reason, when the first of `signals` does. Unlike
 * `AbortSignal.any`, disposing it leaves nothing behind on a source that lives on.
 */
export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal & {
  abort(reason?: unknown): void;
} {
  const controller = new AbortController();
  const undo: (() => void)[] = [];
  const dispose = (): void => {
    for (const step of undo.splice(0)) step();
  };
  const abort = (reason?: unknown): void => {
    dispose();
    controller.abort(reason);
  };
  for (const source of signals) {
    if (!source) continue;
    if (source.aborted) {
      abort(source.reason);
      break;
    }
    const onAbort = (): void => abort(source.reason);
    source.addEventListener("abort", onAbort, { once: true });
    undo.push(() => source.removeEventListener("abort", onAbort));
  }
  return { signal: controller.signal, dispose, abort };
}

/**
 * A signal that aborts with `signal`, or after `ms` with a `timeout` error. Dispose it when the
 * work is done, or the timer lives on.
 */
export function withTimeout(
  signal: AbortSignal | undefined,
  ms: number,
  clock: Clock = systemClock,
): LinkedSignal {
  const linked = linkSignals(signal);
  if (linked.signal.aborted) return linked;
  const timer = clock.setTimeout(
    () => linked.abort(new NarthexError("timeout", `timed out after ${ms} ms`)),
    ms,
  );
  linked.signal.addEventListener("abort", () => timer.cancel(), { once: true });
  return {
    signal: linked.signal,
    dispose() {
      timer.cancel();
      linked.dispose();
    },
  };
}
