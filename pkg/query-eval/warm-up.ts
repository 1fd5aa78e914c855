import { chunkQuerierAsQuerier, encodeXor } from "#pkg/chunkenc/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import {
  ChunkEncoding,
  type ChunkQuerier,
  type ChunkSeries,
  PackedBatch,
  PackedBatchBuilder,
  SampleColumns,
} from "#pkg/storage/mod.ts";
import { evaluateQuery } from "./evaluate.ts";
import type { QueryRequest } from "./request.ts";

const SERIES = 128;
const SAMPLES = 40;
const STEP_MS = 15_000;
const END_MS = SAMPLES * STEP_MS;

/** What dashboards and alerts ask most, so that the code behind it is compiled. */
const QUERIES: readonly string[] = [
  "warm_total",
  'warm_total{job="j1"}',
  "sum by (job) (rate(warm_total[5m]))",
  "sum by (job, le) (warm_total) / on (job) group_left () sum by (job) (warm_total)",
  "avg by (job, instance) (warm_total) > 5",
  "max_over_time(warm_total[5m])",
  "topk(3, increase(warm_total[5m]))",
  "quantile by (job) (0.9, warm_total)",
  "histogram_quantile(0.9, sum by (le) (rate(warm_total[5m])))",
  "warm_total - on (job, instance, le) warm_total offset 1m",
  'label_replace(warm_total, "host", "$1", "instance", "(.*):.*")',
  "count(warm_total) or vector(0)",
  "avg_over_time(sum(rate(warm_total[1m]))[5m:30s])",
];

/**
 * Evaluates ordinary queries over made-up series for about `ms`, so that the first queries of users
 * find compiled code: without it, dozens of them cost several times what later ones do. Ends early
 * once `isWanted` says that there is real work.
 */
export async function warmUp(clock: Clock, ms: number, isWanted: () => boolean): Promise<void> {
  const until = clock.monotonic() + ms;
  const { signal } = new AbortController();
  const querier = chunkQuerierAsQuerier(madeUpSeries());
  for (let i = 0; clock.monotonic() < until && !isWanted(); i++) {
    const query = QUERIES[(i >> 1) % QUERIES.length]!;
    const { text } = await evaluateQuery(request(query, i % 2 === 0), querier, { signal, clock });
    const encoder = new TextEncoder();
    for (const piece of text) encoder.encode(piece);
  }
}

function request(query: string, isRange: boolean): QueryRequest {
  return {
    query,
    startMs: isRange ? END_MS / 4 : END_MS,
    endMs: END_MS,
    stepMs: isRange ? STEP_MS : 0,
    lookbackDeltaMs: 300_000,
    timeoutMs: 60_000,
    maxSamples: 0,
    maxMemoryBytes: 0,
    maxSteps: 0,
    parse: {},
    features: {},
    answer: { limit: 0, stats: "none", explain: false },
  };
}

/** Series as they come from a head. */
function madeUpSeries(): ChunkQuerier {
  const strings: string[] = [];
  const numbers = new Map<string, number>();
  const builder = new PackedBatchBuilder(SERIES);
  const columns = new SampleColumns(SAMPLES);
  for (let i = 0; i < SERIES; i++) {
    const labels = labelsFromObject({
      __name__: "warm_total",
      job: `j${i % 4}`,
      instance: `host-${i >> 3}:9090`,
      le: String(2 ** (i % 8)),
    });
    for (const text of labels) {
      let number = numbers.get(text);
      if (number === undefined) {
        number = strings.push(text) - 1;
        numbers.set(text, number);
      }
      builder.symbol(number);
    }
    columns.clear();
    for (let k = 0; k < SAMPLES; k++) columns.push((k + 1) * STEP_MS, i * k + (k % 7) / 8);
    const bytes = encodeXor(columns, 0, columns.length);
    const at = builder.chunk(ChunkEncoding.xor, STEP_MS, END_MS, bytes.length);
    builder.bytes.set(bytes, at);
    builder.endSeries();
  }
  const all = builder.finish();
  return {
    // A new batch each time, for series remember what was made of them.
    async *selectChunks(): AsyncGenerator<readonly ChunkSeries[]> {
      yield new PackedBatch(all, strings).series;
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}
