import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { formatSeries } from "#pkg/labels/mod.ts";
import { Relabeller } from "#pkg/relabel/mod.ts";
import { canonicalLabelBytes, decodeLabels } from "#pkg/remotewrite/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { createAgentMetrics } from "../metrics.ts";
import { SampleBatch } from "../scrape/batch.ts";
import { ScrapeCache } from "../scrape/cache.ts";
import { LogFeeder } from "../testkit.ts";
import { AgentLog, DEFAULT_LOG_LIMITS, type LogLimits } from "./log.ts";
import { readPositions, writePositions } from "./positions.ts";
import { Progress } from "./progress.ts";
import { LogReader, ReadResult } from "./reader.ts";
import { encodeScrape, ScrapeRecord } from "./record.ts";
import { desiredShards } from "./resharding.ts";
import { RemoteSeries } from "./series.ts";

describe("encodeScrape", () => {
  it("gives back what ScrapeRecord reads, over scrapes of one segment", () => {
    const sample = fc.record({
      series: fc.nat(9),
      timestamp: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
      hi: fc.nat(0xffffffff),
      lo: fc.nat(0xffffffff),
    });
    const scrapes = fc.array(fc.array(sample, { minLength: 1, maxLength: 20 }), { maxLength: 5 });
    fc.assert(
      fc.property(scrapes, (list) => {
        const cache = new ScrapeCache();
        const refs = { generation: 1, count: 0 };
        const defined: string[] = [];
        const record = new ScrapeRecord();
        for (const samples of list) {
          const batch = new SampleBatch();
          for (const { series, timestamp, hi, lo } of samples) {
            const labels = canonicalLabelBytes(["__name__", `s${series}`]);
            batch.push(cache.seriesOf(labels), timestamp, hi, lo);
          }
          const out = new ByteWriter(3);
          out.u8(77);
          encodeScrape(batch, cache, refs, out);
          record.reset(out.bytes, 1, out.length);
          while (record.nextDefinition()) {
            const { labels } = decodeLabels(record.bytes, record.start, record.end);
            defined.push(labels[1]!);
          }
          const got = [];
          while (record.nextSample()) {
            const { ref, timestampMs: timestamp, hi, lo } = record;
            got.push({ series: Number(defined[ref]!.slice(1)), timestamp, hi, lo });
          }
          expect(got).toEqual(samples);
        }
        expect(new Set(defined).size).toBe(defined.length);
      }),
    );
  });

  it("refuses every record that is cut short", () => {
    const cache = new ScrapeCache();
    const batch = new SampleBatch();
    batch.push(cache.seriesOf(canonicalLabelBytes(["__name__", "a"])), 1, 2, 3);
    const out = new ByteWriter(64);
    encodeScrape(batch, cache, { generation: 1, count: 0 }, out);
    const record = new ScrapeRecord();
    for (let end = 0; end < out.length; end++) {
      expect(() => {
        record.reset(out.bytes, 0, end);
        while (record.nextDefinition());
        while (record.nextSample());
      }).toThrow();
    }
  });
});

