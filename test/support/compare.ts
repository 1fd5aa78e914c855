/** One series of an answer: its labels as a key, and its points. */
type Answer = Map<string, readonly (readonly [number, string])[]>;

interface ApiResult {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value?: [number, string];
      readonly values?: [number, string][];
    }[];
  };
}

/** GETs an API path of a server and returns its `data`; throws with the error it gives. */
export async function api<T>(
  base: string,
  path: string,
  params: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<T> {
  const url = `${base}/api/v1/${path}?${new URLSearchParams(params)}`;
  const response = await fetch(url, { headers });
  const body = (await response.json()) as { status: string; error?: string; data: T };
  if (body.status !== "success")
    throw new Error(`${base} ${path} ${JSON.stringify(params)}: ${body.error}`);
  return body.data;
}

async function ask(
  base: string,
  path: string,
  params: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const data = await api<ApiResult["data"] | null>(base, path, params, headers);
  const answer: Answer = new Map();
  if (data === null) return answer;
  if (data.resultType === "scalar") {
    answer.set("scalar", [data.result as unknown as [number, string]]);
    return answer;
  }
  for (const { metric, value, values } of data.result) {
    const key = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
    answer.set(key, values ?? (value ? [value] : []));
  }
  return answer;
}

function sameNumber(a: string, b: string, relative: number): boolean {
  if (a === b) return true;
  const x = Number(a);
  const y = Number(b);
  if (Number.isNaN(x) && Number.isNaN(y)) return true;
  return Math.abs(x - y) <= relative * Math.max(Math.abs(x), Math.abs(y));
}

/** Two bases of the Prometheus API, and headers for the one under test. */
export interface Servers {
  readonly got: string;
  readonly want: string;
  readonly headers?: Record<string, string>;
}

/** What differs between two answers, a line each; none if they are equal. */
export function differences(got: Answer, want: Answer, relative = 1e-9): string[] {
  const out: string[] = [];
  for (const key of want.keys()) if (!got.has(key)) out.push(`missing ${key}`);
  for (const [key, points] of got) {
    const others = want.get(key);
    if (others === undefined) {
      out.push(`extra ${key}`);
      continue;
    }
    if (points.length !== others.length) {
      out.push(`${key}: ${points.length} points, want ${others.length}`);
      continue;
    }
    for (let i = 0; i < points.length; i++) {
      const [t, value] = points[i] as readonly [number, string];
      const [otherT, other] = others[i] as readonly [number, string];
      if (t !== otherT || !sameNumber(value, other, relative)) {
        out.push(`${key} point ${i}: ${t} ${value}, want ${otherT} ${other}`);
        break;
      }
    }
  }
  return out;
}

/** Asks both servers the same; the differences, prefixed with the query. */
export async function compareQuery(
  servers: Servers,
  path: "query" | "query_range",
  params: Record<string, string>,
): Promise<string[]> {
  const [got, want] = await Promise.all([
    ask(servers.got, path, params, servers.headers),
    ask(servers.want, path, params),
  ]);
  return differences(got, want).map((line) => `${params["query"]}: ${line}`);
}

/** How many series a query gives. */
export async function seriesCount(base: string, query: string, time: number): Promise<number> {
  return (await ask(base, "query", { query, time: String(time) })).size;
}

/**
 * A time in seconds at least `ageMs` ago that is no sample's: its milliseconds lie farthest from
 * those at which the targets are scraped. Prometheus 3 leaves the start of a range out, 2 does not.
 */
export async function quietTime(base: string, ageMs: number): Promise<number> {
  const data = await api<ApiResult["data"]>(base, "query", { query: "timestamp(up)" });
  const taken = data.result.map(({ value }) => Math.round(Number(value?.[1] ?? 0) * 1000) % 1000);
  let best = 0;
  let bestGap = -1;
  for (let ms = 0; ms < 1000; ms++) {
    const gap = Math.min(
      ...taken.map((other) => Math.min(Math.abs(ms - other), 1000 - Math.abs(ms - other))),
    );
    if (gap > bestGap) {
      best = ms;
      bestGap = gap;
    }
  }
  return (Math.floor((Date.now() - ageMs) / 1000) * 1000 + best) / 1000;
}

/**
 * Compares two functions over `window` for every series of every metric, and the range queries over
 * the last `spanSeconds`. What the windows of those reach (1 min) should not go back to before the
 * first samples: 2.x and 3.x extrapolate a counter that starts inside a window differently.
 */
export async function compareEverything(
  servers: Servers,
  at: number,
  window: string,
  spanSeconds: number,
): Promise<{ metrics: number; series: number; differences: string[] }> {
  const names = await api<string[]>(servers.want, "label/__name__/values");
  const out: string[] = [];
  let series = 0;
  for (const name of names) {
    for (const func of ["count_over_time", "sum_over_time"]) {
      const query = `${func}({__name__="${name}"}[${window}])`;
      const params = { query, time: String(at) };
      out.push(...(await compareQuery(servers, "query", params)));
    }
    series += await seriesCount(servers.want, `{__name__="${name}"}`, at);
  }
  for (const query of RANGE_QUERIES) {
    const step = String(Math.max(1, Math.floor(spanSeconds / 16)));
    const params = { query, start: String(at - spanSeconds), end: String(at), step };
    out.push(...(await compareQuery(servers, "query_range", params)));
  }
  return { metrics: names.length, series, differences: out };
}

/** Queries of everyday dashboards over what node-exporter, Prometheus and Narthex expose. */
export const RANGE_QUERIES: readonly string[] = [
  "up",
  "up offset 20s",
  'node_cpu_seconds_total{mode!="idle"}',
  "rate(node_cpu_seconds_total[30s])",
  "irate(node_cpu_seconds_total[30s])",
  "increase(prometheus_tsdb_head_samples_appended_total[1m])",
  "sum by (mode) (rate(node_cpu_seconds_total[30s]))",
  'avg without (cpu) (rate(node_cpu_seconds_total{mode=~"user|system"}[30s]))',
  '100 - avg(rate(node_cpu_seconds_total{mode="idle"}[30s])) * 100',
  "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes",
  "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes > 0.01",
  "topk(3, rate(process_cpu_seconds_total[30s]))",
  "bottomk(2, process_resident_memory_bytes)",
  "count by (job) ({__name__!=''})",
  "quantile(0.9, scrape_duration_seconds)",
  "stddev by (job) (scrape_samples_scraped)",
  "max_over_time(go_goroutines[40s])",
  "min_over_time(process_resident_memory_bytes[40s])",
  "avg_over_time(scrape_duration_seconds[40s])",
  "stdvar_over_time(go_goroutines[40s])",
  "quantile_over_time(0.5, go_goroutines[40s])",
  "histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket{handler='/metrics'}[1m])))",
  "delta(node_load1[1m])",
  "deriv(process_resident_memory_bytes[1m])",
  "predict_linear(node_load1[1m], 60)",
  "changes(go_goroutines[1m]) + resets(node_cpu_seconds_total[1m]) or up",
  'label_replace(up, "host", "$1", "instance", "(.*):.*")',
  "up * on (job, instance) group_right scrape_samples_scraped",
  "max_over_time(sum(rate(node_cpu_seconds_total[30s]))[1m:10s])",
  "clamp_max(absent(nonexistent_metric) + scalar(count(up)), 3) unless on () vector(0) < 0",
  "ceil(sort_desc(node_load1)) and node_load5 < bool 1e6",
  "last_over_time(up[30s]) == on (instance, job) group_left present_over_time(up[30s])",
];
