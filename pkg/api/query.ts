import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { withEnd } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { ExemplarParams, SeriesExemplars } from "#pkg/exemplar/mod.ts";
import { compareLabels, type Labels, type Matcher } from "#pkg/labels/mod.ts";
import {
  astToJson,
  type Expr,
  type ParseOptions,
  parseExpr,
  parseMetricSelector,
  prettify,
  walk,
} from "#pkg/promql/mod.ts";
import type { AnswerOptions, QueryAnswer, StatsLevel } from "#pkg/query-eval/mod.ts";
import type { MetricMetadata } from "#pkg/rpc/mod.ts";
import { type Querier, uniteStrings } from "#pkg/storage/mod.ts";
import type { TenantResolver } from "#pkg/tenant/mod.ts";
import { MAX_TIME_MS, MIN_TIME_MS, PREFIXES, paramsOf } from "./form.ts";
import { exemplarsJson, seriesJson, successJson } from "./json.ts";
import type { Params } from "./params.ts";
import { clientSignal } from "./server.ts";
import { tenantHeader } from "./write.ts";

/** A query as the routes pass it on; times in ms, `stepMs` 0 for an instant query. */
export interface ApiQuery {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly lookbackDeltaMs?: number;
  readonly timeoutMs?: number;
  readonly answer: AnswerOptions;
  readonly client: { readonly dashboard?: string; readonly panel?: string; readonly user?: string };
}

/** A query that has not been answered yet. */
export interface ApiActiveQuery extends Omit<ApiQuery, "answer"> {
  readonly id: string;
  readonly tenants: readonly string[];
  readonly sinceMs: number;
  readonly ageMs: number;
  readonly state: string;
  readonly usage: {
    readonly samples: number;
    readonly series: number;
    readonly chunks: number;
    readonly chunkBytes: number;
  };
}

/** What the query routes need. */
export interface QueryApi {
  query(tenants: readonly string[], query: ApiQuery, signal: AbortSignal): Promise<QueryAnswer>;
  querier(tenants: readonly string[]): Querier;
  metadata(
    tenants: readonly string[],
    params: { metric?: string; limit?: number },
    signal: AbortSignal,
  ): Promise<readonly MetricMetadata[]>;
  exemplars(
    tenants: readonly string[],
    params: ExemplarParams,
    signal: AbortSignal,
  ): Promise<readonly SeriesExemplars[]>;
  /** How queries of these tenants are parsed, and how long they may be; 0 for any length. */
  limits(tenants: readonly string[]): {
    readonly parse: ParseOptions;
    readonly max_query_expression_size_bytes: number;
  };
  readonly active: {
    list(tenants: readonly string[]): readonly ApiActiveQuery[];
    cancel(id: string, tenants: readonly string[]): void;
  };
}

export interface QueryRoutesOptions {
  readonly query: QueryApi;
  readonly tenants: TenantResolver;
  readonly clock: Clock;
  readonly buildInfo: Readonly<Record<string, unknown>>;
}