describe("AgentLog and LogReader", () => {
  let dir = "";
  const clock = new FakeClock();
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "narthex-agent-log-"));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  const open = (limits: Partial<LogLimits> = {}): Promise<AgentLog> => {
    const { registry, log: logger } = quietTelemetry();
    const metrics = createAgentMetrics(registry);
    return AgentLog.open(dir, {
      limits: { ...DEFAULT_LOG_LIMITS, ...limits },
      clock,
      metrics,
      logger,
    });
  };

  /** All samples from `segment` on, until there is nothing more. */
  const readAll = async (
    log: AgentLog,
    segment = 0,
  ): Promise<{ lines: string[]; damage: number }> => {
    let damage = 0;
    const reader = new LogReader(log, { segment, offset: 0 }, () => damage++);
    const record = new ScrapeRecord();
    let series: string[] = [];
    const lines: string[] = [];
    for (;;) {
      const result = await reader.next();
      if (result === ReadResult.nothing) break;
      if (result === ReadResult.segment) {
        series = [];
        continue;
      }
      record.reset(reader.bytes, reader.start, reader.end);
      while (record.nextDefinition()) {
        series.push(formatSeries(decodeLabels(record.bytes, record.start, record.end).labels));
      }
      while (record.nextSample()) lines.push(`${series[record.ref]} @${record.timestampMs}`);
    }
    await reader.close();
    return { lines, damage };
  };

  const expected = (from: number, to: number, count: number): string[] => {
    const lines: string[] = [];
    for (let t = from; t < to; t++) {
      for (let i = 0; i < count; i++) lines.push(`a{i="${i}"} @${t}`);
    }
    return lines;
  };

  it("reads what was written, over many segments and two runs", async () => {
    const first = await open({ segmentBytes: 300 });
    const feeder = new LogFeeder();
    for (let t = 0; t < 10; t++) await feeder.feed(first, 5, t, t);
    expect(first.end.segment).toBeGreaterThan(2);
    expect((await readAll(first)).lines).toEqual(expected(0, 10, 5));
    await first.close();
    const second = await open({ segmentBytes: 300 });
    const again = new LogFeeder();
    for (let t = 10; t < 12; t++) await again.feed(second, 5, t, t);
    expect(await readAll(second)).toEqual({ lines: expected(0, 12, 5), damage: 0 });
    await second.close();
  });

  it("reads scrapes that were appended at once", async () => {
    const log = await open({ segmentBytes: 500 });
    const feeders = Array.from({ length: 20 }, () => new LogFeeder());
    await Promise.all(feeders.map((feeder, t) => feeder.feed(log, 3, t, t)));
    await Promise.all(feeders.map((feeder, t) => feeder.feed(log, 3, 20 + t, t)));
    expect((await readAll(log)).lines.sort()).toEqual(expected(0, 40, 3).sort());
    await log.close();
  });

  it("ends a segment by age", async () => {
    const log = await open({ segmentAgeMs: 1000 });
    const feeder = new LogFeeder();
    await feeder.feed(log, 1, 1, 1);
    await clock.advance(1000);
    await feeder.feed(log, 1, 2, 1);
    expect(log.end.segment).toBe(1);
    await log.close();
  });

  it("drops what all have, and more where it grows too large or too old", async () => {
    const log = await open({ segmentBytes: 200, totalBytes: 1000, totalAgeMs: 60_000 });
    const feeder = new LogFeeder();
    for (let t = 0; t < 10; t++) await feeder.feed(log, 5, t, t);
    const { segment } = log.end;
    expect(segment).toBeGreaterThan(2);
    await log.truncate(2);
    expect(log.oldest).toBe(2);
    expect((await readdir(log.dir)).length).toBe(segment - 1);
    for (let t = 10; t < 40; t++) await feeder.feed(log, 5, t, t);
    await log.truncate(2);
    expect(log.oldest).toBeGreaterThan(10);
    expect((await readAll(log)).lines.at(-1)).toBe('a{i="4"} @39');
    await clock.advance(61_000);
    await log.truncate(2);
    expect(log.oldest).toBe(log.end.segment);
    await log.close();
  });

  it("reads up to the break of a broken segment and goes on behind it", async () => {
    const first = await open();
    const feeder = new LogFeeder();
    for (let t = 0; t < 4; t++) await feeder.feed(first, 3, t, t);
    await first.close();
    const path = join(first.dir, "00000000");
    const whole = await readFile(path);
    const check = async (bytes: Uint8Array): Promise<void> => {
      await writeFile(path, bytes);
      const log = await open();
      await new LogFeeder().feed(log, 1, 100, 1);
      const { lines, damage } = await readAll(log);
      expect(lines.at(-1)).toBe('a{i="0"} @100');
      expect(expected(0, 4, 3).slice(0, lines.length - 1)).toEqual(lines.slice(0, -1));
      if (lines.length < 13) expect(damage + (bytes.length <= 8 ? 1 : 0)).toBeLessThanOrEqual(1);
      await log.close();
      for (const name of await readdir(log.dir)) {
        if (name !== "00000000") await rm(join(log.dir, name));
      }
    };
    for (let end = 0; end <= whole.length; end += 5) await check(whole.subarray(0, end));
    for (let i = 8; i < whole.length; i += 3) {
      const copy = Buffer.from(whole);
      copy[i] = copy[i]! ^ 0x55;
      await check(copy);
    }
  });

  it("keeps positions, and does without them where they are broken", async () => {
    const { log } = quietTelemetry();
    expect(await readPositions(dir, log)).toBeUndefined();
    const positions = new Map([["a", { segment: 3, offset: 70 }]]);
    await writePositions(dir, positions);
    expect(await readPositions(dir, log)).toEqual(positions);
    await writeFile(join(dir, "remote-write-positions.json"), '{"a": {');
    expect(await readPositions(dir, log)).toBeUndefined();
  });
});

