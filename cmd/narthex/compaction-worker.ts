// The program of a thread that merges blocks.
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "#pkg/clock/mod.ts";
import { type MergeJob, serveMerge } from "#pkg/compactor/mod.ts";
import { assert } from "#pkg/errs/mod.ts";

assert(parentPort !== null, "compaction-worker runs as a worker thread only");
await serveMerge(parentPort, workerData as MergeJob, systemClock);
