import { withEnd } from "#pkg/async/mod.ts";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import {
  type FromWorker,
  type PackedMessage,
  type PlainParams,
  type QueryAnswer,
  type QueryCost,
  type QueryRequest,
  type RunOptions,
  SELECT_WINDOW,
  type ToWorker,
} from "#pkg/query-eval/mod.ts";
import { newMatcher, type PatternCache } from "#pkg/re2/mod.ts";
import type { ChunkQuerier, SelectParams } from "#pkg/storage/mod.ts";
import { BatchPacker, transferOf } from "./batch-packer.ts";

type Post = (message: ToWorker, transfer?: ArrayBuffer[]) => void;
/** What a thread says of one query. */
export type QueryMessage = Exclude<FromWorker, { type: "ready" }>;

export interface RunningQueryOptions extends RunOptions {
  readonly id: number;
  readonly request: QueryRequest;
  readonly source: ChunkQuerier;
  readonly patterns: PatternCache;
  readonly post: Post;
  /** Called once, when the thread has nothing more to do for the query. */
  readonly onEnd: () => void;
}

/** Why what a query has asked for is given up at its end; made once, for its stack is costly. */
const NOT_WANTED = new NarthexError("canceled", "the query has ended");

/** The main thread's side of a query that a thread evaluates: feeds it and hands on its answer. */
export class RunningQuery {
  readonly #options: RunningQueryOptions;
  readonly #calls = new Map<number, Feed>();
  readonly #stop = new AbortController();
  readonly #pieces: Uint8Array[] = [];
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  #complete = false;
  #ended = false;
  #failure: NarthexError | undefined;
  #wake: (() => void) | undefined;
  #settle: { resolve(answer: QueryAnswer): void; reject(error: unknown): void } | undefined;

  constructor(options: RunningQueryOptions) {
    this.#options = options;
  }

  /** Starts the query on its thread. */
  run(): Promise<QueryAnswer> {
    const { id, request, signal, post } = this.#options;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (signal.aborted) {
        this.fail(canceledBy(signal));
        return;
      }
      signal.addEventListener("abort", this.#onAbort, { once: true });
      post({ type: "run", id, request, stop: this.#flag });
    });
  }

  readonly #onAbort = (): void => {
    const { id, signal, post } = this.#options;
    const error = canceledBy(signal);
    Atomics.store(this.#flag, 0, 1);
    post({ type: "cancel", id, reason: error.code === "timeout" ? "timeout" : "canceled" });
    this.#refuse(error);
  };

  receive(message: QueryMessage): void {
    switch (message.type) {
      case "select":
        void this.#select(message.call, message.params);
        return;
      case "labels":
        void this.#labels(message.call, message.name, message.params);
        return;
      case "next":
        if (message.done) this.#calls.get(message.call)?.stop();
        else this.#calls.get(message.call)?.more();
        return;
      case "progress":
        this.#options.onProgress?.(message.samples);
        return;
      case "piece":
        this.#pieces.push(message.bytes);
        if (message.last) {
          this.#complete = true;
          this.#end();
        }
        if (message.cost) this.#answered(message.cost);
        this.#wake?.();
        return;
      case "failed":
        this.fail(new NarthexError(message.error.code, message.error.message));
    }
  }

  #answered(cost: QueryCost): void {
    this.#options.onProgress?.(cost.totalSamples);
    const { id, post } = this.#options;
    const pieces = withEnd(this.#answer(), () => {
      // Whoever leaves early does not want the rest.
      if (this.#ended) return;
      Atomics.store(this.#flag, 0, 1);
      post({ type: "cancel", id, reason: "canceled" });
    });
    this.#settle?.resolve({ pieces, ...cost });
    this.#settle = undefined;
  }

  /** Ends the query with an error: the thread said so, or is no more. */
  fail(error: NarthexError): void {
    this.#refuse(error);
    this.#end();
  }

