import { cp, readdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import protobuf from "protobufjs";
import { compressSync } from "snappy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { App } from "#pkg/app/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { peer } from "../peers/peers.ts";
import { startPrometheus } from "../peers/prometheus.ts";
import { until } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Remote write 1.0 as upstream declares it. */
const WriteRequest = protobuf
  .parse(`syntax = "proto3";
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
message BucketSpan { sint32 offset = 1; uint32 length = 2; }
message Histogram {
  oneof count { uint64 count_int = 1; double count_float = 2; }
  double sum = 3;
  sint32 schema = 4;
  double zero_threshold = 5;
  oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
  repeated BucketSpan negative_spans = 8;
  repeated sint64 negative_deltas = 9;
  repeated double negative_counts = 10;
  repeated BucketSpan positive_spans = 11;
  repeated sint64 positive_deltas = 12;
  repeated double positive_counts = 13;
  int32 reset_hint = 14;
  int64 timestamp = 15;
  repeated double custom_values = 16;
}
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Histogram histograms = 4; }
message WriteRequest { repeated TimeSeries timeseries = 1; }`)
  .root.lookupType("WriteRequest");

const OVERRIDES = `
overrides:
  slow: {ingestion_rate: 10, ingestion_burst_size: 10}
  few: {max_native_histogram_buckets: 2}
`;
const STEP_MS = 15_000;
const STEPS = 40;
const END = Math.floor(Date.now() / STEP_MS) * STEP_MS;
const START = END - (STEPS - 1) * STEP_MS;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let app: App;
let base = "";

async function start(): Promise<void> {
  app = new App({
    version: "0",
    telemetry: quietTelemetry(),
    config: loadConfig({
      file: { path: "test.yaml", text: OVERRIDES },
      flags: {
        "data-dir": folder.dir,
        "http.listen": "127.0.0.1:0",
        "agent.enabled": "false",
        "ingester.flush-on-shutdown": "false",
        "store-gateway.sync-interval": "1s",
      },
    }),
  });
  await app.start();
  base = `http://${app.httpAddress}`;
}

beforeAll(async () => {
  folder = await temporaryFolder("native-histograms");
  await start();
});
afterAll(async () => {
  await app?.stop();
  await folder?.remove();
});

type Fields = Record<string, unknown>;

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples?: readonly { value: number; timestamp: number }[];
  readonly histograms?: readonly Fields[];
}

async function push(
  series: readonly Series[],
  tenant = "anonymous",
): Promise<{ status: number; text: string }> {
  const timeseries = series.map(({ labels, samples = [], histograms = [] }) => ({
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples,
    histograms,
  }));
  const body = WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish();
  const response = await fetch(`${base}/api/v1/push`, {
    method: "POST",
    body: new Uint8Array(compressSync(Buffer.from(body)) as Buffer),
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "X-Scope-OrgID": tenant,
    },
  });
  return { status: response.status, text: await response.text() };
}

interface Answer {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly histogram?: [number, { count: string; sum: string; buckets: unknown[] }];
  readonly values?: [number, string][];
  readonly histograms?: [number, { count: string; sum: string; buckets: unknown[] }][];
}

async function query(
  text: string,
  at = END / 1000,
  { url = `${base}/prometheus`, tenant = "anonymous" } = {},
): Promise<Answer[]> {
  const params = new URLSearchParams({ query: text, time: String(at) });
  const headers = { "X-Scope-OrgID": tenant };
  const response = await fetch(`${url}/api/v1/query?${params}`, { headers });
  const answer = (await response.json()) as { status: string; data: { result: Answer[] } };
  expect(answer.status, JSON.stringify(answer)).toBe("success");
  return answer.data.result;
}

