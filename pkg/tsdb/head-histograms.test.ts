import { cp, mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodeChunk, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import { CounterReset, CUSTOM_BUCKETS, FloatHistogram } from "#pkg/histogram/mod.ts";
import { formatSeries, type Labels, labelsFromObject, Matcher } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import {
  decodeHistogramMessage,
  encodeHistogramMessage,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "#pkg/remotewrite/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { TenantDb } from "./db.ts";
import type { MessageRange } from "./head-ports.ts";
import { PushRecords, RecordKind, readRecord } from "./head-wal.ts";

const DURATION = 60_000;
const NOW = 10_000_000;
const everything = { mint: -1e15, maxt: 1e15, matchers: [new Matcher("!=", "__name__", "")] };
const signal = new AbortController().signal;
const random = seededRandom(1);

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-histograms-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function open(outOfOrderWindowMs = NOW, segmentBytesMax = 20_000): Promise<TenantDb> {
  return TenantDb.open({
    dir,
    hasher: new LabelHasher(1, 2),
    clock: new FakeClock(NOW),
    random,
    seriesIdleTimeoutMs: NOW,
    blockDurationMs: DURATION,
    outOfOrderWindowMs,
    creationGraceMs: 0,
    segmentBytesMax,
    fsync: "never",
  });
}

type Value = number | "stale" | "stale histogram" | { h: FloatHistogram; integer: boolean };

interface Sample {
  readonly series: number;
  readonly t: number;
  readonly value: Value;
}

const labelsOf = (series: number): Labels => labelsFromObject({ __name__: "m", i: `${series}` });

function scanned(db: TenantDb, samples: readonly Sample[]): ScannedRequest {
  const builder = new WriteRequestBuilder();
  const scratch = new DataView(new ArrayBuffer(8));
  for (const { series, t, value } of samples) {
    const labels = labelsOf(series);
    if (value === "stale") builder.sample(labels, t, STALE_HI, STALE_LO);
    else if (value === "stale histogram") builder.histogram(labels, t, undefined, false);
    else if (typeof value === "number") {
      scratch.setFloat64(0, value);
      builder.sample(labels, t, scratch.getUint32(0), scratch.getUint32(4));
    } else builder.histogram(labels, t, value.h, value.integer);
  }
  const request = new ScannedRequest();
  const body = builder.view();
  request.scan(body, 0, body.length, db.head.hasher, db.known);
  return request;
}

/** Appends in one request; returns how many were accepted, and the refusals. */
async function push(
  db: TenantDb,
  samples: readonly Sample[],
  histogramBucketsMax = 0,
): Promise<[number, string[]]> {
  const refused: string[] = [];
  const accepted = await db.append(
    scanned(db, samples),
    NOW,
    { admit: () => undefined, histogramBucketsMax },
    { reject: (reason, _count, message) => refused.push(`${reason}: ${message()}`) },
  );
  return [accepted, refused];
}

interface Shape {
  readonly schema?: number;
  readonly buckets: readonly number[];
  readonly first?: number;
  readonly zero?: number;
  readonly sum?: number;
  readonly hint?: CounterReset;
  readonly custom?: readonly number[];
}

function histogram(shape: Shape): FloatHistogram {
  const { schema = 2, buckets, first = 0, zero = 0, sum = 1.5, hint, custom } = shape;
  const h = new FloatHistogram();
  h.counterReset = hint ?? CounterReset.unknown;
  h.schema = schema;
  h.zeroCount = zero;
  h.sum = sum;
  h.positiveSpans = Int32Array.of(first, buckets.length);
  h.positiveBuckets = Float64Array.from(buckets);
  if (custom) {
    h.schema = CUSTOM_BUCKETS;
    h.customValues = Float64Array.from(custom);
  } else {
    h.zeroThreshold = 2 ** -128;
    h.negativeSpans = Int32Array.of(1, 1);
    h.negativeBuckets = Float64Array.of(buckets[0] ?? 0);
    h.count += buckets[0] ?? 0;
  }
  for (const count of buckets) h.count += count;
  h.count += zero;
  return h;
}

/** Everything that a sample says, but for what readers find out about counter resets. */
function told(value: Value): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return "stale";
  // Without empty buckets, which come and go as those of a chunk are united.
  const h = value.h.copy().compact(0);
  const isGauge = h.counterReset === CounterReset.gauge;
  return JSON.stringify({ ...h, counterReset: isGauge });
}

function toldAll(columns: SampleColumns): [number, string][] {
  return Array.from({ length: columns.length }, (_, i) => {
    const h = columns.histograms?.[i];
    const float = columns.isStale(i) ? ("stale" as const) : columns.values[i]!;
    return [columns.timestamps[i]!, told(h ? { h, integer: false } : float)];
  });
}

async function contents(db: TenantDb): Promise<Record<string, [number, string][]>> {
  const out: Record<string, [number, string][]> = {};
  const columns = new SampleColumns();
  for await (const batch of db.selectChunks(everything, signal)) {
    for (const series of batch) {
      columns.clear();
      seriesFromChunks(series).read(columns, -1e15, 1e15);
      out[formatSeries(series.labels)] = toldAll(columns);
    }
  }
  return out;
}

async function chunksOf(db: TenantDb, series: number): Promise<readonly Chunk[]> {
  for await (const batch of db.selectChunks(everything, signal)) {
    for (const { labels, chunks } of batch) if (labels[3] === `${series}`) return chunks;
  }
  return [];
}

/** What series `series` is at `t`: stretches of floats and of each kind of histogram. */
function valueAt(series: number, t: number): Value {
  const age = (t / 100) % 350;
  if (age === 349) return "stale";
  if (age === 348) return "stale histogram";
  const n = 1 + Math.floor(age);
  const filled = 1 + Math.floor(age / 40);
  const buckets = new Array<number>(filled).fill(n);
  switch ((series + Math.floor(t / 45_000)) % 6) {
    case 0:
      return t / 7;
    case 1:
      return { h: histogram({ buckets, zero: n, sum: t / 3 }), integer: true };
    case 2:
      return { h: histogram({ buckets: buckets.map((b) => b / 3), first: -2 }), integer: false };
    case 3:
      return { h: histogram({ buckets: [n, 2 * n], custom: [0.1, 2.5] }), integer: true };
    case 4: {
      const gauge = { buckets: [t % 1000, 3], first: filled, hint: CounterReset.gauge };
      return { h: histogram(gauge), integer: true };
    }
    default: {
      const hint = age === 0 ? CounterReset.reset : CounterReset.notReset;
      return { h: histogram({ schema: 2 - (filled % 3), buckets, hint }), integer: true };
    }
  }
}

const sample = fc
  .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 4000 }))
  .map(([series, at]): Sample => ({ series, t: at * 100, value: valueAt(series, at * 100) }));
