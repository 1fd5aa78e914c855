import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { regular, type Times, writeTestBlock } from "#pkg/compactor/testkit.ts";
import { peer } from "../peers/peers.ts";
import { startPrometheus } from "../peers/prometheus.ts";
import { api, compareQuery } from "../support/compare.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, type RunningProcess, until } from "../support/process.ts";
import { SampleSender } from "../support/sender.ts";
import { temporaryFolder } from "../support/temp.ts";

const run = promisify(execFile);
const promtool = peer("promtool");
const HOUR_MS = 3_600_000;
/** A border of 24 h windows, three days ago. */
const FROM = (Math.floor(Date.now() / (24 * HOUR_MS)) - 3) * 24 * HOUR_MS;
const SERIES = 12;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let port = 0;
let base = "";
const running: RunningProcess[] = [];

beforeEach(async () => {
  folder = await temporaryFolder("compaction");
  [port] = (await freePorts(1)) as [number];
  base = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await folder.remove();
});

async function start(flags: Record<string, string> = {}): Promise<RunningProcess> {
  const narthex = startNarthex({
    dir: folder.dir,
    port,
    flags: {
      "agent.enabled": "false",
      "compactor.interval": "300ms",
      "compactor.consistency-delay": "0",
      "compactor.deletion-delay": "4s",
      "store-gateway.ignore-deletion-marks-delay": "2s",
      "store-gateway.sync-interval": "300ms",
      ...flags,
    },
  });
  running.push(narthex);
  await ready(narthex, port);
  return narthex;
}

const bucketDir = (): string => join(folder.dir, "narthex", "bucket", "anonymous");

async function blockIds(dir = bucketDir()): Promise<string[]> {
  return (await readdir(dir).catch(() => [])).filter((name) => name.length === 26);
}

/** Twelve ranges of two hours, two replicas each with gaps of its own, and two late blocks. */
async function makeBlocks(dir: string): Promise<void> {
  const end = FROM + 24 * HOUR_MS;
  const put = async (mint: number, times: Times, madeAt: number): Promise<void> => {
    await writeTestBlock(dir, { mint, maxt: mint + 2 * HOUR_MS, times, madeAt });
  };
  for (let mint = FROM; mint < end; mint += 2 * HOUR_MS) {
    for (const replica of [0, 1]) {
      const all = regular(SERIES, mint, mint + 2 * HOUR_MS, 60_000);
      const times = new Map(
        [...all].map(([i, list]) => [i, list.filter((_, s) => (s + i + 5 * replica) % 13 !== 0)]),
      );
      await put(mint, times, mint + 3 * HOUR_MS);
    }
  }
  for (const hour of [4, 16]) {
    const mint = FROM + hour * HOUR_MS;
    await put(
      mint,
      new Map([
        [0, [mint + 30_500]],
        [99, [mint + 1000]],
      ]),
      end + HOUR_MS,
    );
  }
}

/** Answers that have every sample in them. */
async function everything(): Promise<string> {
  const time = String((FROM + 24 * HOUR_MS) / 1000);
  const queries = [
    ["query", { query: '{__name__=~"metric_[0-9]"}[24h]', time }],
    ["query", { query: 'count_over_time({__name__=~"metric_[0-9]"}[24h])', time }],
    ["series", { "match[]": '{__name__!=""}', start: String(FROM / 1000), end: time }],
  ] as const;
  const answers = await Promise.all(queries.map(([path, params]) => api(base, path, params)));
  return JSON.stringify(answers);
}

/** Sorted lines of `promtool tsdb dump` over the blocks of a folder. */
async function dump(source: string, scratch: string): Promise<string[]> {
  await mkdir(join(scratch, "wal"), { recursive: true });
  for (const id of await blockIds(source)) {
    await cp(join(source, id), join(scratch, id), { recursive: true });
  }
  const { stdout } = await run(promtool ?? "promtool", ["tsdb", "dump", scratch], {
    maxBuffer: 512 * 1024 * 1024,
  });
  return stdout.trimEnd().split("\n").sort();
}

