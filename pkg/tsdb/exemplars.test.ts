import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { compareExemplars, type Exemplar, type SeriesExemplars } from "#pkg/exemplar/mod.ts";
import { compareLabels, formatLabels, type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  canonicalLabelBytes,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "#pkg/remotewrite/mod.ts";
import { TenantDb } from "./db.ts";
import { DurableHead } from "./durable-head.ts";
import { HeadExemplars } from "./exemplar-ring.ts";

const MINUTE = 60_000;
const T0 = 28_333_333 * MINUTE;
const never = new AbortController().signal;
const ALL = { mint: -1e15, maxt: 1e15, matcherSets: [[newMatcher("!=", "__name__", "")]] };

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-exemplars-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const series = (i: number): Labels => labelsFromObject({ __name__: "m", series: `${i}` });
const trace = (id: string): Labels => labelsFromObject({ trace_id: id });

/** `series/trace_id@time=value`, in order. */
function shown(found: readonly SeriesExemplars[]): string[] {
  return found.flatMap(({ labels, exemplars }) =>
    exemplars.map(
      ({ labels: own, value, timestamp }) =>
        `${labels[3]}/${formatLabels(own)}@${timestamp - T0}=${value}`,
    ),
  );
}

function open(clock: FakeClock, exemplarsMax: number): Promise<TenantDb> {
  return TenantDb.open({
    ...{ dir, clock, hasher: new LabelHasher(1, 2), random: seededRandom(1), exemplarsMax },
    ...{ seriesIdleTimeoutMs: MINUTE, blockDurationMs: MINUTE, outOfOrderWindowMs: 30 * MINUTE },
    ...{ creationGraceMs: MINUTE, segmentBytesMax: 4000, fsync: "never" },
  });
}

/** Pushes a sample for each of `samples`, then the exemplars; returns the refusals of exemplars. */
async function push(
  db: Pick<TenantDb, "head" | "append">,
  limit: number,
  now: number,
  samples: readonly number[],
  exemplars: readonly (readonly [Labels, readonly Exemplar[]])[],
): Promise<string[]> {
  const builder = new WriteRequestBuilder();
  for (const i of samples) builder.sample(series(i), now, 0, 1);
  for (const [labels, list] of exemplars) builder.exemplars(labels, list);
  const request = new ScannedRequest();
  const body = builder.view();
  request.scan(body, 0, body.length, db.head.hasher, db.head.index);
  const refused: string[] = [];
  const sink = {
    reject: (reason: string): never => expect.fail(reason),
    refuseExemplar: (reason: string) => void refused.push(reason.slice("exemplar_".length)),
  };
  await db.append(request, now, { admit: () => undefined, exemplarsMax: limit }, sink);
  return refused;
}

test("HeadExemplars.add keeps the newest, and refuses what upstream does", () => {
  const ring = new HeadExemplars(3);
  const add = (t: number, value: number, id = "a", ref = 0): string =>
    ring.add(ref, () => series(ref), { labels: trace(id), value, timestamp: T0 + t });
  expect(add(10, 1)).toBe("added");
  expect(add(10, 1)).toBe("duplicate");
  expect(add(9, 1)).toBe("outOfOrder");
  // Of one time: by value, then by labels.
  expect(add(10, 0.5)).toBe("outOfOrder");
  expect(add(10, 2)).toBe("added");
  expect(add(10, 2, "A")).toBe("outOfOrder");
  expect(add(10, 2, "b")).toBe("added");
  expect(add(10, Number.NaN)).toBe("outOfOrder");
  expect(add(5, Number.NaN, "a", 1)).toBe("added");
  expect(add(5, Number.NaN, "a", 1)).toBe("duplicate");
  expect([ring.length, ring.seriesCount, ring.appended, ring.oldestTime]).toEqual([
    ...[3, 2, 4],
    T0 + 10,
  ]);
});

test.each([
  { name: "128 characters", labels: { a: "x".repeat(127) }, want: "added" },
  { name: "128 that are two code units each", labels: { a: "😀".repeat(127) }, want: "added" },
  { name: "129 in one label", labels: { a: "x".repeat(128) }, want: "labelsTooLong" },
  {
    name: "129 in several",
    labels: { a: "x".repeat(64), b: "y".repeat(63) },
    want: "labelsTooLong",
  },
  { name: "none", labels: {}, want: "added" },
])("an exemplar's labels may have 128 characters: $name", ({ labels, want }) => {
  const one = { labels: labelsFromObject(labels), value: 1, timestamp: T0 };
  expect(new HeadExemplars(1).add(0, () => series(0), one)).toBe(want);
});

test("HeadExemplars.resize keeps the newest, and nothing at 0", async () => {
  const ring = new HeadExemplars(4);
  const fill = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const one = { labels: trace(`${i}`), value: i, timestamp: T0 + i };
      ring.add(i % 2, () => series(i % 2), one);
    }
  };
  const values = async (): Promise<number[]> =>
    (await ring.select(ALL, never)).flatMap(({ exemplars }) => exemplars.map((e) => e.value));
  fill(0, 7);
  expect(await values()).toEqual([4, 6, 3, 5]);
  ring.resize(3);
  expect(await values()).toEqual([4, 6, 5]);
  ring.resize(5);
  fill(7, 10);
  expect(await values()).toEqual([6, 8, 5, 7, 9]);
  ring.resize(0);
  expect([await values(), ring.length, ring.seriesCount, ring.nextSequence]).toEqual([
    [],
    0,
    0,
    10,
  ]);
});