/** Runs of one series, mostly in order, and single samples anywhere. */
const run = fc
  .tuple(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 3800 }),
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 1, max: 4 }),
  )
  .map(([series, from, count, step]): Sample[] =>
    Array.from({ length: count }, (_, i) => {
      const t = (from + i * step) * 100;
      return { series, t, value: valueAt(series, t) };
    }),
  );
const requests = fc.array(
  fc.oneof({ weight: 3, arbitrary: run }, fc.array(sample, { minLength: 1, maxLength: 20 })),
  { minLength: 1, maxLength: 10 },
);

function twin(all: readonly Sample[]): Record<string, [number, string][]> {
  const out = new Map<string, Map<number, string>>();
  for (const { series, t, value } of all) {
    const key = formatSeries(labelsOf(series));
    const samples = out.get(key) ?? new Map<number, string>();
    out.set(key, samples.set(t, told(value)));
  }
  return Object.fromEntries(
    [...out].map(([key, samples]) => [key, [...samples].sort((a, b) => a[0] - b[0])]),
  );
}

test("head, replayed head, checkpoint and cut blocks hold what a plain map would", async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 6 }), async (pushes, ranges) => {
      await rm(dir, { recursive: true, force: true });
      let db = await open();
      for (const samples of pushes) expect(await push(db, samples)).toEqual([samples.length, []]);
      const want = twin(pushes.flat());
      const reopen = async (): Promise<void> => {
        await db.close();
        db = await open();
        expect(db.replay.damage).toEqual([]);
        expect(await contents(db)).toEqual(want);
      };
      expect(await contents(db)).toEqual(want);
      await reopen();
      const cutting = db.cut(ranges * DURATION);
      for (const samples of pushes) expect((await push(db, samples))[1]).toEqual([]);
      await cutting;
      expect(await contents(db)).toEqual(want);
      await reopen();
      for (const samples of pushes) expect((await push(db, samples))[1]).toEqual([]);
      expect(await contents(db)).toEqual(want);
      await db.cut(Number.POSITIVE_INFINITY);
      expect(await contents(db)).toEqual(want);
      await reopen();
      await db.close();
    }),
    { numRuns: 12 },
  );
});

