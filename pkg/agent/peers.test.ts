import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "#pkg/clock/mod.ts";
import { formatSeries, labelsFromObject } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { Agent } from "./agent.ts";
import { parseAgentConfig } from "./config/load.ts";
import { MemorySink, TestServer, TestTarget } from "./testkit.ts";

const nodeExporter = peer("prometheus-node-exporter");
const prometheus = peer("prometheus");

let dir = "";
const undo: (() => unknown)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-agent-peers-"));
  undo.push(() => rm(dir, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

function run(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: "ignore" });
  undo.push(async () => {
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  });
  return child;
}

/** The body of a successful GET, which may take some tries while a program starts. */
async function got(url: string): Promise<string> {
  for (;;) {
    try {
      const response = await fetch(url);
      if (response.ok) return await response.text();
    } catch {
      // Not there yet.
    }
    await new Promise((wake) => setImmediate(wake));
  }
}

async function agentFor(address: string, sink: MemorySink, keys = ""): Promise<Agent> {
  const agent = new Agent({
    config: await parseAgentConfig(
      `scrape_configs: [{job_name: j, ${keys} scrape_interval: 1s, static_configs: [{targets: ["${address}"], labels: {instance: i}}]}]`,
    ),
    dir: join(dir, "agent"),
    clock: systemClock,
    random: seededRandom(1),
    telemetry: quietTelemetry(),
    extraSinks: [sink],
    stopGraceMs: 0,
  });
  await agent.start(new AbortController().signal);
  undo.push(() => agent.stop());
  return agent;
}

/** A body of the text format read line by line, with expressions for what the parser does by hand;
 * enough for what well-behaved programs expose. */
function plainSamples(body: string): Map<string, number> {
  const out = new Map<string, number>();
  for (const line of body.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) continue;
    const labels: Record<string, string> = { __name__: match[1]!, instance: "i", job: "j" };
    for (const [, name, value] of (match[2] ?? "").matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)) {
      labels[name!] = value!.replace(/\\(.)/g, (_, char) => (char === "n" ? "\n" : char));
    }
    // Bounds and quantiles are written as floats, whichever way the target writes them.
    for (const name of ["le", "quantile"]) {
      if (/^\d+$/.test(labels[name] ?? "")) labels[name] += ".0";
    }
    const number = match[3]!.replace(/^\+?Inf$/, "Infinity").replace(/^-Inf$/, "-Infinity");
    out.set(formatSeries(labelsFromObject(labels)), Number(number));
  }
  return out;
}

describe.skipIf(nodeExporter === undefined)("Agent with prometheus-node-exporter", () => {
  it("delivers exactly what the exporter wrote", async () => {
    const port = await freePort();
    run(nodeExporter!, [`--web.listen-address=127.0.0.1:${port}`]);
    await got(`http://127.0.0.1:${port}/metrics`);
    const bodies: string[] = [];
    const proxy = await new TestServer(async (request) => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
        headers: { accept: "text/plain;version=0.0.4", "user-agent": "proxy" },
      });
      const body = await response.text();
      bodies.push(body);
      return {
        headers: { "content-type": response.headers.get("content-type") ?? request.path },
        body,
      };
    }).listen();
    undo.push(() => proxy.close());
    const sink = new MemorySink();
    await agentFor(proxy.address, sink);
    const up = 'up{instance="i", job="j"}';
    while (sink.received.values(up).length < 2) await new Promise((wake) => setImmediate(wake));
    const want = plainSamples(bodies[0]!);
    expect(want.size).toBeGreaterThan(200);
    const first = new Map<string, number | "stale">();
    for (const [series, samples] of sink.received.series) {
      if (!/^(up|scrape_\w+)\{/.test(series)) first.set(series, samples[0]!.value);
    }
    const missing = [...want].filter(([series, value]) => !Object.is(first.get(series), value));
    expect(missing).toEqual([]);
    expect(sink.received.values('scrape_samples_scraped{instance="i", job="j"}')[0]).toBe(
      want.size,
    );
  });
});

/** What targets may write and parsers may get wrong, as both versions of Prometheus read it. */
const TRICKY = `# HELP a Some \\\\ help\\n.
# TYPE a counter
a 1
a{job="own",instance="x"} 2
a{b="quote \\" backslash \\\\ newline \\n end"} 3.5e-7
a { c = "d" , } 1e3
`;
const BODY = TRICKY.concat(
  'nan_value NaN\ninf_value{sign="+"} +Inf\ninf_value{sign="-"} -Inf\n',
  "# a comment\n\n# TYPE h histogram\n",
  'h_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 2\nh_sum 1.25\nh_count 2\n',
  'unicode{name="größe 測試 😀"} 7\n',
  "dropped_by_rule 1\n",
);

describe.skipIf(prometheus === undefined)("Agent beside prometheus", () => {
  it("makes the same samples of the same target", async () => {
    const target = await new TestTarget(BODY).listen();
    undo.push(() => target.close());
    const keys =
      "metric_relabel_configs: [{source_labels: [__name__], regex: dropped.*, action: drop}," +
      " {source_labels: [c], regex: (.+), target_label: e, replacement: x-$1}],";
    const port = await freePort();
    const config = join(dir, "prometheus.yml");
    await writeFile(
      config,
      `scrape_configs: [{job_name: j, ${keys} scrape_interval: 1s, static_configs: [{targets: ["${target.address}"], labels: {instance: i}}]}]`,
    );
    run(prometheus!, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, "tsdb")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const sink = new MemorySink();
    await agentFor(target.address, sink, keys);
    const query = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent('{job="j"}')}`;
    let theirs: { metric: Record<string, string>; value: [number, string] }[] = [];
    const isThere = (): boolean =>
      theirs.some(({ metric }) => metric["__name__"] === "scrape_series_added");
    while (!isThere()) {
      theirs = (JSON.parse(await got(query)) as { data: { result: typeof theirs } }).data.result;
    }
    const up = 'up{instance="i", job="j"}';
    while (sink.received.values(up).length < 1) await new Promise((wake) => setImmediate(wake));
    const mine = new Map<string, string>();
    for (const [series, samples] of sink.received.series) {
      const text = String(samples[0]!.value);
      mine.set(series, text.replace(/^Infinity/, "+Inf").replace("-Infinity", "-Inf"));
    }
    const wanted = new Map(
      theirs.map(({ metric, value }) => [formatSeries(labelsFromObject(metric)), value[1]]),
    );
    expect([...mine.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [series, value] of wanted) {
      // How long the scrape took, and whether it was the first, is not the target's.
      if (/^scrape_(duration_seconds|series_added)/.test(series)) continue;
      expect(Number(mine.get(series)), series).toEqual(Number(value));
    }
  });
});
