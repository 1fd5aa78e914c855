import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { compressSync } from "snappy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { App } from "#pkg/app/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { temporaryFolder } from "../support/temp.ts";

const OVERRIDES = `
limits: {creation_grace_period: 10m}
overrides:
  slow: {ingestion_rate: 10, ingestion_burst_size: 10}
  small: {max_series_per_user: 2, max_label_names_per_series: 3}
  short: {max_query_length: 1h, max_fetched_series_per_query: 1}
distributor: {max_decoded_bytes: 100000}
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let app: App;
let base = "";

async function start(extra: Record<string, string> = {}): Promise<App> {
  const started = new App({
    version: "0",
    telemetry: quietTelemetry(),
    config: loadConfig({
      file: { path: "test.yaml", text: OVERRIDES },
      flags: {
        "data-dir": folder.dir,
        "http.listen": "127.0.0.1:0",
        "agent.enabled": "false",
        ...extra,
      },
    }),
  });
  await started.start();
  return started;
}

beforeAll(async () => {
  folder = await temporaryFolder("api");
  app = await start();
  base = `http://${app.httpAddress}`;
});
afterAll(async () => {
  await app?.stop();
  await folder?.remove();
});

type Point = readonly [Record<string, string>, number, number];

function body(points: readonly Point[]): Buffer {
  const builder = new WriteRequestBuilder();
  const bits = new DataView(new ArrayBuffer(8));
  for (const [labels, t, value] of points) {
    bits.setFloat64(0, value);
    builder.sample(labelsFromObject(labels), t, bits.getUint32(0), bits.getUint32(4));
  }
  builder.metadata({ metric: "up", type: "gauge", help: "is it up?", unit: "" });
  return Buffer.from(builder.view());
}

const HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

async function push(
  raw: Uint8Array,
  headers: Record<string, string> = {},
  path = "/api/v1/push",
): Promise<{ status: number; text: string }> {
  const response = await fetch(base + path, {
    method: "POST",
    body: new Uint8Array(raw),
    headers: { ...HEADERS, ...headers },
  });
  return { status: response.status, text: await response.text() };
}

const send = (
  points: readonly Point[],
  tenant = "anonymous",
): Promise<{ status: number; text: string }> =>
  push(compressSync(body(points)) as Buffer, { "X-Scope-OrgID": tenant });

async function get(path: string, tenant = "anonymous"): Promise<{ status: number; json: unknown }> {
  const response = await fetch(base + path, { headers: { "X-Scope-OrgID": tenant } });
  return { status: response.status, json: await response.json() };
}

const NOW = Math.floor(Date.now() / 1000) * 1000;

test("all three push routes take samples and answer 204", async () => {
  for (const [i, path] of ["/api/v1/push", "/api/v1/write", "/api/v1/receive"].entries()) {
    const packed = compressSync(body([[{ __name__: "routes", path }, NOW + i, 1]])) as Buffer;
    expect(await push(packed, {}, path)).toEqual({ status: 204, text: "" });
  }
  const { json } = await get(`/prometheus/api/v1/query?query=count(routes)&time=${NOW / 1000 + 1}`);
  expect(json).toMatchObject({ data: { result: [{ value: [NOW / 1000 + 1, "3"] }] } });
});

test("what is not remote write is 415", async () => {
  const packed = compressSync(body([])) as Buffer;
  const f = async (headers: Record<string, string>, want: number): Promise<void> => {
    expect((await push(packed, headers)).status, JSON.stringify(headers)).toBe(want);
  };
  await f({ "content-type": "application/x-protobuf;proto=io.prometheus.write.v3.Request" }, 415);
  await f({ "content-type": "application/json" }, 415);
  await f({ "content-encoding": "zstd" }, 415);
  await f({ "content-encoding": "gzip" }, 415);
  await f({ "content-type": "application/x-protobuf;proto=prometheus.WriteRequest" }, 204);
});

test("bodies that cannot be read are 400, too large ones 413 before anything is allocated", async () => {
  expect(await push(Buffer.from("hello, this is not snappy"))).toMatchObject({ status: 400 });
  expect(await push(Buffer.alloc(0))).toMatchObject({ status: 400 });
  expect(await push(compressSync(Buffer.from("not protobuf")) as Buffer)).toMatchObject({
    status: 400,
    text: expect.stringMatching(/decode write request at offset/),
  });
  // Declares 4 GiB in five bytes.
  expect(await push(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]))).toMatchObject({
    status: 413,
    text: expect.stringMatching(/4294967295 bytes .* limit of 100000/),
  });
});

