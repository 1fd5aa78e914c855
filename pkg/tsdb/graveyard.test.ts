import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { labelsFromObject, Matcher } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { LabelHasher, ScannedRequest, WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import { TenantDb } from "./db.ts";

const DURATION = 60_000;
const signal = new AbortController().signal;
let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-churn-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function open(clock: FakeClock): Promise<TenantDb> {
  return TenantDb.open({
    ...{ dir, clock, hasher: new LabelHasher(1, 2), random: seededRandom(1) },
    ...{ seriesIdleTimeoutMs: DURATION, blockDurationMs: DURATION },
    ...{ outOfOrderWindowMs: 30 * DURATION, creationGraceMs: DURATION, segmentBytesMax: 4000 },
    fsync: "never",
  });
}

async function push(db: TenantDb, pods: readonly number[], t: number): Promise<void> {
  const builder = new WriteRequestBuilder();
  for (const pod of pods) {
    const labels = { __name__: "m", pod: `pod-${pod}`, zone: `z${pod % 3}`, tail: "x".repeat(99) };
    builder.sample(labelsFromObject(labels), t, 0x40000000 + pod, t % 1000);
  }
  const request = new ScannedRequest();
  const body = builder.view();
  request.scan(body, 0, body.length, db.head.hasher, db.known);
  const sink = { reject: (reason: string): never => expect.fail(reason) };
  await db.append(request, t, { admit: () => undefined }, sink);
}

/** `pod@t` of every sample, and of every one whose labels or value are not those of its pod. */
async function contents(db: TenantDb, matchers: Matcher[]): Promise<string[]> {
  const out: string[] = [];
  const columns = new SampleColumns();
  let before = "";
  for await (const batch of db.selectChunks({ mint: -1e15, maxt: 1e15, matchers }, signal)) {
    for (const series of batch) {
      const [, , , pod, , , , zone] = series.labels;
      expect(`${pod}`.localeCompare(before, "en")).not.toBe(0);
      before = pod!;
      columns.clear();
      seriesFromChunks(series).read(columns, -1e15, 1e15);
      const number = Number(pod!.slice(4));
      expect(zone).toBe(`z${number % 3}`);
      for (let i = 0; i < columns.length; i++) {
        expect(columns.bits[2 * i + 1]).toBe(0x40000000 + number);
        out.push(`${number}@${columns.timestamps[i]}`);
      }
    }
  }
  return out.sort();
}

/**
 * Pods of which some come and go in each round; now and then the process dies. What is read is
 * compared with all that was ever sent, and what is held with the pods that are there.
 */
test("series that come and go leave nothing behind but their blocks", async () => {
  const clock = new FakeClock(1000 * DURATION);
  const random = seededRandom(7);
  let db = await open(clock);
  const sent: string[] = [];
  const live = new Set<number>();
  let next = 0;
  let rowsAtHalf = 0;
  const rounds = 60;
  for (let round = 0; round < rounds; round++) {
    for (const pod of live) if (random() < 0.3) live.delete(pod);
    while (live.size < 40) live.add(next++);
    // One that comes back.
    if (round % 4 === 0 && next > 100) live.add(Math.floor(random() * (next - 100)));
    for (let i = 0; i < 4; i++) {
      await clock.advance(DURATION / 4);
      await push(db, [...live], clock.now());
      for (const pod of live) sent.push(`${pod}@${clock.now()}`);
    }
    // As time goes by in an ingester: ten minutes between two cuts are not asked for.
    await clock.advance(11 * DURATION);
    await db.cut(clock.now() - 11 * DURATION);
    if (round % 7 === 6) {
      await db.close();
      db = await open(clock);
      expect(db.replay.damage).toEqual([]);
    }
    if (round % 5 === 4) {
      const zone = new Matcher("=", "zone", "z1");
      const all = await contents(db, [new Matcher("=", "__name__", "m")]);
      expect(all).toEqual(sent.toSorted());
      const want = sent.filter((text) => Number(text.split("@")[0]) % 3 === 1).sort();
      expect(await contents(db, [zone])).toEqual(want);
    }
    if (round === rounds / 2) rowsAtHalf = db.head.rows.length;
  }
  expect(next).toBeGreaterThan(500);
  expect(db.head.liveSeries).toBeLessThan(120);
  // Twice as many series have passed since, through the same rows and symbols.
  expect(db.head.rows.length).toBeLessThan(rowsAtHalf + 60);
  expect(db.head.symbols.strings.length).toBeLessThan(500);
  await db.close();
}, 60_000);

test("Symbols and rows of series that are gone rest until reads and the log know them no more", async () => {
  const clock = new FakeClock(1000 * DURATION);
  const db = await open(clock);
  await push(db, [1, 2, 3], clock.now());
  await clock.advance(3 * DURATION);
  await push(db, [3], clock.now());
  await db.cut(clock.now() - DURATION);
  expect(db.head.liveSeries).toBe(1);
  await push(db, [4], clock.now());
  // The rows of 1 and 2 are not given out yet.
  expect(db.head.rows.length).toBe(4);
  await clock.advance(11 * DURATION);
  await db.cut(clock.now() - 5 * DURATION);
  await push(db, [5, 6], clock.now());
  expect(db.head.rows.length).toBe(4);
  const held = [...db.head.symbols.strings].filter((text) => text.startsWith("pod-"));
  expect(held.sort()).toEqual(["pod-3", "pod-4", "pod-5", "pod-6"]);
  await db.close();
});
