import { Worker } from "node:worker_threads";
import { abortError, throwIfAborted } from "#pkg/async/mod.ts";
import type { BlockMeta } from "#pkg/block/mod.ts";
import type { Clock, Timer } from "#pkg/clock/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { mergeBlocks } from "./merge.ts";
import type { FromMergeWorker, MergeJob, MergeProgress } from "./messages.ts";

/** Does merges, each to its end. */
export interface MergeRunner {
  /** As `mergeBlocks`. */
  run(
    job: MergeJob,
    onProgress: (progress: MergeProgress) => void,
    signal: AbortSignal,
  ): Promise<BlockMeta | undefined>;
}

/** Merges on the thread that asks; for tests, and where there is no program for threads. */
export class InlineMerges implements MergeRunner {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  run(
    job: MergeJob,
    onProgress: (progress: MergeProgress) => void,
    signal: AbortSignal,
  ): Promise<BlockMeta | undefined> {
    return mergeBlocks(job, { clock: this.#clock, signal, onProgress });
  }
}

/** How threads are made. */
export interface WorkerMergesOptions {
  /** The program of a thread; it calls `serveMerge` with its `workerData`. */
  readonly program: URL;
  /** Heap of one thread, MiB; a merge that needs more fails, not the process. */
  readonly heapMb: number;
  readonly clock: Clock;
}

/** A thread that is silent for this long is given up: it reports every other second. */
const SILENCE_MS = 120_000;
/** Young generation of a thread, MiB. */
const YOUNG_MB = 16;

/** Merges on a thread each, which ends with the merge and gives its memory back. */
export class WorkerMerges implements MergeRunner {
  readonly #options: WorkerMergesOptions;

  constructor(options: WorkerMergesOptions) {
    this.#options = options;
  }

  async run(
    job: MergeJob,
    onProgress: (progress: MergeProgress) => void,
    signal: AbortSignal,
  ): Promise<BlockMeta | undefined> {
    throwIfAborted(signal);
    const { program, heapMb, clock } = this.#options;
    const worker = new Worker(program, {
      name: "narthex-compaction",
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    let timer: Timer | undefined;
    let onAbort = (): void => undefined;
    try {
      return await new Promise<BlockMeta | undefined>((resolve, reject) => {
        onAbort = () => reject(abortError(signal));
        signal.addEventListener("abort", onAbort, { once: true });
        const watch = (): void => {
          timer?.cancel();
          timer = clock.setTimeout(() => reject(silent()), SILENCE_MS);
        };
        watch();
        worker.on("message", (message: FromMergeWorker) => {
          watch();
          if (message.type === "progress") onProgress(message);
          else if (message.type === "done") resolve(message.meta);
          else reject(failureOf(message));
        });
        worker.on("error", (error) => reject(deathOf(error, heapMb)));
        worker.on("exit", (code) => {
          reject(new NarthexError("unavailable", `thread of the merge ended with code ${code}`));
        });
      });
    } finally {
      timer?.cancel();
      signal.removeEventListener("abort", onAbort);
      await worker.terminate();
    }
  }
}

function silent(): NarthexError {
  return new NarthexError("timeout", `thread of the merge was silent for ${SILENCE_MS / 1000} s`);
}

function failureOf(message: FromMergeWorker & { type: "failed" }): NarthexError {
  const { code, message: text, block } = message;
  return new NarthexError(code, text, { detail: block ? { block } : {} });
}

function deathOf(error: unknown, heapMb: number): NarthexError {
  const isMemory = (error as { code?: string }).code === "ERR_WORKER_OUT_OF_MEMORY";
  const text = isMemory
    ? `the merge needs more than ${heapMb} MiB of memory (compactor.worker_memory)`
    : `thread of the merge failed: ${messageOf(error)}`;
  return new NarthexError(isMemory ? "execution" : "unavailable", text, { cause: error });
}
