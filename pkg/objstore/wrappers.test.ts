import { expect, test } from "vitest";
import { type Clock, FakeClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { Registry } from "#pkg/telemetry/mod.ts";
import { type Bucket, BucketMetrics, faultyBucket, MemoryBucket, retryBucket } from "./mod.ts";

/** A clock whose timers fire at once and add up. */
function eagerClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => 0,
    monotonic: () => 0,
    setTimeout(callback, ms) {
      slept.push(ms);
      queueMicrotask(callback);
      return { cancel: () => undefined };
    },
  };
}

/** A seeded generator of [0, 1). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const RETRY = { maxAttempts: 4, minDelayMs: 100, maxDelayMs: 1000, random: () => 0 };

test("retryBucket waits longer each time, and gives up after its attempts", async () => {
  const clock = eagerClock();
  const broken = faultyBucket(new MemoryBucket(), { random: () => 0, failRate: 1 });
  const bucket = retryBucket(broken, { ...RETRY, clock });
  await expect(bucket.get("a")).rejects.toMatchObject({ code: "unavailable" });
  expect(clock.slept).toEqual([50, 100, 200]);
});

test("retryBucket does not repeat what cannot be mended", async () => {
  const clock = eagerClock();
  const bucket = retryBucket(new MemoryBucket(), { ...RETRY, clock });
  await expect(bucket.get("a")).rejects.toMatchObject({ code: "not_found" });
  expect(clock.slept).toEqual([]);
});

test("retryBucket over a faulty bucket behaves as the bucket without faults", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const inner = new MemoryBucket();
    const faulty = faultyBucket(inner, {
      random: seeded(seed),
      failRate: 0.2,
      lostReplyRate: 0.2,
    });
    const bucket = retryBucket(faulty, {
      ...RETRY,
      maxAttempts: 50,
      clock: eagerClock(),
    });
    for (let i = 0; i < 30; i++) await bucket.put(`k/${i % 10}`, Uint8Array.of(i));
    for (let i = 0; i < 5; i++) await bucket.delete(`k/${i}`);
    const got: string[] = [];
    for await (const { key } of bucket.list("k/", { recursive: true })) got.push(key);
    expect(got).toEqual(["k/5", "k/6", "k/7", "k/8", "k/9"]);
    expect(await bucket.get("k/7")).toEqual(Uint8Array.of(27));
    expect(await bucket.getRange("k/7", 0, 1)).toEqual(Uint8Array.of(27));
    expect(await bucket.exists("k/1")).toBe(false);
    expect(await bucket.head("k/9")).toEqual({ size: 1 });
  }
});

test("retryBucket stops when the signal aborts while it waits", async () => {
  const controller = new AbortController();
  const broken = faultyBucket(new MemoryBucket(), { random: () => 0, failRate: 1 });
  const bucket = retryBucket(broken, { ...RETRY, clock: new FakeClock(0) });
  const waiting = bucket.get("a", controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "canceled" });
});

test("faultyBucket spares what it does not affect", async () => {
  const bucket = faultyBucket(new MemoryBucket(), {
    random: () => 0,
    failRate: 1,
    affects: (operation, key) => operation === "get" && key === "b",
  });
  await bucket.put("a", Uint8Array.of(1));
  await bucket.put("b", Uint8Array.of(1));
  await expect(bucket.get("a")).resolves.toEqual(Uint8Array.of(1));
  await expect(bucket.get("b")).rejects.toThrow(/injected fault: get b/);
});

test("BucketMetrics counts operations, failures and bytes", async () => {
  const registry = new Registry();
  const metrics = new BucketMetrics(registry, new FakeClock(0));
  const inner: Bucket = new MemoryBucket("blocks");
  const bucket = metrics.wrap(inner);
  await bucket.put("a", new Uint8Array(10));
  await bucket.get("a");
  await bucket.getRange("a", 0, 4);
  await expect(bucket.get("none")).rejects.toBeInstanceOf(NarthexError);
  for await (const _ of bucket.list(""));
  const faulty = metrics.wrap(faultyBucket(inner, { random: () => 0, failRate: 1 }));
  await expect(faulty.delete("a")).rejects.toThrow();
  const text = await registry.metrics();
  const line = (name: string, operation: string): string | undefined =>
    text.split("\n").find((l) => l.startsWith(`${name}{bucket="blocks",operation="${operation}"}`));
  const total = "narthex_objstore_bucket_operations_total";
  expect(line(total, "get")).toMatch(/ 2$/);
  expect(line(total, "iter")).toMatch(/ 1$/);
  expect(line(total, "upload")).toMatch(/ 1$/);
  const failures = "narthex_objstore_bucket_operation_failures_total";
  expect(line(failures, "get")).toMatch(/ 0$/);
  expect(line(failures, "delete")).toMatch(/ 1$/);
  expect(line("narthex_objstore_bucket_operation_fetched_bytes_total", "get_range")).toMatch(/ 4$/);
  expect(text).toContain("narthex_objstore_bucket_operation_duration_seconds_bucket");
});