/** What every handler starts from. */
interface Call {
  readonly params: Params;
  readonly tenants: readonly string[];
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type Handler = (call: Call) => Promise<unknown>;

/** Prometheus's query API. */
export function queryRoutes(options: QueryRoutesOptions): (server: FastifyInstance) => void {
  const handlers = new Handlers(options);
  return (server) => {
    const both = ["GET", "POST"];
    for (const prefix of PREFIXES) {
      const add = (methods: string[], path: string, handler: Handler): void => {
        server.route({
          method: methods,
          url: `${prefix}${path}`,
          handler: async (request, reply) => {
            const call: Call = {
              params: paramsOf(request),
              tenants: options.tenants.several(tenantHeader(request)),
              signal: clientSignal(reply),
              request,
              reply,
            };
            const answer = await handler(call);
            return typeof answer === "string" ? send(reply, answer) : answer;
          },
        });
      };
      add(both, "/query", (call) => handlers.query(call));
      add(both, "/query_range", (call) => handlers.queryRange(call));
      add(both, "/query_exemplars", (call) => handlers.exemplars(call));
      add(both, "/series", (call) => handlers.series(call));
      add(both, "/labels", (call) => handlers.labels(call));
      add(["GET"], "/label/:name/values", (call) => handlers.labelValues(call));
      add(["GET"], "/metadata", (call) => handlers.metadata(call));
      add(both, "/format_query", async (call) => successJson(prettify(handlers.parsed(call))));
      add(both, "/parse_query", async (call) => successJson(astToJson(handlers.parsed(call))));
      add(["GET"], "/status/active_queries", async (call) => handlers.activeQueries(call));
      add(["DELETE"], "/status/active_queries/:id", async (call) => handlers.cancelQuery(call));
      add(["GET"], "/status/buildinfo", async () => successJson(options.buildInfo));
    }
  };
}

function send(reply: FastifyReply, text: string): FastifyReply {
  return reply.type("application/json").send(text);
}

class Handlers {
  readonly #options: QueryRoutesOptions;

  constructor(options: QueryRoutesOptions) {
    this.#options = options;
  }

  /** The query of a call that only wants it parsed, which is done on this thread. */
  parsed({ params, tenants }: Call): Expr {
    const text = params.required("query");
    this.#refuseLong(text, tenants);
    return parseExpr(text, this.#options.query.limits(tenants).parse);
  }

  #matcherSets({ params, tenants }: Call): (readonly Matcher[])[] {
    return params.all("match[]").map((text) => {
      this.#refuseLong(text, tenants);
      return parseMetricSelector(text);
    });
  }

  #refuseLong(text: string, tenants: readonly string[]): void {
    const most = this.#options.query.limits(tenants).max_query_expression_size_bytes;
    const size = Buffer.byteLength(text);
    if (most === 0 || size <= most) return;
    throw new NarthexError(
      "execution",
      `the expression has ${size} bytes, the limit is ${most} (max_query_expression_size_bytes)`,
      { detail: { limit: most, got: size } },
    );
  }

