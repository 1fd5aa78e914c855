export { InlineExecutor } from "./inline.ts";
export { WorkerPool, type WorkerPoolOptions } from "./worker-pool.ts";
