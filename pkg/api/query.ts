import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { compareLabels, type Labels, type Matcher } from "#pkg/labels/mod.ts";
import {
  astToJson,
  parseExpr,
  parseMetricSelector,
  prettify,
  type QueryResult,
} from "#pkg/promql/mod.ts";
import type { MetricMetadata } from "#pkg/rpc/mod.ts";
import { type Querier, uniteStrings } from "#pkg/storage/mod.ts";
import type { TenantResolver } from "#pkg/tenant/mod.ts";
import { queryJson, seriesJson, successJson } from "./json.ts";
import { Params } from "./params.ts";
import { clientSignal } from "./server.ts";
import { tenantHeader } from "./write.ts";

/** What the query routes need. */
export interface QueryApi {
  instant(
    tenants: readonly string[],
    query: string,
    options: { timeMs: number; lookbackDeltaMs?: number; timeoutMs?: number },
    signal: AbortSignal,
  ): Promise<QueryResult>;
  range(
    tenants: readonly string[],
    query: string,
    options: {
      startMs: number;
      endMs: number;
      stepMs: number;
      lookbackDeltaMs?: number;
      timeoutMs?: number;
    },
    signal: AbortSignal,
  ): Promise<QueryResult>;
  querier(tenants: readonly string[]): Querier;
  metadata(
    tenants: readonly string[],
    params: { metric?: string; limit?: number },
    signal: AbortSignal,
  ): Promise<readonly MetricMetadata[]>;
}

export interface QueryRoutesOptions {
  readonly query: QueryApi;
  readonly tenants: TenantResolver;
  readonly clock: Clock;
  readonly buildInfo: Readonly<Record<string, unknown>>;
}

/** Far beyond any sample: what `start` and `end` are when a request has none. */
const MIN_TIME_MS = -8.64e15;
const MAX_TIME_MS = 8.64e15;
/** Where the API is found: as Grafana and Mimir address it, and as Prometheus has it. */
const PREFIXES = ["/prometheus/api/v1", "/api/v1"];

/** Largest form, as Go's server has it; bodies of writes may be larger. */
const FORM_BYTES_MAX = 10 * 1024 * 1024;

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
              params: new Params(request.url, formOf(request)),
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
      add(both, "/series", (call) => handlers.series(call));
      add(both, "/labels", (call) => handlers.labels(call));
      add(["GET"], "/label/:name/values", (call) => handlers.labelValues(call));
      add(["GET"], "/metadata", (call) => handlers.metadata(call));
      add(both, "/format_query", async ({ params }) =>
        successJson(prettify(parseExpr(params.required("query")))),
      );
      add(both, "/parse_query", async ({ params }) =>
        successJson(astToJson(parseExpr(params.required("query")))),
      );
      add(["GET"], "/status/buildinfo", async () => successJson(options.buildInfo));
    }
  };
}

function send(reply: FastifyReply, text: string): FastifyReply {
  return reply.type("application/json").send(text);
}

function formOf(request: FastifyRequest): string | undefined {
  const type = request.headers["content-type"] ?? "";
  if (!(request.body instanceof Uint8Array) || request.body.length === 0) return undefined;
  if (!type.startsWith("application/x-www-form-urlencoded")) {
    throw new NarthexError(
      "unsupported",
      `content type ${type}, want application/x-www-form-urlencoded`,
    );
  }
  if (request.body.length > FORM_BYTES_MAX) {
    throw new NarthexError(
      "too_large",
      `form of ${request.body.length} bytes, want at most ${FORM_BYTES_MAX}`,
    );
  }
  return Buffer.from(request.body).toString("utf8");
}

class Handlers {
  readonly #options: QueryRoutesOptions;

  constructor(options: QueryRoutesOptions) {
    this.#options = options;
  }

  async query({ params, tenants, signal, reply }: Call): Promise<unknown> {
    const { query, clock } = this.#options;
    const text = params.required("query");
    const timeMs = params.time("time", clock.now());
    const result = await query.instant(tenants, text, { timeMs, ...common(params) }, signal);
    return streamed(reply, queryJson(limitResult(result, params.limit()), wantsStats(params)));
  }

  async queryRange({ params, tenants, signal, reply }: Call): Promise<unknown> {
    const text = params.required("query");
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
    if ((endMs - startMs) / stepMs > 11_000) {
      throw new NarthexError(
        "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
      );
    }
    const options = { startMs, endMs, stepMs, ...common(params) };
    const result = await this.#options.query.range(tenants, text, options, signal);
    return streamed(reply, queryJson(limitResult(result, params.limit()), wantsStats(params)));
  }

  async series({ params, tenants, signal, reply }: Call): Promise<unknown> {
    const sets = matcherSets(params);
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
    return streamed(
      reply,
      seriesJson(kept, () => ({ warnings })),
    );
  }

  async labels({ params, tenants, signal }: Call): Promise<string> {
    const querier = this.#options.query.querier(tenants);
    return this.#names(params, (matchers, range, onWarning) =>
      querier.labelNames({ ...range, matchers, onWarning }, signal),
    );
  }

  async labelValues({ params, tenants, signal, request }: Call): Promise<string> {
    const raw = (request.params as { name: string }).name;
    const name = raw.startsWith("U__") ? unescapeName(raw) : raw;
    if (name === "") throw new NarthexError("bad_data", `invalid label name: "${name}"`);
    const querier = this.#options.query.querier(tenants);
    return this.#names(params, (matchers, range, onWarning) =>
      querier.labelValues(name, { ...range, matchers, onWarning }, signal),
    );
  }

  async #names(
    params: Params,
    ask: (
      matchers: readonly Matcher[],
      range: { mint: number; maxt: number },
      onWarning: (warning: string) => void,
    ) => Promise<string[]>,
  ): Promise<string> {
    const sets = matcherSets(params);
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

/** Streams pieces of JSON; slow clients hold back the generator. */
function streamed(reply: FastifyReply, pieces: Generator<string>): FastifyReply {
  const first = pieces.next();
  const second = pieces.next();
  // Most answers are one piece, which needs no stream.
  if (second.done === true) return send(reply, first.value ?? "");
  const rest = (function* () {
    yield first.value as string;
    yield second.value;
    yield* pieces;
  })();
  return reply.type("application/json").send(Readable.from(rest, { objectMode: false }));
}

function common(params: Params): { lookbackDeltaMs?: number; timeoutMs?: number } {
  const lookback = params.get("lookback_delta");
  const timeout = params.get("timeout");
  return {
    ...(lookback === undefined ? {} : { lookbackDeltaMs: params.duration("lookback_delta") }),
    ...(timeout === undefined ? {} : { timeoutMs: params.duration("timeout") }),
  };
}

function wantsStats(params: Params): boolean {
  return params.get("stats") !== undefined;
}

function limitResult(result: QueryResult, limit: number): QueryResult {
  const { value } = result;
  if (limit === 0) return result;
  const warnings = [...result.warnings, "results truncated due to limit"];
  if (value.type === "vector" && value.labels.length > limit) {
    const labels = value.labels.slice(0, limit);
    return {
      ...result,
      warnings,
      value: { ...value, labels, values: value.values.slice(0, limit) },
    };
  }
  if (value.type === "matrix" && value.series.length > limit) {
    return { ...result, warnings, value: { ...value, series: value.series.slice(0, limit) } };
  }
  if (value.type === "samples" && value.series.length > limit) {
    return { ...result, warnings, value: { ...value, series: value.series.slice(0, limit) } };
  }
  return result;
}

function matcherSets(params: Params): (readonly Matcher[])[] {
  return params.all("match[]").map((text) => parseMetricSelector(text));
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