  async query(call: Call): Promise<unknown> {
    const { params } = call;
    const query = params.required("query");
    const timeMs = params.time("time", this.#options.clock.now());
    return this.#answer(call, { query, startMs: timeMs, endMs: timeMs, stepMs: 0 });
  }

  async queryRange(call: Call): Promise<unknown> {
    const { params } = call;
    const query = params.required("query");
    const startMs = params.time("start");
    const endMs = params.time("end");
    if (endMs < startMs) {
      throw new NarthexError(
        "bad_data",
        'invalid parameter "end": end timestamp must not be before start time',
      );
    }
    const stepMs = params.duration("step");
    if (stepMs <= 0) {
      throw new NarthexError(
        "bad_data",
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    return this.#answer(call, { query, startMs, endMs, stepMs });
  }

  async #answer(
    { params, tenants, signal, request, reply }: Call,
    query: Pick<ApiQuery, "query" | "startMs" | "endMs" | "stepMs">,
  ): Promise<FastifyReply> {
    const lookback = params.get("lookback_delta");
    const timeout = params.get("timeout");
    const { pieces } = await this.#options.query.query(
      tenants,
      {
        ...query,
        ...(lookback === undefined ? {} : { lookbackDeltaMs: params.duration("lookback_delta") }),
        ...(timeout === undefined ? {} : { timeoutMs: params.duration("timeout") }),
        answer: {
          limit: params.limit(),
          stats: statsLevel(params.get("stats")),
          explain: params.get("explain") === "analyze",
        },
        client: clientOf(request),
      },
      signal,
    );
    return streamed(reply, pieces);
  }

  /** The queries of these tenants that have not been answered yet. */
  activeQueries({ tenants }: Call): string {
    const found = this.#options.query.active.list(tenants);
    return successJson(found.map(activeQueryJson));
  }

  cancelQuery({ tenants, request }: Call): string {
    const { id } = request.params as { id: string };
    this.#options.query.active.cancel(id, tenants);
    return successJson({ id });
  }

  async series(call: Call): Promise<unknown> {
    const { params, tenants, signal, reply } = call;
    const sets = this.#matcherSets(call);
    if (sets.length === 0) throw new NarthexError("bad_data", "no match[] parameter provided");
    const { mint, maxt } = timeRange(params);
    const limit = params.limit();
    const warnings: string[] = [];
    const found: Labels[] = [];
    const querier = this.#options.query.querier(tenants);
    for (const matchers of sets) {
      const select = {
        mint,
        maxt,
        matchers,
        hints: { skipChunks: true },
        onWarning: warner(warnings),
      };
      for await (const batch of querier.select(select, signal)) {
        for (const { labels } of batch) found.push(labels);
      }
    }
    if (sets.length > 1) found.sort(compareLabels);
    const unique = found.filter(
      (labels, i) => i === 0 || compareLabels(found[i - 1]!, labels) !== 0,
    );
    const kept = truncated(unique, limit, warnings);
    return streamed(reply, encoded(seriesJson(kept, () => ({ warnings }))));
  }

  /** Exemplars of all series that the query selects. */
  async exemplars(call: Call): Promise<unknown> {
    const { params, tenants, signal, reply } = call;
    const range = timeRange(params);
    const matcherSets: (readonly Matcher[])[] = [];
    walk(this.parsed(call), (node) => {
      if (node.kind === "vectorSelector") matcherSets.push(node.matchers);
    });
    // As upstream has it for a query without selectors.
    if (matcherSets.length === 0) return reply.code(204).send();
    const found = await this.#options.query.exemplars(tenants, { ...range, matcherSets }, signal);
    return streamed(reply, encoded(exemplarsJson(found)));
  }

  async labels(call: Call): Promise<string> {
    const { tenants, signal } = call;
    const querier = this.#options.query.querier(tenants);
    return this.#names(call, (matchers, range, onWarning) =>
      querier.labelNames({ ...range, matchers, onWarning }, signal),
    );
  }

  async labelValues(call: Call): Promise<string> {
    const { tenants, signal, request } = call;
    const raw = (request.params as { name: string }).name;
    const name = raw.startsWith("U__") ? unescapeName(raw) : raw;
    if (name === "") throw new NarthexError("bad_data", `invalid label name: "${name}"`);
    const querier = this.#options.query.querier(tenants);
    return this.#names(call, (matchers, range, onWarning) =>
      querier.labelValues(name, { ...range, matchers, onWarning }, signal),
    );
  }

  async #names(
    call: Call,
    ask: (
      matchers: readonly Matcher[],
      range: { mint: number; maxt: number },
      onWarning: (warning: string) => void,
    ) => Promise<string[]>,
  ): Promise<string> {
    const { params } = call;
    const sets = this.#matcherSets(call);
    const range = timeRange(params);
    const warnings: string[] = [];
    const lists: string[][] = [];
    for (const matchers of sets.length > 0 ? sets : [[]]) {
      lists.push(await ask(matchers, range, warner(warnings)));
    }
    const all = lists.length === 1 ? lists[0]! : uniteStrings(lists);
    return successJson(truncated(all, params.limit(), warnings), { warnings });
  }

  async metadata({ params, tenants, signal }: Call): Promise<string> {
    const metric = params.get("metric");
    const perMetric = params.limit("limit_per_metric");
    const entries = await this.#options.query.metadata(
      tenants,
      metric === undefined ? {} : { metric },
      signal,
    );
    const byMetric = new Map<string, { type: string; help: string; unit: string }[]>();
    const limit = params.limit();
    for (const { metric: name, type, help, unit } of entries) {
      const list = byMetric.get(name);
      if (list === undefined) {
        if (limit > 0 && byMetric.size >= limit) continue;
        byMetric.set(name, [{ type, help, unit }]);
      } else if (perMetric === 0 || list.length < perMetric) list.push({ type, help, unit });
    }
    return successJson(Object.fromEntries(byMetric));
  }
}

