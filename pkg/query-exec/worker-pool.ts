import { Worker } from "node:worker_threads";
import type { Clock, Timer } from "#pkg/clock/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type {
  FromWorker,
  QueryAnswer,
  QueryExecutor,
  QueryRequest,
  RunOptions,
  ToWorker,
} from "#pkg/query-eval/mod.ts";
import { PatternCache } from "#pkg/re2/mod.ts";
import type { ChunkQuerier } from "#pkg/storage/mod.ts";
import { Counter, Gauge, type Telemetry } from "#pkg/telemetry/mod.ts";

import { RunningQuery } from "./running-query.ts";

export interface WorkerPoolOptions {
  /** The program of a thread; it calls `serveQueries`. */
  readonly program: URL;
  readonly threads: number;
  /** Heap of one thread, MiB; a query that needs more ends the thread, not the process. */
  readonly heapMb: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** How long after its time limit, or after it was cancelled, a query may keep its thread. */
const GRACE_MS = 10_000;
/** Compiled patterns that are kept; a hostile one may hold more than a megabyte. */
const PATTERNS_MAX = 64;
/** Young generation of a thread, MiB: larger ones collect less often, but touch more memory. */
const YOUNG_MB = 16;

/** Evaluates queries on threads of their own, so that this one is free to ingest and to serve. */
export class WorkerPool implements QueryExecutor {
  readonly #options: WorkerPoolOptions;
  readonly #patterns = new PatternCache(PATTERNS_MAX);
  readonly #threads: QueryThread[];
  readonly #restarts: Counter;
  #lastId = 0;
  #stopped = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const registers = [options.telemetry.registry];
    this.#restarts = new Counter({
      name: "narthex_querier_worker_deaths_total",
      help: "Threads of queries that ended on their own or had to be ended.",
      registers,
    });
    const threads = Array.from({ length: options.threads }, () => this.#start());
    this.#threads = threads;
    new Gauge({
      name: "narthex_querier_worker_queries",
      help: "Queries on the threads that evaluate them.",
      registers,
      collect() {
        this.set(threads.reduce((sum, thread) => sum + thread.running, 0));
      },
    });
  }

  run(request: QueryRequest, source: ChunkQuerier, options: RunOptions): Promise<QueryAnswer> {
    if (this.#stopped) throw new NarthexError("unavailable", "queries are being shut down");
    let least = 0;
    for (let i = 0; i < this.#threads.length; i++) {
      const thread = this.#threads[i]!;
      if (thread.dead) this.#threads[i] = this.#start();
      if (this.#threads[i]!.running < this.#threads[least]!.running) least = i;
    }
    const id = ++this.#lastId;
    return this.#threads[least]!.run({ id, request, source, patterns: this.#patterns, ...options });
  }

  #start(): QueryThread {
    const { clock, telemetry } = this.#options;
    return new QueryThread(this.#options, clock, (reason) => {
      if (this.#stopped) return;
      this.#restarts.inc();
      telemetry.log.error({ reason }, "thread of queries ended; another one takes its place");
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

type Start = Omit<ConstructorParameters<typeof RunningQuery>[0], "post" | "onEnd">;

class QueryThread {
  dead = false;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #queries = new Map<number, RunningQuery>();
  readonly #onDeath: (reason: string) => void;

  constructor(options: WorkerPoolOptions, clock: Clock, onDeath: (reason: string) => void) {
    this.#clock = clock;
    this.#onDeath = onDeath;
    this.#worker = new Worker(options.program, {
      name: "narthex-query",
      resourceLimits: {
        maxOldGenerationSizeMb: options.heapMb,
        maxYoungGenerationSizeMb: YOUNG_MB,
      },
    });
    this.#worker.on("message", (message: FromWorker) => {
      if (message.type !== "ready") this.#queries.get(message.id)?.receive(message);
    });
    this.#worker.on("error", (error) =>
      this.#die(deathOf(error, options.heapMb, this.#queries.size)),
    );
    this.#worker.on("exit", (code) => {
      this.#die(new NarthexError("unavailable", `thread of the query ended with code ${code}`));
    });
  }

  get running(): number {
    return this.#queries.size;
  }

  async run(start: Start): Promise<QueryAnswer> {
    const { id, request, signal } = start;
    let timer: Timer | undefined;
    const late = (): void => {
      timer?.cancel();
      timer = this.#clock.setTimeout(() => {
        this.#die(new NarthexError("timeout", "query did not end in time, nor when told to"));
        void this.#worker.terminate();
      }, GRACE_MS);
    };
    const query = new RunningQuery({
      ...start,
      post: (message: ToWorker, transfer) => this.#worker.postMessage(message, transfer),
      onEnd: () => {
        timer?.cancel();
        signal.removeEventListener("abort", late);
        this.#queries.delete(id);
      },
    });
    this.#queries.set(id, query);
    timer = this.#clock.setTimeout(late, request.timeoutMs);
    signal.addEventListener("abort", late, { once: true });
    const answer = await query.run();
    // From here on it is up to the client how fast the answer goes out.
    timer.cancel();
    return answer;
  }

  #die(error: NarthexError): void {
    if (this.dead) return;
    this.dead = true;
    this.#onDeath(error.message);
    for (const query of [...this.#queries.values()]) query.fail(error);
  }

  async stop(): Promise<void> {
    this.dead = true;
    const error = new NarthexError("unavailable", "the server is shutting down");
    for (const query of [...this.#queries.values()]) query.fail(error);
    await this.#worker.terminate();
  }
}

/** Why the queries of a thread end; of several, it cannot be told which one was too much for it. */
function deathOf(error: unknown, heapMb: number, running: number): NarthexError {
  if ((error as { code?: string }).code !== "ERR_WORKER_OUT_OF_MEMORY") {
    return new NarthexError("unavailable", `thread of the query failed: ${messageOf(error)}`);
  }
  const limit = `more than ${heapMb} MiB of memory (querier.worker_memory)`;
  return running > 1
    ? new NarthexError("unavailable", `one of ${running} queries of a thread needs ${limit}`)
    : new NarthexError("execution", `the query needs ${limit}`);
}