test("samples that are refused are 400 with the first reason; the others are kept", async () => {
  const good: Point = [{ __name__: "mixed", id: "good" }, NOW, 1];
  const f = async (bad: Point, want: RegExp): Promise<void> => {
    const { status, text } = await send([bad, good]);
    expect([status, text]).toEqual([400, expect.stringMatching(want)]);
  };
  await f([{ id: "nameless" }, NOW, 1], /missing_metric_name/);
  await f(
    [{ __name__: "mixed", id: "future" }, NOW + 3_600_000, 1],
    /too_far_in_future.*id="future"/,
  );
  await f([{ __name__: "mixed", ["n".repeat(1025)]: "x" }, NOW, 1], /label_name_too_long/);
  await f([{ __name__: "mixed", v: "x".repeat(2049) }, NOW, 1], /label_value_too_long/);
  await send([[{ __name__: "mixed", id: "old" }, NOW, 1]]);
  await f([{ __name__: "mixed", id: "old" }, NOW - 7_200_000, 1], /sample_too_old.*id="old"/);
  await f([{ __name__: "mixed", id: "old" }, NOW, 2], /new_value_for_timestamp/);
  // A repeat with the same value is no error, and neither is a sample within the window.
  expect(await send([[{ __name__: "mixed", id: "old" }, NOW, 1]])).toMatchObject({ status: 204 });
  expect(await send([[{ __name__: "mixed", id: "old" }, NOW - 60_000, 1]])).toMatchObject({
    status: 204,
  });
  const { json } = await get(`/api/v1/query?query=mixed{id="good"}&time=${NOW / 1000}`);
  expect(json).toMatchObject({ data: { result: [{ value: [NOW / 1000, "1"] }] } });
});

test("limits are per tenant: rate 429 with Retry-After, series and labels 400", async () => {
  const many = Array.from(
    { length: 11 },
    (_, i): Point => [{ __name__: "many", i: String(i) }, NOW, 1],
  );
  const response = await fetch(`${base}/api/v1/push`, {
    method: "POST",
    body: new Uint8Array(compressSync(body(many)) as Buffer),
    headers: { ...HEADERS, "X-Scope-OrgID": "slow" },
  });
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await response.text()).toMatch(
    /tenant slow exceeded: 10 samples\/s with burst 10 .* adding 11 samples/,
  );
  expect((await send(many, "fast")).status).toBe(204);
  expect(await send(many.slice(0, 3), "small")).toMatchObject({
    status: 400,
    text: expect.stringMatching(
      /1 of 3 samples rejected.*per_user_series_limit.*2 series.*limit is 2/,
    ),
  });
  expect(await send([[{ __name__: "l", a: "1", b: "2", c: "3" }, NOW, 1]], "small")).toMatchObject({
    status: 400,
    text: expect.stringMatching(/series has 4 labels, the limit is 3/),
  });
});

test("a body that cannot be read opens no tenant, and max_tenants bounds how many there are", async () => {
  const headers = { "X-Scope-OrgID": "stranger" };
  expect((await push(compressSync(Buffer.from("not protobuf")) as Buffer, headers)).status).toBe(
    400,
  );
  expect(await readdir(join(folder.dir, "ingester"))).not.toContain("stranger");
  const small = await temporaryFolder("tenants");
  const flags = { "data-dir": small.dir, "ingester.max-tenants": "1" };
  const other = await start(flags);
  const url = `http://${other.httpAddress}/api/v1/push`;
  const statuses: number[] = [];
  for (const tenant of ["first", "second", "first"]) {
    const request = new Uint8Array(compressSync(body([[{ __name__: "m" }, NOW, 1]])) as Buffer);
    const options = {
      method: "POST",
      body: request,
      headers: { ...HEADERS, "X-Scope-OrgID": tenant },
    };
    statuses.push((await fetch(url, options)).status);
  }
  expect(statuses).toEqual([204, 503, 204]);
  await other.stop();
  await small.remove();
});