/** A counter that gains `i` + 1 observations in the zero bucket and twice that in two others. */
function integer(i: number, timestamp: number): Fields {
  const n = i + 1;
  return {
    countInt: 5 * n,
    sum: n * 3.5,
    schema: 0,
    zeroThreshold: 0.001,
    zeroCountInt: n,
    positiveSpans: [
      { offset: 0, length: 1 },
      { offset: 2, length: 1 },
    ],
    positiveDeltas: [n, n],
    negativeSpans: [{ offset: 1, length: 1 }],
    negativeDeltas: [n],
    timestamp,
  };
}

function float(i: number, timestamp: number): Fields {
  const n = (i + 1) / 2;
  return {
    countFloat: 2 * n,
    sum: n,
    schema: 3,
    zeroThreshold: 2 ** -128,
    zeroCountFloat: 0,
    positiveSpans: [{ offset: -3, length: 2 }],
    positiveCounts: [n, n],
    timestamp,
  };
}

function custom(i: number, timestamp: number): Fields {
  const n = i + 1;
  return {
    countInt: 4 * n,
    sum: n,
    schema: -53,
    positiveSpans: [{ offset: 0, length: 3 }],
    positiveDeltas: [n, 0, n],
    customValues: [0.5, 1],
    timestamp,
  };
}

const STALE_SUM = new Float64Array(new Uint32Array([0x00000002, 0x7ff00000]).buffer);

async function pushAll(): Promise<void> {
  for (let from = 0; from < STEPS; from += 8) {
    const steps = Array.from({ length: 8 }, (_, i) => from + i);
    const all = (make: (i: number, t: number) => Fields): Fields[] =>
      steps.map((i) => make(i, START + i * STEP_MS));
    const label = (kind: string): Record<string, string> => ({ __name__: "h", kind });
    const answer = await push([
      { labels: label("custom"), histograms: all(custom) },
      { labels: label("float"), histograms: all(float) },
      {
        labels: label("gauge"),
        histograms: all((i, t) => ({ ...integer(40 - i, t), resetHint: 3 })),
      },
      { labels: label("integer"), histograms: all(integer) },
      { labels: label("reset"), histograms: all((i, t) => integer(i % 20, t)) },
      {
        labels: label("turns"),
        samples: steps
          .filter((i) => i < 12 || i >= 30)
          .map((i) => ({ value: i, timestamp: START + i * STEP_MS })),
        histograms: steps
          .filter((i) => i >= 12 && i < 30)
          .map((i) => integer(i, START + i * STEP_MS)),
      },
    ]);
    expect(answer).toEqual({ status: 204, text: "" });
  }
}

/** Checks what can be worked out by hand; returns answers to all kinds of questions. */
async function ask(): Promise<unknown> {
  const raw = await query('h{kind="integer"}');
  expect(raw).toEqual([
    {
      metric: { __name__: "h", kind: "integer" },
      histogram: [
        END / 1000,
        {
          count: "200",
          sum: "140",
          buckets: [
            [1, "-2", "-1", "40"],
            [3, "-0.001", "0.001", "40"],
            [0, "0.5", "1", "40"],
            [0, "4", "8", "80"],
          ],
        },
      ],
    },
  ]);
  const numbers = async (text: string): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await query(text)).map(({ metric, value }) => [metric["kind"], Number(value?.[1])]),
    );
  expect(await numbers("histogram_count(h)")).toEqual({
    custom: 160,
    float: 40,
    gauge: 10,
    integer: 200,
    reset: 100,
  });
  expect(await numbers('histogram_quantile(0.375, h{kind="custom"})')).toEqual({ custom: 0.75 });
  expect(await numbers("histogram_quantile(0.3, h{kind='integer'})")).toEqual({ integer: 0 });
  const rates = await numbers("histogram_count(rate(h{kind!~'gauge|turns'}[5m]))");
  expect(rates["integer"]).toBeCloseTo(5 / 15, 10);
  expect(rates["float"]).toBeCloseTo(1 / 15, 10);
  expect(rates["custom"]).toBeCloseTo(4 / 15, 10);
  // 195 were seen in 585 s, over a reset.
  const increases = await numbers("histogram_count(increase(h{kind='reset'}[10m]))");
  expect(increases["reset"]).toBeCloseTo(200, 0);
  const [turns] = await query("h{kind='turns'}[20m]");
  expect([turns?.values?.length, turns?.histograms?.length]).toEqual([STEPS - 18, 18]);
  return Promise.all(
    [
      "h",
      "h[20m]",
      "rate(h{kind!='gauge'}[1m])",
      "sum(h{kind=~'integer|float'})",
      "histogram_avg(h)",
      "resets(h[20m])",
      "histogram_fraction(0, 1, h)",
      "count_over_time(h[20m])",
    ].map((text) => query(text)),
  );
}

