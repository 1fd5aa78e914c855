import { mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodeXor, encodeXor, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { formatSeries, labelsFromObject, Matcher } from "#pkg/labels/mod.ts";
import { LabelHasher, ScannedRequest, WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { SampleColumns, type SelectParams, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { DurableHead, type DurableHeadOptions } from "./durable-head.ts";
import { beginCut, cutRanges, cutSeries } from "./head-cut.ts";
import { finish } from "./testkit.ts";

const OPTIONS: DurableHeadOptions = {
  blockDurationMs: 60_000,
  outOfOrderWindowMs: 120_000,
  creationGraceMs: 600_000,
  segmentBytesMax: 20_000,
  fsync: "never",
};
const NOW = 10_000_000;
const everything = { mint: -1e15, maxt: 1e15, matchers: [new Matcher("!=", "__name__", "")] };
const signal = new AbortController().signal;

interface Sample {
  series: number;
  t: number;
  value: number | "stale";
}

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-head-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const labelsOf = (series: number): ReturnType<typeof labelsFromObject> =>
  labelsFromObject({ __name__: `metric_${series % 3}`, instance: `host-${series}`, job: "x" });

const scratch = new DataView(new ArrayBuffer(8));
function bitsOf(value: number | "stale"): { hi: number; lo: number } {
  if (value === "stale") return { hi: STALE_HI, lo: STALE_LO };
  scratch.setFloat64(0, value);
  return { hi: scratch.getUint32(0), lo: scratch.getUint32(4) };
}

async function push(durable: DurableHead, samples: readonly Sample[]): Promise<string[]> {
  const builder = new WriteRequestBuilder();
  for (const { series, t, value } of samples) {
    const { hi, lo } = bitsOf(value);
    builder.sample(labelsOf(series), t, hi, lo);
  }
  const request = new ScannedRequest();
  const body = builder.view();
  request.scan(body, 0, body.length, durable.head.hasher, durable.head.index);
  const reasons: string[] = [];
  await durable.append(
    request,
    NOW,
    { admit: () => undefined },
    { reject: (reason, _count, message) => reasons.push(`${reason}: ${message()}`) },
  );
  return reasons;
}

/**
 * What a plain map would hold: the first value of each timestamp of each series, though a value
 * comes before a stale marker where one arrives out of order.
 */
function twin(...requests: readonly (readonly Sample[])[]): Record<string, [number, string][]> {
  const bySeries = new Map<string, Map<number, string>>();
  let maxt = Number.NEGATIVE_INFINITY;
  const newest = new Map<number, number>();
  const stale = `${STALE_HI}:${STALE_LO}`;
  let limit = 0;
  for (const [i, { series, t, value }] of requests.flatMap((request) => [...request.entries()])) {
    if (i === 0) limit = Math.min(NOW, maxt) - OPTIONS.outOfOrderWindowMs;
    const last = newest.get(series) ?? Number.NEGATIVE_INFINITY;
    if (t < last && t < limit) continue;
    newest.set(series, Math.max(last, t));
    maxt = Math.max(maxt, t);
    const key = formatSeries(labelsOf(series));
    if (!bySeries.has(key)) bySeries.set(key, new Map());
    const { hi, lo } = bitsOf(value);
    const map = bySeries.get(key) as Map<number, string>;
    if (!map.has(t) || (map.get(t) === stale && t < last)) map.set(t, `${hi}:${lo}`);
  }
  return Object.fromEntries(
    [...bySeries].map(([key, map]) => [key, [...map].sort((a, b) => a[0] - b[0])]),
  );
}

async function contents(
  durable: DurableHead,
  params: SelectParams = everything,
): Promise<Record<string, [number, string][]>> {
  const out: Record<string, [number, string][]> = {};
  const columns = new SampleColumns();
  let before = "";
  for await (const batch of durable.reader.selectChunks(params, signal)) {
    for (const series of batch) {
      columns.clear();
      seriesFromChunks(series).read(columns, -1e15, 1e15);
      const key = formatSeries(series.labels);
      expect(key > before).toBe(true);
      before = key;
      out[key] = Array.from({ length: columns.length }, (_, i) => [
        columns.timestamps[i] as number,
        `${columns.bits[2 * i + 1]}:${columns.bits[2 * i]}`,
      ]);
    }
  }
  return out;
}

const open = async (): Promise<DurableHead> =>
  (await DurableHead.open(dir, OPTIONS, new LabelHasher(1, 2))).durable;

const sample = fc.record({
  series: fc.integer({ min: 0, max: 9 }),
  t: fc.oneof(fc.integer({ min: 0, max: 400_000 }), fc.integer({ min: 300_000, max: 310_000 })),
  value: fc.oneof(fc.double(), fc.integer({ min: 0, max: 5 }), fc.constant("stale" as const)),
});
/** Mostly ordered requests, with some disorder. */
const workload = fc
  .array(fc.array(sample, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 12 })
  .map((requests) => requests.map((r) => (r.length % 4 ? r.sort((a, b) => a.t - b.t) : r)));

test("head and replayed head hold what a plain map would", async () => {
  await fc.assert(
    fc.asyncProperty(workload, async (requests) => {
      // What a run that failed has left must not reach the smaller ones.
      await rm(dir, { recursive: true, force: true });
      const live = await open();
      for (const request of requests) await push(live, request);
      const want = twin(...requests);
      expect(await contents(live)).toEqual(want);
      await live.close();
      const again = await open();
      expect(await contents(again)).toEqual(want);
      await again.checkpoint(await again.rotate());
      await again.close();
      const third = await open();
      expect(await contents(third)).toEqual(want);
      await third.close();
    }),
    { numRuns: 60 },
  );
});

test("of a series whose last sample alone is wanted, that one comes, whatever the range", async () => {
  const times = fc.integer({ min: -1000, max: 420_000 });
  await fc.assert(
    fc.asyncProperty(workload, fc.array(fc.tuple(times, times)), async (requests, ranges) => {
      await rm(dir, { recursive: true, force: true });
      const head = await open();
      for (const request of requests) await push(head, request);
      for (const [a, b] of ranges) {
        const range = { ...everything, mint: Math.min(a, b), maxt: Math.max(a, b) };
        const last = async (lastOnly: boolean): Promise<Record<string, [number, string]>> => {
          const all = await contents(head, { ...range, hints: { lastOnly } });
          const some = Object.entries(all).flatMap(([key, samples]) => {
            const within = samples.filter(([t]) => t >= range.mint && t <= range.maxt);
            return within.length > 0 ? [[key, within.at(-1)] as const] : [];
          });
          return Object.fromEntries(some) as Record<string, [number, string]>;
        };
        expect(await last(true)).toEqual(await last(false));
      }
      await head.close();
    }),
    { numRuns: 40 },
  );
});

test("a cut takes everything once, and what comes meanwhile stays", async () => {
  const durable = await open();
  const first: Sample[] = [];
  for (let i = 0; i < 2000; i++) {
    first.push({ series: i % 7, t: 200_000 + i * 15 - (i % 50 === 3 ? 900 : 0), value: i % 13 });
  }
  await push(durable, first);
  const segment = await durable.rotate();
  const cut = await beginCut(durable.head, Number.POSITIVE_INFINITY);
  const later = [{ series: 1, t: 500_000, value: 4 }];
  await push(durable, later);
  const seen: Record<string, [number, string][]> = {};
  const columns = new SampleColumns();
  for (const range of await cutRanges(durable.head, cut)) {
    for await (const batch of cutSeries(durable.head, durable.reader, cut, range)) {
      for (const series of batch) {
        columns.clear();
        for (const chunk of series.chunks) {
          decodeXor(chunk.bytes, chunk.start, chunk.end, columns, "cut");
        }
        const rows = (seen[formatSeries(series.labels)] ??= []);
        for (let i = 0; i < columns.length; i++) {
          rows.push([
            columns.timestamps[i] as number,
            `${columns.bits[2 * i + 1]}:${columns.bits[2 * i]}`,
          ]);
        }
      }
    }
  }
  expect(seen).toEqual(twin(first));
  expect(await contents(durable)).toEqual(twin(first, later));
  await finish(durable.head, durable.reader, cut, 0);
  expect(await contents(durable)).toEqual(twin(later));
  await durable.checkpoint(segment);
  await durable.close();
  const again = await open();
  expect(await contents(again)).toEqual(twin(later));
  // A repeat of the newest sample that went into the block is still known as one.
  const newest = first.filter((s) => s.series === 2).sort((a, b) => b.t - a.t)[0] as Sample;
  expect(await push(again, [newest])).toEqual([]);
  expect(await contents(again)).toEqual(twin(later));
  expect(await push(again, [{ ...newest, value: 77 }])).toEqual([
    expect.stringMatching(/^new_value_for_timestamp: .*metric_2\{instance="host-2", job="x"\}/),
  ]);
  await again.close();
});

test("idle series are forgotten by a cut, and come back as new ones", async () => {
  const durable = await open();
  await push(durable, [
    { series: 1, t: 1000, value: 1 },
    { series: 2, t: 90_000, value: 2 },
  ]);
  const cut = await beginCut(durable.head, Number.POSITIVE_INFINITY);
  await contents(durable);
  await finish(durable.head, durable.reader, cut, 50_000);
  expect(durable.head.liveSeries).toBe(1);
  await push(durable, [
    { series: 1, t: 100_000, value: 3 },
    { series: 0, t: 100_000, value: 3 },
  ]);
  expect(Object.keys(await contents(durable))).toHaveLength(2);
  expect(
    await durable.reader.labelValues("instance", { ...everything, matchers: [] }, signal),
  ).toEqual(["host-0", "host-1", "host-2"]);
  await durable.close();
});

test("chunks of the head are what the encoder writes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.oneof(fc.double(), fc.integer())),
        {
          minLength: 1,
          maxLength: 60,
        },
      ),
      async (steps) => {
        const { durable } = await DurableHead.open(
          dir,
          { ...OPTIONS, blockDurationMs: 2 ** 50, creationGraceMs: 2 ** 51 },
          new LabelHasher(),
        );
        let t = -5;
        const columns = new SampleColumns();
        const samples = steps.map(([delta, value]) => {
          t += delta;
          columns.push(t, value);
          return { series: 0, t, value };
        });
        await push(durable, samples);
        const chunks = durable.reader.chunksOf(0, -1e15, 2 ** 52);
        let at = 0;
        for (const chunk of chunks) {
          const count = (chunk.bytes[0]! << 8) | chunk.bytes[1]!;
          expect([...chunk.bytes]).toEqual([...encodeXor(columns, at, at + count)]);
          at += count;
        }
        expect(at).toBe(columns.length);
        await durable.close();
        await rm(dir, { recursive: true });
      },
    ),
    { numRuns: 100 },
  );
});

