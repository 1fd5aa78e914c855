import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "#pkg/prng/mod.ts";
import { Ledger } from "../support/ledger.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, type RunningProcess, until } from "../support/process.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temp.ts";

const SEED = Number(process.env["NARTHEX_SEED"] ?? Date.now() % 1e6);
const ROUNDS = Number(process.env["NARTHEX_ROUNDS"] ?? 5);
const MIB = 1 << 20;
const FLAGS: Readonly<Record<string, string>> = {
  "agent.enabled": "false",
  "compactor.enabled": "false",
  "ingester.block-duration": "30s",
  "ingester.flush-interval": "100ms",
  "ingester.wal-segment-bytes": "64KiB",
  "ingester.local-retention": "0",
  "store-gateway.sync-interval": "200ms",
};
/** Heads are cut on request alone. */
const QUIET = { ...FLAGS, "ingester.block-duration": "240h" };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let disk: SmallDisk;
let port = 0;
let url = "";
let running: RunningProcess;
let ledger: Ledger;

beforeEach(async () => {
  if (!SmallDisk.isPossible) return;
  folder = await temporaryFolder("full");
  disk = new SmallDisk(join(folder.dir, "disk"), 12 * MIB);
  [port] = (await freePorts(1)) as [number];
  url = `http://127.0.0.1:${port}`;
  ledger = new Ledger({
    url,
    random: seededRandom(SEED),
    series: 60,
    stepMs: 1000,
    startMs: Date.now() - 12 * 3_600_000,
    writers: 2,
    lateMs: 5_000,
  });
});
afterEach(async () => {
  if (!SmallDisk.isPossible) return;
  await running.stop();
  disk.remove();
  await folder.remove();
});

async function start(flags: Record<string, string>): Promise<void> {
  await mkdir(join(disk.dir, "narthex"), { recursive: true });
  // What it prints goes to a disk with room.
  running = startNarthex({
    dir: folder.dir,
    port,
    flags: { ...flags, "data-dir": join(disk.dir, "narthex") },
  });
  await ready(running, port);
}

const ingesterDir = (part: string): string =>
  join(disk.dir, "narthex", "ingester", "anonymous", part);
const flush = (): Promise<Response> => fetch(`${url}/ingester/flush`, { method: "POST" });

/** What is acknowledged comes in again by itself, and all of it is there, also after a crash. */
async function recovers(flags: Record<string, string>): Promise<void> {
  await disk.clear();
  await until("samples are taken again", () => ledger.sendOnce(), { timeoutMs: 20_000 });
  for (let i = 0; i < 5; i++) expect(await ledger.sendOnce()).toBe(true);
  await ledger.check();
  await running.stop("SIGKILL");
  await start(flags);
  await ledger.check();
  expect(await ledger.sendOnce()).toBe(true);
  expect((await flush()).status).toBe(204);
  expect(await ledger.check()).toBeGreaterThan(500);
}

const full = test.skipIf(!SmallDisk.isPossible);

full(
  "a disk that is full while the WAL is written refuses, by name, and takes on again (tmpfs)",
  async () => {
    await start(QUIET);
    for (let i = 0; i < 20; i++) expect(await ledger.sendOnce()).toBe(true);
    await disk.fill();
    await until("samples are refused", async () => !(await ledger.sendOnce()));
    expect(ledger.lastError).toMatch(/^503 .*\/wal\/\d{8}: ENOSPC/);
    for (let i = 0; i < 20; i++) expect(await ledger.sendOnce()).toBe(false);
    // What was acknowledged can be read all the while.
    await ledger.check();
    await recovers(QUIET);
  },
);

full("a disk that is full while a checkpoint is written goes on with the log (tmpfs)", async () => {
  const flags = { ...QUIET, "ingester.wal-checkpoint-bytes": "150KiB" };
  await start({ ...QUIET, "ingester.wal-checkpoint-bytes": "0" });
  for (let i = 0; i < 250; i++) expect(await ledger.sendOnce()).toBe(true);
  await running.stop("SIGKILL");
  await disk.fill(140_000);
  await start(flags);
  await until("a checkpoint failed", () =>
    running.tail(50).includes("maintenance of the head failed"),
  );
  expect(running.tail(50)).toMatch(/write checkpoint \/.*ENOSPC/);
  expect(await ledger.sendOnce()).toBe(true);
  await ledger.check();
  // Each attempt begins anew, in the place of the one before.
  const names = await readdir(ingesterDir("wal"));
  expect(names.filter((name) => /^checkpoint\.\d+$/.test(name))).toEqual([]);
  expect(names.filter((name) => name.endsWith(".tmp")).length).toBeLessThan(2);
  await disk.clear();
  await until("a checkpoint is written", async () =>
    (await readdir(ingesterDir("wal"))).some((name) => /^checkpoint\.\d+$/.test(name)),
  );
  await recovers(flags);
});

full(
  "a disk that is full while a block is cut keeps the samples, and leaves nothing half (tmpfs)",
  async () => {
    await start(QUIET);
    for (let i = 0; i < 150; i++) expect(await ledger.sendOnce()).toBe(true);
    for (const left of [0, 20_000, 60_000]) {
      await disk.fill(left);
      const response = await flush();
      const text = await response.text();
      expect([response.status, text]).toEqual([
        503,
        expect.stringMatching(/write (WAL segment|block below) [^ ]*\/anonymous\/.*ENOSPC/),
      ]);
      expect(await readdir(ingesterDir("blocks"))).toEqual([]);
      await ledger.check();
      await disk.clear();
      expect(await ledger.sendOnce()).toBe(true);
    }
    expect((await flush()).status).toBe(204);
    await recovers(QUIET);
  },
);

full(
  `a disk that fills at random under load, ${ROUNDS} times, costs nothing (tmpfs)`,
  { timeout: 60_000 + ROUNDS * 20_000 },
  async () => {
    const random = seededRandom(SEED);
    console.log(`seed ${SEED}`);
    const flags = { ...FLAGS, "ingester.wal-checkpoint-bytes": "100KiB" };
    await start(flags);
    let checked = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const load = ledger.run();
      await delay(300 + random() * 500);
      await disk.fill(Math.floor(random() ** 2 * 300_000));
      await delay(300 + random() * 1_000);
      if (random() < 0.3) await flush().catch(() => undefined);
      const isKilled = random() < 0.4;
      if (isKilled) await running.stop("SIGKILL");
      await disk.clear();
      ledger.stop();
      await load;
      if (isKilled) await start(flags);
      await until("samples are taken again", () => ledger.sendOnce(), { timeoutMs: 20_000 });
      checked += await ledger.check();
    }
    await recovers(flags);
    console.log(
      `seed ${SEED}: ${ROUNDS} rounds, ${ledger.acknowledged} acknowledged, ${ledger.refusals} refusals, ${checked} checked`,
    );
  },
);