test("integers and floats are kept in chunks of their encoding, of bounded size", async () => {
  const db = await open();
  for (let i = 0; i < 500; i++) {
    const buckets = Array.from({ length: 20 }, (_, b) => i * (b + 1) + ((i * b) % 7) + 8 * i);
    const h = histogram({ buckets, sum: i / 3 });
    const float = histogram({ buckets: buckets.map((count) => count + 0.5), sum: i / 3 });
    await push(db, [
      { series: 1, t: i * 100, value: { h, integer: true } },
      { series: 2, t: i * 100, value: { h: float, integer: false } },
    ]);
  }
  for (const [series, encoding] of [
    [1, ChunkEncoding.histogram],
    [2, ChunkEncoding.floatHistogram],
  ] as const) {
    const chunks = await chunksOf(db, series);
    expect(new Set(chunks.map((chunk) => chunk.encoding))).toEqual(new Set([encoding]));
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks) {
      const columns = new SampleColumns();
      decodeChunk(chunk, columns);
      expect(columns.length <= 10 || chunk.end - chunk.start < 1400).toBe(true);
      expect(columns.length).toBeLessThanOrEqual(240);
    }
  }
  await db.close();
});

test("a new chunk begins at a reset, another layout and another kind", async () => {
  const db = await open();
  const counter = (n: number, more: Partial<Shape> = {}): Value => ({
    h: histogram({ buckets: [n, n], ...more }),
    integer: true,
  });
  const values: Value[] = [
    counter(1),
    counter(5),
    { h: histogram({ buckets: [6, 6, 1] }), integer: true },
    counter(2),
    counter(3, { schema: 1 }),
    { h: histogram({ buckets: [9, 9], schema: 1 }), integer: false },
    { h: histogram({ buckets: [9, 9], custom: [1, 2] }), integer: false },
    { h: histogram({ buckets: [9, 9], custom: [1, 3] }), integer: false },
    counter(9, { hint: CounterReset.gauge }),
    counter(4, { hint: CounterReset.gauge }),
    "stale",
    17,
    "stale histogram",
    18,
    counter(20),
    counter(25, { hint: CounterReset.reset }),
  ];
  const samples = values.map((value, i) => ({ series: 1, t: 1000 + i, value }));
  await push(db, samples);
  const counts = (await chunksOf(db, 1)).map((chunk) => {
    const columns = new SampleColumns();
    decodeChunk(chunk, columns);
    return columns.length;
  });
  expect(counts).toEqual([3, 1, 1, 1, 1, 1, 2, 1, 3, 1, 1]);
  expect(Object.values(await contents(db))).toEqual([
    samples.map(({ t, value }) => [t, told(value)]),
  ]);
  await db.close();
});

test("repeats are silent, other values are refused, before and after a restart", async () => {
  let db = await open(0);
  const h = histogram({ buckets: [4, 0, 5] });
  const value: Value = { h, integer: true };
  const series = 3;
  // The same observations, with other empty buckets.
  const same = h.copy();
  same.positiveSpans = Int32Array.of(0, 1, 1, 1);
  same.positiveBuckets = Float64Array.of(4, 5);
  const check = async (): Promise<void> => {
    expect(await push(db, [{ series, t: 2000, value }])).toEqual([1, []]);
    expect(await push(db, [{ series, t: 2000, value: { h: same, integer: true } }])).toEqual([
      1,
      [],
    ]);
    for (const other of [7, 0, "stale", "stale histogram"] as const) {
      expect(await push(db, [{ series, t: 2000, value: other }])).toEqual([
        0,
        [expect.stringMatching(/^new_value_for_timestamp: duplicate sample for timestamp 2000/)],
      ]);
    }
    const other = { h: histogram({ buckets: [4, 1, 5] }), integer: true };
    expect((await push(db, [{ series, t: 2000, value: other }]))[0]).toBe(0);
    expect((await push(db, [{ series, t: 1999, value }]))[1]).toEqual([
      expect.stringMatching(/^sample_too_old: /),
    ]);
    expect((await push(db, [{ series, t: NOW + 1, value }]))[1]).toEqual([
      expect.stringMatching(/^too_far_in_future: /),
    ]);
  };
  await push(db, [{ series, t: 1000, value: { h: histogram({ buckets: [1] }), integer: true } }]);
  await check();
  await db.close();
  db = await open(0);
  await check();
  await db.cut(Number.POSITIVE_INFINITY);
  await check();
  await db.close();
  db = await open(0);
  await check();
  expect(await push(db, [{ series, t: 2001, value: "stale" }])).toEqual([1, []]);
  expect(await push(db, [{ series, t: 2001, value: "stale histogram" }])).toEqual([1, []]);
  expect((await push(db, [{ series, t: 2001, value }]))[0]).toBe(0);
  expect(await push(db, [{ series, t: 2002, value: 5 }])).toEqual([1, []]);
  expect((await push(db, [{ series, t: 2002, value }]))[0]).toBe(0);
  await db.close();
});

