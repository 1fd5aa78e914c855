import { abortError } from "#pkg/async/mod.ts";
import { chunkQuerierAsQuerier } from "#pkg/chunkenc/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  PackedBatch,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import { evaluateQuery } from "./evaluate.ts";
import { ANSWER_WINDOW, type FromWorker, type PlainParams, type ToWorker } from "./messages.ts";
import type { QueryCost, QueryRequest } from "./request.ts";
import { warmUp } from "./warm-up.ts";

/** The two ways of a port; Node's `MessagePort` is one. */
export interface WorkerPort {
  postMessage(message: FromWorker, transfer?: ArrayBuffer[]): void;
  on(event: "message", listener: (message: ToWorker) => void): unknown;
}

/** How long a thread makes itself ready for what is usual, as long as nothing is asked of it. */
const WARM_UP_MS = 700;

/** Evaluates the queries that come over `port`, several at once, until the thread ends. */
export function serveQueries(port: WorkerPort, clock: Clock): void {
  const queries = new Map<number, WorkerQuery>();
  port.on("message", (message) => {
    if (message.type === "run") {
      const query = new WorkerQuery(port, message.id, clock);
      queries.set(message.id, query);
      void query.run(message.request, message.stop).finally(() => queries.delete(message.id));
    } else queries.get(message.id)?.receive(message);
  });
  port.postMessage({ type: "ready" });
  let isWanted = false;
  port.on("message", () => {
    isWanted = true;
  });
  // It is for speed only: whatever goes wrong there would go wrong, and be seen, in queries too.
  warmUp(clock, WARM_UP_MS, () => isWanted).catch(() => undefined);
}

/** How often a query tells how far it is. */
const PROGRESS_MS = 100;

type DataMessage = Extract<ToWorker, { type: "batch" | "end" }>;

/** One query on its thread. Series are asked of the main thread. */
class WorkerQuery {
  readonly #port: WorkerPort;
  readonly #id: number;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #calls = new Map<number, Inbox>();
  #lastCall = 0;
  #window = ANSWER_WINDOW;
  #onWindow: (() => void) | undefined;

  constructor(port: WorkerPort, id: number, clock: Clock) {
    this.#port = port;
    this.#id = id;
    this.#clock = clock;
  }

  receive(message: Exclude<ToWorker, { type: "run" }>): void {
    switch (message.type) {
      case "cancel": {
        const reason = new NarthexError(message.reason, `query was ${message.reason}`);
        this.#abort.abort(reason);
        this.#onWindow?.();
        return;
      }
      case "more":
        this.#window++;
        this.#onWindow?.();
        return;
      default:
        this.#calls.get(message.call)?.push(message);
    }
  }

  async run(request: QueryRequest, stop: Int32Array): Promise<void> {
    const id = this.#id;
    let told = this.#clock.monotonic();
    const onProgress = (samples: number): void => {
      const now = this.#clock.monotonic();
      if (now - told < PROGRESS_MS) return;
      told = now;
      this.#port.postMessage({ type: "progress", id, samples });
    };
    try {
      const { text, stats } = await evaluateQuery(request, chunkQuerierAsQuerier(this.#source()), {
        signal: this.#abort.signal,
        onProgress,
        isStopped: () => Atomics.load(stop, 0) !== 0,
        clock: this.#clock,
      });
      const { totalSamples, peakSamples, peakBytes, evalMs } = stats;
      await this.#send(text, { totalSamples, peakSamples, peakBytes, evalMs });
    } catch (error) {
      const plain = { code: codeOf(error), message: messageOf(error) };
      this.#port.postMessage({ type: "failed", id, error: plain });
    }
  }

  /** Sends the text, one piece ahead, so that the last one is known as such. */
  async #send(text: Generator<string>, cost: QueryCost): Promise<void> {
    const id = this.#id;
    let first = true;
    const encoder = new TextEncoder();
    let next = text.next();
    while (next.done !== true) {
      const bytes = encoder.encode(next.value);
      next = text.next();
      while (this.#window === 0 && !this.#abort.signal.aborted) {
        await new Promise<void>((resolve) => {
          this.#onWindow = resolve;
        });
      }
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
      this.#window--;
      const last = next.done === true;
      const piece = { type: "piece", id, bytes, last, ...(first ? { cost } : {}) } as const;
      this.#port.postMessage(piece, [bytes.buffer]);
      first = false;
    }
  }

  #source(): ChunkQuerier {
    return {
      selectChunks: (params, signal) => this.#select(params, signal),
      labelNames: (params, signal) => this.#labels(undefined, params, signal),
      labelValues: (name, params, signal) => this.#labels(name, params, signal),
    };
  }

  #open(signal: AbortSignal): { readonly call: number; readonly inbox: Inbox } {
    const call = ++this.#lastCall;
    const inbox = new Inbox(signal);
    this.#calls.set(call, inbox);
    return { call, inbox };
  }

  #close(call: number): void {
    this.#calls.get(call)?.dispose();
    this.#calls.delete(call);
  }

  async *#select(
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChunkSeries[]> {
    const id = this.#id;
    const { call, inbox } = this.#open(signal);
    this.#port.postMessage({ type: "select", id, call, params: plainParams(params) });
    let strings: string[] = [];
    let ended = false;
    try {
      for (;;) {
        const message = await inbox.take();
        for (const warning of message.warnings) params.onWarning?.(warning);
        if (message.type === "end") {
          ended = true;
          if (message.error) throw new NarthexError(message.error.code, message.error.message);
          return;
        }
        const { batch } = message;
        // Batches of before keep the table they know.
        if (batch.fresh) strings = [];
        for (const text of batch.strings) strings.push(text);
        yield new PackedBatch(batch.columns, strings).series;
        ended = message.last;
        if (ended) return;
        this.#port.postMessage({ type: "next", id, call, done: false });
      }
    } finally {
      this.#close(call);
      if (!ended) this.#port.postMessage({ type: "next", id, call, done: true });
    }
  }

  async #labels(
    name: string | undefined,
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { call, inbox } = this.#open(signal);
    const plain = plainParams(params);
    this.#port.postMessage({
      type: "labels",
      id: this.#id,
      call,
      params: plain,
      ...(name === undefined ? {} : { name }),
    });
    try {
      const message = await inbox.take();
      for (const warning of message.warnings) params.onWarning?.(warning);
      if (message.type !== "end") throw new NarthexError("internal", "labels came as series");
      if (message.error) throw new NarthexError(message.error.code, message.error.message);
      return [...(message.strings ?? [])];
    } finally {
      this.#close(call);
    }
  }
}

function plainParams(params: SelectParams | LabelParams): PlainParams {
  const { mint, maxt, matchers, limit } = params;
  const { hints } = params as SelectParams;
  return {
    mint,
    maxt,
    matchers: matchers.map(({ type, name, value }) => ({ type, name, value })),
    ...(limit === undefined ? {} : { limit }),
    ...(hints === undefined ? {} : { hints }),
  };
}

/** What has come for one call and was not taken yet; the sender keeps it short. */
class Inbox {
  readonly #messages: DataMessage[] = [];
  readonly #signal: AbortSignal;
  readonly #wake = (): void => {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  };
  #waiting: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#wake);
  }

  push(message: DataMessage): void {
    this.#messages.push(message);
    this.#wake();
  }

  /** The next message; rejects with the reason once the signal aborts. */
  async take(): Promise<DataMessage> {
    for (;;) {
      if (this.#signal.aborted) throw abortError(this.#signal);
      const message = this.#messages.shift();
      if (message) return message;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  dispose(): void {
    this.#signal.removeEventListener("abort", this.#wake);
  }
}
