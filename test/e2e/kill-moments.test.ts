import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Random, seededRandom } from "#pkg/prng/mod.ts";
import { Ledger } from "../support/ledger.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, type RunningProcess } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";

const KILLS = Number(process.env["NARTHEX_KILLS"] ?? 12);
const SEED = Number(process.env["NARTHEX_SEED"] ?? Date.now() % 1e6);
/** Kills of one data folder: the first lives through most of them. */
const FRESH_KILLS = 3;
const TENANT = "anonymous";
/** Limits so small that all that happens in hours happens all the time. */
const FLAGS: Readonly<Record<string, string>> = {
  "agent.enabled": "false",
  "api.enable-admin": "true",
  "ingester.block-duration": "10s",
  "ingester.flush-interval": "100ms",
  "ingester.wal-segment-bytes": "16KiB",
  "ingester.wal-checkpoint-bytes": "64KiB",
  "ingester.wal-fsync-interval": "50ms",
  "ingester.local-retention": "0",
  "ingester.series-idle-timeout": "1m",
  "store-gateway.sync-interval": "200ms",
  "store-gateway.ignore-deletion-marks-delay": "500ms",
  "compactor.interval": "300ms",
  "compactor.block-ranges": "10s,50s,250s",
  "compactor.consistency-delay": "0",
  "compactor.deletion-delay": "2s",
  "compactor.tombstone-rewrite-delay": "1s",
};

/** What a kill waits for, by name; undefined is a moment at random. */
const MOMENTS = {
  random: undefined,
  start: undefined,
  walWrite: (dir) => changedSince(join(dir, "ingester", TENANT, "wal"), /^\d{8}$/),
  checkpoint: (dir) => appears(join(dir, "ingester", TENANT, "wal"), /^checkpoint.*\.tmp$/),
  block: (dir) => appears(join(dir, "ingester", TENANT, "blocks"), /\.tmp-for-creation$/),
  newBlock: (dir) => changedSince(join(dir, "ingester", TENANT, "blocks"), /^\w{26}$/),
  upload: (dir) => partialBlock(join(dir, "bucket", TENANT)),
  drop: (dir) => disappears(join(dir, "ingester", TENANT, "blocks"), /^\w{26}$/),
  compaction: (dir) => appears(join(dir, "compactor"), /./),
  deletion: undefined,
} satisfies Record<string, ((dir: string) => () => boolean) | undefined>;
type Moment = keyof typeof MOMENTS;

function names(dir: string, pattern: RegExp): string[] {
  try {
    return readdirSync(dir).filter((name) => pattern.test(name));
  } catch {
    return [];
  }
}

const appears = (dir: string, pattern: RegExp) => () => names(dir, pattern).length > 0;

function changedSince(dir: string, pattern: RegExp): () => boolean {
  const before = new Set(names(dir, pattern));
  return () => names(dir, pattern).some((name) => !before.has(name));
}

function disappears(dir: string, pattern: RegExp): () => boolean {
  let before = names(dir, pattern);
  return () => {
    const now = names(dir, pattern);
    const isLess = before.some((name) => !now.includes(name));
    before = now;
    return isLess;
  };
}

/** A block of the bucket that is not whole yet. */
function partialBlock(bucket: string): () => boolean {
  return () => names(bucket, /^\w{26}$/).some((id) => !existsSync(join(bucket, id, "meta.json")));
}

const MOMENT_WAIT_MS = 2_000;

/** Resolves when the moment has come, and some fraction of a moment later. */
async function moment(which: Moment, dir: string, random: Random): Promise<boolean> {
  const isThere = MOMENTS[which]?.(dir);
  if (isThere === undefined) {
    await delay(random() * 1_000);
    return true;
  }
  const end = Date.now() + MOMENT_WAIT_MS;
  while (!isThere()) {
    if (Date.now() > end) return false;
    await delay(1);
  }
  if (random() < 0.5) await delay(random() * 5);
  return true;
}

interface Life {
  readonly dir: string;
  readonly port: number;
  readonly ledger: Ledger;
  /** Generations below are deleted. */
  deletedTo: number;
  /** The one of which nobody knows whether it is. */
  unfinished: number | undefined;
  /** How long a start takes, about. */
  startMs: number;
  lives: number;
  /** What is sent at the time of a kill. */
  load: Promise<unknown>;
}

const figures = { kills: 0, acknowledged: 0, checked: 0, deletions: 0, missed: 0, damage: 0 };
const killed: Partial<Record<Moment, number>> = {};

