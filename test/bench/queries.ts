import { type BenchServer, cpuOf } from "./servers.ts";

/** What one query cost. */
export interface QueryFigures {
  readonly query: string;
  readonly cpuMs: number;
  readonly wallMs: number;
}

interface Query {
  readonly expr: string;
  /** Range query over the last minutes with a step in seconds; else instant. */
  readonly range?: { readonly minutes: number; readonly step: number };
}

const RANGE = { minutes: 9, step: 15 };

/** Over the data of `Load`. */
const QUERIES: readonly Query[] = [
  { expr: "bench_service_requests_total_0" },
  { expr: 'bench_service_requests_total_0{job="team-0/service-0"}', range: RANGE },
  { expr: "count({__name__=~'bench_service_.*'})" },
  { expr: "sum(bench_service_memory_bytes_1)", range: RANGE },
  { expr: "sum by (job) (rate(bench_service_requests_total_0[5m]))" },
  { expr: "sum by (job) (rate(bench_service_requests_total_0[5m]))", range: RANGE },
  {
    expr: "sum by (namespace) (rate({__name__=~'bench_service_requests_total_.*'}[5m]))",
    range: RANGE,
  },
  { expr: "avg by (container) (bench_service_memory_bytes_4)", range: RANGE },
  { expr: "max_over_time(bench_service_memory_bytes_1[5m])", range: RANGE },
  { expr: "quantile by (job) (0.9, bench_service_memory_bytes_7)", range: RANGE },
  { expr: "topk(10, rate(bench_service_requests_total_3[5m]))", range: RANGE },
  { expr: "stddev_over_time(bench_service_memory_bytes_1[5m])", range: RANGE },
  { expr: "increase(bench_service_requests_total_6[5m]) > 100", range: RANGE },
  {
    expr: "bench_service_memory_bytes_1 / on (instance, job, pod) bench_service_memory_bytes_1",
    range: RANGE,
  },
  {
    expr: "sum by (job) (bench_service_requests_total_0) / ignoring (x) sum by (job) (bench_service_requests_total_9)",
    range: RANGE,
  },
  { expr: "label_replace(bench_service_state_2, 'host', '$1', 'instance', '(.*):.*')" },
  { expr: "avg_over_time(sum(rate(bench_service_requests_total_0[1m]))[5m:30s])", range: RANGE },
  { expr: "deriv(bench_service_memory_bytes_4[5m])", range: RANGE },
  { expr: "changes(bench_service_state_2[5m])", range: RANGE },
  { expr: "count by (job) (bench_service_state_5 > 0)", range: RANGE },
];

const WALL_MS_MIN = 600;
const REPEATS_MIN = 5;

/** Runs every query often enough that the server's CPU clock can tell, after one to warm up. */
export async function measureQueries(server: BenchServer, endMs: number): Promise<QueryFigures[]> {
  const out: QueryFigures[] = [];
  for (const query of QUERIES) {
    const url = urlOf(server, query, endMs);
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

function urlOf(server: BenchServer, query: Query, endMs: number): string {
  const end = endMs / 1000;
  const params = new URLSearchParams({ query: query.expr });
  if (query.range === undefined) {
    params.set("time", String(end));
    return `${server.queryUrl}/api/v1/query?${params}`;
  }
  params.set("start", String(end - query.range.minutes * 60));
  params.set("end", String(end));
  params.set("step", String(query.range.step));
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
