import { Engine, type QueryResult } from "#pkg/promql/mod.ts";
import type { Querier } from "#pkg/storage/mod.ts";
import { queryJson } from "./answer-json.ts";
import { limitResult } from "./answer-limit.ts";
import type { EvaluateOptions, QueryRequest } from "./request.ts";

/** A query's result and the text of its answer. */
export interface Evaluated {
  readonly text: Generator<string>;
  readonly stats: QueryResult["stats"];
}

/** Evaluates on this thread, with rests in between. */
export async function evaluateQuery(
  request: QueryRequest,
  querier: Querier,
  { signal, onProgress, isStopped, clock }: EvaluateOptions,
): Promise<Evaluated> {
  const { answer, startMs, endMs, stepMs, maxSamples, ...rest } = request;
  const engine = new Engine({
    lookbackDeltaMs: rest.lookbackDeltaMs,
    timeoutMs: rest.timeoutMs,
    maxSamples: maxSamples || Number.MAX_SAFE_INTEGER,
    maxMemoryBytes: rest.maxMemoryBytes || Number.MAX_SAFE_INTEGER,
    maxSteps: rest.maxSteps,
    parse: rest.parse,
    features: rest.features,
    explain: answer.explain,
    statsPerStep: answer.stats === "all",
    clock,
    ...(onProgress ? { onProgress } : {}),
    ...(isStopped ? { isStopped } : {}),
  });
  const result =
    stepMs > 0
      ? await engine.range(querier, rest.query, { startMs, endMs, stepMs }, signal)
      : await engine.instant(querier, rest.query, { timeMs: startMs }, signal);
  return {
    text: queryJson(limitResult(result, answer.limit), answer.stats),
    stats: result.stats,
  };
}