describe("compaction", () => {
  test("a day of blocks, replicas and late ones among them, becomes one while queries go on", async () => {
    const made = join(folder.dir, "made");
    await makeBlocks(made);
    const still = { "compactor.enabled": "false" };
    const first = await start(still);
    await rename(made, bucketDir());
    await until("the blocks are read", async () => {
      const { length } = await api<unknown[]>(base, "label/instance/values");
      return length === SERIES + 1;
    });
    const want = await everything();
    expect(want.length).toBeGreaterThan(100_000);
    await cp(bucketDir(), join(folder.dir, "before"), { recursive: true });
    await first.stop();
    await start();
    let asked = 0;
    let wrong = 0;
    await until(
      "there is one block",
      async () => {
        if ((await everything()) !== want) wrong++;
        asked++;
        return (await blockIds()).length === 1;
      },
      { timeoutMs: 120_000, everyMs: 20 },
    );
    expect(asked).toBeGreaterThan(5);
    expect(wrong).toBe(0);
    expect(await everything()).toBe(want);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toMatch(/narthex_compactor_blocks_marked_for_deletion_total\{[^}]*\} [1-9]/);
    expect(metrics).toMatch(/narthex_compactor_runs_completed_total(\{[^}]*\})? [1-9]/);
    if (promtool === undefined) return;
    const [id] = (await blockIds()) as [string];
    const { stdout } = await run(promtool, ["tsdb", "analyze", bucketDir(), id]);
    expect(stdout).toMatch(new RegExp(`Series: ${SERIES + 1}\\b`));
    const got = await dump(bucketDir(), join(folder.dir, "dump-after"));
    expect(got).toEqual(await dump(join(folder.dir, "before"), join(folder.dir, "dump-before")));
  });

  test.skipIf(!peer("prometheus"))(
    "Prometheus answers from the compacted block as Narthex does",
    async () => {
      const made = join(folder.dir, "made");
      await makeBlocks(made);
      await start();
      await rename(made, bucketDir());
      await until("there is one block", async () => (await blockIds()).length === 1, {
        timeoutMs: 120_000,
      });
      const dataDir = join(folder.dir, "prometheus");
      const [id] = (await blockIds()) as [string];
      await cp(join(bucketDir(), id), join(dataDir, id), { recursive: true });
      const flags = ["--enable-feature=native-histograms"];
      const prometheus = await startPrometheus({ dataDir, flags });
      try {
        const servers = { got: base, want: prometheus.url };
        const [start, end] = [FROM / 1000 + 100.5, FROM / 1000 + 24 * 3600];
        for (const query of [
          '{__name__=~"metric_[0-9]", kind="float"}',
          "sum by (instance) (count_over_time({__name__=~'metric_.', kind='float'}[1h]))",
          // Prometheus 2 counts stale markers among histograms, so instants only.
          "sum by (instance) (histogram_count({kind='histogram'}))",
          "histogram_sum({kind='histogram'})",
          "changes(metric_1{kind='float'}[10m]) + max_over_time(metric_1{kind='float'}[10m])",
          "count by (kind) ({__name__!=''})",
        ]) {
          const params = { query, start: String(start), end: String(end), step: "120" };
          expect(await compareQuery(servers, "query_range", params)).toEqual([]);
        }
        const names = (server: string): Promise<string[]> => api(server, "label/instance/values");
        expect(await names(base)).toEqual(await names(prometheus.url));
      } finally {
        await prometheus.stop();
      }
    },
  );
});

const ADMIN = { "api.enable-admin": "true", "compactor.tombstone-rewrite-delay": "1h" };

async function post(path: string, params: [string, string][] = []): Promise<[number, string]> {
  const response = await fetch(`${base}${path}?${new URLSearchParams(params)}`, { method: "POST" });
  return [response.status, await response.text()];
}

/** Samples of the last day, by metric. */
async function samplesByMetric(): Promise<Record<string, number>> {
  type Matrix = { result: { metric: Record<string, string>; values: unknown[] }[] };
  const { result } = await api<Matrix>(base, "query", { query: "{__name__!=''}[1d]" });
  const out: Record<string, number> = {};
  for (const { metric, values } of result) {
    const name = metric["__name__"] as string;
    out[name] = (out[name] ?? 0) + values.length;
  }
  return out;
}

