import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Load } from "../bench/data.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, type RunningProcess, until } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Tenants by the limit that is theirs. */
const CONFIG = `
auth: {enabled: true}
overrides:
  series: {max_fetched_series_per_query: 100}
  chunks: {max_fetched_chunks_per_query: 100}
  bytes: {max_fetched_chunk_bytes_per_query: 1000}
  samples: {max_samples_per_query: 1000}
  memory: {max_estimated_memory_consumption_per_query: 100KB}
  length: {max_query_length: 1m}
  points: {max_query_points_per_series: 5}
  text: {max_query_expression_size_bytes: 20}
  time: {max_query_duration: 300ms}
  modern: {promql_features: [promql-experimental-functions, promql-duration-expr]}
`;

const SERIES = 1000;
const SCRAPES = 20;
const END_MS = Math.floor(Date.now() / 15_000) * 15_000;
const END = END_MS / 1000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let narthex: RunningProcess;
let base = "";

beforeAll(async () => {
  folder = await temporaryFolder("query-control");
  const [port, grpcPort] = (await freePorts(2)) as [number, number];
  const file = join(folder.dir, "narthex.yaml");
  await writeFile(file, CONFIG);
  const flags = {
    "config.file": file,
    "grpc.listen": `127.0.0.1:${grpcPort}`,
    "agent.enabled": "false",
  };
  narthex = startNarthex({ dir: folder.dir, port, flags });
  base = `http://127.0.0.1:${port}`;
  await ready(narthex, port);
  const tenants = [...CONFIG.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1]!);
  for (const tenant of [...tenants, "free"]) {
    const load = new Load({
      ...{ series: SERIES, scrapes: SCRAPES, intervalMs: 15_000, endMs: END_MS },
      ...{ seed: 1, samplesPerRequest: 2000 },
    });
    for (let i = 0; i < SCRAPES; i++) {
      for (const body of load.nextScrape()) {
        const response = await fetch(`${base}/api/v1/push`, {
          method: "POST",
          body: new Uint8Array(body),
          headers: {
            "content-type": "application/x-protobuf",
            "content-encoding": "snappy",
            "x-scope-orgid": tenant,
          },
        });
        expect(response.status).toBe(204);
      }
    }
  }
});

afterAll(async () => {
  await narthex?.stop("SIGKILL");
  await folder?.remove();
});

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, compared as they are.
  readonly json: any;
}

async function get(path: string, tenant: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { "x-scope-orgid": tenant, ...(init.headers as Record<string, string>) };
  const response = await fetch(`${base}/prometheus/api/v1${path}`, { ...init, headers });
  return { status: response.status, json: await response.json() };
}

const range = (query: string, step = 15): string =>
  `/query_range?${new URLSearchParams({ query, start: String(END - 270), end: String(END), step: String(step) })}`;

const ALL = '{__name__=~"bench_.+"}';
/** Takes minutes, unless it is stopped: many sorted windows of one series. */
const ENDLESS = "quantile_over_time(0.5, (rand_like)[1h:1ms])".replace(
  "rand_like",
  "(time() * 7919) % 1000 + vector(0)",
);