test("a histogram that is not valid is refused by name, and the others are kept", async () => {
  const db = await open();
  const good: Value = { h: histogram({ buckets: [1, 2] }), integer: true };
  const short = histogram({ buckets: [1, 2] });
  short.count = 99;
  const negative = histogram({ buckets: [1, 2] });
  negative.zeroThreshold = -1;
  expect(
    await push(db, [
      { series: 1, t: 1000, value: good },
      { series: 1, t: 1001, value: { h: short, integer: true } },
      { series: 2, t: 1000, value: { h: negative, integer: false } },
      { series: 2, t: 1001, value: 5 },
    ]),
  ).toEqual([
    2,
    [
      'invalid_native_histogram: 4 observations found in buckets, but the Count field is 99: histogram\'s observation count should equal the number of observations found in the buckets (in absence of NaN), series: m{i="1"}',
      'invalid_native_histogram: histogram has a zero threshold of -1, series: m{i="2"}',
    ],
  ]);
  await db.close();
});

test("what was acknowledged is in the files, and in the order in which it came", async () => {
  const db = await open(0);
  const times = Array.from({ length: 300 }, (_, i) => 1000 + i);
  // Series 1 turns with every sample, series 2 within the request once, series 3 never.
  const samples = times.flatMap((t, i): Sample[] => {
    const value: Value = { h: histogram({ buckets: [i, i] }), integer: i % 3 === 0 };
    return [
      { series: 1, t, value: i % 2 === 0 ? i : value },
      { series: 2, t, value: i < 150 ? value : i },
      { series: 3, t, value: i === 299 ? "stale" : value },
    ];
  });
  expect(await push(db, samples)).toEqual([samples.length, []]);
  const want = twin(samples);
  expect(await contents(db)).toEqual(want);
  // As a process that is killed leaves them: nothing is closed.
  const left = dir;
  dir = await mkdtemp(join(tmpdir(), "narthex-histograms-"));
  await cp(left, dir, { recursive: true });
  const again = await open(0);
  expect(again.replay.damage).toEqual([]);
  expect(await contents(again)).toEqual(want);
  // The newest samples are known as such: nothing was taken for late.
  expect((await push(again, samples.slice(-3)))[1]).toEqual([]);
  expect(await contents(again)).toEqual(want);
  await again.close();
  await db.close();
  await rm(left, { recursive: true });
});

test("a histogram with too many buckets loses resolution, or is refused", async () => {
  const db = await open();
  const h = histogram({ schema: 1, buckets: [1, 2, 3, 4, 5, 6], sum: 7 });
  const reduced = h.copy().reduceResolution(-1);
  const custom = histogram({ buckets: [1, 1, 1, 1, 1], custom: [1, 2, 3, 4] });
  const samples: Sample[] = [
    { series: 1, t: 1000, value: { h, integer: true } },
    { series: 1, t: 2000, value: { h, integer: false } },
  ];
  expect(await push(db, samples, 4)).toEqual([2, []]);
  expect(await push(db, samples, 4)).toEqual([2, []]);
  expect(await push(db, [{ series: 2, t: 1000, value: { h: custom, integer: true } }], 4)).toEqual([
    0,
    [
      'max_native_histogram_buckets: native histogram has 5 buckets, and 5 at the lowest resolution; the limit is 4 (max_native_histogram_buckets), series: m{i="2"}',
    ],
  ]);
  expect((await push(db, [{ series: 2, t: 1000, value: { h, integer: true } }], 1))[0]).toBe(0);
  const want = {
    'm{i="1"}': [1000, 2000].map((t) => [t, told({ h: reduced, integer: true })]),
  };
  expect(reduced.positiveBuckets.length + reduced.negativeBuckets.length).toBe(4);
  expect(await contents(db)).toEqual(want);
  await db.close();
  const again = await open();
  expect(await contents(again)).toEqual(want);
  await again.close();
});

