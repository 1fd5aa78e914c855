import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BlockReader, newBlockId } from "#pkg/block/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { codeOf, type NarthexError } from "#pkg/errs/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { mergeBlocks } from "./merge.ts";
import type { MergeInput, MergeJob } from "./messages.ts";
import { blockContents, expected, regular, type Times, writeTestBlock } from "./testkit.ts";

const FROM = Math.floor(1_700_000_000_000 / 7_200_000) * 7_200_000;
const STEP = 15_000;
const signal = new AbortController().signal;
const clock = new FakeClock(FROM);

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-merge-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let serial = 0;
const fresh = (): string => join(dir, String(++serial));

function jobOf(
  inputs: readonly MergeInput[],
  maxt: number,
  more: Partial<MergeJob> = {},
): MergeJob {
  const ulid = newBlockId(FROM + 1e8 + ++serial, Math.random);
  const compaction = { level: 2, sources: inputs.map(({ id }) => id) };
  return { inputs, outDir: fresh(), ulid, mint: FROM, maxt, compaction, ...more };
}

const wire = (name: string, value: string, mint: number, maxt: number) => ({
  matchers: [{ type: "=" as const, name, value }],
  mint,
  maxt,
});

/** A few blocks over one stretch of time: any samples of any series, in chunks of any length. */
const blocksArb = fc.array(
  fc.record({
    from: fc.integer({ min: 0, max: 60 }),
    length: fc.integer({ min: 5, max: 80 }),
    every: fc.integer({ min: 1, max: 4 }),
    series: fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 7 }),
    samplesPerChunk: fc.integer({ min: 1, max: 50 }),
    /** Deleted by its own tombstones file: a series and a range in steps. */
    tombstone: fc.option(fc.tuple(fc.nat(8), fc.nat(120), fc.nat(60))),
  }),
  { minLength: 1, maxLength: 5 },
);
const requestsArb = fc.array(fc.tuple(fc.nat(3), fc.nat(140), fc.nat(60)), { maxLength: 2 });

test("mergeBlocks gives what a plain union of samples gives, whatever overlaps", async () => {
  await fc.assert(
    fc.asyncProperty(blocksArb, requestsArb, async (specs, requests) => {
      const want = new Map<number, number[]>();
      const inputs: MergeInput[] = [];
      const deletions = requests.map(([metric, at, length]) =>
        wire("__name__", `metric_${metric}`, FROM + at * STEP, FROM + (at + length) * STEP),
      );
      const parent = fresh();
      for (const spec of specs) {
        const times = new Map<number, number[]>();
        for (const i of spec.series) {
          const list: number[] = [];
          for (let s = 0; s < spec.length; s += spec.every)
            list.push(FROM + (spec.from + s) * STEP);
          times.set(i, list);
        }
        const mint = FROM + spec.from * STEP;
        const maxt = FROM + (spec.from + spec.length) * STEP;
        const { samplesPerChunk } = spec;
        const meta = await writeTestBlock(parent, { mint, maxt, times, samplesPerChunk });
        const inputDir = join(parent, meta.ulid);
        if (spec.tombstone) {
          const [i, at, length] = spec.tombstone;
          const reader = await BlockReader.open(inputDir);
          const [from, to] = [FROM + at * STEP, FROM + (at + length) * STEP];
          await reader.deleteSeries([newMatcher("=", "instance", `host-${i}`)], from, to);
          await reader.close();
          const kept = times.get(i)?.filter((t) => t < from || t > to);
          if (kept) times.set(i, kept);
        }
        inputs.push({ id: meta.ulid, dir: inputDir, deletions });
        for (const [i, list] of times) want.set(i, [...(want.get(i) ?? []), ...list]);
      }
      for (const [metric, at, length] of requests) {
        const [from, to] = [FROM + at * STEP, FROM + (at + length) * STEP];
        for (const [i, list] of want) {
          if (i % 4 === metric)
            want.set(
              i,
              list.filter((t) => t < from || t > to),
            );
        }
      }
      const job = jobOf(inputs, FROM + 141 * STEP);
      const meta = await mergeBlocks(job, { clock, signal });
      const got = meta ? await blockContents(join(job.outDir, job.ulid)) : [];
      expect(got).toEqual(expected(want));
      const samples = [...want.values()].reduce((sum, list) => sum + new Set(list).size, 0);
      expect(meta?.stats?.numSamples ?? 0).toBe(samples);
      await rm(parent, { recursive: true, force: true });
      await rm(job.outDir, { recursive: true, force: true });
    }),
    { numRuns: 60 },
  );
});