test("native histograms are taken in, and answer from head, WAL, blocks and bucket", async () => {
  await pushAll();
  const before = await ask();
  // Every sample again: repeats are silent, in the order that a sender has them.
  await pushAll();
  expect(await ask()).toEqual(before);
  await app.stop();
  await start();
  expect(await ask()).toEqual(before);
  expect((await fetch(`${base}/ingester/flush`, { method: "POST" })).status).toBe(204);
  expect(await ask()).toEqual(before);
  await app.stop();
  await start();
  expect(await ask()).toEqual(before);
});

test("a stale marker ends a series of histograms", async () => {
  const labels = { __name__: "ends" };
  const marker = { ...integer(0, END - 5_000), sum: STALE_SUM[0] };
  expect((await push([{ labels, histograms: [integer(0, END - 10_000)] }])).status).toBe(204);
  expect(await query("ends")).toHaveLength(1);
  // Through a library that may change the bits of a NaN, so what was sent is looked at first.
  const sent = WriteRequest.encode(
    WriteRequest.fromObject({ timeseries: [{ histograms: [marker] }] }),
  ).finish();
  const wanted = Buffer.from([0x19, 2, 0, 0, 0, 0, 0, 0xf0, 0x7f]);
  expect(Buffer.from(sent).includes(wanted)).toBe(true);
  expect((await push([{ labels, histograms: [marker] }])).status).toBe(204);
  expect(await query("ends")).toEqual([]);
  expect(await query("ends", END / 1000 - 6)).toHaveLength(1);
});

test("histograms that are wrong are 400 by name, and the others of the request are kept", async () => {
  const f = async (bad: Fields, want: RegExp): Promise<void> => {
    const series = (id: string, histogram: Fields): Series => ({
      labels: { __name__: "mixed", id },
      histograms: [histogram],
    });
    const answer = await push([series("bad", bad), series("good", integer(0, END))]);
    expect(answer).toEqual({ status: 400, text: expect.stringMatching(want) });
    expect(answer.text).toMatch(/^1 of 2 samples rejected/);
  };
  await f(
    { ...integer(0, END), countInt: 7 },
    /invalid_native_histogram: 5 observations found in buckets, but the Count field is 7: .*id="bad"/,
  );
  await f(
    { ...integer(0, END), schema: 9 },
    /invalid_native_histogram: .*invalid schema.*schema 9/,
  );
  await f(
    { ...integer(0, END), positiveSpans: [{ offset: 0, length: 4_000_000_000 }] },
    /invalid_native_histogram: /,
  );
  await f(
    { ...custom(0, END), customValues: [1, 1] },
    /invalid_native_histogram: custom buckets: .*strictly increasing/,
  );
  await f({ ...integer(0, END), timestamp: END + 3_600_000 }, /too_far_in_future/);
  expect(await query("mixed")).toHaveLength(1);
});

