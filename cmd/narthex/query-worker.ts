// The program of a thread that evaluates queries.
import { parentPort } from "node:worker_threads";
import { systemClock } from "#pkg/clock/mod.ts";
import { assert } from "#pkg/errs/mod.ts";
import { serveQueries } from "#pkg/query-eval/mod.ts";

assert(parentPort !== null, "query-worker runs as a worker thread only");
serveQueries(parentPort, systemClock);
