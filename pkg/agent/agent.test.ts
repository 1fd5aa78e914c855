import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock, systemClock } from "#pkg/clock/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { quietTelemetry, type Telemetry } from "#pkg/telemetry/mod.ts";
import { Agent } from "./agent.ts";
import { parseAgentConfig } from "./config/load.ts";
import { MemorySink, TestReceiver, TestTarget, until } from "./testkit.ts";

const INTERVAL_MS = 10_000;

describe("Agent", () => {
  let dir = "";
  let clock = new FakeClock();
  let telemetry: Telemetry = quietTelemetry();
  let target = new TestTarget("");
  let sink = new MemorySink();
  const undo: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "narthex-agent-"));
    clock = new FakeClock();
    telemetry = quietTelemetry();
    sink = new MemorySink();
    target = await new TestTarget("a 1\n").listen();
    undo.push(() => rm(dir, { recursive: true, force: true }));
    undo.push(() => target.close());
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  const scrapeJob = (keys = ""): string =>
    `scrape_configs: [{job_name: j, scrape_interval: 10s, ${keys} static_configs: [{targets: ["${target.address}"]}]}]`;
  const start = async (yaml: string): Promise<Agent> => {
    const agent = new Agent({
      config: await parseAgentConfig(yaml),
      dir,
      clock,
      random: seededRandom(1),
      telemetry,
      extraSinks: [sink],
      version: "1.2.3",
      stopGraceMs: 0,
    });
    await agent.start(new AbortController().signal);
    undo.push(() => agent.stop());
    return agent;
  };
  const name = (metric: string, labels = ""): string =>
    `${metric}{instance="${target.address}", job="j"${labels}}`;
  const received = (metric: string): unknown[] => sink.received.values(name(metric));
  /** One more scrape of the target, delivered. */
  const scraped = async (): Promise<void> => {
    const before = received("up").length;
    await until(clock, () => received("up").length > before);
  };

  it("scrapes at its interval and says how it went", async () => {
    await start(scrapeJob());
    target.text = '# TYPE a counter\na 1\nb{c="d"} 2\n';
    for (let i = 0; i < 3; i++) await scraped();
    expect(received("a")).toEqual([1, 1, 1]);
    expect(sink.received.values(`b{c="d", instance="${target.address}", job="j"}`)).toEqual([
      2, 2, 2,
    ]);
    expect(received("up")).toEqual([1, 1, 1]);
    expect(received("scrape_samples_scraped")).toEqual([2, 2, 2]);
    expect(received("scrape_samples_post_metric_relabeling")).toEqual([2, 2, 2]);
    expect(received("scrape_series_added")).toEqual([2, 0, 0]);
    expect(received("scrape_duration_seconds")).toHaveLength(3);
    const times = sink.received.series.get(name("a"))!.map(({ timestampMs }) => timestampMs);
    expect(times.map((time) => time - times[0]!)).toEqual([0, INTERVAL_MS, 2 * INTERVAL_MS]);
    for (const metric of ["up", "scrape_duration_seconds"]) {
      const own = sink.received.series.get(name(metric))!.map(({ timestampMs }) => timestampMs);
      expect(own).toEqual(times);
    }
  });

  it("asks as Prometheus asks", async () => {
    await start(scrapeJob("params: {x: [y]}, metrics_path: /m, http_headers: {H: {values: [v]}},"));
    await scraped();
    expect(target.requests[0]).toMatchObject({
      path: "/m?x=y",
      headers: {
        "user-agent": "Narthex/1.2.3",
        "x-prometheus-scrape-timeout-seconds": "10",
        "accept-encoding": "gzip",
        h: "v",
      },
    });
    expect(target.requests[0]!.headers.accept).toMatch(/^application\/openmetrics-text;version=1/);
  });

  it("reads gzip and OpenMetrics", async () => {
    target.reply = () => ({
      headers: {
        "content-type": "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "content-encoding": "gzip",
      },
      body: gzipSync("a_total 5\n# EOF\n"),
    });
    await start(scrapeJob());
    await scraped();
    expect(received("a_total")).toEqual([5]);
  });

  it("authenticates, with secrets from files that may change", async () => {
    const file = join(dir, "token");
    await writeFile(file, "one\n");
    await start(scrapeJob(`authorization: {credentials_file: "${file}"},`));
    await scraped();
    await writeFile(file, "two\n");
    await scraped();
    expect(target.requests.map((request) => request.headers.authorization)).toEqual([
      "Bearer one",
      "Bearer two",
    ]);
  });

  it("marks stale what vanished, what failed, and takes it up again", async () => {
    const agent = await start(scrapeJob());
    target.text = "a 1\nb 1\n";
    await scraped();
    target.text = "a 2\n";
    await scraped();
    target.status = 500;
    await scraped();
    expect(agent.targets().activeTargets[0]).toMatchObject({
      health: "down",
      lastError: expect.stringContaining("HTTP status 500"),
    });
    target.status = 200;
    target.text = "a 4\nb 4\n";
    await scraped();
    target.text = "a 5\nb 5\nthis is no metric\n";
    await scraped();
    expect(received("a")).toEqual([1, 2, "stale", 4, "stale"]);
    expect(received("b")).toEqual([1, "stale", 4, "stale"]);
    expect(received("up")).toEqual([1, 1, 0, 1, 0]);
  });

  it("fails a scrape that takes too long or is too large", async () => {
    await start(scrapeJob("scrape_timeout: 1s, body_size_limit: 1KB,"));
    await scraped();
    target.text = `a 1\n#${"x".repeat(2000)}\n`;
    await scraped();
    let release = (): void => undefined;
    target.reply = () =>
      new Promise((resolve) => {
        release = () => resolve({});
      });
    await scraped();
    release();
    expect(received("up")).toEqual([1, 0, 0]);
    const limit = telemetry.registry.getSingleMetric(
      "narthex_agent_target_scrapes_exceeded_body_size_limit_total",
    );
    expect((await limit!.get()).values[0]!.value).toBe(1);
  });

  it("ends the series of a target that is gone", async () => {
    const agent = await start(scrapeJob());
    await scraped();
    const config = await parseAgentConfig("");
    await agent.reload(config);
    await until(clock, () => received("up").at(-1) === "stale");
    await until(clock, () => received("a").at(-1) === "stale");
    expect(received("a")).toEqual([1, "stale"]);
    expect(received("scrape_series_added")).toEqual([1, "stale"]);
    expect(agent.targets().activeTargets).toEqual([]);
  });

  it("goes on without a gap where a reload changes something else", async () => {
    const agent = await start(scrapeJob());
    await scraped();
    await agent.reload(await parseAgentConfig(scrapeJob("sample_limit: 100,")));
    await scraped();
    await agent.reload(await parseAgentConfig(`${scrapeJob("sample_limit: 100,")}\nglobal: {}`));
    await scraped();
    expect(received("a")).toEqual([1, 1, 1]);
    const times = sink.received.series.get(name("a"))!.map(({ timestampMs }) => timestampMs);
    expect(times[2]! - times[0]!).toBe(2 * INTERVAL_MS);
  });

  it("fails every scrape of a job that has more targets than allowed", async () => {
    await start(
      `scrape_configs: [{job_name: j, scrape_interval: 10s, target_limit: 1, static_configs: [{targets: ["${target.address}", "127.0.0.1:1"]}]}]`,
    );
    await scraped();
    expect(received("up")).toEqual([0]);
    expect(target.requests).toEqual([]);
  });

  it("finds targets in files, as they change", async () => {
    const file = join(dir, "targets.json");
    const write = async (targets: string[]): Promise<void> => {
      await writeFile(`${file}.tmp`, JSON.stringify([{ targets, labels: { a: "b" } }]));
      await rename(`${file}.tmp`, file);
    };
    await write([target.address]);
    const yaml = `scrape_configs: [{job_name: j, scrape_interval: 10s, file_sd_configs: [{files: ["${dir}/*.json"], refresh_interval: 1m}]}]`;
    const agent = await start(yaml);
    const up = (): unknown[] =>
      sink.received.values(`up{a="b", instance="${target.address}", job="j"}`);
    await until(clock, () => up().length > 0);
    expect(agent.targets().activeTargets[0]!.discoveredLabels).toMatchObject({
      __meta_filepath: file,
    });
    await writeFile(file, "no list");
    await clock.advance(61_000);
    expect(agent.targets().activeTargets).toHaveLength(1);
    await write([]);
    await until(clock, () => agent.targets().activeTargets.length === 0);
    await until(clock, () => up().at(-1) === "stale");
  });

  it("reports targets in Prometheus's shape", async () => {
    const agent = await start(
      scrapeJob("relabel_configs: [{source_labels: [__x], regex: drop, action: drop}],").replace(
        "]}]}]",
        '], labels: {l: m}}, {targets: ["127.0.0.1:2"], labels: {__x: drop}}]}]',
      ),
    );
    expect(agent.targets().activeTargets[0]).toMatchObject({ health: "unknown" });
    const labels = { instance: target.address, job: "j", l: "m" };
    await until(clock, () => agent.targets().activeTargets[0]!.health === "up");
    expect(agent.targets()).toMatchObject({
      activeTargets: [
        {
          labels,
          scrapePool: "j",
          scrapeUrl: `http://${target.address}/metrics`,
          lastError: "",
          lastScrape: expect.stringMatching(/^2023-11-1\dT.*Z$/),
          scrapeInterval: "10s",
          scrapeTimeout: "10s",
        },
      ],
      droppedTargets: [{ scrapePool: "j", discoveredLabels: { __address__: "127.0.0.1:2" } }],
      droppedTargetCounts: { j: 1 },
    });
  });

  describe("with a receiver", () => {
    const remote = (receiver: TestReceiver, keys = ""): string =>
      `${scrapeJob()}\nglobal: {external_labels: {dc: eu}}\nremote_write: [{name: r, url: "http://${receiver.address}/push", ${keys} headers: {X-Scope-OrgID: t}, queue_config: {batch_send_deadline: 5ms}}]`;
    const open = async (status: (request: number) => number): Promise<TestReceiver> => {
      const receiver = new TestReceiver(status);
      await receiver.listen();
      undo.push(() => receiver.close());
      return receiver;
    };
    const external = (): string => `a{dc="eu", instance="${target.address}", job="j"}`;

    it("sends as Prometheus sends, and again after an error of the server", async () => {
      const receiver = await open((request) => (request === 0 ? 500 : 204));
      await start(remote(receiver));
      await until(clock, () => receiver.received.values(external()).length === 2);
      expect(receiver.received.values(external())).toEqual([1, 1]);
      const [first, second] = receiver.requests;
      expect(first!.path).toBe("/push");
      expect(first!.headers).toMatchObject({
        "content-encoding": "snappy",
        "content-type": "application/x-protobuf",
        "x-prometheus-remote-write-version": "0.1.0",
        "user-agent": "Narthex/1.2.3",
        "x-scope-orgid": "t",
      });
      expect(first!.headers["retry-attempt"]).toBeUndefined();
      expect(second!.headers["retry-attempt"]).toBe("1");
      expect(Buffer.compare(first!.body, second!.body)).toBe(0);
    });

    it("drops what is refused with 4xx, 429 included", async () => {
      const receiver = await open((request) => [400, 429, 204][request] ?? 204);
      await start(remote(receiver));
      await until(clock, () => receiver.received.values(external()).length === 1);
      expect(receiver.requests.length).toBe(3);
      const failed = telemetry.registry.getSingleMetric(
        "narthex_agent_remote_storage_samples_failed_total",
      );
      expect((await failed!.get()).values[0]!.value).toBe(12);
    });

    it("relabels on the way out, for this receiver only", async () => {
      const receiver = await open(() => 200);
      await start(
        remote(
          receiver,
          "write_relabel_configs: [{source_labels: [__name__], regex: a, action: keep}],",
        ),
      );
      await until(clock, () => receiver.received.sampleCount === 2);
      expect([...receiver.received.series.keys()]).toEqual([external()]);
      expect(sink.received.series.size).toBe(6);
    });

    it("goes on where it was after a restart", async () => {
      const receiver = await open(() => 204);
      const first = await start(remote(receiver));
      await until(clock, () => receiver.received.values(external()).length === 2);
      await first.stop();
      telemetry = quietTelemetry();
      target.text = "a 7\n";
      await start(remote(receiver));
      await until(clock, () => receiver.received.values(external()).at(-1) === 7);
      // However many scrapes there were before the stop: none is missing, all come in order, and
      // only what was on its way at the stop, when nobody knew that it had arrived, comes again.
      const samples = receiver.received.series.get(external()) ?? [];
      const times = samples.map(({ timestampMs }) => timestampMs);
      expect(times).toEqual([...times].sort((x, y) => x - y));
      expect(times.length - new Set(times).size).toBeLessThanOrEqual(1);
      expect(samples.slice(0, 2).map(({ value }) => value)).toEqual([1, 1]);
      expect([...new Set(samples.map(({ value }) => value))]).toEqual([1, 7]);
    });

    it("starts a receiver that is new at what comes", async () => {
      const agent = await start(scrapeJob());
      await scraped();
      await scraped();
      const receiver = await open(() => 204);
      target.text = "a 3\n";
      await agent.reload(await parseAgentConfig(remote(receiver)));
      await until(clock, () => receiver.received.values(external()).length > 0);
      expect(receiver.received.values(external())).toEqual([3]);
    });
  });
});

describe("Agent on the machine's clock", () => {
  it("stops within its grace while a receiver is away", async () => {
    const dir = await mkdtemp(join(tmpdir(), "narthex-agent-"));
    const target = await new TestTarget("a 1\n").listen();
    const agent = new Agent({
      config: await parseAgentConfig(
        `scrape_configs: [{job_name: j, scrape_interval: 50ms, static_configs: [{targets: ["${target.address}"]}]}]\nremote_write: [{url: "http://127.0.0.1:1/"}]`,
      ),
      dir,
      clock: systemClock,
      random: seededRandom(1),
      telemetry: quietTelemetry(),
      stopGraceMs: 50,
    });
    await agent.start(new AbortController().signal);
    while (target.requests.length < 3) await new Promise((resolve) => setImmediate(resolve));
    await agent.stop();
    expect(agent.state).toBe("terminated");
    await target.close();
    await rm(dir, { recursive: true, force: true });
  });
});
