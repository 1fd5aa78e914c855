import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkQuerierAsQuerier } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { formatLabels, type Matcher } from "#pkg/labels/mod.ts";
import { type Bucket, MemoryBucket } from "#pkg/objstore/mod.ts";
import { type ListedSeries, SeriesList } from "#pkg/promql/library.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { type Querier, SampleColumns } from "#pkg/storage/mod.ts";
import {
  BLOCKS_FROM_MS,
  cortexTenant,
  deleteTenant,
  type MadeBlock,
  makeBlock,
  prometheusBucket,
  putBlock,
  thanosExtras,
  thanosSection,
  withExternal,
} from "../../test/support/foreign-buckets.ts";
import { temporaryFolder } from "../../test/support/temp.ts";
import { BucketStore, type BucketStoreOptions } from "./mod.ts";

const HOUR_MS = 3_600_000;
const RANGE = { mint: BLOCKS_FROM_MS, maxt: BLOCKS_FROM_MS + 100 * HOUR_MS };
const signal = new AbortController().signal;
const clock = new FakeClock(BLOCKS_FROM_MS);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** Two ranges of two hours, and another producer's first one. */
let made: readonly [MadeBlock, MadeBlock, MadeBlock];
beforeAll(async () => {
  folder = await temporaryFolder("layouts");
  const { dir } = folder;
  made = [await makeBlock(dir, 0), await makeBlock(dir, 1), await makeBlock(dir, 0, 3)];
});
afterAll(() => folder.remove());

async function storeOf(
  bucket: Bucket,
  more: Partial<BucketStoreOptions> = {},
): Promise<BucketStore> {
  const store = new BucketStore({ bucket, clock, ...more });
  expect(await store.syncAll()).toEqual(new Map());
  return store;
}

/** All that a querier answers to some selections, as text. */
async function answers(querier: Querier): Promise<string[]> {
  const selections: Matcher[][] = [
    [newMatcher("=~", "__name__", ".+")],
    [newMatcher("=", "cluster", "eu")],
    [newMatcher("=~", "cluster", "e.*|own"), newMatcher("=", "job", "x")],
    [newMatcher("!=", "cluster", "eu"), newMatcher("=", "__name__", "up")],
    [newMatcher("=", "cluster", "own")],
    [newMatcher("=", "a", ""), newMatcher("=", "__name__", "up")],
  ];
  const out: string[] = [];
  const columns = new SampleColumns();
  for (const matchers of selections) {
    const params = { ...RANGE, matchers };
    out.push(matchers.map(({ name, type, value }) => name + type + value).join());
    for await (const batch of querier.select(params, signal)) {
      for (const series of batch) {
        columns.clear();
        series.read(columns, RANGE.mint, RANGE.maxt);
        const sum = columns.values.subarray(0, columns.length).reduce((a, b) => a + b, 0);
        out.push(`${formatLabels(series.labels)} ${columns.length} ${sum}`);
      }
    }
    out.push(`names ${await querier.labelNames(params, signal)}`);
    out.push(`clusters ${await querier.labelValues("cluster", params, signal)}`);
    out.push(`jobs ${await querier.labelValues("job", params, signal)}`);
  }
  return out;
}

/** Series of several blocks as one list. */
function listOf(...lists: readonly (readonly ListedSeries[])[]): SeriesList {
  const all = new Map<string, ListedSeries>();
  for (const series of lists.flat()) {
    const key = JSON.stringify(Object.entries(series.labels).sort());
    const before = all.get(key)?.samples ?? [];
    all.set(key, { labels: series.labels, samples: [...before, ...series.samples] });
  }
  return new SeriesList([...all.values()]);
}

async function expectSame(store: BucketStore, tenant: string, want: SeriesList): Promise<void> {
  const got = await answers(chunkQuerierAsQuerier(store.querier(tenant)));
  expect(got).toEqual(await answers(want));
  expect(got.length).toBeGreaterThan(20);
}

