import type { TenantLimits } from "#pkg/config/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { EngineFeatures, ParseOptions } from "#pkg/promql/mod.ts";
import { type ChunkQuerier, sizeOfBatch } from "#pkg/storage/mod.ts";
import type { QueryUsage } from "./active-queries.ts";

/** Limits of which the strictest of several tenants holds; 0 is none. */
const MINIMA = [
  "max_fetched_series_per_query",
  "max_fetched_chunks_per_query",
  "max_fetched_chunk_bytes_per_query",
  "max_samples_per_query",
  "max_estimated_memory_consumption_per_query",
  "max_query_length",
  "max_query_points_per_series",
  "max_query_duration",
  "max_query_expression_size_bytes",
] as const;

type Minima = { -readonly [K in (typeof MINIMA)[number]]: number };

/** What a query over some tenants may cost, and which features it may use. */
export interface QueryLimits extends Readonly<Minima> {
  readonly parse: ParseOptions;
  readonly features: EngineFeatures;
}

/** The strictest of the tenants' limits; a feature is on if all of them have it. */
export function queryLimits(tenants: readonly TenantLimits[]): QueryLimits {
  const minima = {} as Minima;
  for (const key of MINIMA) {
    const set = tenants.map((limits) => limits[key]).filter((value) => value > 0);
    minima[key] = set.length === 0 ? 0 : Math.min(...set);
  }
  const has = (name: TenantLimits["promql_features"][number]): boolean =>
    tenants.every((limits) => limits.promql_features.includes(name));
  return {
    ...minima,
    parse: {
      experimentalFunctions: has("promql-experimental-functions"),
      durationExpressions: has("promql-duration-expr"),
      extendedRangeSelectors: has("promql-extended-range-selectors"),
      binopFillModifiers: has("promql-binop-fill-modifiers"),
    },
    features: {
      delayedNameRemoval: has("promql-delayed-name-removal"),
      typeAndUnitLabels: has("type-and-unit-labels"),
      useStartTimestamps: has("use-start-timestamps"),
    },
  };
}

/** Steps that upstream's API allows, and the text with which it refuses more. */
const UPSTREAM_POINTS = 11_000;

/** Refuses queries that ask for more than they may; `startMs` to `endMs` by `stepMs`, 0 for none. */
export function checkQuery(
  limits: QueryLimits,
  query: {
    readonly query: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly stepMs: number;
  },
): void {
  const size = Buffer.byteLength(query.query);
  refuse("the query's text has", size, "bytes", [limits, "max_query_expression_size_bytes"]);
  if (query.stepMs <= 0) return;
  const length = query.endMs - query.startMs;
  const most = limits.max_query_length;
  if (most > 0 && length > most) {
    throw new NarthexError(
      "execution",
      `the query time range of ${length / 1000} s exceeds the limit of ${most / 1000} s (max_query_length)`,
      { detail: { limit: most, got: length } },
    );
  }
  const points = Math.floor(length / query.stepMs);
  if (limits.max_query_points_per_series === UPSTREAM_POINTS && points > UPSTREAM_POINTS) {
    throw new NarthexError(
      "bad_data",
      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    );
  }
  refuse("the query has", points, "steps", [limits, "max_query_points_per_series"]);
}

function refuse(
  what: string,
  got: number,
  unit: string,
  [limits, key]: readonly [QueryLimits, keyof Minima],
): void {
  const most = limits[key];
  if (most === 0 || got <= most) return;
  throw new NarthexError("execution", `${what} ${got} ${unit}, the limit is ${most} (${key})`, {
    detail: { limit: most, got },
  });
}

/** Counts in `usage` what is read through `inner`, and refuses what is beyond the limits. */
export function accounted(
  inner: ChunkQuerier,
  limits: QueryLimits,
  usage: QueryUsage,
): ChunkQuerier {
  return {
    labelNames: (params, signal) => inner.labelNames(params, signal),
    labelValues: (name, params, signal) => inner.labelValues(name, params, signal),
    async *selectChunks(params, signal) {
      for await (const batch of inner.selectChunks(params, signal)) {
        usage.series += batch.length;
        const size = sizeOfBatch(batch);
        usage.chunks += size.chunks;
        usage.chunkBytes += size.bytes;
        const reads = "the query reads";
        refuse(reads, usage.series, "series or more", [limits, "max_fetched_series_per_query"]);
        refuse(reads, usage.chunks, "chunks or more", [limits, "max_fetched_chunks_per_query"]);
        const bytes = "max_fetched_chunk_bytes_per_query";
        refuse(reads, usage.chunkBytes, "bytes of chunks or more", [limits, bytes]);
        yield batch;
      }
    },
  };
}
