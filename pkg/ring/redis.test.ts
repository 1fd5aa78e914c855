import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "#pkg/clock/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import type { Service } from "#pkg/service/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { connectRedis, Lifecycler, type RedisClient, RedisRingStore, Ring } from "./mod.ts";

const redisServer = peer("redis-server");
const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
let port = 0;
let server: ChildProcess | undefined;
let folder = "";

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts redis-server without persistence, so that it comes back empty. */
async function startRedis(): Promise<void> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const child = spawn(redisServer as string, [...args, "--appendonly", "no"]);
  server = child;
  await new Promise<void>((resolve, reject) => {
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("Ready to accept connections")) resolve();
    });
    child.once("exit", () => reject(new Error(`redis-server ended: ${output}`)));
  });
}

async function killRedis(): Promise<void> {
  const child = server;
  if (!child) return;
  server = undefined;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

beforeAll(async () => {
  if (!redisServer) return;
  folder = mkdtempSync(join(tmpdir(), "narthex-redis-"));
  port = await freePort();
  await startRedis();
});

afterEach(async () => {
  for (const step of cleanups.splice(0).reverse()) await step();
});

afterAll(async () => {
  await killRedis();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function connect(): RedisClient {
  const redis = connectRedis({ addresses: [`127.0.0.1:${port}`] });
  cleanups.push(() => redis.disconnect());
  return redis;
}

async function start<T extends Service>(service: T): Promise<T> {
  cleanups.push(() => service.stop());
  await service.start(never);
  return service;
}

/** What one process has: a connection, a view and a lease of its own. */
async function member(name: string, id: string) {
  const deps = {
    store: new RedisRingStore(connect()),
    clock: systemClock,
    telemetry: quietTelemetry(),
  };
  cleanups.push(() => deps.store.close());
  const options = { name, replicationFactor: 3, slots: 64, pollMs: 50, heartbeatTimeoutMs: 2000 };
  const ring = await start(new Ring(deps, options));
  const lifecycler = await start(
    new Lifecycler(deps, { name, id, address: `${id}:1`, heartbeatPeriodMs: 100 }),
  );
  await lifecycler.changeState("ACTIVE");
  return { ...deps, ring, lifecycler };
}

/** Resolves when the ring is as `want` says; the test's timeout is the limit. */
function until(ring: Ring, want: string): Promise<void> {
  const view = (): string =>
    ring.current.instances.map((i) => `${i.id} ${i.state}${i.writable ? "*" : ""}`).join(", ");
  return new Promise((resolve) => {
    const check = (): void => {
      if (view() !== want) return;
      stop();
      resolve();
    };
    const stop = ring.onSnapshot(check);
    check();
  });
}

const entry = (id: string, heartbeat: number) => ({
  id,
  address: "a:1",
  zone: "z",
  state: "ACTIVE" as const,
  heartbeat,
  registered: 1,
  incarnation: "i",
  fresh: false,
});

test.skipIf(!redisServer)("redis-server: RedisRingStore reads what was written", async () => {
  const store = new RedisRingStore(connect());
  expect(await store.read("empty")).toEqual([]);
  expect(await store.write("r", entry("a", 5), true)).toBeUndefined();
  expect(await store.write("r", entry("a", 6), false)).toEqual(entry("a", 5));
  expect(await store.read("r")).toEqual([entry("a", 6)]);
  expect(await store.read("other")).toEqual([]);
});

test.skipIf(!redisServer)("redis-server: RedisRingStore removes only stale entries", async () => {
  const store = new RedisRingStore(connect());
  await store.write("rm", entry("a", 1_700_000_000_123), false);
  expect(await store.remove("rm", "a", 1_700_000_000_122)).toBe(false);
  expect(await store.remove("rm", "a", 1_700_000_000_123)).toBe(true);
  expect(await store.remove("rm", "a", Number.MAX_SAFE_INTEGER)).toBe(false);
  expect(await store.read("rm")).toEqual([]);
});

test.skipIf(!redisServer)(
  "redis-server: an entry that is not readable hides no other",
  async () => {
    const redis = connect();
    const store = new RedisRingStore(redis);
    await store.write("bad", entry("a", 1), false);
    await redis.hset("narthex/ring/bad", "b", "not json");
    expect(await store.read("bad")).toEqual([entry("a", 1)]);
    expect(await store.write("bad", entry("b", 2), false)).toBeUndefined();
    expect(await store.read("bad")).toHaveLength(2);
  },
);

test.skipIf(!redisServer)("redis-server: watchers hear of announced changes", async () => {
  const writer = new RedisRingStore(connect());
  const reader = new RedisRingStore(connect());
  cleanups.push(() => reader.close());
  let heard: () => void = () => undefined;
  const once = new Promise<void>((resolve) => (heard = resolve));
  const stop = reader.watch("w", () => heard());
  // The subscription takes a moment; announcements before it are lost, which polling makes up for.
  const timer = setInterval(() => void writer.write("w", entry("a", 1), true), 20);
  await once.finally(() => clearInterval(timer));
  stop();
});

test.skipIf(!redisServer)("redis-server: processes see each other come and go", async () => {
  const a = await member("pair", "a");
  const b = await member("pair", "b");
  await Promise.all([until(a.ring, "a ACTIVE*, b ACTIVE*"), until(b.ring, "a ACTIVE*, b ACTIVE*")]);
  expect([...a.ring.current.writeTable]).toEqual([...b.ring.current.writeTable]);
  await b.lifecycler.changeState("LEAVING");
  await until(a.ring, "a ACTIVE*, b LEAVING");
  await b.lifecycler.leave();
  await until(a.ring, "a ACTIVE*");
});

test.skipIf(!redisServer)(
  "redis-server: rings outlive a Redis that is killed and comes back empty",
  async () => {
    const a = await member("outage", "a");
    const b = await member("outage", "b");
    const both = "a ACTIVE*, b ACTIVE*";
    await Promise.all([until(a.ring, both), until(b.ring, both)]);
    await killRedis();
    expect(await a.store.read("outage").catch(codeOf)).toBe("unavailable");
    // Long enough for polls and heartbeats to fail on both sides.
    const failures = async (): Promise<boolean> => {
      const texts = await Promise.all([a, b].map(({ telemetry }) => telemetry.registry.metrics()));
      const failed = /ring_(sync|heartbeat)_failures_total\{name="outage"\} [1-9]/g;
      return texts.every((text) => text.match(failed)?.length === 2);
    };
    while (!(await failures())) await new Promise((resolve) => setTimeout(resolve, 20));
    await b.lifecycler.changeState("READONLY");
    await Promise.all([until(a.ring, both), until(b.ring, both)]);
    await startRedis();
    const after = "a ACTIVE*, b READONLY";
    await Promise.all([until(a.ring, after), until(b.ring, after)]);
    const ids = (await a.store.read("outage")).map(({ id }) => id).sort();
    expect(ids).toEqual(["a", "b"]);
  },
);
