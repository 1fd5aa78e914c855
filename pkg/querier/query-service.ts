import { Semaphore } from "#pkg/async/mod.ts";
import { chunkQuerierAsQuerier } from "#pkg/chunkenc/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { compareLabels, type Labels, Matcher } from "#pkg/labels/mod.ts";
import type { Limits } from "#pkg/limits/mod.ts";
import { Engine, type QueryResult, type RangeOptions } from "#pkg/promql/mod.ts";
import type { MetadataParams, MetricMetadata, TenantStats } from "#pkg/rpc/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  mergeChunkQueriers,
  type Querier,
  type SelectParams,
  uniteStrings,
} from "#pkg/storage/mod.ts";
import { Counter, Gauge, type Telemetry } from "#pkg/telemetry/mod.ts";
import { type RecentReads, withLabel } from "./ingester-reads.ts";
import type { StoreReads } from "./store-reads.ts";

/** Names the tenant of each series in answers over several tenants, as in Mimir. */
const TENANT_LABEL = "__tenant_id__";

export interface QueryServiceOptions {
  readonly config: Config["querier"];
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly recent: RecentReads;
  readonly stores: StoreReads;
}

/** Answers queries of tenants over recent data and blocks. */
export class QueryService {
  readonly #options: QueryServiceOptions;
  readonly #gate: Semaphore;
  readonly #running: Gauge;
  readonly #total: Counter<"tenant">;

