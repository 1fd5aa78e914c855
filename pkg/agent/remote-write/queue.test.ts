import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { type ErrorCode, NarthexError } from "#pkg/errs/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { DEFAULT_QUEUE, type QueueConfig } from "../config/remote-write-config.ts";
import { createAgentMetrics } from "../metrics.ts";
import { LogFeeder, MemorySink, until } from "../testkit.ts";
import { AgentLog, DEFAULT_LOG_LIMITS, type LogPosition } from "./log.ts";
import { RemoteQueue } from "./queue.ts";

describe("RemoteQueue", () => {
  let dir = "";
  let clock = new FakeClock();
  let telemetry = quietTelemetry();
  let metrics = createAgentMetrics(telemetry.registry);
  let log: AgentLog;
  let sink = new MemorySink();
  const open: RemoteQueue[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "narthex-agent-queue-"));
    clock = new FakeClock();
    telemetry = quietTelemetry();
    metrics = createAgentMetrics(telemetry.registry);
    const limits = { ...DEFAULT_LOG_LIMITS, segmentBytes: 2000 };
    log = await AgentLog.open(dir, { limits, clock, metrics, logger: telemetry.log });
    sink = new MemorySink();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.stop(0)));
    await log.close();
    await rm(dir, { recursive: true, force: true });
  });

  const start = (config: Partial<QueueConfig> = {}, position?: LogPosition): RemoteQueue => {
    const queue = new RemoteQueue(
      {
        sink,
        url: "",
        queue: { ...DEFAULT_QUEUE, batchSendDeadlineMs: 5, ...config },
        metadata: { send: true, sendIntervalMs: 60_000, maxEntriesPerSend: 2 },
        externalLabels: [],
        relabel: [],
        position: position ?? { segment: 0, offset: 0 },
        families: () =>
          ["a", "b", "c"].map((metric) => ({ metric, type: "gauge", help: "h", unit: "" })),
      },
      { log, clock, random: seededRandom(1), metrics, logger: telemetry.log },
    );
    open.push(queue);
    queue.start();
    return queue;
  };
  const metric = async (name: string): Promise<number> => {
    const found = await telemetry.registry.getSingleMetric(`narthex_agent_${name}`)!.get();
    return found.values.reduce((sum, { value }) => sum + value, 0);
  };
  const feed = async (series: number, scrapes: number, from = 0): Promise<void> => {
    const feeder = new LogFeeder();
    for (let i = from; i < from + scrapes; i++) {
      await feeder.feed(log, series, clock.now() + 1000 * i, i);
    }
  };
  const values = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const failing = (code: ErrorCode, detail = {}): NarthexError =>
    new NarthexError(code, "no", { detail });

  it("delivers all in order per series, over segments and shards", async () => {
    start({ minShards: 4, maxShards: 4, maxSamplesPerSend: 7 });
    await feed(50, 20);
    await until(clock, () => sink.received.sampleCount === 1000);
    expect(log.end.segment).toBeGreaterThan(0);
    expect(sink.received.series.size).toBe(50);
    for (const series of sink.received.series.keys()) {
      expect(sink.received.values(series)).toEqual(values(20));
    }
  });

  it("sends a batch that is not full when its deadline has come", async () => {
    let sent = 0;
    sink.onSend = () => void sent++;
    start({ batchSendDeadlineMs: 1000 });
    await feed(3, 1);
    await clock.advance(500);
    expect(sent).toBe(0);
    await until(clock, () => sink.received.sampleCount === 3);
    expect(sent).toBe(1);
  });

  for (const code of ["unavailable", "timeout", "internal", "rate_limited"] as const) {
    it(`tries again after ${code}, and loses nothing`, async () => {
      const attempts: number[] = [];
      sink.onSend = (attempt) => {
        attempts.push(attempt);
        if (attempt < 3) throw failing(code);
      };
      const queue = start();
      await feed(10, 5);
      const end = log.end;
      await until(clock, () => sink.received.sampleCount === 50);
      expect(attempts.slice(0, 4)).toEqual([0, 1, 2, 3]);
      await until(clock, () => queue.position.offset === end.offset);
      expect(await metric("remote_storage_samples_retried_total")).toBeGreaterThanOrEqual(30);
    });
  }

  it("waits as long as it is told to", async () => {
    let tries = 0;
    sink.onSend = () => {
      if (++tries === 1) throw failing("unavailable", { retryAfterMs: 60_000 });
    };
    start();
    await feed(1, 1);
    await until(clock, () => tries === 1);
    await clock.advance(59_000);
    expect(tries).toBe(1);
    await clock.advance(2_000);
    await until(clock, () => sink.received.sampleCount === 1);
  });

  it("drops what is refused and goes on", async () => {
    let tries = 0;
    sink.onSend = () => {
      if (++tries === 1) throw failing("bad_data");
    };
    const queue = start({ maxSamplesPerSend: 10 });
    await feed(10, 3);
    await until(clock, () => sink.received.sampleCount === 20);
    await until(clock, () => queue.position.offset === log.end.offset);
    expect(tries).toBe(3);
    expect(await metric("remote_storage_samples_failed_total")).toBe(10);
    expect(await metric("remote_storage_samples_total")).toBe(20);
  });

  it("holds no more than its capacity while the receiver is away", async () => {
    sink.onSend = () => {
      throw failing("unavailable");
    };
    start({ capacity: 20, maxSamplesPerSend: 10 });
    await feed(10, 50);
    await clock.advance(20_000);
    // One batch on its way, two that wait, one that fills.
    expect(await metric("wal_samples_appended_total")).toBe(500);
    sink.onSend = () => undefined;
    await until(clock, () => sink.received.sampleCount === 500);
    for (const series of sink.received.series.keys()) {
      expect(sink.received.values(series)).toEqual(values(50));
    }
  });

  it("goes on at its position after a restart, sending again only what was under way", async () => {
    const first = start({ maxSamplesPerSend: 10 });
    await feed(10, 5);
    await until(clock, () => sink.received.sampleCount === 50);
    await until(clock, () => first.position.offset === log.end.offset);
    let allowed = 2;
    sink.onSend = () => {
      if (allowed-- <= 0) throw failing("unavailable");
    };
    await feed(10, 5, 5);
    await until(clock, () => sink.received.sampleCount === 70);
    await first.stop(0);
    sink.onSend = () => undefined;
    start({ maxSamplesPerSend: 10 }, first.position);
    await until(clock, () => sink.received.sampleCount >= 100);
    expect(sink.received.sampleCount).toBe(100);
    for (const series of sink.received.series.keys()) {
      expect(sink.received.values(series)).toEqual(values(10));
    }
  });

  it("sends what is left when it is told to stop", async () => {
    const queue = start({ batchSendDeadlineMs: 3_600_000 });
    await feed(10, 3);
    let stopped = false;
    const work = queue.stop(5_000).then(() => {
      stopped = true;
    });
    await until(clock, () => stopped);
    await work;
    expect(sink.received.sampleCount).toBe(30);
    expect(queue.position).toEqual(log.end);
  });

  it("gives up stopping in order when its time is over", async () => {
    sink.onSend = () => {
      throw failing("unavailable");
    };
    const queue = start();
    await feed(10, 3);
    let stopped = false;
    void queue.stop(1_000).then(() => {
      stopped = true;
    });
    await until(clock, () => stopped);
    expect(queue.position.offset).toBe(0);
  });

  it("leaves out samples that grew too old", async () => {
    let away = true;
    sink.onSend = () => {
      if (away) throw failing("unavailable");
    };
    start({ sampleAgeLimitMs: 60_000 });
    await feed(2, 1);
    await clock.advance(50);
    await clock.advance(61_000);
    away = false;
    await feed(2, 1);
    await until(clock, () => sink.received.sampleCount === 2);
    await clock.advance(6_000);
    expect(sink.received.sampleCount).toBe(2);
    expect(await metric("remote_storage_samples_dropped_total")).toBe(2);
  });

  it("takes more shards when one is too slow, and keeps the order", async () => {
    sink.onSend = () => new Promise((resolve) => void clock.setTimeout(resolve, 1_000));
    start({ maxSamplesPerSend: 10, capacity: 20, maxShards: 8 });
    const feeder = new LogFeeder();
    for (let i = 0; i < 60; i++) {
      await feeder.feed(log, 20, clock.now(), i);
      await clock.advance(1_000);
    }
    expect(await metric("remote_storage_shards")).toBeGreaterThan(1);
    sink.onSend = () => undefined;
    await until(clock, () => sink.received.sampleCount === 1200);
    for (const series of sink.received.series.keys()) {
      expect(sink.received.values(series)).toEqual(values(60));
    }
  });

  it("tells the metadata in portions", async () => {
    start();
    await clock.advance(60_001);
    await until(clock, () => sink.received.metadata.size === 3);
    expect(sink.received.metadata.get("b")).toEqual({
      metric: "b",
      type: "gauge",
      help: "h",
      unit: "",
    });
  });
});