/** Sends pieces of JSON as they come; slow clients hold back the source. */
async function streamed(
  reply: FastifyReply,
  source: AsyncIterable<Uint8Array>,
): Promise<FastifyReply> {
  const pieces = source[Symbol.asyncIterator]();
  const first = await pieces.next();
  const second = first.done === true ? first : await pieces.next();
  reply.type("application/json");
  // Most answers are one piece, which needs no stream.
  if (second.done === true) return reply.send(first.value ?? "");
  const started = [first.value as Uint8Array, second.value];
  const rest = (async function* () {
    yield* started;
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) return;
      yield next.value;
    }
  })();
  const ended = withEnd(rest, () => void pieces.return?.());
  return reply.send(Readable.from(ended, { objectMode: false }));
}

async function* encoded(text: Generator<string>): AsyncGenerator<Uint8Array> {
  for (const piece of text) yield Buffer.from(piece);
}

function statsLevel(value: string | undefined): StatsLevel {
  if (value === undefined) return "none";
  return value === "all" ? "all" : "basic";
}

/** Longest part of a header that is kept. */
const HEADER_CHARS = 200;

function clientOf({ headers }: FastifyRequest): ApiQuery["client"] {
  const client: { dashboard?: string; panel?: string; user?: string } = {};
  const names = {
    dashboard: "x-dashboard-uid",
    panel: "x-panel-id",
    user: "x-grafana-user",
  } as const;
  for (const key of ["dashboard", "panel", "user"] as const) {
    const value = headers[names[key]];
    if (typeof value === "string" && value !== "") client[key] = value.slice(0, HEADER_CHARS);
  }
  return client;
}

function activeQueryJson(query: ApiActiveQuery): unknown {
  const { id, tenants, client, usage, state, startMs, endMs, stepMs } = query;
  const isRange = stepMs > 0;
  return {
    id,
    tenant: tenants.join("|"),
    query: query.query,
    type: isRange ? "range" : "instant",
    ...(isRange
      ? { start: startMs / 1000, end: endMs / 1000, step: stepMs / 1000 }
      : { time: startMs / 1000 }),
    since: new Date(query.sinceMs).toISOString(),
    age: query.ageMs / 1000,
    state,
    samples: usage.samples,
    series: usage.series,
    chunks: usage.chunks,
    chunkBytes: usage.chunkBytes,
    dashboard: client.dashboard ?? "",
    panel: client.panel ?? "",
    user: client.user ?? "",
  };
}

function timeRange(params: Params): { mint: number; maxt: number } {
  const mint = params.time("start", MIN_TIME_MS);
  const maxt = params.time("end", MAX_TIME_MS);
  if (maxt < mint) {
    throw new NarthexError(
      "bad_data",
      'invalid parameter "end": end timestamp must not be before start time',
    );
  }
  return { mint, maxt };
}

function warner(warnings: string[]): (warning: string) => void {
  return (warning) => {
    if (!warnings.includes(warning)) warnings.push(warning);
  };
}

function truncated<T>(values: readonly T[], limit: number, warnings: string[]): readonly T[] {
  if (limit === 0 || values.length <= limit) return values;
  warnings.push("results truncated due to limit");
  return values.slice(0, limit);
}

/** Undoes `U__` escaping of names that are not legacy names: `_2e_` is a dot, `__` an underscore. */
function unescapeName(escaped: string): string {
  let out = "";
  for (let i = 3; i < escaped.length; i++) {
    if (escaped[i] !== "_") out += escaped[i];
    else if (escaped[i + 1] === "_") {
      out += "_";
      i++;
    } else {
      const end = escaped.indexOf("_", i + 1);
      const code = end < 0 ? Number.NaN : Number.parseInt(escaped.slice(i + 1, end), 16);
      if (Number.isNaN(code) || code > 0x10ffff) return escaped;
      out += String.fromCodePoint(code);
      i = end;
    }
  }
  return out;
}