test("exemplars that cannot be kept are counted, and the samples beside them are", async () => {
  const clock = new FakeClock(T0);
  const db = await open(clock, 0);
  const at = (t: number, labels = trace("a")): Exemplar => ({
    labels,
    value: 1,
    timestamp: T0 + t,
  });
  expect(await push(db, 0, T0, [1], [[series(1), [at(0)]]])).toEqual([]);
  expect(db.head.exemplars.nextSequence).toBe(0);
  const unsorted = ["series", "1", "__name__", "m"];
  const refused = await push(
    db,
    10,
    T0 + 1,
    [1, 2],
    [
      [series(1), [at(1), at(1), at(0), at(2 * MINUTE), at(5, trace("x".repeat(121)))]],
      [unsorted, [at(7), at(6)]],
      [series(3), [at(1)]],
      [series(2), [at(1, ["b", "1", "b", "2"])]],
    ],
  );
  expect(refused).toEqual([
    ...["out_of_order", "too_far_in_future", "labels_too_long", "out_of_order", "series_missing"],
    "invalid",
  ]);
  expect(shown(await db.exemplars(ALL, never))).toEqual([
    '1/{trace_id="a"}@1=1',
    '1/{trace_id="a"}@7=1',
  ]);
  expect(db.head.liveSeries).toBe(2);
  await db.close();
});

test("TenantDb.exemplars picks by matchers and time", async () => {
  const db = await open(new FakeClock(T0), 9);
  const list = [1, 2, 3].map((t) => ({ labels: trace(`${t}`), value: t, timestamp: T0 + t }));
  await push(
    db,
    9,
    T0,
    [1, 2, 3],
    [
      [series(2), list],
      [series(1), list],
      [series(3), list],
    ],
  );
  const ask = async (mint: number, maxt: number, ...values: string[]): Promise<string[]> => {
    const matcherSets = values.map((value) => [newMatcher("=~", "series", value)]);
    return shown(await db.exemplars({ mint: T0 + mint, maxt: T0 + maxt, matcherSets }, never));
  };
  expect(await ask(2, 2, "1|3")).toEqual(['1/{trace_id="2"}@2=2', '3/{trace_id="2"}@2=2']);
  expect(await ask(3, 9, "2", "2")).toEqual(['2/{trace_id="3"}@3=3']);
  expect(await ask(4, 9, ".*")).toEqual([]);
  expect(await ask(0, 9)).toEqual([]);
  await db.close();
});

/** The rules without any cleverness. */
class PlainRing {
  list: { labels: Labels; exemplar: Exemplar }[] = [];

  add(labels: Labels, exemplar: Exemplar, limit: number): void {
    const newest = this.list.findLast((one) => compareLabels(one.labels, labels) === 0);
    const isLate = newest !== undefined && compareExemplars(exemplar, newest.exemplar) <= 0;
    if (!isLate && limit > 0) this.list = [...this.list, { labels, exemplar }].slice(-limit);
  }

  resize(limit: number): void {
    this.list = limit === 0 ? [] : this.list.slice(-limit);
  }

  shown(): string[] {
    const bySeries = new Map<string, { labels: Labels; exemplars: Exemplar[] }>();
    for (const { labels, exemplar } of this.list) {
      const key = formatLabels(labels);
      if (!bySeries.has(key)) bySeries.set(key, { labels, exemplars: [] });
      bySeries.get(key)!.exemplars.push(exemplar);
    }
    const all = [...bySeries.values()].sort((a, b) => compareLabels(a.labels, b.labels));
    return shown(all);
  }
}

