import type { Clock } from "#pkg/clock/mod.ts";
import type { EngineFeatures, ParseOptions } from "#pkg/promql/mod.ts";
import type { ChunkQuerier } from "#pkg/storage/mod.ts";

/** How much an answer tells of what the query cost. */
export type StatsLevel = "none" | "basic" | "all";

/** What the answer holds besides the data. */
export interface AnswerOptions {
  /** Series of the answer, at most; 0 for all. */
  readonly limit: number;
  readonly stats: StatsLevel;
  /** True for the plan with time, series and samples of each node. */
  readonly explain: boolean;
}

/** A query with all that its evaluation depends on; plain data, which threads can hand over. */
export interface QueryRequest {
  readonly query: string;
  /** ms; the same for an instant query, whose `stepMs` is 0. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly lookbackDeltaMs: number;
  readonly timeoutMs: number;
  /** Samples held in memory at once; 0 for any number. */
  readonly maxSamples: number;
  /** Estimated bytes held in memory at once; 0 for any number. */
  readonly maxMemoryBytes: number;
  /** Steps of a range query; 0 for any number. */
  readonly maxSteps: number;
  readonly parse: ParseOptions;
  readonly features: EngineFeatures;
  readonly answer: AnswerOptions;
}

/** What the evaluation of a query cost. */
export interface QueryCost {
  readonly totalSamples: number;
  readonly peakSamples: number;
  readonly peakBytes: number;
  readonly evalMs: number;
}

/** The answer of a query, which has been evaluated; its text is made as it is taken. */
export interface QueryAnswer extends QueryCost {
  /** JSON in UTF-8, Prometheus's format, in pieces that the taker owns. Must be read or returned. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** What one evaluation of a query is given besides the query. */
export interface EvaluateOptions extends RunOptions {
  readonly clock: Clock;
  /** See `EngineOptions.isStopped`. */
  readonly isStopped?: () => boolean;
}

/** What one run of a query is given besides the query. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Told now and then how many samples the query has looked at so far. */
  readonly onProgress?: (samples: number) => void;
}

/** Evaluates queries somewhere: on this thread, or on others. */
export interface QueryExecutor {
  /**
   * Evaluates `request` over the series of `source` and resolves once the answer is known. Errors
   * are those of `Engine` and of `source`, and `unavailable` when the thread of the query ended.
   */
  run(request: QueryRequest, source: ChunkQuerier, options: RunOptions): Promise<QueryAnswer>;
  /** Ends what runs; not to be used after. */
  stop(): Promise<void>;
}
