import { chunkQuerierAsQuerier } from "#pkg/chunkenc/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import {
  evaluateQuery,
  type QueryAnswer,
  type QueryExecutor,
  type QueryRequest,
  type RunOptions,
} from "#pkg/query-eval/mod.ts";
import type { ChunkQuerier } from "#pkg/storage/mod.ts";

/** Evaluates on the thread that asks. */
export class InlineExecutor implements QueryExecutor {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run(
    request: QueryRequest,
    source: ChunkQuerier,
    options: RunOptions,
  ): Promise<QueryAnswer> {
    const querier = chunkQuerierAsQuerier(source);
    const { text, stats } = await evaluateQuery(request, querier, {
      ...options,
      clock: this.#clock,
    });
    return { pieces: encoded(text), ...stats };
  }

  async stop(): Promise<void> {}
}

async function* encoded(text: Generator<string>): AsyncGenerator<Uint8Array> {
  for (const piece of text) yield Buffer.from(piece);
}