test("every prefix and every flipped bit of a record of histograms is refused or read", () => {
  const out = new ByteWriter(64);
  encodeHistogramMessage(5000, histogram({ buckets: [3, 0, 4], zero: 2 }), true, out);
  const message = { bytes: out.bytes, start: 0, end: out.length };
  const records = new PushRecords();
  records.histogram(7, message, false);
  records.histogram(3, message, false);
  records.histogram(9, message, true);
  const payloads: Uint8Array[] = [];
  records.drain((bytes, start, end) => payloads.push(bytes.slice(start, end)));
  payloads.push(Uint8Array.of(RecordKind.histogramState, 7, ...out.view()));
  const read = (bytes: Uint8Array): string[] => {
    const seen: string[] = [];
    const note = (ref: number, range: MessageRange, isLate?: boolean): void => {
      const { t } = decodeHistogramMessage(range.bytes, range.start, range.end);
      seen.push(`${ref}@${t}${isLate ? " late" : ""}`);
    };
    const ignore = (): void => undefined;
    readRecord("wal", bytes, 0, bytes.length, {
      series: ignore,
      sample: ignore,
      state: ignore,
      chunk: ignore,
      metadata: ignore,
      histogram: note,
      histogramState: note,
      deletion: ignore,
      exemplar: ignore,
      start: ignore,
    });
    return seen;
  };
  expect(payloads.map(read)).toEqual([["7@5000", "3@5000"], ["9@5000 late"], ["7@5000"]]);
  const attempt = (bytes: Uint8Array): void => {
    try {
      expect(read(bytes).length).toBeLessThanOrEqual(bytes.length);
    } catch (error) {
      expect(["corruption", "bad_data"]).toContain(codeOf(error));
    }
  };
  for (const payload of payloads) {
    for (let end = 0; end < payload.length; end++) attempt(payload.subarray(0, end));
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const broken = payload.slice();
      broken[bit >> 3]! ^= 1 << (bit & 7);
      attempt(broken);
    }
  }
});

test("a torn WAL of histograms costs what is torn, and no more", async () => {
  const db = await open(NOW, 1e6);
  const samples = Array.from({ length: 30 }, (_, i): Sample => {
    const h = histogram({ buckets: [i, i + 1] });
    return { series: i % 3, t: 1000 + i, value: { h, integer: true } };
  });
  for (const one of samples) await push(db, [one]);
  await db.close();
  const wal = join(dir, "wal");
  const path = join(wal, (await readdir(wal))[0]!);
  const whole = 2 * samples.length;
  for (const size of [1400, 900, 300]) {
    await truncate(path, size);
    const torn = await open(NOW, 1e6);
    const kept = Object.values(await contents(torn)).flat().length;
    expect(torn.replay.damage).toHaveLength(1);
    expect(kept).toBeLessThan(whole);
    expect(await contents(torn)).toEqual(twin(samples.slice(0, kept)));
    await torn.close();
  }
});

test("the largest histograms fit behind many small ones", async () => {
  const db = await open();
  const many = 8192;
  const value = (n: number, first: number, size: number): Value => {
    const h = histogram({ buckets: [n], hint: CounterReset.gauge });
    h.schema = 8;
    h.positiveSpans = Int32Array.of(first, size);
    h.positiveBuckets = new Float64Array(size).fill(n / 3);
    h.negativeSpans = Int32Array.of(first, size);
    h.negativeBuckets = new Float64Array(size).fill(n / 7);
    return { h, integer: false };
  };
  const samples: Sample[] = [];
  for (let i = 0; i < 200; i++) samples.push({ series: 1, t: i, value: value(1, 0, 0) });
  for (let i = 0; i < 9; i++) {
    samples.push({ series: 1, t: 300 + i, value: value(i + 1, i * many, many) });
  }
  expect(await push(db, samples)).toEqual([samples.length, []]);
  const check = async (): Promise<void> => {
    const columns = new SampleColumns();
    const labels = labelsOf(1);
    seriesFromChunks({ labels, chunks: await chunksOf(db, 1) }).read(columns, 0, NOW);
    expect(columns.length).toBe(samples.length);
    const isSame = samples.every(({ t, value }, i) => {
      const h = columns.histograms?.[i];
      return columns.timestamps[i] === t && typeof value === "object" && h?.equals(value.h);
    });
    expect(isSame).toBe(true);
  };
  await check();
  await db.cut(Number.POSITIVE_INFINITY);
  await check();
  await db.close();
});
