import { execFile } from "node:child_process";
import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FilesystemBucket } from "#pkg/objstore/mod.ts";
import { Engine, formatSeries, type ListedSeries, SeriesList } from "#pkg/promql/library.ts";
import { peer } from "../peers/peers.ts";
import { startPrometheus } from "../peers/prometheus.ts";
import { api, compareQuery } from "../support/compare.ts";
import {
  BLOCKS_FROM_MS,
  cortexTenant,
  deleteTenant,
  type MadeBlock,
  makeBlock,
  putBlock,
  thanosExtras,
  thanosSection,
  withExternal,
} from "../support/foreign-buckets.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, type RunningProcess, until } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";

const promtool = peer("promtool");
const hasPrometheus = promtool !== undefined && peer("prometheus") !== undefined;
const FROM_S = BLOCKS_FROM_MS / 1000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let made: readonly [MadeBlock, MadeBlock, MadeBlock];
beforeAll(async () => {
  folder = await temporaryFolder("layouts");
  const dir = join(folder.dir, "made");
  made = [await makeBlock(dir, 0), await makeBlock(dir, 1), await makeBlock(dir, 0, 3)];
});
afterAll(() => folder.remove());

function twinOf(lists: readonly (readonly ListedSeries[])[]): SeriesList {
  const all = new Map<string, ListedSeries>();
  for (const { labels, samples } of lists.flat()) {
    const key = JSON.stringify(Object.entries(labels).sort());
    all.set(key, { labels, samples: [...(all.get(key)?.samples ?? []), ...samples] });
  }
  return new SeriesList([...all.values()]);
}

const QUERIES = [
  '{__name__=~".+"}',
  "sum by (cluster, job) (rate(up[10m]))",
  'up{cluster="eu"} > 10',
  'count by (cluster) ({cluster!=""})',
  "max without (job, replica) (rows_total)",
  'up{cluster="own"}',
];

/** Differences between what a tenant is answered and what its twin in memory says. */
async function differences(base: string, tenant: string, twin: SeriesList): Promise<string[]> {
  const headers = { "X-Scope-OrgID": tenant };
  const times = { startMs: BLOCKS_FROM_MS, endMs: BLOCKS_FROM_MS + 14_400_000, stepMs: 300_000 };
  const { signal } = new AbortController();
  const out: string[] = [];
  let count = 0;
  for (const query of QUERIES) {
    const params = { query, start: String(FROM_S), end: String(FROM_S + 14_400), step: "300" };
    type Matrix = {
      result: { metric: Record<string, string>; values: [number, string][] }[];
    };
    const got = await api<Matrix>(base, "query_range", params, headers);
    const { value } = await new Engine().range(twin, query, times, signal);
    if (value.type !== "matrix") throw new Error(`got a ${value.type}`);
    const want = value.series.map(({ labels, values, kinds }) => {
      const steps = [...values].flatMap((v, i) => (kinds[i] === 1 ? [v] : []));
      return `${formatSeries(labels)} ${steps}`;
    });
    const ours = got.result.map(({ metric, values }) => {
      const labels = Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1));
      return `${formatSeries(labels.flat())} ${values.map(([, v]) => Number(v))}`;
    });
    count += want.length;
    if (JSON.stringify(ours) !== JSON.stringify(want)) out.push(`${query}: ${ours} want ${want}`);
  }
  const range = { mint: times.startMs, maxt: times.endMs, matchers: [] };
  const names = await api<string[]>(base, "labels", {}, headers);
  if (String(names) !== String(await twin.labelNames(range))) out.push(`labels: ${names}`);
  for (const name of ["cluster", "job"]) {
    const values = await api<string[]>(base, `label/${name}/values`, {}, headers);
    const want = await twin.labelValues(name, range);
    if (String(values) !== String(want)) out.push(`values of ${name}: ${values}`);
  }
  if (count < 10) out.push(`only ${count} series were compared`);
  return out;
}