/** Series come, go and come back under other numbers; the process dies; the limit changes. */
test.each([1, 2, 3, 4, 5, 6])("exemplars are those of the plain ring, seed %i", async (seed) => {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const clock = new FakeClock(T0);
  const plain = new PlainRing();
  let limit = 20;
  let db = await open(clock, limit);
  let buried = 0;
  let left = 0;
  for (let round = 0; round < 150; round++) {
    await clock.advance(1 + pick(MINUTE / 2));
    // A few series are alive at a time, others than before.
    const live = Array.from({ length: 1 + pick(4) }, () => (pick(6) + (round >> 4)) % 24);
    const lists = Array.from({ length: pick(4) }, (): readonly [Labels, readonly Exemplar[]] => {
      const labels = series(random() < 0.8 ? live[pick(live.length)]! : pick(24));
      return [
        labels,
        Array.from({ length: 1 + pick(3) }, () => {
          const timestamp = clock.now() - (random() < 0.3 ? pick(MINUTE) : pick(3));
          return { labels: trace(`${pick(4)}`), value: pick(3), timestamp };
        }),
      ];
    });
    await push(db, limit, clock.now(), live, lists);
    for (const [labels, exemplars] of lists) {
      if (db.head.findLabels(canonicalLabelBytes(labels)) < 0) continue;
      for (const exemplar of exemplars) plain.add(labels, exemplar, limit);
    }
    const before = db.head.liveSeries;
    const next = random();
    if (next < 0.06) await db.cut(clock.now() - MINUTE);
    else if (next < 0.12) {
      await clock.advance(11 * MINUTE);
      await db.cut(clock.now());
    } else if (next < 0.16) await db.checkpointIfDue(1);
    else if (next < 0.19) {
      limit = [0, 3, 20, 50][pick(4)]!;
      db.head.exemplars.resize(limit);
      plain.resize(limit);
      // Without it, a replay brings back what there was room for before.
      await db.checkpointIfDue(1);
    }
    buried += before - db.head.liveSeries;
    if (random() < 0.1) {
      await db.close();
      db = await open(clock, limit);
      expect(db.replay.damage).toEqual([]);
    }
    expect(shown(await db.exemplars(ALL, never)), `round ${round}`).toEqual(plain.shown());
    for (const { labels } of await db.exemplars(ALL, never)) {
      if (db.head.findLabels(canonicalLabelBytes(labels)) < 0) left++;
    }
  }
  // It did happen.
  expect(buried).toBeGreaterThan(20);
  expect(left).toBeGreaterThan(5);
  await db.close();
});

test("a checkpoint numbers what is pushed while it is written behind what it holds", async () => {
  const clock = new FakeClock(T0);
  let db = await open(clock, 4);
  const one = (t: number): Exemplar => ({ labels: trace(`${t}`), value: t, timestamp: T0 + t });
  await push(db, 4, T0, [1], [[series(1), [1, 2, 3, 4, 5, 6].map(one)]]);
  const written = db.checkpointIfDue(1);
  await push(
    db,
    4,
    T0 + 1,
    [2],
    [
      [series(2), [7, 8].map(one)],
      [series(1), [9].map(one)],
    ],
  );
  await written;
  const before = shown(await db.exemplars(ALL, never));
  expect(before).toHaveLength(4);
  await db.close();
  db = await open(clock, 4);
  expect(shown(await db.exemplars(ALL, never))).toEqual(before);
  expect(db.head.exemplars.nextSequence).toBe(9);
  await db.close();
});

test("a replay has no room for what the checkpoint had none for either", async () => {
  const options = {
    ...{ blockDurationMs: MINUTE, outOfOrderWindowMs: MINUTE, creationGraceMs: MINUTE },
    ...{ exemplarsMax: 3, segmentBytesMax: 4000, fsync: "never" as const },
  };
  const reopened = async (): Promise<DurableHead> =>
    (await DurableHead.open(dir, options, new LabelHasher(1, 2))).durable;
  const contents = async ({ head }: DurableHead): Promise<string[]> =>
    shown(await head.exemplars.select(ALL, never));
  let durable = await reopened();
  const one = (t: number): Exemplar => ({ labels: trace(`${t}`), value: t, timestamp: T0 + t });
  await push(durable, 3, T0, [1, 2], []);
  // What stands between the new segment's begin and the checkpoint's is in both.
  const segment = await durable.rotate();
  await push(
    durable,
    3,
    T0,
    [],
    [
      [series(1), [one(1)]],
      [series(2), [7, 8, 9].map(one)],
    ],
  );
  await durable.checkpoint(segment);
  const before = await contents(durable);
  expect(before).toHaveLength(3);
  await durable.close();
  durable = await reopened();
  expect(await contents(durable)).toEqual(before);
  await durable.close();
});