test("a tenant's limit on buckets costs resolution, or refuses", async () => {
  const of = (histogram: Fields): Series[] => [
    { labels: { __name__: "m" }, histograms: [histogram] },
  ];
  const fine = {
    countInt: 10,
    sum: 3.5,
    schema: 2,
    positiveSpans: [{ offset: 1, length: 4 }],
    positiveDeltas: [1, 1, 1, 1],
    timestamp: END,
  };
  expect(await push(of(fine), "few")).toEqual({ status: 204, text: "" });
  expect(await push(of(custom(0, END)), "few")).toEqual({
    status: 400,
    text: expect.stringMatching(/max_native_histogram_buckets: native histogram has 3 buckets/),
  });
  const [answer] = await query("m", END / 1000, { tenant: "few" });
  expect(answer?.histogram?.[1]).toEqual({
    count: "10",
    sum: "3.5",
    buckets: [
      [0, "1", "1.414213562373095", "3"],
      [0, "1.414213562373095", "2", "7"],
    ],
  });
});

test("rates and counters count a histogram as a sample", async () => {
  const histograms = Array.from({ length: 11 }, (_, i) => integer(i, START + i));
  expect(await push([{ labels: { __name__: "m" }, histograms }], "slow")).toEqual({
    status: 429,
    text: expect.stringMatching(/adding 11 samples/),
  });
  expect(
    (await push([{ labels: { __name__: "m" }, histograms: histograms.slice(0, 5) }], "five"))
      .status,
  ).toBe(204);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toContain('narthex_distributor_received_samples_total{tenant="five"} 5');
  expect(metrics).toContain('narthex_ingester_ingested_samples_total{tenant="five"} 5');
  expect(metrics).toContain(
    'narthex_discarded_samples_total{reason="rate_limited",tenant="slow"} 11',
  );
  expect(metrics).toMatch(
    /narthex_discarded_samples_total\{reason="invalid_native_histogram",tenant="anonymous"\} 4/,
  );
});

test.skipIf(!peer("prometheus"))(
  "Prometheus reads the blocks that are cut from pushed histograms (prometheus)",
  { timeout: 120_000 },
  async () => {
    const tenant = "blocks";
    const series = (kind: string, make: (i: number, t: number) => Fields): Series => ({
      labels: { __name__: "h", kind },
      // Late ones among them: every eighth comes at the end.
      histograms: Array.from({ length: STEPS }, (_, i) => i)
        .sort((a, b) => Number(a % 8 === 3) - Number(b % 8 === 3))
        .map((i) => make(i, START + i * STEP_MS)),
    });
    const all = [
      series("float", float),
      series("gauge", (i, t) => ({ ...integer(40 - i, t), resetHint: 3 })),
      series("grows", (i, t) => (i < 17 ? { ...integer(0, t), resetHint: 2 } : integer(i, t))),
      series("integer", integer),
      series("reset", (i, t) => integer(i % 20, t)),
    ];
    expect(await push(all, tenant)).toEqual({ status: 204, text: "" });
    const flushed = await fetch(`${base}/ingester/flush`, { method: "POST" });
    expect(flushed.status).toBe(204);
    const copy = await temporaryFolder("native-blocks");
    const bucket = join(folder.dir, "bucket", tenant);
    for (const name of await readdir(bucket)) {
      if (name.length === 26) {
        await cp(join(bucket, name), join(copy.dir, name), { recursive: true });
      }
    }
    const prometheus = await startPrometheus({ dataDir: copy.dir });
    try {
      for (let i = 0; i < STEPS; i++) {
        const at = (START + i * STEP_MS) / 1000;
        const want = await query("h", at, { tenant });
        expect(want).toHaveLength(all.length);
        expect(await query("h", at, { url: prometheus.url })).toEqual(want);
      }
    } finally {
      await prometheus.stop();
      await copy.remove();
    }
  },
);

