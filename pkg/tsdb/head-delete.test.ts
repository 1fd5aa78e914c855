import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { formatSeries, labelsFromObject, Matcher } from "#pkg/labels/mod.ts";
import { LabelHasher, ScannedRequest, WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { DurableHead, type DurableHeadOptions } from "./durable-head.ts";
import { beginCut, cutRanges, cutSeries } from "./head-cut.ts";
import { finish } from "./testkit.ts";

const OPTIONS: DurableHeadOptions = {
  blockDurationMs: 60_000,
  outOfOrderWindowMs: 1e9,
  creationGraceMs: 1e9,
  segmentBytesMax: 2_000,
  fsync: "never",
};
const signal = new AbortController().signal;
let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-delete-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const labelsOf = (series: number): ReturnType<typeof labelsFromObject> =>
  labelsFromObject({ __name__: "m", i: String(series) });

type Contents = Record<string, string[]>;

async function readAll(batches: AsyncIterable<readonly ChunkSeries[]>, into: Contents) {
  const columns = new SampleColumns();
  for await (const batch of batches) {
    for (const series of batch) {
      columns.clear();
      seriesFromChunks(series).read(columns, -1e15, 1e15);
      const out = (into[formatSeries(series.labels)] ??= []);
      for (let i = 0; i < columns.length; i++) {
        const h = columns.histograms?.[i];
        out.push(`${columns.timestamps[i]} ${h ? `h${h.sum}` : columns.values[i]}`);
      }
    }
  }
}

async function contents(durable: DurableHead): Promise<Contents> {
  const out: Contents = {};
  const matchers = [new Matcher("!=", "__name__", "")];
  await readAll(durable.reader.selectChunks({ mint: -1e15, maxt: 1e15, matchers }, signal), out);
  return out;
}

async function push(durable: DurableHead, samples: readonly Push[]): Promise<void> {
  const builder = new WriteRequestBuilder();
  const bits = new DataView(new ArrayBuffer(8));
  for (const { series, t, value, isHistogram } of samples) {
    if (isHistogram) {
      const h = Object.assign(new FloatHistogram(), { count: 1, sum: value, zeroCount: 1 });
      builder.histogram(labelsOf(series), t, h, false);
      continue;
    }
    bits.setFloat64(0, value);
    builder.sample(labelsOf(series), t, bits.getUint32(0), bits.getUint32(4));
  }
  const request = new ScannedRequest();
  const body = builder.view();
  const { head } = durable;
  request.scan(body, 0, body.length, head.hasher, head.index);
  await durable.append(request, 1e12, { admit: () => undefined }, { reject: () => undefined });
}

interface Push {
  readonly series: number;
  readonly t: number;
  readonly value: number;
  readonly isHistogram: boolean;
}

const time = fc.integer({ min: 0, max: 300 }).map((n) => n * 1000);
/** What is sent twice is the same: which of two different values stays is not the point here. */
const onePush = fc
  .record({ series: fc.nat(3), t: time })
  .map(({ series, t }) => ({ series, t, value: t % 7, isHistogram: t % 5 === series }));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ push: fc.array(onePush, { minLength: 1, maxLength: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ series: fc.nat(4), mint: time, span: time }) },
);

/** Series 4 stands for all. */
class Twin {
  readonly #all = new Map<number, Map<number, string>>();

  push(samples: readonly Push[]): void {
    for (const { series, t, value, isHistogram } of samples) {
      const times = this.#all.get(series) ?? new Map<number, string>();
      this.#all.set(series, times.set(t, `${t} ${isHistogram ? `h${value}` : value}`));
    }
  }

  delete(series: number, mint: number, maxt: number): void {
    for (const [own, times] of this.#all) {
      if (series !== 4 && own !== series) continue;
      for (const t of times.keys()) if (t >= mint && t <= maxt) times.delete(t);
    }
  }

  contents(): Contents {
    const out: [string, string[]][] = [];
    for (const [series, times] of this.#all) {
      const samples = [...times].sort((a, b) => a[0] - b[0]).map(([, text]) => text);
      if (samples.length > 0) out.push([formatSeries(labelsOf(series)), samples]);
    }
    return Object.fromEntries(out);
  }
}

