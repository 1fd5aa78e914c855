import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  BlockReader,
  type BucketIndex,
  decodeBucketIndex,
  decodeDeletionMark,
  decodeMeta,
  encodeBucketIndex,
  encodeDeletionMark,
} from "#pkg/block/mod.ts";
import { FileAccess, LOCAL_COALESCE } from "#pkg/fsutil/mod.ts";
import { IndexReader } from "#pkg/index/mod.ts";
import { decodeTombstones, encodeTombstones } from "#pkg/tombstones/mod.ts";
import { upstream } from "../peers/peers.ts";
import {
  FIXTURE_BLOCK,
  FIXTURE_T0,
  FIXTURE_TOMBSTONES,
  fixtureSeries,
  readEverything,
  seriesText,
  writeFixtureBlock,
} from "../support/storage-fixture.ts";
import { temporaryFolder } from "../support/temp.ts";
import { expectGolden, golden, goldenPath, isUpdate } from "./golden.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let written = "";
beforeAll(async () => {
  folder = await temporaryFolder("golden");
  await writeFixtureBlock(folder.dir);
  written = join(folder.dir, FIXTURE_BLOCK);
});
afterAll(() => folder.remove());

test.each(["index", "chunks/000001", "meta.json"])("%s is written as committed", async (name) => {
  expectGolden(`block/${name}`, await readFile(join(written, name)));
});

test("tombstones are written as committed, and read", () => {
  expectGolden("block/tombstones.golden", encodeTombstones(FIXTURE_TOMBSTONES));
  const read = decodeTombstones("tombstones", golden("block/tombstones.golden"));
  expect(read).toEqual(FIXTURE_TOMBSTONES);
});

test("the committed block holds the samples that went into it", async () => {
  const reader = await BlockReader.open(goldenPath("block"));
  try {
    const series = fixtureSeries();
    const text = await readEverything(reader);
    expect(text.slice(-series.length)).toEqual(series.map(seriesText));
    expect(text.slice(0, 6)).toEqual([
      '__name__: ["floats_0","floats_1","floats_2","floats_3","histograms_0","histograms_1"]',
      '["floats_0","floats_1","floats_2","floats_3","histograms_0","histograms_1"]',
      'instance: ["a:1","b:2","plain","started"]',
      '["a:1","b:2","plain","started"]',
      'job: ["päge \u{1f600}"]',
      '["päge \u{1f600}"]',
    ]);
    expect(reader.meta).toEqual(decodeMeta("meta.json", golden("block/meta.json")));
    expect(reader.meta).toMatchObject({
      ulid: FIXTURE_BLOCK,
      minTime: FIXTURE_T0,
      maxTime: FIXTURE_T0 + 7_200_000,
      stats: { numSamples: 1120, numFloatSamples: 1040, numHistogramSamples: 80, numSeries: 12 },
      compaction: { level: 1, sources: [FIXTURE_BLOCK] },
    });
  } finally {
    await reader.close();
  }
});

const BLOCK = { block_id: FIXTURE_BLOCK, min_time: FIXTURE_T0, max_time: FIXTURE_T0 + 7_200_000 };
const COMMON = {
  block_deletion_marks: [{ block_id: FIXTURE_BLOCK, deletion_time: 1_700_010_000 }],
  updated_at: 1_700_010_001,
};
const BUCKET_INDEXES = new Map<string, BucketIndex>([
  ["bucket/bucket-index-v1.json.gz", { version: 1, blocks: [], ...COMMON }],
  ["bucket/bucket-index-v2.json.gz", { version: 2, blocks: [], ...COMMON }],
]);
for (const index of BUCKET_INDEXES.values()) {
  const more = { uploaded_at: 1_700_007_300, segments_format: "1b6d", segments_num: 1 };
  const source = index.version === 2 ? { source: "ingester", compaction_level: 1 } : {};
  (index.blocks as unknown[]).push({ ...BLOCK, ...more, ...source });
}

test.each([...BUCKET_INDEXES])("%s is written and read as committed", (name, index) => {
  const encoded = encodeBucketIndex(index);
  // What gzip makes of it depends on the library, so the text is compared.
  if (isUpdate) expectGolden(name, encoded);
  expect(gunzipSync(encoded).toString()).toBe(gunzipSync(golden(name)).toString());
  expect(decodeBucketIndex(name, golden(name))).toEqual(index);
});

test("a deletion mark is written and read as committed", () => {
  const name = "bucket/deletion-mark.json";
  expectGolden(name, encodeDeletionMark(FIXTURE_BLOCK, 1_700_010_000, "compacted"));
  expect(decodeDeletionMark(name, golden(name))).toBe(1_700_010_000);
});

const versionOne = upstream("tsdb/index_format_v1");

test.skipIf(!versionOne)("an index of version 1 is read (upstream data)", async () => {
  const access = await FileAccess.open(join(versionOne!, "index"));
  try {
    const reader = await IndexReader.open(access, LOCAL_COALESCE);
    expect(reader.header.version).toBe(1);
    const names = reader.labelNames();
    const values = await Promise.all(names.map((name) => reader.labelValues(name)));
    expect(names.map((name, i) => [name, values[i]!.length])).toEqual([
      ["bar", 100],
      ["foo", 2],
    ]);
  } finally {
    await access.close();
  }
});
