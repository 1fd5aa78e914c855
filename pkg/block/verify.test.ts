import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { MemoryBucket } from "#pkg/objstore/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { upstream } from "../../test/peers/peers.ts";
import { temporaryFolder } from "../../test/support/temp.ts";
import {
  type BlockMeta,
  type BlockReport,
  bucketBlockFiles,
  chunksOf,
  encodeMeta,
  localBlockFiles,
  verifyBlock,
  writeBlock,
} from "./mod.ts";

const T0 = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const sampleBlock = upstream("tsdb/index_format_v1");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let meta: BlockMeta;
let dir = "";
const files = new Map<string, Uint8Array>();

beforeAll(async () => {
  folder = await temporaryFolder("verify");
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    for (const [i, name] of ["a", "b", "c"].entries()) {
      const columns = new SampleColumns();
      for (let s = 0; s < 130; s++) columns.push(T0 + s * 1000, s * i);
      yield [
        { labels: labelsFromObject({ __name__: name, job: `j${i}` }), chunks: chunksOf(columns) },
      ];
    }
  }
  const written = await writeBlock(batches(), {
    dir: folder.dir,
    mint: T0,
    maxt: T0 + HOUR_MS,
    clock: new FakeClock(T0),
    random: seededRandom(1),
  });
  meta = written!;
  dir = join(folder.dir, meta.ulid);
  for (const name of ["meta.json", "index", "chunks/000001"]) {
    files.set(name, await readFile(join(dir, name)));
  }
});

afterAll(() => folder.remove());

/** Verifies the block with some of its files in place of the sound ones; undefined: missing. */
async function verify(
  changes: Readonly<Record<string, Uint8Array | string | undefined>> = {},
): Promise<BlockReport> {
  const bucket = new MemoryBucket();
  for (const [name, bytes] of Object.entries({ ...Object.fromEntries(files), ...changes })) {
    if (bytes !== undefined) await bucket.put(`t/${meta.ulid}/${name}`, Buffer.from(bytes));
  }
  return verifyBlock(await bucketBlockFiles(bucket, `t/${meta.ulid}`));
}

function flipped(name: string, at: number): Uint8Array {
  const bytes = Uint8Array.from(files.get(name)!);
  bytes[at] = bytes[at]! ^ 0x40;
  return bytes;
}

test("verifyBlock finds nothing wrong with a sound block, local or in a bucket", async () => {
  const done: number[] = [];
  const local = await localBlockFiles(dir);
  const report = await verifyBlock(local, { onProgress: (bytes) => done.push(bytes) });
  await local.close();
  expect(report).toMatchObject({ id: meta.ulid, problems: [], problemCount: 0 });
  expect(report).toMatchObject({ series: 3, chunks: 6, samples: 390 });
  expect(done.toSorted((a, b) => a - b)).toEqual(done);
  expect(done[done.length - 1]).toBeGreaterThan(report.bytes / 2);
  expect(await verify()).toMatchObject({ problems: [], series: 3, chunks: 6 });
});

test.each(["index", "chunks/000001"])(
  "verifyBlock finds every flipped byte of %s but padding",
  async (name) => {
    const bytes = files.get(name)!;
    const missed: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const report = await verify({ [name]: flipped(name, at) });
      if (report.problemCount === 0) missed.push(at);
      else for (const problem of report.problems) expect(problem.message).not.toBe("");
    }
    // Padding has no checksum: behind the header of a segment, and between series.
    expect(missed.filter((at) => bytes[at] !== 0)).toEqual([]);
    expect(missed.length).toBeLessThan(50);
  },
);

test("verifyBlock finds files that are cut or missing, and says which", async () => {
  for (const name of ["index", "chunks/000001", "meta.json"]) {
    const bytes = files.get(name)!;
    for (const length of [0, 1, bytes.length >> 1, bytes.length - 1]) {
      const { problems } = await verify({ [name]: bytes.subarray(0, length) });
      expect(problems.length, `${name} cut to ${length}`).toBeGreaterThan(0);
      expect(problems.some(({ file }) => file === name)).toBe(true);
    }
    const gone = await verify({ [name]: undefined });
    expect(gone.problemCount).toBeGreaterThan(0);
  }
  const second = await verify({ "chunks/000003": files.get("chunks/000001")! });
  expect(second.problems).toEqual([
    { file: "chunks/000003", offset: undefined, message: "segment 000002 is missing before it" },
  ]);
});

test("verifyBlock compares meta.json with what is there", async () => {
  const f = async (change: object, want: RegExp): Promise<void> => {
    const { problems } = await verify({ "meta.json": encodeMeta({ ...meta, ...change }) });
    expect(problems.map(({ file, message }) => `${file}: ${message}`).join("\n")).toMatch(want);
  };
  await f({ stats: { numSeries: 4 } }, /^meta.json: stats.numSeries of .* is 4, counted 3$/);
  await f({ stats: { numFloatSamples: 1 } }, /numFloatSamples of .* is 1, counted 390$/);
  await f({ ulid: "01HF7YAT00K6G93G7YNER91DZX" }, /^meta.json: ulid 01HF.*, want the folder's/);
  await f({ maxTime: T0 + 129_000 }, /^index: chunk .* is outside the block's/);
  await f({ compaction: { level: 0 } }, /level 0/);
});

test("verifyBlock checks tombstones", async () => {
  const stones = (ref: number): Uint8Array => {
    const writer = new ByteWriter();
    writer.u32(0x0130ba30);
    writer.u8(1);
    writer.uvarint(ref);
    writer.varint(T0);
    writer.varint(T0 + 1);
    writer.u32(crc32c(writer.bytes, 5, writer.length));
    return writer.take();
  };
  const bad = await verify({ tombstones: stones(1) });
  expect(bad.problems).toMatchObject(
    [{ file: "tombstones", message: /series 1 is not/ }].map((problem) => ({
      ...problem,
      message: expect.stringMatching(problem.message),
    })),
  );
  const torn = stones(1);
  torn[6] = 99;
  expect((await verify({ tombstones: torn })).problems[0]?.file).toBe("tombstones");
});

test.skipIf(!sampleBlock)("verifyBlock reads an index of version 1 (upstream data)", async () => {
  const sample = await localBlockFiles(sampleBlock!);
  const report = await verifyBlock(sample);
  await sample.close();
  // The folder is not named by its id.
  expect(report.problems.filter(({ message }) => !message.startsWith("ulid"))).toEqual([]);
  expect(report.series).toBe(102);
  expect(await readdir(sampleBlock!)).toContain("index");
});