test("what was deleted is gone: from head, replayed head, checkpoint and cut blocks alike", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      await rm(dir, { recursive: true, force: true });
      let durable = (await DurableHead.open(dir, OPTIONS, new LabelHasher())).durable;
      const twin = new Twin();
      for (const [i, one] of steps.entries()) {
        if ("push" in one) {
          await push(durable, one.push);
          twin.push(one.push);
        } else {
          const name = one.series === 4 ? new Matcher("=", "__name__", "m") : undefined;
          const matcher = name ?? new Matcher("=", "i", String(one.series));
          await durable.deleteSeries([matcher], one.mint, one.mint + one.span);
          twin.delete(one.series, one.mint, one.mint + one.span);
        }
        if (i % 5 === 4) await durable.checkpoint(await durable.rotate());
      }
      expect(await contents(durable)).toEqual(twin.contents());
      await durable.close();
      const replayed = await DurableHead.open(dir, OPTIONS, new LabelHasher());
      expect(replayed.report.damage).toEqual([]);
      durable = replayed.durable;
      expect(await contents(durable)).toEqual(twin.contents());
      const { head, reader } = durable;
      const cut = await beginCut(head, Number.POSITIVE_INFINITY);
      const blocks: Contents = {};
      for (const range of await cutRanges(head, cut)) {
        await readAll(cutSeries(head, reader, cut, range), blocks);
      }
      expect(blocks).toEqual(twin.contents());
      await finish(head, reader, cut, 0);
      expect(await contents(durable)).toEqual({});
      await durable.close();
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("a deletion for ever leaves what comes later, also to the newest time", async () => {
  const { durable } = await DurableHead.open(dir, OPTIONS, new LabelHasher());
  const sample = { series: 1, t: 5_000, value: 2, isHistogram: false };
  await push(durable, [sample]);
  const all = [new Matcher("=", "__name__", "m")];
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  expect(await durable.deleteSeries(all, NEGATIVE_INFINITY, POSITIVE_INFINITY)).toBe(1);
  expect(await durable.deleteSeries(all, NEGATIVE_INFINITY, POSITIVE_INFINITY)).toBe(0);
  expect(await contents(durable)).toEqual({});
  await push(durable, [sample]);
  await push(durable, [{ ...sample, t: 6_000 }]);
  const want = { [formatSeries(labelsOf(1))]: ["5000 2", "6000 2"] };
  expect(await contents(durable)).toEqual(want);
  await durable.checkpoint(await durable.rotate());
  await durable.close();
  const again = await DurableHead.open(dir, OPTIONS, new LabelHasher());
  expect(await contents(again.durable)).toEqual(want);
  await again.durable.close();
});

test("a series' newest sample that was deleted can come again, after a checkpoint and a restart too", async () => {
  for (const isHistogram of [false, true]) {
    for (const isInBlock of [false, true]) {
      for (const hasCheckpoint of [false, true]) {
        await rm(dir, { recursive: true, force: true });
        const { durable } = await DurableHead.open(dir, OPTIONS, new LabelHasher());
        const sample = { series: 1, t: 5_000, value: 2, isHistogram };
        await push(durable, [sample]);
        if (isInBlock) {
          const cut = await beginCut(durable.head, Number.POSITIVE_INFINITY);
          await finish(durable.head, durable.reader, cut, Number.NEGATIVE_INFINITY);
          await durable.checkpoint(await durable.rotate());
        }
        await durable.deleteSeries([new Matcher("=", "__name__", "m")], 0, 9_000);
        if (hasCheckpoint) await durable.checkpoint(await durable.rotate());
        await durable.close();
        const again = await DurableHead.open(dir, OPTIONS, new LabelHasher());
        await push(again.durable, [sample]);
        const want = { [formatSeries(labelsOf(1))]: [isHistogram ? "5000 h2" : "5000 2"] };
        const name = JSON.stringify({ isHistogram, isInBlock, hasCheckpoint });
        expect(await contents(again.durable), name).toEqual(want);
        await again.durable.close();
        const third = await DurableHead.open(dir, OPTIONS, new LabelHasher());
        expect(await contents(third.durable), name).toEqual(want);
        await third.durable.close();
      }
    }
  }
});