test("a data folder of Prometheus is read as the root tenant's", async () => {
  const bucket = new MemoryBucket();
  await prometheusBucket(bucket, [made[0], made[1]]);
  const store = await storeOf(bucket, { rootTenant: "prom" });
  expect(store.tenants()).toEqual(["prom"]);
  await expectSame(store, "prom", listOf(made[0].series, made[1].series));
  // What the tenant gets of its own is served beside it.
  await putBlock(bucket, "prom/", made[1]);
  await putBlock(bucket, "other/", made[2]);
  await store.syncAll();
  expect(store.tenants().sort()).toEqual(["other", "prom"]);
  await expectSame(store, "prom", listOf(made[0].series, made[1].series));
  await expectSame(store, "other", listOf(made[2].series));
  const nobody = await storeOf(bucket);
  expect(nobody.tenants().sort()).toEqual(["other", "prom"]);
  await expectSame(nobody, "prom", listOf(made[1].series));
});

test("a bucket of Thanos is read with its external labels, which win", async () => {
  const bucket = new MemoryBucket();
  const eu = { cluster: "eu", replica: "0" };
  const us = { cluster: "us", dc: "b" };
  await putBlock(bucket, "", made[0], thanosSection(eu));
  await putBlock(bucket, "", made[1], thanosSection(eu));
  await putBlock(bucket, "", made[2], thanosSection(us));
  await thanosExtras(bucket, made[0]);
  const store = await storeOf(bucket, { rootTenant: "t" });
  expect(store.tenants()).toEqual(["t"]);
  const series = [
    ...withExternal([...made[0].series], eu),
    ...withExternal([...made[1].series], eu),
    ...withExternal([...made[2].series], us),
  ];
  await expectSame(store, "t", listOf(series));
});

test("downsampled blocks answer only where raw ones are gone", async () => {
  const bucket = new MemoryBucket();
  const labels = { cluster: "eu" };
  await putBlock(bucket, "t/", made[0], thanosSection(labels));
  await putBlock(bucket, "t/", made[2], thanosSection(labels, 300_000));
  await putBlock(bucket, "t/", made[1], thanosSection(labels, 300_000));
  const store = await storeOf(bucket);
  const ids = (await store.blocks("t")).map(({ id }) => id).sort();
  expect(ids).toEqual([made[0].meta.ulid, made[1].meta.ulid].sort());
  const want = withExternal([...made[0].series, ...made[1].series], labels);
  await expectSame(store, "t", listOf(want));
  // Once the raw block is gone, what was made of it is needed.
  for await (const { key } of bucket.list(`t/${made[0].meta.ulid}/`, { recursive: true })) {
    await bucket.delete(key);
  }
  await store.syncAll();
  expect((await store.blocks("t")).map(({ id }) => id)).toContain(made[2].meta.ulid);
});

test.each([
  ["Cortex, by listing", 1, 0],
  ["Cortex, by its bucket index", 1, HOUR_MS],
  ["Mimir, by listing", 2, 0],
  ["Mimir, by its bucket index", 2, HOUR_MS],
] as const)("tenants of %s are read without its notes", async (_, version, manifestAgeMsMax) => {
  const bucket = new MemoryBucket();
  await cortexTenant(bucket, "acme", version, { kept: [made[0], made[1]], deleted: made[2] });
  await cortexTenant(bucket, "gone", version, { kept: [made[0]] });
  await cortexTenant(bucket, "apart", version, { kept: [made[0]] });
  await deleteTenant(bucket, "gone", "mimir");
  await deleteTenant(bucket, "apart", "cortex");
  const store = await storeOf(bucket, { manifestAgeMsMax });
  expect(store.tenants()).toEqual(["acme"]);
  await expectSame(store, "acme", listOf(made[0].series, made[1].series));
  expect(await store.blocks("gone")).toEqual([]);
  expect(await store.blocks("apart")).toEqual([]);
});

test("external labels are found where a bucket index came first", async () => {
  const bucket = new MemoryBucket();
  await cortexTenant(bucket, "acme", 1, { kept: [made[0]] });
  const labels = { cluster: "eu", __org_id__: "acme" };
  await putBlock(bucket, "acme/", made[0], thanosSection(labels));
  const store = await storeOf(bucket, { manifestAgeMsMax: HOUR_MS });
  await expectSame(store, "acme", listOf(withExternal(made[0].series, { cluster: "eu" })));
});
