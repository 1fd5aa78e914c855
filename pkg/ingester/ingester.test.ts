import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { Limits } from "#pkg/limits/mod.ts";
import { faultyBucket, MemoryBucket } from "#pkg/objstore/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { LabelHasher, WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { Ingester, type IngesterOptions } from "./ingester.ts";

const NOW = 1_700_000_000_000;
const signal = new AbortController().signal;

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-ingester-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function ingesterOf(
  clock: FakeClock,
  flushOnShutdown = false,
  more: Partial<IngesterOptions> = {},
): Ingester {
  const config = loadConfig({});
  return new Ingester({
    config: {
      ...config.ingester,
      flush_on_shutdown: flushOnShutdown,
      wal_segment_bytes: 64,
      wal_fsync: "never",
    },
    dir,
    limits: new Limits(config),
    clock,
    random: seededRandom(1),
    telemetry: quietTelemetry(),
    bucket: new MemoryBucket(),
    hasher: new LabelHasher(1, 2),
    isQueryable: async () => false,
    ...more,
  });
}

function bodyOf(t: number): Uint8Array {
  const builder = new WriteRequestBuilder();
  builder.sample(labelsFromObject({ __name__: "m", job: "some job" }), t, 0, 1);
  return builder.view();
}

/** Files below the folder that this process has open. */
async function openFiles(): Promise<number> {
  const links = (await readdir("/proc/self/fd")).map((fd) =>
    readlink(join("/proc/self/fd", fd)).catch(() => ""),
  );
  return (await Promise.all(links)).filter((target) => target.startsWith(dir)).length;
}

test("Ingester starts beside folders that are no tenant's", async () => {
  await mkdir(join(dir, "lost+found"));
  const ingester = ingesterOf(new FakeClock(NOW));
  await ingester.start(signal);
  await ingester.push("a", bodyOf(NOW));
  expect((await ingester.tenantStats()).map(({ tenant }) => tenant)).toEqual(["a"]);
  await ingester.stop();
});

test("Ingester.stop ends though its last blocks cannot be queried yet", async () => {
  const clock = new FakeClock(NOW);
  const ingester = ingesterOf(clock, true);
  await ingester.start(signal);
  await ingester.push("a", bodyOf(NOW));
  let stopped = false;
  const stopping = ingester.stop().then(() => (stopped = true));
  await expect
    .poll(async () => {
      await clock.advance(10_000);
      return stopped;
    })
    .toBe(true);
  await stopping;
});

test.skipIf(process.platform !== "linux")(
  "Ingester.stop closes every tenant, also after one that cannot be written (/proc)",
  async () => {
    const ingester = ingesterOf(new FakeClock(NOW));
    await ingester.start(signal);
    for (const tenant of ["a", "b"]) await ingester.push(tenant, bodyOf(NOW));
    await mkdir(join(dir, "a", "wal", "00000001"));
    expect(await ingester.push("a", bodyOf(NOW + 1)).catch(codeOf)).toBe("unavailable");
    expect(await openFiles()).toBe(2);
    expect(await ingester.stop().catch(codeOf)).toBe("unavailable");
    expect(await openFiles()).toBe(0);
  },
);

test("Ingester quarantines a block that cannot be opened, by name, and leaves it where it is", async () => {
  const clock = new FakeClock(NOW);
  const bucket = new MemoryBucket();
  const faulty = faultyBucket(bucket, { random: seededRandom(1), failRate: 1 });
  const first = ingesterOf(clock, false, { bucket: faulty });
  await first.start(signal);
  await first.push("a", bodyOf(NOW));
  await expect(first.flush(undefined, signal)).rejects.toThrow("injected fault");
  await first.stop();
  const [id] = await readdir(join(dir, "a/blocks"));
  const index = join(dir, "a/blocks", id!, "index");
  const sound = await readFile(index);
  await writeFile(index, sound.subarray(0, sound.length - 9));

  const telemetry = quietTelemetry();
  const second = ingesterOf(clock, false, { bucket, telemetry, isQueryable: async () => true });
  await second.start(signal);
  const metrics = await telemetry.registry.metrics();
  expect(metrics).toContain('narthex_ingester_blocks_quarantined{tenant="a"} 1');
  const warnings: string[] = [];
  const ask = async (mint: number): Promise<number> => {
    let series = 0;
    const matchers = [newMatcher("=", "__name__", "m")];
    const onWarning = (warning: string): void => void warnings.push(warning);
    const params = { mint, maxt: mint + 1000, matchers, onWarning };
    for await (const batch of second.select("a", params, signal)) series += batch.length;
    return series;
  };
  expect(await ask(NOW - 500)).toBe(0);
  expect(warnings).toEqual([`local block ${id} cannot be opened, its samples may be missing`]);
  await ask(NOW + 10_000_000);
  expect(warnings).toHaveLength(1);
  await second.flush(undefined, signal);
  expect(await readdir(join(dir, "a/blocks"))).toEqual([id]);
  for await (const { key } of bucket.list("")) expect.unreachable(key);
  await second.stop();

  await writeFile(index, sound);
  const third = ingesterOf(clock, false, { bucket, isQueryable: async () => true });
  await third.start(signal);
  expect(await bucket.exists(`a/${id}/meta.json`)).toBe(false);
  await third.flush(undefined, signal);
  expect(await bucket.exists(`a/${id}/meta.json`)).toBe(true);
  await third.stop();
});