describe("Progress", () => {
  it("is behind the last record before which all is settled", () => {
    const at = (offset: number) => ({ segment: 0, offset });
    const progress = new Progress(at(8));
    const first = progress.begin(at(10));
    progress.add(first, 2);
    progress.settle(first, 1);
    const second = progress.begin(at(20));
    progress.settle(second, 1);
    expect(progress.position).toEqual(at(8));
    progress.settle(first, 1);
    expect(progress.position).toEqual(at(8));
    progress.settle(first, 1);
    expect(progress.position).toEqual(at(20));
    expect(progress.openCount).toBe(0);
  });
});

describe("RemoteSeries", () => {
  it("adds external labels where they are free, then relabels", () => {
    const rules = new Relabeller([
      {
        action: "drop",
        sourceLabels: ["__name__"],
        separator: ";",
        regex: "b",
        modulus: 0,
        targetLabel: "",
        replacement: "$1",
      },
    ]);
    const series = new RemoteSeries(["dc", "eu", "job", "x"], rules);
    for (const labels of [
      ["__name__", "a", "job", "j"],
      ["__name__", "b"],
      ["__name__", "c"],
    ]) {
      const bytes = canonicalLabelBytes(labels);
      series.define(bytes, 0, bytes.length);
    }
    const text = (ref: number): string =>
      formatSeries(decodeLabels(series.bytes, series.start[ref]!, series.end[ref]!).labels);
    expect(text(0)).toBe('a{dc="eu", job="j"}');
    expect(series.end[1]).toBe(0xffffffff);
    expect(text(2)).toBe('c{dc="eu", job="x"}');
  });
});

describe("desiredShards", () => {
  const f = (
    name: string,
    state: {
      in: number;
      out: number;
      busy: number;
      current: number;
      pending?: number;
      behindMs?: number;
    },
    want: (shards: number) => boolean,
  ): void =>
    it(name, () => {
      const load = { inPerSecond: state.in, outPerSecond: state.out, busy: state.busy };
      const { current, pending = 0, behindMs = 0 } = state;
      expect(want(desiredShards({ load, current, pending, behindMs }))).toBe(true);
    });
  f("stays without anything sent", { in: 100, out: 0, busy: 0, current: 3 }, (n) => n === 3);
  f("stays near what is needed", { in: 1000, out: 1000, busy: 0.9, current: 1 }, (n) => n === 1);
  f("grows with latency", { in: 1000, out: 200, busy: 1, current: 1 }, (n) => n === 5);
  f(
    "grows with the backlog",
    { in: 1000, out: 1000, busy: 1, current: 1, behindMs: 60_000 },
    (n) => n > 5,
  );
  f("shrinks", { in: 1000, out: 1000, busy: 0.5, current: 4 }, (n) => n === 0.5);
});
