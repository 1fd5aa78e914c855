import { type BenchServer, cpuOf } from "./servers.ts";

/** What one query cost. */
export interface QueryFigures {
  readonly query: string;
  readonly cpuMs: number;
  readonly wallMs: number;
}

interface Query {
  readonly expr: string;
  /** A range query over all but the first minute of the data; else instant. */
  readonly range?: boolean;
}

/** Steps of a range query, about as many as a graph has points. */
const STEPS = 240;
const STEP_S_MIN = 15;

/** Over the data of `Load`. */
const QUERIES: readonly Query[] = [
  { expr: "bench_service_requests_total_0" },
  { expr: 'bench_service_requests_total_0{job="team-0/service-0"}', range: true },
  { expr: "count({__name__=~'bench_service_.*'})" },
  { expr: "sum(bench_service_memory_bytes_1)", range: true },
  { expr: "sum by (job) (rate(bench_service_requests_total_0[5m]))" },
  { expr: "sum by (job) (rate(bench_service_requests_total_0[5m]))", range: true },
  {
    expr: "sum by (namespace) (rate({__name__=~'bench_service_requests_total_.*'}[5m]))",
    range: true,
  },
  { expr: "avg by (container) (bench_service_memory_bytes_4)", range: true },
  { expr: "max_over_time(bench_service_memory_bytes_1[5m])", range: true },
  { expr: "quantile by (job) (0.9, bench_service_memory_bytes_7)", range: true },
  { expr: "topk(10, rate(bench_service_requests_total_3[5m]))", range: true },
  { expr: "stddev_over_time(bench_service_memory_bytes_1[5m])", range: true },
  { expr: "increase(bench_service_requests_total_6[5m]) > 100", range: true },
  {
    expr: "bench_service_memory_bytes_1 / on (instance, job, pod) bench_service_memory_bytes_1",
    range: true,
  },
  {
    expr: "sum by (job) (bench_service_requests_total_0) / ignoring (x) sum by (job) (bench_service_requests_total_9)",
    range: true,
  },
  { expr: "label_replace(bench_service_state_2, 'host', '$1', 'instance', '(.*):.*')" },
  { expr: "avg_over_time(sum(rate(bench_service_requests_total_0[1m]))[5m:30s])", range: true },
  { expr: "deriv(bench_service_memory_bytes_4[5m])", range: true },
  { expr: "changes(bench_service_state_2[5m])", range: true },
  { expr: "count by (job) (bench_service_state_5 > 0)", range: true },
];

/** A server is asked the same query for at least so long in each round, to see its CPU clock move. */
const ROUND_MS = 300;
const ROUND_REPEATS = 3;
const ROUNDS = 3;
/** Requests before anything is measured, for caches and compilers of either side. */
const WARM_UP = 10;

/**
 * Asks every query of all servers, who take turns: what else the machine does meets all of them
 * alike. The figures of each server are in the order of `queriesOf`.
 */
export async function measureQueries(
  servers: readonly BenchServer[],
  asked: { readonly endMs: number; readonly spanMs: number; readonly queries: RegExp },
): Promise<QueryFigures[][]> {
  const out: QueryFigures[][] = servers.map(() => []);
  for (const query of QUERIES.filter(({ expr }) => asked.queries.test(expr))) {
    const asking = servers.map((server) => new Asking(server, urlOf(server, query, asked)));
    for (const one of asking) await one.warmUp();
    for (let round = 0; round < ROUNDS; round++) for (const one of asking) await one.round();
    const name = query.range ? `${query.expr} [range]` : query.expr;
    for (const [i, one] of asking.entries()) out[i]!.push({ query: name, ...one.figures() });
  }
  return out;
}

/** One query asked of one server. */
class Asking {
  readonly #server: BenchServer;
  readonly #url: string;
  readonly #times: number[] = [];
  #cpuSeconds = 0;

  constructor(server: BenchServer, url: string) {
    this.#server = server;
    this.#url = url;
  }

  async warmUp(): Promise<void> {
    for (let i = 0; i < WARM_UP; i++) await get(this.#url);
  }

  async round(): Promise<void> {
    const began = performance.now();
    this.#cpuSeconds += await cpuOf(this.#server, async () => {
      for (let i = 0; i < ROUND_REPEATS || performance.now() - began < ROUND_MS; i++) {
        const before = performance.now();
        await get(this.#url);
        this.#times.push(performance.now() - before);
      }
    });
  }

  figures(): Omit<QueryFigures, "query"> {
    const times = this.#times.sort((a, b) => a - b);
    return {
      cpuMs: (this.#cpuSeconds / times.length) * 1000,
      wallMs: times[Math.floor(times.length / 2)] ?? 0,
    };
  }
}

function urlOf(
  server: BenchServer,
  query: Query,
  { endMs, spanMs }: { endMs: number; spanMs: number },
): string {
  const end = endMs / 1000;
  const params = new URLSearchParams({ query: query.expr });
  if (query.range !== true) {
    params.set("time", String(end));
    return `${server.queryUrl}/api/v1/query?${params}`;
  }
  const seconds = spanMs / 1000 - 60;
  params.set("start", String(end - seconds));
  params.set("end", String(end));
  params.set("step", String(Math.max(STEP_S_MIN, Math.ceil(seconds / STEPS / 15) * 15)));
  return `${server.queryUrl}/api/v1/query_range?${params}`;
}

async function get(url: string): Promise<void> {
  const response = await fetch(url);
  const body = await response.text();
  if (!response.ok || !body.startsWith('{"status":"success"')) {
    throw new Error(`${url}: ${response.status} ${body.slice(0, 300)}`);
  }
  if (body.includes('"result":[]')) throw new Error(`${url}: empty result`);
}