  constructor(options: QueryServiceOptions) {
    this.#options = options;
    this.#gate = new Semaphore(options.config.max_concurrent);
    const registers = [options.telemetry.registry];
    this.#running = new Gauge({
      name: "narthex_querier_queries_in_progress",
      help: "Queries being evaluated.",
      registers,
    });
    this.#total = new Counter({
      name: "narthex_querier_queries_total",
      help: "Queries evaluated.",
      labelNames: ["tenant"],
      registers,
    });
  }

  /** Evaluates at one instant; times in ms. */
  instant(
    tenants: readonly string[],
    query: string,
    options: { timeMs: number; lookbackDeltaMs?: number; timeoutMs?: number },
    signal: AbortSignal,
  ): Promise<QueryResult> {
    return this.#evaluate(
      tenants,
      signal,
      (engine, querier) => engine.instant(querier, query, options, signal),
      options.timeoutMs,
    );
  }

  /** Evaluates over a range; times in ms. */
  range(
    tenants: readonly string[],
    query: string,
    options: RangeOptions & { timeoutMs?: number },
    signal: AbortSignal,
  ): Promise<QueryResult> {
    const max = this.#strictest(tenants, "max_query_length");
    const length = options.endMs - options.startMs;
    if (max > 0 && length > max) {
      throw new NarthexError(
        "execution",
        `the query time range of ${length / 1000} s exceeds the limit of ${max / 1000} s (max_query_length)`,
      );
    }
    return this.#evaluate(
      tenants,
      signal,
      (engine, querier) => engine.range(querier, query, options, signal),
      options.timeoutMs,
    );
  }

  async #evaluate(
    tenants: readonly string[],
    signal: AbortSignal,
    work: (engine: Engine, querier: Querier) => Promise<QueryResult>,
    timeoutMs?: number,
  ): Promise<QueryResult> {
    const { config } = this.#options;
    const release = await this.#gate.acquire(signal);
    this.#running.inc();
    try {
      this.#total.inc({ tenant: tenants.join("|") });
      const engine = new Engine({
        lookbackDeltaMs: config.lookback_delta,
        timeoutMs: Math.min(config.timeout, timeoutMs ?? config.timeout),
        maxSamples: this.#strictest(tenants, "max_samples_per_query") || Number.MAX_SAFE_INTEGER,
      });
      return await work(engine, this.querier(tenants));
    } finally {
      this.#running.dec();
      release();
    }
  }

  /** The smallest limit of several tenants; 0 if none has one. */
  #strictest(
    tenants: readonly string[],
    key: "max_samples_per_query" | "max_query_length" | "max_fetched_series_per_query",
  ): number {
    const set = tenants.map((tenant) => this.#options.limits.for(tenant)[key]).filter((n) => n > 0);
    return set.length === 0 ? 0 : Math.min(...set);
  }

  /** Decoded series of tenants. */
  querier(tenants: readonly string[]): Querier {
    return chunkQuerierAsQuerier(this.chunkQuerier(tenants));
  }

  /** Series of tenants as chunks; with several tenants, each has the label `__tenant_id__`. */
  chunkQuerier(tenants: readonly string[]): ChunkQuerier {
    const max = this.#strictest(tenants, "max_fetched_series_per_query");
    const whole =
      tenants.length === 1
        ? this.#tenant(tenants[0]!)
        : mergeChunkQueriers(tenants.map((tenant) => federated(this.#tenant(tenant), tenant)));
    return max > 0 ? limited(whole, max) : whole;
  }

  #tenant(tenant: string): ChunkQuerier {
    const { recent, stores } = this.#options;
    const recentQuerier: ChunkQuerier = {
      selectChunks: (params, signal) => recent.select(tenant, params, signal),
      labelNames: (params, signal) => recent.labelNames(tenant, params, signal),
      labelValues: (name, params, signal) => recent.labelValues(tenant, name, params, signal),
    };
    return mergeChunkQueriers([recentQuerier, stores.querier(tenant)]);
  }

  async metadata(
    tenants: readonly string[],
    params: MetadataParams,
    signal: AbortSignal,
  ): Promise<readonly MetricMetadata[]> {
    const { recent } = this.#options;
    const lists = await Promise.all(
      tenants.map((tenant) => recent.metadata(tenant, params, signal)),
    );
    return lists.flat();
  }

  tenantStats(signal: AbortSignal): Promise<readonly TenantStats[]> {
    return this.#options.recent.tenantStats(signal);
  }
}

/** Refuses to stream more than `max` series. */
function limited(inner: ChunkQuerier, max: number): ChunkQuerier {
  return {
    labelNames: (params, signal) => inner.labelNames(params, signal),
    labelValues: (name, params, signal) => inner.labelValues(name, params, signal),
    async *selectChunks(params, signal) {
      let count = 0;
      for await (const batch of inner.selectChunks(params, signal)) {
        count += batch.length;
        if (count > max) {
          throw new NarthexError(
            "execution",
            `the query reads more than ${max} series (max_fetched_series_per_query)`,
          );
        }
        yield batch;
      }
    },
  };
}

/** One tenant's series among those of others: matchers on the tenant label pick tenants. */
function federated(inner: ChunkQuerier, tenant: string): ChunkQuerier {
  const split = <T extends { matchers: readonly Matcher[] }>(params: T): T | undefined => {
    const own = params.matchers.filter((matcher) => matcher.name === TENANT_LABEL);
    if (!own.every((matcher) => matcher.matches(tenant))) return undefined;
    const rest = params.matchers.filter((matcher) => matcher.name !== TENANT_LABEL);
    if (own.length > 0 && rest.length === 0) rest.push(new Matcher("!=", "__name__", ""));
    return { ...params, matchers: rest };
  };
  return {
    async *selectChunks(params: SelectParams, signal: AbortSignal) {
      const narrowed = split(params);
      if (narrowed === undefined) return;
      const all: ChunkSeries[] = [];
      for await (const batch of inner.selectChunks(narrowed, signal)) {
        for (const { labels, chunks } of batch) {
          all.push({ labels: withLabel(labels, TENANT_LABEL, tenant) as Labels, chunks });
        }
      }
      // The label may change the order where another set ends before it.
      all.sort((a, b) => compareLabels(a.labels, b.labels));
      if (all.length > 0) yield all;
    },
    async labelNames(params: LabelParams, signal: AbortSignal) {
      const narrowed = split(params);
      if (narrowed === undefined) return [];
      return uniteStrings([await inner.labelNames(narrowed, signal), [TENANT_LABEL]]);
    },
    async labelValues(name: string, params: LabelParams, signal: AbortSignal) {
      const narrowed = split(params);
      if (narrowed === undefined) return [];
      return name === TENANT_LABEL ? [tenant] : inner.labelValues(name, narrowed, signal);
    },
  };
}
