import { readdir } from "node:fs/promises";
import { join } from "node:path";
import protobuf from "protobufjs";
import { compressSync } from "snappy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { App } from "#pkg/app/mod.ts";
import { BlockReader } from "#pkg/block/mod.ts";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { Matcher } from "#pkg/labels/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Remote write 2.0 as upstream declares it, but for what histograms have beyond this. */
const { root } = protobuf.parse(`syntax = "proto3";
message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
message TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3; repeated Exemplar exemplars = 4; Metadata metadata = 5; }
message Exemplar { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
message Span { sint32 offset = 1; uint32 length = 2; }
message Histogram { uint64 count_int = 1; double sum = 3; sint32 schema = 4; repeated Span positive_spans = 11; repeated sint64 positive_deltas = 12; int64 timestamp = 15; int64 start_timestamp = 17; }`);
const Request = root.lookupType("Request");

const CONFIG = `
limits: {max_exemplars: 10}
overrides:
  slow: {ingestion_rate: 2, ingestion_burst_size: 2}
distributor: {max_decoded_bytes: 10000}
`;
const NOW = Math.floor(Date.now() / 1000) * 1000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let app: App;
let base = "";
beforeAll(async () => {
  folder = await temporaryFolder("write-v2");
  const flags = { "data-dir": folder.dir, "http.listen": "127.0.0.1:0", "agent.enabled": "false" };
  const config = loadConfig({ file: { path: "test.yaml", text: CONFIG }, flags });
  app = new App({ version: "0", telemetry: quietTelemetry(), config });
  await app.start();
  base = `http://${app.httpAddress}`;
});
afterAll(async () => {
  await app?.stop();
  await folder?.remove();
});

interface Series {
  readonly labels: Record<string, string>;
  readonly samples?: readonly object[];
  readonly histograms?: readonly object[];
  readonly exemplars?: readonly { labels: Record<string, string>; timestamp: number }[];
  readonly metadata?: { type: number; help: string };
}

function encode(list: readonly Series[]): Uint8Array {
  const symbols = [""];
  const ref = (text: string): number => {
    const at = symbols.indexOf(text);
    return at >= 0 ? at : symbols.push(text) - 1;
  };
  const refs = (labels: Record<string, string>): number[] => Object.entries(labels).flat().map(ref);
  const timeseries = list.map(({ labels, exemplars = [], metadata, ...rest }) => ({
    ...rest,
    labelsRefs: refs(labels),
    exemplars: exemplars.map((one) => ({ ...one, value: 1, labelsRefs: refs(one.labels) })),
    ...(metadata && { metadata: { type: metadata.type, helpRef: ref(metadata.help) } }),
  }));
  return Request.encode(Request.fromObject({ symbols, timeseries })).finish();
}

const TYPE = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

async function push(
  body: Uint8Array,
  headers: Record<string, string> = {},
  path = "/api/v1/push",
): Promise<{ status: number; text: string; written: string }> {
  const response = await fetch(base + path, {
    method: "POST",
    body: new Uint8Array(compressSync(Buffer.from(body)) as Buffer),
    headers: { "content-type": TYPE, "content-encoding": "snappy", ...headers },
  });
  const written = ["samples", "histograms", "exemplars"].map((kind) =>
    response.headers.get(`x-prometheus-remote-write-${kind}-written`),
  );
  return { status: response.status, text: await response.text(), written: written.join() };
}

async function query(expr: string): Promise<unknown> {
  const params = new URLSearchParams({ query: expr, time: String(NOW / 1000) });
  const response = await fetch(`${base}/api/v1/query?${params}`);
  const { data } = (await response.json()) as { data: { result: { value: unknown[] }[] } };
  return data.result.map(({ value }) => value[1]);
}

const sample = (value: number, timestamp = NOW): object => ({
  ...{ value, timestamp, startTimestamp: NOW - 60_000 },
});
const histogram = (timestamp = NOW): object => ({
  ...{ countInt: 3, sum: 4, schema: 0, timestamp, startTimestamp: NOW - 60_000 },
  ...{ positiveSpans: [{ offset: 0, length: 2 }], positiveDeltas: [1, 1] },
});