test("tenants see their own series; a|b sees both, marked", async () => {
  await send([[{ __name__: "owned" }, NOW, 1]], "team-a");
  await send([[{ __name__: "owned" }, NOW, 2]], "team-b");
  const query = `/prometheus/api/v1/query?query=owned&time=${NOW / 1000}`;
  expect((await get(query, "team-a")).json).toMatchObject({
    data: { result: [{ value: [NOW / 1000, "1"] }] },
  });
  expect((await get(query, "team-c")).json).toMatchObject({ data: { result: [] } });
  const both = (await get(query, "team-b|team-a")).json as {
    data: { result: { metric: unknown }[] };
  };
  expect(both.data.result.map(({ metric }) => metric)).toEqual([
    { __name__: "owned", __tenant_id__: "team-a" },
    { __name__: "owned", __tenant_id__: "team-b" },
  ]);
  for (const bad of ["../x", "a/b", "..", "__markers__", "a|.."]) {
    expect((await get(query, bad)).status, bad).toBe(400);
  }
});

test("query and query_range have Prometheus's shapes", async () => {
  for (let i = 0; i < 5; i++) {
    await send([
      [{ __name__: "shape", a: "b" }, NOW - 60_000 + i * 15_000, i === 4 ? Number.NaN : i / 2],
    ]);
  }
  const at = NOW / 1000;
  expect((await get(`/api/v1/query?query=shape&time=${at - 15.5}`)).json).toEqual({
    status: "success",
    data: {
      resultType: "vector",
      result: [{ metric: { __name__: "shape", a: "b" }, value: [at - 15.5, "1"] }],
    },
  });
  expect(
    (await get(`/api/v1/query_range?query=shape&start=${at - 60}&end=${at}&step=30s`)).json,
  ).toEqual({
    status: "success",
    data: {
      resultType: "matrix",
      result: [
        {
          metric: { __name__: "shape", a: "b" },
          values: [
            [at - 60, "0"],
            [at - 30, "1"],
            [at, "NaN"],
          ],
        },
      ],
    },
  });
  expect((await get(`/api/v1/query?query=shape[20s]&time=${at}`)).json).toMatchObject({
    data: {
      resultType: "matrix",
      result: [
        {
          values: [
            [at - 15, "1.5"],
            [at, "NaN"],
          ],
        },
      ],
    },
  });
  expect((await get(`/api/v1/query?query=1.5e300*10&time=${at}`)).json).toEqual({
    status: "success",
    data: { resultType: "scalar", result: [at, "1.5e+301"] },
  });
  expect((await get("/api/v1/query?query=%22text%22&time=1")).json).toMatchObject({
    data: { resultType: "string", result: [1, "text"] },
  });
  const posted = await fetch(`${base}/prometheus/api/v1/query`, {
    method: "POST",
    body: new URLSearchParams({ query: "shape", time: String(at - 1), stats: "all" }),
  });
  expect(await posted.json()).toMatchObject({
    data: { result: [{}], stats: { samples: { totalQueryableSamples: 1 } } },
  });
});

test("series, labels, values and metadata", async () => {
  await send(
    [
      [{ __name__: "catalog", kind: "x", zone: "1" }, NOW, 1],
      [{ __name__: "catalog", kind: "y" }, NOW, 1],
    ],
    "cat",
  );
  expect((await get("/api/v1/series?match[]=catalog", "cat")).json).toEqual({
    status: "success",
    data: [
      { __name__: "catalog", kind: "x", zone: "1" },
      { __name__: "catalog", kind: "y" },
    ],
  });
  expect(
    (await get('/api/v1/series?match[]=catalog{kind="y"}&match[]=catalog', "cat")).json,
  ).toMatchObject({
    data: [{ kind: "x" }, { kind: "y" }],
  });
  expect((await get("/api/v1/labels", "cat")).json).toEqual({
    status: "success",
    data: ["__name__", "kind", "zone"],
  });
  expect((await get("/api/v1/label/kind/values", "cat")).json).toEqual({
    status: "success",
    data: ["x", "y"],
  });
  expect((await get('/api/v1/label/kind/values?match[]={zone!=""}', "cat")).json).toMatchObject({
    data: ["x"],
  });
  expect((await get("/api/v1/label/kind/values?limit=1", "cat")).json).toEqual({
    status: "success",
    data: ["x"],
    warnings: ["results truncated due to limit"],
  });
  expect((await get("/api/v1/metadata?metric=up", "cat")).json).toEqual({
    status: "success",
    data: { up: [{ type: "gauge", help: "is it up?", unit: "" }] },
  });
  expect((await get("/api/v1/series?match[]=catalog&start=1&end=2", "cat")).json).toMatchObject({
    data: [],
  });
});

