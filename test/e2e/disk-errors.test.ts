import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "#pkg/prng/mod.ts";
import { peer } from "../peers/peers.ts";
import { type FaultPoint, Faults } from "../support/faults.ts";
import { Ledger } from "../support/ledger.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, type RunningProcess, until } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";

const SEED = Number(process.env["NARTHEX_SEED"] ?? Date.now() % 1e6);
const ROUNDS = Number(process.env["NARTHEX_ROUNDS"] ?? 5);
const fiuRun = peer("fiu-run");
const fiuCtrl = peer("fiu-ctrl");
const FLAGS: Readonly<Record<string, string>> = {
  "agent.enabled": "false",
  "compactor.enabled": "false",
  "ingester.block-duration": "240h",
  "ingester.flush-interval": "100ms",
  "ingester.wal-fsync-interval": "50ms",
  "ingester.local-retention": "0",
  "store-gateway.sync-interval": "200ms",
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let faults: Faults;
let port = 0;
let url = "";
let running: RunningProcess;
let ledger: Ledger;

beforeEach(async () => {
  folder = await temporaryFolder("errors");
  faults = new Faults(folder.dir, { run: fiuRun ?? "", control: fiuCtrl ?? "" });
  [port] = (await freePorts(1)) as [number];
  url = `http://127.0.0.1:${port}`;
  ledger = new Ledger({
    url,
    random: seededRandom(SEED),
    series: 40,
    stepMs: 1000,
    startMs: Date.now() - 12 * 3_600_000,
    writers: 2,
    lateMs: 5_000,
  });
});
afterEach(async () => {
  await running?.stop();
  await folder.remove();
});

async function start(flags: Record<string, string>): Promise<void> {
  running = startNarthex({
    dir: folder.dir,
    port,
    flags: { ...FLAGS, ...flags },
    through: faults.command,
  });
  await ready(running, port);
}

const walNames = (): Promise<string[]> =>
  readdir(join(folder.dir, "narthex", "ingester", "anonymous", "wal"));
const flush = (): Promise<Response> => fetch(`${url}/ingester/flush`, { method: "POST" });

async function newestCheckpoint(): Promise<number> {
  const numbers = (await walNames()).map((name) => /^checkpoint\.(\d+)$/.exec(name)?.[1] ?? "-1");
  return Math.max(...numbers.map(Number));
}

async function newestSegment(): Promise<number> {
  return Math.max(...(await walNames()).filter((name) => /^\d+$/.test(name)).map(Number));
}

/** All of the log that a sync had failed for is replaced by a checkpoint. */
async function untilRewritten(segment: number): Promise<void> {
  await until("a checkpoint is written", async () => (await newestCheckpoint()) > segment);
  await until("the segments before are gone", async () =>
    (await walNames()).every((name) => !/^\d+$/.test(name) || Number(name) > segment),
  );
}

async function survives(flags: Record<string, string>): Promise<void> {
  await until("samples are taken again", () => ledger.sendOnce(), { timeoutMs: 20_000 });
  await ledger.check();
  await running.stop("SIGKILL");
  await start(flags);
  expect(await ledger.check()).toBeGreaterThan(500);
  expect(running.tail(1000)).not.toMatch(/wal is damaged|quarantined/);
}

const faulty = test.skipIf(fiuRun === undefined || fiuCtrl === undefined);

faulty(
  "wal_fsync: always acknowledges nothing that the disk refused to keep (fiu-run)",
  async () => {
    const flags = { "ingester.wal-fsync": "always" };
    await start(flags);
    for (let i = 0; i < 10; i++) expect(await ledger.sendOnce()).toBe(true);
    const segment = await newestSegment();
    await faults.enable(running, "posix/io/sync/fdatasync");
    for (let i = 0; i < 10; i++) expect(await ledger.sendOnce()).toBe(false);
    expect(ledger.lastError).toMatch(/^503 .*\/wal\/\d{8}: EIO/);
    await ledger.check();
    await faults.disable(running, "posix/io/sync/fdatasync");
    await untilRewritten(segment);
    await survives(flags);
  },
);

faulty("wal_fsync: interval writes anew what the disk refused to keep (fiu-run)", async () => {
  const flags = { "ingester.wal-fsync": "interval" };
  await start(flags);
  for (let i = 0; i < 10; i++) expect(await ledger.sendOnce()).toBe(true);
  const segment = await newestSegment();
  await faults.enable(running, "posix/io/sync/fdatasync");
  for (let i = 0; i < 10; i++) expect(await ledger.sendOnce()).toBe(true);
  await until("the failure is told", () => running.tail(200).includes("wal could not be synced"));
  expect(running.tail(200)).toContain("EIO");
  expect(await newestCheckpoint()).toBe(-1);
  await faults.disable(running, "posix/io/sync/fdatasync");
  await untilRewritten(segment);
  expect(running.tail(1000)).toContain("maintenance of the head failed; will try again");
  await survives(flags);
});

faulty("a WAL that cannot be written refuses, by name, and takes on again (fiu-run)", async () => {
  await start({});
  for (let i = 0; i < 10; i++) expect(await ledger.sendOnce()).toBe(true);
  await faults.enable(running, "posix/io/rw/pwrite");
  for (let i = 0; i < 10; i++) expect(await ledger.sendOnce()).toBe(false);
  expect(ledger.lastError).toMatch(/^503 .*\/wal\/\d{8}: EIO/);
  await faults.disable(running, "posix/io/rw/pwrite");
  await survives({});
});

faulty(
  "checkpoints and blocks that the disk refuses to keep are tried again (fiu-run)",
  async () => {
    const flags = { "ingester.wal-checkpoint-bytes": "50KiB" };
    await start(flags);
    await faults.enable(running, "posix/io/sync/fsync");
    for (let i = 0; i < 60; i++) expect(await ledger.sendOnce()).toBe(true);
    await until("a checkpoint failed", () => /write checkpoint \/.*EIO/.test(running.tail(200)));
    const response = await flush();
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringMatching(/write block below .*EIO/),
    ]);
    const blocks = join(folder.dir, "narthex", "ingester", "anonymous", "blocks");
    expect(await readdir(blocks)).toEqual([]);
    expect(await newestCheckpoint()).toBe(-1);
    await ledger.check();
    await faults.disable(running, "posix/io/sync/fsync");
    await until("a checkpoint is written", async () => (await newestCheckpoint()) >= 0);
    expect((await flush()).status).toBe(204);
    await survives(flags);
  },
);