test.each(["/api/v1/push", "/api/v1/write", "/api/v1/receive"])(
  "%s takes version 2.0",
  async (path) => {
    const exemplars = [{ labels: { trace_id: path }, timestamp: NOW }];
    const metadata = { type: 1, help: "what came" };
    const body = encode([
      { labels: { path, __name__: "taken" }, samples: [sample(7)], exemplars, metadata },
      {
        labels: { __name__: "taken_h", path, empty: "" },
        histograms: [histogram(), histogram(NOW - 1)],
      },
    ]);
    const version = { "x-prometheus-remote-write-version": "2.0.0" };
    expect(await push(body, version, path)).toEqual({ status: 204, text: "", written: "1,2,1" });
    // Repeats count as written.
    expect(await push(body, version, path)).toEqual({ status: 204, text: "", written: "1,2,1" });
    expect(await query(`taken{path="${path}"}`)).toEqual(["7"]);
    expect(await query(`histogram_count(taken_h{path="${path}"})`)).toEqual(["3"]);
    const meta = await (await fetch(`${base}/api/v1/metadata?metric=taken`)).json();
    expect(meta).toMatchObject({ data: { taken: [{ type: "counter", help: "what came" }] } });
    const found = await fetch(`${base}/api/v1/query_exemplars?query=taken`);
    expect(await found.text()).toContain(`{"trace_id":"${path}"}`);
  },
);

test("what is refused is counted by kind, and the rest is written", async () => {
  const late = NOW - 1e9;
  const body = encode([
    { labels: { __name__: "part", i: "0" }, samples: [sample(1), sample(2, NOW + 1e7)] },
    { labels: { __name__: "part", i: "1" }, histograms: [histogram(), histogram(late)] },
    { labels: { i: "nameless" }, samples: [sample(1)], histograms: [histogram(NOW + 1)] },
    {
      labels: { __name__: "part", i: "2" },
      samples: [sample(3)],
      exemplars: [
        { labels: { trace_id: "a" }, timestamp: NOW },
        { labels: { trace_id: "b" }, timestamp: NOW - 1 },
      ],
    },
  ]);
  const { status, text, written } = await push(body);
  expect([status, written]).toEqual([400, "2,1,1"]);
  expect(text).toMatch(/4 of 7 samples rejected, the others were kept/);
  expect(await query("count(part)")).toEqual(["3"]);
});

test("series without their symbols are refused, the others are written", async () => {
  const timeseries = [
    { labelsRefs: [1, 2], samples: [sample(1)] },
    { labelsRefs: [1, 9], samples: [sample(1)], histograms: [histogram()] },
  ];
  const symbols = ["", "__name__", "alone"];
  const body = Request.encode(Request.fromObject({ symbols, timeseries })).finish();
  const { status, text, written } = await push(body);
  expect([status, written]).toEqual([400, "1,0,0"]);
  expect(text).toMatch(/2 of 3 samples rejected.*invalid_symbols: labels_refs \[1, 9\]/);
  expect(await query("alone")).toEqual(["1"]);
});

test("every answer says what was written, errors too; that of version 1.0 does not", async () => {
  const f = async (
    want: number,
    body: Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<void> => {
    const { status, written, text } = await push(body, headers);
    expect([status, written], text).toEqual([want, "0,0,0"]);
  };
  const three = encode([{ labels: { __name__: "r" }, samples: [sample(1), sample(1), sample(1)] }]);
  await f(429, three, { "x-scope-orgid": "slow" });
  await f(400, three, { "x-scope-orgid": "a/b" });
  await f(415, three, { "content-encoding": "zstd" });
  await f(400, Buffer.from("this is no request"));
  await f(204, Buffer.alloc(0));
  await f(413, Buffer.alloc(10_001));
  const big = encode(Array.from({ length: 30 }, () => ({ labels: { a: "x".repeat(500) } })));
  expect(big.length).toBeLessThan(10_000);
  await f(413, big);
  expect((await push(Buffer.alloc(0), { "content-type": "application/x-protobuf" })).written).toBe(
    ",,",
  );
  const type = "application/x-protobuf;proto=io.prometheus.write.v3.Request";
  expect(await push(three, { "content-type": type })).toMatchObject({ status: 415, written: ",," });
});

test("start timestamps are in the blocks", async () => {
  const begun = NOW - 60_000;
  await push(
    encode([
      { labels: { __name__: "begun", i: "0" }, samples: [sample(1), sample(2, NOW + 1)] },
      { labels: { __name__: "begun", i: "1" }, histograms: [histogram(), histogram(NOW + 1)] },
    ]),
  );
  expect((await fetch(`${base}/ingester/flush`, { method: "POST" })).status).toBe(204);
  const found: unknown[] = [];
  const blocks = join(folder.dir, "bucket/anonymous");
  for (const id of await readdir(blocks)) {
    const block = await BlockReader.open(join(blocks, id));
    const matchers = [new Matcher("=", "__name__", "begun")];
    const params = { mint: NOW, maxt: NOW + 1, matchers };
    for await (const batch of block.selectChunks(params, new AbortController().signal)) {
      for (const { labels, chunks } of batch) {
        const columns = new SampleColumns();
        seriesFromChunks({ labels, chunks }).read(columns, NOW, NOW + 1);
        found.push([labels[3], ...columns.starts!.subarray(0, columns.length)]);
      }
    }
    await block.close();
  }
  expect(found.sort()).toEqual([
    ["0", begun, begun],
    ["1", begun, begun],
  ]);
});