/** What a program exposes, as the client libraries write it. */
const MetricFamily = protobuf
  .parse(`syntax = "proto3"; package io.prometheus.client;
message LabelPair { string name = 1; string value = 2; }
message BucketSpan { sint32 offset = 1; uint32 length = 2; }
message Histogram {
  uint64 sample_count = 1; double sample_sum = 2; double sample_count_float = 4;
  sint32 schema = 5; double zero_threshold = 6; uint64 zero_count = 7; double zero_count_float = 8;
  repeated BucketSpan negative_span = 9; repeated sint64 negative_delta = 10;
  repeated double negative_count = 11; repeated BucketSpan positive_span = 12;
  repeated sint64 positive_delta = 13; repeated double positive_count = 14;
}
message Metric { repeated LabelPair label = 1; Histogram histogram = 7; }
message MetricFamily { string name = 1; int32 type = 3; repeated Metric metric = 4; }`)
  .root.lookupType("MetricFamily");

/** A target whose histograms grow with every scrape, get new buckets and are reset. */
async function exposing(): Promise<{ host: string; server: Server; scrapes: () => number }> {
  let scrapes = 0;
  const server = createServer((_request, response) => {
    const n = 1 + (scrapes++ % 12);
    const filled = 1 + Math.floor(n / 4);
    const common = {
      sampleSum: n * 1.25,
      schema: 1,
      zeroThreshold: 0.001,
      positiveSpan: [{ offset: -1, length: filled }],
    };
    const ints = {
      ...common,
      sampleCount: n * (filled + 1),
      zeroCount: n,
      positiveDelta: [n, ...new Array<number>(filled - 1).fill(0)],
    };
    const floats = {
      ...common,
      sampleCountFloat: (n * (filled + 1)) / 2,
      zeroCountFloat: n / 2,
      positiveCount: new Array<number>(filled).fill(n / 2),
    };
    const metric = [
      { label: [{ name: "kind", value: "integer" }], histogram: ints },
      { label: [{ name: "kind", value: "float" }], histogram: floats },
    ];
    const family = MetricFamily.fromObject({ name: "exposed", type: 4, metric });
    response.setHeader(
      "content-type",
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    );
    response.end(MetricFamily.encodeDelimited(family).finish());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { host: `127.0.0.1:${address.port}`, server, scrapes: () => scrapes };
}

test.skipIf(!peer("prometheus"))(
  "what Prometheus remote-writes answers here as it does there (prometheus)",
  { timeout: 120_000 },
  async () => {
    const target = await exposing();
    const prometheus = await startPrometheus({
      flags: ["--enable-feature=native-histograms"],
      config: `global: {scrape_interval: 1s}
scrape_configs: [{job_name: x, static_configs: [{targets: ['${target.host}']}]}]
remote_write: [{url: '${base}/api/v1/push', send_native_histograms: true, queue_config: {batch_send_deadline: 200ms}}]
`,
    });
    try {
      await until("there were scrapes", async () => target.scrapes() >= 30, { timeoutMs: 60_000 });
      const [newest] = await query("timestamp(exposed{kind='float'})", Date.now() / 1000, {
        url: prometheus.url,
      });
      const at = Math.floor(Number(newest?.value?.[1]));
      const both = async (text: string): Promise<[Answer[], Answer[]]> => [
        await query(text, at),
        await query(text, at, { url: prometheus.url }),
      ];
      await until(
        "all was sent",
        async () => {
          const [got, want] = await both("count_over_time(exposed[5m])");
          return JSON.stringify(got) === JSON.stringify(want);
        },
        { timeoutMs: 30_000 },
      );
      // One by one: a range of float histograms comes out of Prometheus 2.42 as its last one.
      const check = async (): Promise<void> => {
        for (let second = at - 25; second <= at; second++) {
          const got = await query("exposed", second);
          expect(got).toHaveLength(2);
          expect(got).toEqual(await query("exposed", second, { url: prometheus.url }));
        }
        const [got, want] = await both("exposed{kind='integer'}[5m]");
        expect(got).toEqual(want);
      };
      await check();
      expect((await fetch(`${base}/ingester/flush`, { method: "POST" })).status).toBe(204);
      await check();
    } finally {
      await prometheus.stop();
      target.server.closeAllConnections();
      target.server.close();
    }
  },
);
