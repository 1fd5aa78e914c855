import { compressSync } from "snappy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App } from "#pkg/app/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import type { Exemplar } from "#pkg/exemplar/mod.ts";
import { type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { peer } from "../peers/peers.ts";
import { type PrometheusServer, startPrometheus } from "../peers/prometheus.ts";
import { freePorts, RunningProcess } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";

const missing = peer("prometheus") === undefined;
const SEED = Number(process.env["NARTHEX_SEED"] ?? 1);
const MAX = 60;
const NOW = Date.now() - 60_000;
const HEADERS = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };

async function started(dir: string, flags: Record<string, string> = {}): Promise<App> {
  const config = loadConfig({
    file: { path: "test.yaml", text: "overrides: {off: {max_exemplars: 0}}" },
    flags: {
      "data-dir": dir,
      "http.listen": "127.0.0.1:0",
      "agent.enabled": "false",
      "limits.max-exemplars": String(MAX),
      ...flags,
    },
  });
  const app = new App({ version: "0", telemetry: quietTelemetry(), config });
  await app.start();
  return app;
}

const series = (i: number): Labels =>
  labelsFromObject({ __name__: `m_${i % 3}`, i: `${i}`, text: 'é "q"\n' });

type Exemplars = readonly (readonly [Labels, readonly Exemplar[]])[];

function body(t: number, samples: readonly number[], exemplars: Exemplars): Uint8Array {
  const builder = new WriteRequestBuilder();
  for (const i of samples) builder.sample(series(i), t, 0x3ff00000, 0);
  for (const [labels, list] of exemplars) builder.exemplars(labels, list);
  return new Uint8Array(compressSync(Buffer.from(builder.view())) as Buffer);
}

async function push(url: string, bytes: Uint8Array, tenant = "anonymous"): Promise<void> {
  const headers = { ...HEADERS, "x-scope-orgid": tenant };
  const response = await fetch(url, { method: "POST", body: new Uint8Array(bytes), headers });
  expect(response.status, await response.text()).toBe(204);
}

interface Answer {
  readonly status: number;
  readonly json: { readonly data?: unknown; readonly errorType?: string };
}

async function ask(
  base: string,
  params: Record<string, string>,
  tenant = "anonymous",
): Promise<Answer> {
  const path = `${base}/api/v1/query_exemplars?${new URLSearchParams(params)}`;
  const response = await fetch(path, { headers: { "x-scope-orgid": tenant } });
  const text = await response.text();
  return { status: response.status, json: JSON.parse(text || "{}") as Answer["json"] };
}

/** Exemplars of one time have other values only where the later Prometheus takes them. */
const VALUES = [0, -0, 1e-7, 12.5, 1e21, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** A push of some series with samples, and of exemplars good and bad. */
function randomPush(random: () => number, t: number): Uint8Array {
  const pick = (count: number): number => Math.floor(random() * count);
  const samples = Array.from({ length: pick(4) }, () => pick(9));
  const lists = Array.from({ length: pick(4) }, (): Exemplars[number] => {
    const list: Exemplar[] = [];
    for (let k = pick(4), at = t - pick(2000); k > 0; k--, at += 1 + pick(700)) {
      const id = pick(9) === 0 ? "x".repeat(121) : `${pick(1000)}`;
      const labels = labelsFromObject(pick(9) === 0 ? {} : { trace_id: id, span: "ü" });
      list.push({ labels, value: VALUES[pick(VALUES.length)]!, timestamp: at });
      // A repeat of the newest is none.
      if (pick(4) === 0) list.push(list.at(-1)!);
    }
    return [series(pick(10)), list];
  });
  return body(t, samples, lists);
}

const t = (ms: number): string => String((NOW + ms) / 1000);
const QUERIES: readonly Record<string, string>[] = [
  { query: '{__name__=~"m_.*"}' },
  { query: "m_1" },
  { query: 'm_1{i!~"1|4"}', start: t(30_000), end: t(45_500) },
  { query: "rate(m_0[5m]) / on(i) group_left() m_1 + sum(max_over_time(m_2[1h:5m]))" },
  { query: "m_0 or m_0", start: t(0) },
  { query: "nothing" },
  { query: '{__name__=~"m_.*"}', end: t(-1e6) },
  { query: "1 + 1" },
  { query: 'label_replace(m_2{i="2"}, "a", "$1", "b", "(.*)")' },
  { query: "sum(" },
  { query: "" },
  { query: "m_0", start: "yesterday" },
  { query: "m_0", start: t(5), end: t(4) },
];

describe.skipIf(missing)(`peer prometheus (missing: ${missing ? "prometheus" : "none"})`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let app: App;
  let server: PrometheusServer;
  const ours = (): string => `http://${app.httpAddress}`;

  beforeAll(async () => {
    folder = await temporaryFolder("exemplars");
    app = await started(folder.dir);
    const flags = ["--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage"];
    const config = `storage: {exemplars: {max_exemplars: ${MAX}}}\n`;
    server = await startPrometheus({ flags, config });
  });
  afterAll(async () => {
    await server?.stop();
    await app?.stop();
    await folder?.remove();
  });

  test("query_exemplars answers as Prometheus's does, push by push, and after a restart", async () => {
    const random = seededRandom(SEED);
    const everything = QUERIES[0]!;
    let most = 0;
    for (let round = 0; round < 120; round++) {
      const bytes = randomPush(random, NOW + round * 500);
      await push(`${ours()}/api/v1/push`, bytes);
      await push(`${server.url}/api/v1/write`, bytes);
      const want = await ask(server.url, everything);
      expect(await ask(`${ours()}/prometheus`, everything), `round ${round}`).toEqual(want);
      most = Math.max(most, JSON.stringify(want.json.data).split('"timestamp"').length - 1);
    }
    expect(most).toBe(MAX);
    for (const query of QUERIES) {
      const { status, json } = await ask(server.url, query);
      for (const base of [ours(), `${ours()}/prometheus`]) {
        const got = await ask(base, query);
        expect([got.status, got.json.data, got.json.errorType], JSON.stringify(query)).toEqual([
          ...[status, json.data, json.errorType],
        ]);
      }
    }
    const want = await ask(server.url, everything);
    await app.stop();
    app = await started(folder.dir);
    expect(await ask(ours(), everything)).toEqual(want);
    const form = new URLSearchParams(everything);
    const posted = await fetch(`${ours()}/api/v1/query_exemplars`, { method: "POST", body: form });
    expect(await posted.json()).toEqual(want.json);
  });
});

