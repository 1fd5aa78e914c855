import { type Release, Semaphore, withEnd, withTimeout } from "#pkg/async/mod.ts";
import { chunkQuerierAsQuerier } from "#pkg/chunkenc/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import { codeOf, NarthexError } from "#pkg/errs/mod.ts";
import {
  type ExemplarParams,
  mergeSeriesExemplars,
  type SeriesExemplars,
} from "#pkg/exemplar/mod.ts";
import { compareLabels, type Labels, Matcher } from "#pkg/labels/mod.ts";
import type { Limits } from "#pkg/limits/mod.ts";
import type {
  AnswerOptions,
  QueryAnswer,
  QueryExecutor,
  QueryRequest,
} from "#pkg/query-eval/mod.ts";
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
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { ActiveQueries, type QueryClient, type QueryUsage } from "./active-queries.ts";
import { type RecentReads, withLabel } from "./ingester-reads.ts";
import { QuerierMetrics } from "./metrics.ts";
import { accounted, checkQuery, type QueryLimits, queryLimits } from "./query-limits.ts";
import type { StoreReads } from "./store-reads.ts";

/** Names the tenant of each series in answers over several tenants, as in Mimir. */
const TENANT_LABEL = "__tenant_id__";

export interface QueryServiceOptions {
  readonly config: Config["querier"];
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly recent: RecentReads;
  readonly stores: StoreReads;
  /** Where queries are evaluated; owned by the caller. */
  readonly executor: QueryExecutor;
}

/** A query as a client asks it; times in ms. */
export interface QueryInput {
  readonly query: string;
  readonly startMs: number;
  /** As `startMs` for an instant query. */
  readonly endMs: number;
  /** 0 for an instant query. */
  readonly stepMs: number;
  readonly lookbackDeltaMs?: number;
  readonly timeoutMs?: number;
  readonly answer: AnswerOptions;
  readonly client?: QueryClient;
}

/** Answers queries of tenants over recent data and blocks. */
export class QueryService {
  readonly active: ActiveQueries;
  readonly #options: QueryServiceOptions;
  readonly #gate: Semaphore;
  readonly #metrics: QuerierMetrics;

  constructor(options: QueryServiceOptions) {
    this.#options = options;
    this.active = new ActiveQueries(options.clock);
    this.#gate = new Semaphore(options.config.max_concurrent);
    this.#metrics = new QuerierMetrics(options.telemetry);
  }

  /** What queries over `tenants` may cost and use, now. */
  limits(tenants: readonly string[]): QueryLimits {
    return queryLimits(tenants.map((tenant) => this.#options.limits.for(tenant)));
  }

  /**
   * Evaluates a query. It stays on the list of active ones until its answer has been read or given
   * up, or it was cancelled; the next in turn begins once it is evaluated. The time that it waits
   * for its turn is part of its time limit.
   */
  async query(
    tenants: readonly string[],
    input: QueryInput,
    signal: AbortSignal,
  ): Promise<QueryAnswer> {
    const { clock } = this.#options;
    const limits = this.limits(tenants);
    checkQuery(limits, input);
    let request = this.#request(input, limits);
    const ticket = this.active.add({ ...input, tenants, client: input.client ?? {} }, signal);
    const end = this.#metrics.begin(tenants);
    let release: Release | undefined;
    let isDone = false;
    const done = (): void => {
      if (isDone) return;
      isDone = true;
      ticket.signal.removeEventListener("abort", done);
      ticket.done();
      end(ticket.usage);
    };
    try {
      const came = clock.monotonic();
      const most = shortest(this.#options.config.timeout, input.timeoutMs);
      release = await this.#turn(ticket.signal, most);
      const left = Math.max(1, most - (clock.monotonic() - came));
      request = { ...request, timeoutMs: shortest(request.timeoutMs, left) };
      ticket.started();
      const source = this.#chunks(tenants, limits, ticket.usage);
      const answer = await this.#options.executor.run(request, source, {
        signal: ticket.signal,
        onProgress: (samples) => {
          ticket.usage.samples = samples;
        },
      });
      ticket.usage.samples = answer.totalSamples;
      // A client that has stopped reading would keep a cancelled query on the list.
      ticket.signal.addEventListener("abort", done, { once: true });
      if (ticket.signal.aborted) done();
      return { ...answer, pieces: withEnd(answer.pieces, done) };
    } catch (error) {
      done();
      throw release ? overDuration(error, request, limits) : error;
    } finally {
      release?.();
    }
  }

  /** Waits for one of the places; a `timeout` error after `ms`. */
  async #turn(signal: AbortSignal, ms: number): Promise<Release> {
    const timed = withTimeout(signal, ms, this.#options.clock);
    try {
      return await this.#gate.acquire(timed.signal);
    } catch (error) {
      if (signal.aborted || codeOf(error) !== "timeout") throw error;
      const { permits } = this.#gate;
      throw new NarthexError(
        "timeout",
        `the query waited ${ms / 1000} s for one of ${permits} places (querier.max_concurrent)`,
        { cause: error },
      );
    } finally {
      timed.dispose();
    }
  }

  #request(input: QueryInput, limits: QueryLimits): QueryRequest {
    const { config } = this.#options;
    const { query, startMs, endMs, stepMs, answer } = input;
    return {
      ...{ query, startMs, endMs, stepMs, answer },
      lookbackDeltaMs: input.lookbackDeltaMs || config.lookback_delta,
      timeoutMs: shortest(config.timeout, limits.max_query_duration, input.timeoutMs),
      maxSamples: limits.max_samples_per_query,
      maxMemoryBytes: limits.max_estimated_memory_consumption_per_query,
      // Checked already, with the limit's name.
      maxSteps: 0,
      parse: limits.parse,
      features: limits.features,
    };
  }

