import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Labels, labelsFromObject, Matcher } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { LabelHasher, ScannedRequest, WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { TenantDb } from "./db.ts";

const MINUTE = 60_000;
const T0 = 28_333_333 * MINUTE;
const never = new AbortController().signal;

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-starts-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function open(clock: FakeClock): Promise<TenantDb> {
  return TenantDb.open({
    ...{ dir, clock, hasher: new LabelHasher(1, 2), random: seededRandom(1) },
    ...{ seriesIdleTimeoutMs: MINUTE, blockDurationMs: 20 * MINUTE },
    ...{ outOfOrderWindowMs: 60 * MINUTE, creationGraceMs: MINUTE, segmentBytesMax: 4000 },
    fsync: "never",
  });
}

/** Series from here on are of histograms: whole numbers, and others. */
const HISTOGRAMS_FROM = 6;

const series = (i: number): Labels => labelsFromObject({ __name__: "m", series: `${i}` });

interface Point {
  readonly i: number;
  readonly t: number;
  readonly start: number;
}

async function push(db: TenantDb, now: number, points: readonly Point[]): Promise<void> {
  const builder = new WriteRequestBuilder();
  for (const { i, t, start } of points) {
    if (i >= HISTOGRAMS_FROM) {
      const h = Object.assign(new FloatHistogram(), { count: t - T0, zeroCount: t - T0 });
      builder.histogram(series(i), t, h, i % 2 === 0, start);
    } else if (start === 0) builder.sample(series(i), t, 0x40000000 + i, t % 997);
    else builder.startedSample(series(i), { t, start }, 0x40000000 + i, t % 997);
  }
  const request = new ScannedRequest();
  const body = builder.view();
  request.scan(body, 0, body.length, db.head.hasher, db.known);
  const sink = { reject: (reason: string): never => expect.fail(reason) };
  await db.append(request, now, { admit: () => undefined }, sink);
}

/** `series@t start` of all samples, and the encodings that they came in. */
async function contents(db: TenantDb): Promise<{ samples: string[]; encodings: Set<number> }> {
  const samples: string[] = [];
  const encodings = new Set<number>();
  const matchers = [new Matcher("=", "__name__", "m")];
  for await (const batch of db.selectChunks({ mint: -1e15, maxt: 1e15, matchers }, never)) {
    for (const { labels, chunks } of batch) {
      for (const { encoding } of chunks) encodings.add(encoding);
      const columns = new SampleColumns();
      seriesFromChunks({ labels, chunks }).read(columns, -1e15, 1e15);
      for (let k = 0; k < columns.length; k++) {
        if (Number(labels[3]) < HISTOGRAMS_FROM) {
          expect(columns.bits[2 * k]).toBe(columns.timestamps[k]! % 997);
        } else expect(columns.histograms?.[k]?.count).toBe(columns.timestamps[k]! - T0);
        const start = columns.starts?.[k] ?? 0;
        samples.push(`${labels[3]}@${columns.timestamps[k]! - T0} ${start === 0 ? 0 : start - T0}`);
      }
    }
  }
  return { samples: samples.sort(), encodings };
}

/** Processes restart, some tell when they began, some only now and then; so does this one. */
test.each([1, 2, 3, 4])(
  "start timestamps are those that came, whatever happens, seed %i",
  async (seed) => {
    const random = seededRandom(seed);
    const pick = (count: number): number => Math.floor(random() * count);
    const clock = new FakeClock(T0);
    let db = await open(clock);
    const want: string[] = [];
    const begun = Array.from({ length: 9 }).map(() => T0 - 5);
    for (let round = 0; round < 700; round++) {
      await clock.advance(1000 + pick(5000));
      const points: Point[] = [];
      for (let i = 0; i < begun.length; i++) {
        if (random() < 0.02) begun[i] = clock.now() - pick(100);
        // The first has none; the others are silent about it for a while.
        const start = i === 0 || (i > 2 && (round >> 5) % i === 0) ? 0 : begun[i]!;
        if (random() < 0.95) points.push({ i, t: clock.now(), start });
      }
      // Several samples of a series, as from a sender that has fallen behind.
      if (random() < 0.1) {
        for (let k = 1; k < 4; k++) points.push({ i: 1, t: clock.now() + k, start: begun[1]! - k });
      }
      await push(db, clock.now(), points);
      if (random() < 0.05) await push(db, clock.now(), points);
      for (const { i, t, start } of points)
        want.push(`${i}@${t - T0} ${start === 0 ? 0 : start - T0}`);
      const next = random();
      if (next < 0.01) await db.cut(clock.now() - 10 * MINUTE);
      else if (next < 0.02) await db.checkpointIfDue(1);
      else if (next < 0.04) {
        await db.close();
        db = await open(clock);
        expect(db.replay.damage).toEqual([]);
      } else if (next < 0.06) expect((await contents(db)).samples).toEqual(want.toSorted());
    }
    const { samples, encodings } = await contents(db);
    expect(samples).toEqual(want.toSorted());
    const { xor, xor2, histogramSt, floatHistogramSt } = ChunkEncoding;
    for (const one of [xor, xor2, histogramSt, floatHistogramSt]) expect(encodings).toContain(one);
    await db.cut(Number.POSITIVE_INFINITY);
    expect((await contents(db)).samples).toEqual(want.toSorted());
    expect(db.head.starts.size).toBeLessThan(9);
    await db.close();
  },
  60_000,
);