test("errors have Prometheus's types, codes and words", async () => {
  const f = async (
    path: string,
    status: number,
    errorType: string,
    error: RegExp,
  ): Promise<void> => {
    const got = await get(path);
    expect([got.status, got.json], path).toEqual([
      status,
      { status: "error", errorType, error: expect.stringMatching(error) },
    ]);
  };
  await f("/api/v1/query", 400, "bad_data", /parameter "query"/);
  await f("/api/v1/query?query=sum(", 400, "bad_data", /parse error: /);
  await f(
    "/api/v1/query?query=up&time=yesterday",
    400,
    "bad_data",
    /invalid parameter "time": cannot parse "yesterday" to a valid timestamp/,
  );
  await f(
    "/api/v1/query_range?query=up&start=5&end=1&step=1",
    400,
    "bad_data",
    /invalid parameter "end": end timestamp must not be before start time/,
  );
  await f(
    "/api/v1/query_range?query=up&start=1&end=2&step=0",
    400,
    "bad_data",
    /zero or negative query resolution step widths/,
  );
  await f(
    "/api/v1/query_range?query=up&start=0&end=20000&step=1",
    400,
    "bad_data",
    /exceeded maximum resolution of 11,000 points/,
  );
  await f(
    "/api/v1/query_range?query=up[5m]&start=1&end=2&step=1",
    400,
    "bad_data",
    /invalid expression type "range vector" for range query/,
  );
  await f("/api/v1/series", 400, "bad_data", /no match\[\] parameter provided/);
  await f("/api/v1/series?match[]={", 400, "bad_data", /parse error/);
  await f(
    "/api/v1/query?query={__name__=~%22(a%22}",
    400,
    "bad_data",
    /parse error|invalid regexp|error parsing regexp/,
  );
  const many = await get("/api/v1/query_range?query=up&start=0&end=7200&step=60", "short");
  expect([many.status, many.json]).toEqual([
    422,
    expect.objectContaining({ errorType: "execution" }),
  ]);
});

test("format_query, parse_query and buildinfo", async () => {
  expect((await get("/api/v1/format_query?query=foo/bar")).json).toEqual({
    status: "success",
    data: "foo / bar",
  });
  expect((await get("/api/v1/parse_query?query=foo/bar")).json).toMatchObject({
    data: { type: "binaryExpr", op: "/", lhs: { type: "vectorSelector", name: "foo" } },
  });
  expect((await get("/prometheus/api/v1/status/buildinfo")).json).toMatchObject({
    data: { application: "Narthex" },
  });
});

test("health, configuration and pages", async () => {
  const f = async (path: string, want: RegExp): Promise<void> => {
    const response = await fetch(base + path);
    expect(response.status, path).toBe(200);
    expect(await response.text(), path).toMatch(want);
  };
  await f("/ready", /^ready/);
  await f("/-/ready", /^ready/);
  await f("/-/healthy", /Healthy/);
  await f("/metrics", /narthex_event_loop_lag_seconds|narthex_distributor_received_samples_total/);
  await f("/config", /block_duration: 7200000/);
  await f("/services", /ingester => running/);
  await f("/ring", /one process holds everything/);
  await f("/", /<h2>Tenants<\/h2>[\s\S]*team-a[\s\S]*\/prometheus\/api\/v1\/query/);
  const missing = await fetch(`${base}/nowhere`);
  expect([missing.status, await missing.text()]).toEqual([
    404,
    expect.stringMatching(/page not found/),
  ]);
});

test("series survive a flush and a restart, and the header is required with auth.enabled", async () => {
  await send([[{ __name__: "kept" }, NOW, 42]], "keeper");
  expect((await fetch(`${base}/ingester/flush`, { method: "POST" })).status).toBe(204);
  const query = `/api/v1/query?query=kept&time=${NOW / 1000}`;
  const want = { data: { result: [{ value: [NOW / 1000, "42"] }] } };
  expect((await get(query, "keeper")).json).toMatchObject(want);
  await send([[{ __name__: "kept" }, NOW + 1, 43]], "keeper");
  await app.stop();
  app = await start({ "auth.enabled": "true" });
  base = `http://${app.httpAddress}`;
  expect((await get(query, "keeper")).json).toMatchObject(want);
  const response = await fetch(base + query);
  expect([response.status, await response.json()]).toEqual([
    401,
    expect.objectContaining({ error: "no org id" }),
  ]);
  expect((await push(compressSync(body([])) as Buffer)).status).toBe(401);
});