  /** Decoded series of tenants. */
  querier(tenants: readonly string[]): Querier {
    return chunkQuerierAsQuerier(this.chunkQuerier(tenants));
  }

  /** Series of tenants as chunks; with several tenants, each has the label `__tenant_id__`. */
  chunkQuerier(tenants: readonly string[]): ChunkQuerier {
    const usage: QueryUsage = { samples: 0, series: 0, chunks: 0, chunkBytes: 0 };
    return this.#chunks(tenants, this.limits(tenants), usage);
  }

  /** What is read is counted tenant by tenant: what those of several have is gathered first. */
  #chunks(tenants: readonly string[], limits: QueryLimits, usage: QueryUsage): ChunkQuerier {
    const one = (tenant: string): ChunkQuerier => accounted(this.#tenant(tenant), limits, usage);
    return tenants.length === 1
      ? one(tenants[0]!)
      : mergeChunkQueriers(tenants.map((tenant) => federated(one(tenant), tenant)));
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

  /** Exemplars of tenants, which ingesters hold; with several tenants, each series says whose it is. */
  async exemplars(
    tenants: readonly string[],
    params: ExemplarParams,
    signal: AbortSignal,
  ): Promise<readonly SeriesExemplars[]> {
    const { recent } = this.#options;
    const [only] = tenants;
    if (tenants.length === 1) return recent.exemplars(only!, params, signal);
    const ask = async (tenant: string): Promise<readonly SeriesExemplars[]> => {
      const sets = params.matcherSets.map((set) => ownMatchers(set, tenant));
      const matcherSets = sets.filter((set) => set !== undefined);
      if (matcherSets.length === 0) return [];
      const found = await recent.exemplars(tenant, { ...params, matcherSets }, signal);
      return found
        .map((one) => ({ ...one, labels: withLabel(one.labels, TENANT_LABEL, tenant) }))
        .sort((a, b) => compareLabels(a.labels, b.labels));
    };
    return mergeSeriesExemplars(await Promise.all(tenants.map(ask)));
  }

  tenantStats(signal: AbortSignal): Promise<readonly TenantStats[]> {
    return this.#options.recent.tenantStats(signal);
  }
}

/** The shortest of several times, ms; 0 and absent ones do not count. */
function shortest(...times: readonly (number | undefined)[]): number {
  return Math.min(...times.filter((ms) => ms !== undefined && ms > 0).map(Number));
}

/** The error of a query whose time was the tenant's limit says so: asking again would not help. */
function overDuration(error: unknown, request: QueryRequest, limits: QueryLimits): unknown {
  const most = limits.max_query_duration;
  if (codeOf(error) !== "timeout" || most === 0 || request.timeoutMs < most) return error;
  return new NarthexError(
    "execution",
    `the query ran for longer than ${most / 1000} s, the limit of its tenant (max_query_duration)`,
    { cause: error, detail: { limit: most } },
  );
}

/** What is left of `matchers` for one tenant among others; undefined if they want others only. */
function ownMatchers(matchers: readonly Matcher[], tenant: string): Matcher[] | undefined {
  const own = matchers.filter((matcher) => matcher.name === TENANT_LABEL);
  if (!own.every((matcher) => matcher.matches(tenant))) return undefined;
  const rest = matchers.filter((matcher) => matcher.name !== TENANT_LABEL);
  if (own.length > 0 && rest.length === 0) rest.push(new Matcher("!=", "__name__", ""));
  return rest;
}

/** One tenant's series among those of others: matchers on the tenant label pick tenants. */
function federated(inner: ChunkQuerier, tenant: string): ChunkQuerier {
  const split = <T extends { matchers: readonly Matcher[] }>(params: T): T | undefined => {
    const matchers = ownMatchers(params.matchers, tenant);
    return matchers === undefined ? undefined : { ...params, matchers };
  };
  return {
    async *selectChunks(params: SelectParams, signal: AbortSignal) {
      const narrowed = split(params);
      if (narrowed === undefined) return;
      const all: ChunkSeries[] = [];
      let last: Labels | undefined;
      let isSorted = true;
      for await (const batch of inner.selectChunks(narrowed, signal)) {
        for (const { labels: own, chunks } of batch) {
          const labels = withLabel(own, TENANT_LABEL, tenant);
          isSorted &&= last === undefined || compareLabels(last, labels) <= 0;
          last = labels;
          all.push({ labels, chunks });
        }
      }
      // The label may change the order where another set ends before it. That is rare, and to find
      // out batch by batch keeps nobody waiting.
      if (!isSorted) all.sort((a, b) => compareLabels(a.labels, b.labels));
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