async function oneInput(times: Times, maxt: number): Promise<MergeInput> {
  const parent = fresh();
  const meta = await writeTestBlock(parent, { mint: FROM, maxt, times });
  return { id: meta.ulid, dir: join(parent, meta.ulid), deletions: [] };
}

test("mergeBlocks copies chunks of replicas and neighbours byte for byte", async () => {
  const half = FROM + 120 * STEP;
  const end = FROM + 240 * STEP;
  const first = await oneInput(regular(20, FROM, half, STEP), half);
  const replica = await oneInput(regular(20, FROM, half, STEP), half);
  const parent = fresh();
  const times = regular(20, half, end, STEP);
  const meta = await writeTestBlock(parent, { mint: half, maxt: end, times });
  const second = { id: meta.ulid, dir: join(parent, meta.ulid), deletions: [] };
  const job = jobOf([first, replica, second], end);
  await mergeBlocks(job, { clock, signal });
  const chunksOf = async (from: string): Promise<Set<string>> => {
    const reader = await BlockReader.open(from);
    const out = new Set<string>();
    const all = { mint: FROM, maxt: end, matchers: [] };
    for await (const batch of reader.selectChunks(all, signal)) {
      for (const { labels, chunks } of batch) {
        for (const c of chunks) {
          out.add(
            `${labels.join()} ${Buffer.from(c.bytes.subarray(c.start, c.end)).toString("hex")}`,
          );
        }
      }
    }
    await reader.close();
    return out;
  };
  const got = await chunksOf(join(job.outDir, job.ulid));
  expect(got).toEqual(new Set([...(await chunksOf(first.dir)), ...(await chunksOf(second.dir))]));
});

test("mergeBlocks writes nothing where all is deleted", async () => {
  const end = FROM + 100 * STEP;
  const input = await oneInput(regular(4, FROM, end, STEP), end);
  const all = { matchers: [{ type: "!=" as const, name: "__name__", value: "" }] };
  const deletions = [{ ...all, mint: Number.NEGATIVE_INFINITY, maxt: Number.POSITIVE_INFINITY }];
  const job = jobOf([{ ...input, deletions }], end);
  expect(await mergeBlocks(job, { clock, signal })).toBeUndefined();
  expect(await readdir(job.outDir)).toEqual([]);
});

test("mergeBlocks names the input that is damaged, wherever it is", async () => {
  const end = FROM + 100 * STEP;
  const good = await oneInput(regular(9, FROM, end, STEP), end);
  const bad = await oneInput(regular(9, FROM, end, STEP), end);
  const flips: [string, number][] = [
    ["index", 30],
    ["chunks/000001", 200],
    ["chunks/000001", 2],
  ];
  const blame = async (input: MergeInput): Promise<unknown> => {
    const error = await mergeBlocks(jobOf([good, input], end), { clock, signal }).catch((e) => e);
    expect(codeOf(error)).toBe("corruption");
    return (error as NarthexError).detail["block"];
  };
  for (const [file, at] of flips) {
    const copy = join(fresh(), bad.id);
    await cp(bad.dir, copy, { recursive: true });
    const bytes = await readFile(join(copy, file));
    bytes[at]! ^= 0x10;
    await writeFile(join(copy, file), bytes);
    expect(await blame({ ...bad, dir: copy })).toBe(bad.id);
  }
  for (const file of ["index", "chunks/000001", "chunks", "meta.json"]) {
    const copy = join(fresh(), bad.id);
    await cp(bad.dir, copy, { recursive: true });
    await rm(join(copy, file), { recursive: true });
    expect(await blame({ ...bad, dir: copy })).toBe(bad.id);
  }
});