describe("deletion of series", () => {
  test("the admin API is off unless it is enabled", async () => {
    await start();
    for (const path of ["delete_series", "clean_tombstones", "snapshot"]) {
      const [status, text] = await post(`/prometheus/api/v1/admin/tsdb/${path}`);
      expect([status, JSON.parse(text)]).toEqual([
        403,
        { status: "error", errorType: "unavailable", error: "admin APIs disabled" },
      ]);
    }
  });

  test("what is deleted is gone at once, after a restart, after a rewrite, and from snapshots", async () => {
    let narthex = await start(ADMIN);
    const sender = new SampleSender({ url: `${base}/api/v1/push`, seed: 3, series: 70 });
    for (let i = 0; i < 40; i++) await sender.send();
    expect((await post("/ingester/flush"))[0]).toBe(204);
    const want: Record<string, number> = await samplesByMetric();
    expect(want["sent_metric_1"]).toBe(400);
    const path = "/api/v1/admin/tsdb/delete_series";
    expect((await post(path))[0]).toBe(400);
    expect((await post(path, [["match[]", "{"]]))[0]).toBe(400);
    const selectors: [string, string][] = [
      ["match[]", "sent_metric_1"],
      ["match[]", '{__name__="sent_metric_2",job=~"job.*"}'],
    ];
    expect(await post(`/prometheus${path}`, selectors)).toEqual([204, ""]);
    delete want["sent_metric_1"];
    delete want["sent_metric_2"];
    expect(await samplesByMetric()).toEqual(want);
    const third = sender.acknowledged.filter(({ labels }) => labels.includes("sent_metric_3"));
    const middle = third[200]!.t / 1000;
    expect(
      await post(path, [
        ["match[]", "sent_metric_3"],
        ["end", String(middle)],
      ]),
    ).toEqual([204, ""]);
    want["sent_metric_3"] = third.filter(({ t }) => t > middle * 1000).length;
    expect(await samplesByMetric()).toEqual(want);
    await narthex.stop("SIGKILL");
    narthex = await start(ADMIN);
    expect(await samplesByMetric()).toEqual(want);
    const before = await blockIds();
    expect(await post("/api/v1/admin/tsdb/clean_tombstones")).toEqual([204, ""]);
    expect((await blockIds()).some((id) => !before.includes(id))).toBe(true);
    expect(await samplesByMetric()).toEqual(want);
    const shown = new Set<string>();
    await until("old blocks are gone", async () => {
      shown.add(JSON.stringify(await samplesByMetric()));
      return !(await blockIds()).some((id) => before.includes(id));
    });
    expect([...shown].map((text) => JSON.parse(text) as unknown)).toEqual([want]);
    expect(await samplesByMetric()).toEqual(want);
    const [status, text] = await post("/api/v1/admin/tsdb/snapshot");
    const { name } = (JSON.parse(text) as { data: { name: string } }).data;
    expect([status, name]).toEqual([200, expect.stringMatching(/^\d{8}T\d{6}Z-[0-9a-f]{16}$/)]);
    if (promtool === undefined) return;
    const snapshot = join(folder.dir, "narthex", "snapshots", name);
    const lines = await dump(snapshot, join(folder.dir, "dump"));
    const total = Object.values(want).reduce((sum, count) => sum + count, 0);
    expect(lines.length).toBe(total);
  });

  test("what the head holds goes too, and what comes later stays", async () => {
    const narthex = await start(ADMIN);
    const sender = new SampleSender({ url: `${base}/api/v1/push`, seed: 4, series: 70 });
    for (let i = 0; i < 20; i++) await sender.send();
    expect((await post("/ingester/flush"))[0]).toBe(204);
    for (let i = 0; i < 20; i++) await sender.send();
    const want = await samplesByMetric();
    const path = "/api/v1/admin/tsdb/delete_series";
    expect((await post(path, [["match[]", "sent_metric_5"]]))[0]).toBe(204);
    delete want["sent_metric_5"];
    expect(await samplesByMetric()).toEqual(want);
    for (let i = 0; i < 10; i++) await sender.send();
    for (let i = 0; i < 7; i++) {
      const metric = `sent_metric_${i}`;
      want[metric] = (want[metric] ?? 0) + 100;
    }
    expect(await samplesByMetric()).toEqual(want);
    await narthex.stop("SIGKILL");
    await start(ADMIN);
    expect(await samplesByMetric()).toEqual(want);
    expect((await post("/ingester/flush"))[0]).toBe(204);
    expect(await samplesByMetric()).toEqual(want);
  });
});