test.each([
  ["series", `sum(${ALL})`, /reads \d+ series or more.* limit is 100 .*max_fetched_series_per_/],
  ["chunks", `sum(${ALL})`, /reads \d+ chunks or more.* limit is 100 .*max_fetched_chunks_per_/],
  ["bytes", `sum(${ALL})`, /reads \d+ bytes of chunks.* limit is 1000 .*max_fetched_chunk_bytes/],
  ["samples", ALL, /too many samples.*: 10\d\d, the limit is 1000 \(max_samples_per_query\)/],
  ["memory", ALL, /estimated \d+ bytes .* limit is 100000 \(max_estimated_memory_consumption_/],
  ["length", "up", /range of 270 s exceeds the limit of 60 s \(max_query_length\)/],
  ["points", "up", /has 18 steps, the limit is 5 \(max_query_points_per_series\)/],
  [
    "text",
    `sum(${ALL}) + 1`,
    /has \d\d bytes, the limit is 20 \(max_query_expression_size_bytes\)/,
  ],
])("the limit on %s is a 422 that names it and the figure", async (tenant, query, message) => {
  const got = await get(range(query), tenant);
  expect(got).toMatchObject({
    status: 422,
    json: { status: "error", errorType: "execution", error: expect.stringMatching(message) },
  });
  expect((await get(range(query), "free")).status).toBe(200);
});

test("a tenant's time limit ends its queries", async () => {
  expect(await get(range(ENDLESS), "time")).toMatchObject({
    status: 422,
    json: {
      errorType: "execution",
      error: "the query ran for longer than 0.3 s, the limit of its tenant (max_query_duration)",
    },
  });
  // What the client asked for is another matter.
  expect(await get(`${range(ENDLESS)}&timeout=200ms`, "free")).toMatchObject({
    status: 503,
    json: { errorType: "timeout", error: "query timed out in expression evaluation" },
  });
});

test("experimental features are the tenant's", async () => {
  const query = "sum(mad_over_time(bench_service_memory_bytes_1[30s + 30s]))";
  expect(await get(range(query), "modern")).toMatchObject({ status: 200 });
  expect((await get(range(query), "free")).status).toBe(400);
  const path = `/parse_query?query=${encodeURIComponent(query)}`;
  expect((await get(path, "modern")).status).toBe(200);
  expect((await get(path, "free")).status).toBe(400);
});

test("stats and the plan tell what a query cost", async () => {
  const query = "sum by (job) (rate(bench_service_requests_total_0[1m]))";
  const got = await get(`${range(query, 30)}&stats=all&explain=analyze`, "free");
  const { stats, explain } = got.json.data;
  const perStep: [number, number][] = stats.samples.totalQueryableSamplesPerStep;
  expect(perStep).toHaveLength(10);
  expect(perStep.at(-1)).toEqual([END, 4 * 34]);
  expect(perStep.reduce((sum, [, count]) => sum + count, 0)).toBe(
    stats.samples.totalQueryableSamples,
  );
  expect(explain).toMatchObject({
    node: "aggregate sum",
    series: 1,
    samples: 10,
    children: [
      {
        node: "call rate",
        series: 34,
        samples: 340,
        evaluations: 1,
        children: [{ node: "matrixSelector", fetchedSeries: 34, fetchedSamples: 34 * SCRAPES }],
      },
    ],
  });
  const plain = await get(range(query, 30), "free");
  expect(Object.keys(plain.json.data).sort()).toEqual(["result", "resultType"]);
});

async function listed(tenant: string): Promise<Answer["json"][]> {
  return (await get("/status/active_queries", tenant)).json.data;
}

test("a query that runs is listed with who asked, and ends when it is deleted", async () => {
  const headers = { "x-dashboard-uid": "dash", "x-panel-id": "7" };
  const answer = get(range(ENDLESS), "free", { headers });
  await until("the query is listed", async () => (await listed("free")).length === 1);
  await until("it has begun", async () => (await listed("free"))[0]?.state === "running");
  const [query] = await listed("free");
  expect(query).toMatchObject({
    tenant: "free",
    query: ENDLESS,
    type: "range",
    dashboard: "dash",
    panel: "7",
    start: END - 270,
    samples: expect.any(Number),
    age: expect.any(Number),
  });
  expect(await listed("series")).toEqual([]);
  const path = `/status/active_queries/${query.id}`;
  expect((await get(path, "series", { method: "DELETE" })).status).toBe(404);
  expect((await get(path, "free", { method: "DELETE" })).status).toBe(200);
  expect(await answer).toMatchObject({
    status: 499,
    json: { errorType: "canceled", error: expect.stringContaining("canceled") },
  });
  expect(await listed("free")).toEqual([]);
});

test("a query ends when its client goes away", async () => {
  const client = new AbortController();
  const answer = get(range(ENDLESS), "free", { signal: client.signal });
  await until("the query is listed", async () => (await listed("free")).length === 1);
  client.abort();
  await expect(answer).rejects.toThrow();
  await until("it is gone", async () => (await listed("free")).length === 0);
});

test("queries get on beside one that is at work for long", async () => {
  const client = new AbortController();
  const long = `sum(quantile_over_time(0.5, ${ALL}[4m:500ms]))`;
  const answer = get(range(long, 0.025), "free", { signal: client.signal });
  await until("the query is listed", async () => (await listed("free")).length === 1);
  for (let i = 0; i < 5; i++) {
    expect((await get(range(`count(${ALL})`), "free")).status).toBe(200);
  }
  client.abort();
  await expect(answer).rejects.toThrow();
});