  #refuse(error: NarthexError): void {
    this.#failure ??= error;
    this.#stop.abort(error);
    this.#settle?.reject(this.#failure);
    this.#settle = undefined;
    this.#wake?.();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#stop.abort(NOT_WANTED);
    this.#options.onEnd();
  }

  async *#answer(): AsyncGenerator<Uint8Array> {
    const { id, post } = this.#options;
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) {
        if (!this.#complete) post({ type: "more", id });
        yield piece;
      } else if (this.#failure) throw this.#failure;
      else if (this.#complete) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async #select(call: number, plain: PlainParams): Promise<void> {
    const { id, source, post } = this.#options;
    const feed = new Feed(this.#stop.signal);
    this.#calls.set(call, feed);
    const warnings: string[] = [];
    try {
      const params: SelectParams = {
        ...this.#params(plain),
        ...(plain.hints ? { hints: plain.hints } : {}),
        onWarning: (warning) => warnings.push(warning),
      };
      const packer = new BatchPacker();
      const send = async (batch: PackedMessage, last: boolean): Promise<void> => {
        await feed.turn();
        const message = { id, call, batch, last, warnings: warnings.splice(0) };
        post({ type: "batch", ...message }, transferOf(batch));
      };
      // One message is held back, so that the last one can say that it is.
      let held: PackedMessage | undefined;
      for await (const series of source.selectChunks(params, feed.signal)) {
        for (const batch of packer.pack(series)) {
          if (held) await send(held, false);
          held = batch;
        }
      }
      if (held) await send(held, true);
      else post({ type: "end", id, call, warnings });
    } catch (error) {
      this.#failCall(call, error);
    } finally {
      this.#calls.delete(call);
      feed.dispose();
    }
  }

  async #labels(call: number, name: string | undefined, plain: PlainParams): Promise<void> {
    const { id, source, post } = this.#options;
    const warnings: string[] = [];
    try {
      const params = {
        ...this.#params(plain),
        onWarning: (warning: string) => void warnings.push(warning),
      };
      const strings = await (name === undefined
        ? source.labelNames(params, this.#stop.signal)
        : source.labelValues(name, params, this.#stop.signal));
      post({ type: "end", id, call, warnings, strings });
    } catch (error) {
      this.#failCall(call, error);
    }
  }

  #params(plain: PlainParams): Omit<SelectParams, "hints" | "onWarning"> {
    const { mint, maxt, limit } = plain;
    const { patterns } = this.#options;
    const matchers = plain.matchers.map(({ type, name, value }) =>
      newMatcher(type, name, value, patterns),
    );
    return { mint, maxt, matchers, ...(limit === undefined ? {} : { limit }) };
  }

  #failCall(call: number, error: unknown): void {
    if (this.#ended) return;
    const { id, post } = this.#options;
    const plain = { code: codeOf(error), message: messageOf(error) };
    post({ type: "end", id, call, warnings: [], error: plain });
  }
}

function canceledBy(signal: AbortSignal): NarthexError {
  const { reason } = signal;
  if (reason instanceof NarthexError) return reason;
  const code = codeOf(reason);
  return new NarthexError(code === "timeout" ? code : "canceled", `query was ${code}`);
}

/** The turns of a sender, who may be so many messages ahead of the taker. */
class Feed {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #onOuter = (): void => this.stop(this.#outer.reason);
  #window = SELECT_WINDOW;
  #wake: (() => void) | undefined;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    if (outer.aborted) this.stop(outer.reason);
    else outer.addEventListener("abort", this.#onOuter, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  more(): void {
    this.#window++;
    this.#wake?.();
  }

  stop(reason?: unknown): void {
    this.#controller.abort(reason);
    this.#wake?.();
  }

  /** Resolves when another message may be sent; rejects once the feed was stopped. */
  async turn(): Promise<void> {
    while (this.#window === 0 && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.signal.aborted) throw canceledBy(this.signal);
    this.#window--;
  }

  dispose(): void {
    this.#outer.removeEventListener("abort", this.#onOuter);
  }
}