test("a torn or flipped WAL costs what follows in that file, and is reported", async () => {
  const samples = Array.from({ length: 50 }, (_, i) => ({ series: i % 5, t: 1000 + i, value: i }));
  const durable = await open();
  for (const one of samples) await push(durable, [one]);
  await durable.close();
  const names = (await readdir(dir)).sort();
  const path = join(dir, names[0] as string);
  await truncate(path, Math.floor((await stat(path)).size * 0.8) + 1);
  const torn = await DurableHead.open(dir, OPTIONS, new LabelHasher());
  expect(torn.report.damage).toEqual([
    {
      path,
      offset: expect.any(Number),
      lostBytes: expect.any(Number),
      message: expect.stringMatching(/cut short/),
    },
  ]);
  const kept = Object.values(await contents(torn.durable)).flat().length;
  expect(kept).toBeGreaterThan(10);
  expect(kept).toBeLessThan(50);
  await torn.durable.close();
  await writeFile(path, "not a segment at all");
  const broken = await DurableHead.open(dir, OPTIONS, new LabelHasher());
  expect(broken.report.damage[0]?.message).toMatch(/magic/);
  await broken.durable.close();
});

test("a segment that a crash left empty is no damage", async () => {
  const durable = await open();
  await push(durable, [{ series: 1, t: 1000, value: 1 }]);
  await durable.close();
  await writeFile(join(dir, "00000001"), "");
  const again = await DurableHead.open(dir, OPTIONS, new LabelHasher());
  expect(again.report).toEqual({ samples: 1, series: 1, damage: [] });
  await again.durable.close();
});
