import type { MessagePort } from "node:worker_threads";
import { sleep } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { mergeBlocks } from "./merge.ts";
import type { FromMergeWorker, MergeJob } from "./messages.ts";

/** How often a thread tells that it lives. */
export const HEARTBEAT_MS = 2_000;

/** Does the one merge that a thread was started for, reports on `port`, and returns. */
export async function serveMerge(port: MessagePort, job: MergeJob, clock: Clock): Promise<void> {
  const post = (message: FromMergeWorker): void => port.postMessage(message);
  const ended = new AbortController();
  let series = 0;
  const beat = async (): Promise<void> => {
    for (;;) {
      await sleep(HEARTBEAT_MS, ended.signal, clock);
      post({ type: "progress", series });
    }
  };
  const beating = beat().catch(() => undefined);
  try {
    const meta = await mergeBlocks(job, {
      clock,
      signal: ended.signal,
      onProgress: (progress) => {
        series = progress.series;
      },
    });
    post({ type: "progress", series });
    post({ type: "done", meta });
  } catch (error) {
    const block = error instanceof NarthexError ? error.detail["block"] : undefined;
    post({
      type: "failed",
      code: codeOf(error),
      message: messageOf(error),
      ...(typeof block === "string" ? { block } : {}),
    });
  } finally {
    ended.abort();
    await beating;
  }
}
