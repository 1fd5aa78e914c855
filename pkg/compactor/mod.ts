export { Compactor, type CompactorOptions } from "./compactor.ts";
export { mergeBlocks } from "./merge.ts";
export { serveMerge } from "./merge-worker.ts";
export type { MergeJob } from "./messages.ts";
export { checkDelays } from "./options.ts";
export { InlineMerges, type MergeRunner, WorkerMerges } from "./run-merge.ts";
export { snapshotBlocks } from "./snapshot.ts";
