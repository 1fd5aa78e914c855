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

const WALL_MS_MIN = 600;
const REPEATS_MIN = 5;

/** Runs every query often enough that the server's CPU clock can tell, after one to warm up. */
export async function measureQueries(
  server: BenchServer,
  { endMs, spanMs, queries }: { endMs: number; spanMs: number; queries: RegExp },
): Promise<QueryFigures[]> {
  const out: QueryFigures[] = [];
  for (const query of QUERIES) {
    if (!queries.test(query.expr)) continue;
    const url = urlOf(server, query, { endMs, spanMs });
    await get(url);
    const times: number[] = [];
    const began = performance.now();
    const cpu = await cpuOf(server, async () => {
      while (times.length < REPEATS_MIN || performance.now() - began < WALL_MS_MIN) {
        const before = performance.now();
        await get(url);
        times.push(performance.now() - before);
      }
    });
    times.sort((a, b) => a - b);
    out.push({
      query: query.range ? `${query.expr} [range]` : query.expr,
      cpuMs: (cpu / times.length) * 1000,
      wallMs: times[Math.floor(times.length / 2)] ?? 0,
    });
  }
  return out;
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