test("buckets of Thanos, Cortex and Mimir answer as their series do", async () => {
  const [a, b, c] = made;
  const dir = join(folder.dir, "bucket");
  const bucket = await FilesystemBucket.open(dir, { sync: false });
  const [eu, us] = [
    { cluster: "eu", replica: "0" },
    { cluster: "us", dc: "b" },
  ];
  await putBlock(bucket, "", a, thanosSection(eu));
  await putBlock(bucket, "", b, thanosSection(eu));
  await putBlock(bucket, "", c, thanosSection(us));
  await thanosExtras(bucket, a);
  await cortexTenant(bucket, "cortex", 1, { kept: [a, b], deleted: c });
  await cortexTenant(bucket, "mimir", 2, { kept: [a, b], deleted: c });
  await cortexTenant(bucket, "gone", 2, { kept: [a] });
  await cortexTenant(bucket, "apart", 1, { kept: [a] });
  await deleteTenant(bucket, "gone", "mimir");
  await deleteTenant(bucket, "apart", "cortex");
  await bucket.close();
  const atRoot = (await readdir(dir)).sort();
  const [port] = (await freePorts(1)) as [number];
  const flags = {
    "agent.enabled": "false",
    "bucket.filesystem.dir": dir,
    "bucket.root-tenant": "thanos",
  };
  const narthex = startNarthex({ name: "foreign", dir: folder.dir, port, flags });
  try {
    await ready(narthex, port);
    const base = `http://127.0.0.1:${port}`;
    const thanos = [
      ...[a, b].map(({ series }) => withExternal(series, eu)),
      withExternal(c.series, us),
    ];
    expect(await differences(base, "thanos", twinOf(thanos))).toEqual([]);
    const plain = twinOf([a.series, b.series]);
    for (const tenant of ["cortex", "mimir"]) {
      expect(await differences(base, tenant, plain), tenant).toEqual([]);
    }
    for (const tenant of ["gone", "apart", "debug", "anonymous"]) {
      const headers = { "X-Scope-OrgID": tenant };
      expect(await api<string[]>(base, "labels", {}, headers), tenant).toEqual([]);
    }
    expect((await readdir(dir)).sort()).toEqual(atRoot);
  } finally {
    await narthex.stop();
  }
});

test.skipIf(!hasPrometheus)(
  "a whole data folder of Prometheus answers as that Prometheus does (prometheus)",
  async () => {
    const data = join(folder.dir, "data");
    const text = join(folder.dir, "history.om");
    const lines: string[] = [];
    for (let i = 0; i < 20; i++) {
      for (let m = 0; m < 400; m++) {
        lines.push(`seen_total{page="/${i}"} ${m * (i + 1)} ${FROM_S + m * 60}`);
      }
    }
    await writeFile(text, `${lines.join("\n")}\n# EOF\n`);
    const make = ["tsdb", "create-blocks-from", "openmetrics", text, data];
    await promisify(execFile)(promtool!, make);
    const config = "scrape_configs: [{job_name: self, scrape_interval: 1s, static_configs: []}]\n";
    const prometheus = await startPrometheus({ dataDir: data, config });
    const copy = join(folder.dir, "copy");
    const [port] = (await freePorts(1)) as [number];
    const flags = {
      "agent.enabled": "false",
      "bucket.filesystem.dir": copy,
      "bucket.root-tenant": "anonymous",
    };
    let narthex: RunningProcess | undefined;
    try {
      await cp(data, copy, { recursive: true });
      const others = ["chunks_head", "queries.active", "wal"];
      expect(await readdir(copy)).toEqual(expect.arrayContaining(others));
      narthex = startNarthex({ name: "prometheus-data", dir: folder.dir, port, flags });
      await ready(narthex, port);
      const got = `http://127.0.0.1:${port}/prometheus`;
      const servers = { got, want: prometheus.url };
      const range = { start: String(FROM_S), end: String(FROM_S + 24_000), step: "120" };
      await until("the blocks are seen", async () => {
        return (await api<string[]>(got, "labels")).includes("page");
      });
      for (const query of ["seen_total", "sum(rate(seen_total[7m]))", "topk(2, seen_total)"]) {
        expect(await compareQuery(servers, "query_range", { query, ...range })).toEqual([]);
      }
      const values = await api<string[]>(got, "label/page/values");
      expect(values).toHaveLength(20);
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(metrics).toMatch(/^narthex_bucket_store_tenants 1$/m);
    } finally {
      await narthex?.stop();
      await prometheus.stop();
    }
  },
);