const one = (id: string, at = NOW): Exemplar => ({
  labels: labelsFromObject({ trace_id: id }),
  value: 1,
  timestamp: at,
});

test("exemplars are a tenant's own, may be asked for of several, and are counted", async () => {
  const folder = await temporaryFolder("exemplars-tenants");
  const app = await started(folder.dir);
  const base = `http://${app.httpAddress}`;
  for (const tenant of ["a", "b", "off"]) {
    const lists: Exemplars = [[series(0), [one(tenant), one("late", NOW - 1)]]];
    await push(`${base}/api/v1/push`, body(NOW, [0], lists), tenant);
  }
  const tenantsOf = async (tenant: string, query: string): Promise<string[]> => {
    const { json } = await ask(base, { query }, tenant);
    type Found = { seriesLabels: Record<string, string>; exemplars: { labels: object }[] };
    return (json.data as Found[]).map(({ seriesLabels, exemplars }) =>
      JSON.stringify([seriesLabels["__tenant_id__"], exemplars.map(({ labels }) => labels)]),
    );
  };
  expect(await tenantsOf("a", "m_0")).toEqual(['[null,[{"trace_id":"a"}]]']);
  expect(await tenantsOf("off", "m_0")).toEqual([]);
  const b = '["b",[{"trace_id":"b"}]]';
  expect(await tenantsOf("a|b|off", "m_0")).toEqual(['["a",[{"trace_id":"a"}]]', b]);
  expect(await tenantsOf("a|b|off", 'm_0{__tenant_id__="b"}')).toEqual([b]);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  for (const line of [
    'narthex_distributor_received_exemplars_total{tenant="off"} 2',
    'narthex_ingester_tsdb_exemplar_exemplars_appended_total{tenant="a"} 1',
    'narthex_discarded_exemplars_total{reason="exemplar_out_of_order",tenant="b"} 1',
  ]) {
    expect(metrics).toContain(line);
  }
  expect(metrics).not.toContain('appended_total{tenant="off"}');
  await app.stop();
  await folder.remove();
});

test.skipIf(peer("redis-server") === undefined)(
  "through a ring, what three replicas have comes once, also when one is gone (redis-server)",
  { timeout: 60_000 },
  async () => {
    const folder = await temporaryFolder("exemplars-ring");
    const [redisPort] = (await freePorts(1)) as [number];
    const redis = new RunningProcess({
      name: "redis",
      command: peer("redis-server")!,
      args: ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--dir", folder.dir],
      log: `${folder.dir}/redis.log`,
    });
    const apps: App[] = [];
    try {
      for (const id of ["a", "b", "c"]) {
        const app = await started(`${folder.dir}/${id}`, {
          "ring.store": "redis",
          "ring.redis-url": `redis://127.0.0.1:${redisPort}`,
          "ring.heartbeat-period": "1s",
          "instance.id": id,
          "instance.zone": id,
          "grpc.listen": "127.0.0.1:0",
          "bucket.filesystem.dir": `${folder.dir}/bucket`,
        });
        apps.push(app);
      }
      const urls = apps.map((app) => `http://${app.httpAddress}`);
      const trying = async (work: () => Promise<void>): Promise<void> => {
        await expect.poll(() => work().then(() => "", String), { timeout: 20_000 }).toBe("");
      };
      const lists = [0, 1, 2].map((i) => [series(i), [one("x"), one("y", NOW + 1)]] as const);
      await trying(() => push(`${urls[0]}/api/v1/push`, body(NOW, [0, 1, 2], lists)));
      const want = lists.map(([labels]) => expect.stringContaining(`"i":"${labels[3]}"`));
      const found = async (url: string): Promise<string[]> => {
        const { json } = await ask(url, { query: '{__name__=~"m_.*"}' });
        return (json.data as { exemplars: unknown[] }[]).map((entry) => {
          expect(entry.exemplars).toHaveLength(2);
          return JSON.stringify(entry);
        });
      };
      await trying(async () => {
        for (const url of urls) expect((await found(url)).sort()).toEqual(want);
      });
      await apps[2]!.stop();
      apps.length = 2;
      await trying(async () => expect((await found(urls[1]!)).sort()).toEqual(want));
    } finally {
      for (const app of apps) await app.stop();
      await redis.stop();
      await folder.remove();
    }
  },
);