faulty("a block that cannot be read is an error of the query, until it can (fiu-run)", async () => {
  await start({});
  for (let i = 0; i < 30; i++) expect(await ledger.sendOnce()).toBe(true);
  expect((await flush()).status).toBe(204);
  await faults.enable(running, "posix/io/rw/pread");
  await expect(ledger.check()).rejects.toThrow(/EIO/);
  await faults.disable(running, "posix/io/rw/pread");
  await until("queries are answered", async () => (await ledger.check()) > 500, {
    timeoutMs: 10_000,
  });
});

faulty(
  `system calls that fail at random under load, ${ROUNDS} times, cost nothing (fiu-run)`,
  {
    timeout: 60_000 + ROUNDS * 20_000,
  },
  async () => {
    const random = seededRandom(SEED);
    console.log(`seed ${SEED}`);
    const points: FaultPoint[] = [
      "posix/io/rw/pwrite",
      "posix/io/sync/*",
      "posix/io/sync/fdatasync",
    ];
    let checked = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const flags = {
        "ingester.block-duration": "30s",
        "ingester.wal-segment-bytes": "32KiB",
        "ingester.wal-checkpoint-bytes": "100KiB",
        "ingester.wal-fsync": ["always", "interval", "never"][round % 3]!,
      };
      await start(flags);
      checked += await ledger.check();
      const load = ledger.run();
      for (let i = 0; i < 3; i++) {
        await delay(random() * 300);
        const point = points[Math.floor(random() * points.length)]!;
        await faults.enable(running, point, 0.02 + random() * 0.4);
        await delay(random() * 600);
        await faults.disable(running, point);
      }
      ledger.stop();
      await load;
      await until("samples are taken again", () => ledger.sendOnce(), { timeoutMs: 20_000 });
      checked += await ledger.check();
      await running.stop("SIGKILL");
    }
    await start({});
    checked += await ledger.check();
    console.log(
      `seed ${SEED}: ${ROUNDS} rounds, ${ledger.acknowledged} acknowledged, ${ledger.refusals} refusals, ${checked} checked`,
    );
  },
);