async function begin(root: string, n: number, random: Random): Promise<Life> {
  const dir = join(root, `life-${n}`);
  await mkdir(dir, { recursive: true });
  const [port] = (await freePorts(1)) as [number];
  const ledger = new Ledger({
    url: `http://127.0.0.1:${port}`,
    random,
    series: 40,
    stepMs: 1_000,
    startMs: Math.floor(Date.now() / 60_000) * 60_000 - 24 * 3_600_000,
    writers: 3,
    churnEvery: 15,
    lateMs: 20_000,
  });
  return {
    dir,
    port,
    ledger,
    deletedTo: 0,
    unfinished: undefined,
    startMs: 800,
    lives: 0,
    load: Promise.resolve(),
  };
}

function start(life: Life, random: Random): RunningProcess {
  const fsync = ["never", "interval", "always"][Math.floor(random() * 3)]!;
  const flags = { ...FLAGS, "ingester.wal-fsync": fsync };
  return startNarthex({ dir: life.dir, port: life.port, flags });
}

/** Deletes a generation that is written no more: the one whose deletion got no answer first. */
async function deleteOne(life: Life): Promise<void> {
  const generation = life.unfinished ?? life.deletedTo;
  if (generation >= life.ledger.finishedGenerations()) return;
  life.unfinished = generation;
  if (!(await life.ledger.delete(generation))) return;
  life.unfinished = undefined;
  life.deletedTo = generation + 1;
  figures.deletions++;
}

/** One life of the process: a look at all there is, load, and a kill at a moment. */
async function killOnce(life: Life, which: Moment, random: Random): Promise<void> {
  const beganAt = Date.now();
  const running = start(life, random);
  const { ledger } = life;
  try {
    if (which === "start") await delay(random() * 1.2 * life.startMs);
    else {
      await ready(running, life.port);
      life.startMs = Date.now() - beganAt;
      await verify(life, random);
      await loadUntil(life, which, random);
    }
  } finally {
    await running.stop("SIGKILL");
    ledger.stop();
  }
  await life.load;
  figures.kills++;
  killed[which] = (killed[which] ?? 0) + 1;
}

/** Resolves at the moment, with all that was sent still under way: `life.load`. */
async function loadUntil(life: Life, which: Moment, random: Random): Promise<void> {
  const load = life.ledger.run();
  let deleting: Promise<void> | undefined;
  life.load = load;
  await delay(200 + random() * 600);
  if (which === "deletion") {
    deleting = deleteOne(life);
    await delay(random() * 40);
  } else if (!(await moment(which, join(life.dir, "narthex"), random))) figures.missed++;
  life.load = Promise.all([load, deleting]);
}

/** Compares with the book: the newest, or now and then everything. */
async function verify(life: Life, random: Random): Promise<void> {
  if (life.unfinished !== undefined || random() < 0.5) await deleteOne(life);
  const sinceMs = life.lives++ % 8 === 7 ? 0 : life.ledger.newestMs - 300_000;
  figures.checked += await life.ledger.check(sinceMs);
}

/** The end of a life: everything is compared, twice, while blocks are cut and merged. */
async function verifyAll(life: Life, random: Random): Promise<void> {
  const running = start(life, random);
  try {
    await ready(running, life.port);
    for (let i = 0; i < 2; i++) {
      figures.checked += await life.ledger.check();
      await life.ledger.sendOnce();
      await delay(500);
    }
    figures.checked += await life.ledger.check();
  } finally {
    await running.stop("SIGKILL");
  }
  const log = await readFile(join(life.dir, "narthex.log"), "utf8");
  figures.damage += log.split("wal is damaged").length - 1;
  expect(log).not.toContain("quarantined");
  figures.acknowledged += life.ledger.acknowledged;
}

test(`${KILLS} kills at chosen moments lose nothing that was acknowledged, and give nothing twice`, {
  timeout: 120_000 + KILLS * 15_000,
}, async () => {
  const random = seededRandom(SEED);
  console.log(`seed ${SEED}`);
  const folder = await temporaryFolder("kill");
  const moments = Object.keys(MOMENTS) as Moment[];
  const long = Math.ceil(KILLS * 0.75);
  let life = await begin(folder.dir, 0, random);
  let isDone = false;
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      if (kill >= long && (kill - long) % FRESH_KILLS === 0) {
        await verifyAll(life, random);
        life = await begin(folder.dir, kill, random);
      }
      await killOnce(life, moments[(kill + SEED) % moments.length]!, random);
    }
    await verifyAll(life, random);
    isDone = true;
  } finally {
    console.log(`seed ${SEED}: ${JSON.stringify({ ...figures, killed })}`);
    if (isDone) await folder.remove();
    else console.log(`kept: ${life.dir}`);
  }
  expect(figures.checked).toBeGreaterThan(KILLS * 500);
});
