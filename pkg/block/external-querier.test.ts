import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import {
  compareLabels,
  formatLabels,
  type Labels,
  labelsFromObject,
  labelsToObject,
  labelValue,
  type Matcher,
} from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { temporaryFolder } from "../../test/support/temp.ts";
import {
  chunksOf,
  ExternalQuerier,
  externalMeta,
  finestBlocks,
  localBlockFiles,
  openBlockFiles,
  withLabels,
  writeBlock,
} from "./mod.ts";

const T0 = 1_700_000_000_000;
const RANGE = { mint: T0, maxt: T0 + 1_000_000 };
const random = seededRandom(7);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder("external");
});
afterAll(() => folder.remove());

/** A block of series with one sample each, at a time of its own: that tells series apart. */
async function blockOf(sets: readonly Labels[]): Promise<string> {
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    yield sets.map((labels, i) => {
      const columns = new SampleColumns();
      columns.push(T0 + i, i);
      return { labels, chunks: chunksOf(columns) };
    });
  }
  const options = { mint: T0, maxt: T0 + 1_000_000, clock: new FakeClock(T0), random };
  const meta = await writeBlock(batches(), { dir: folder.dir, ...options });
  return `${folder.dir}/${meta!.ulid}`;
}

const name = fc.constantFrom("a", "b", "m", "n", "\u{ff5e}", "\u{1f600}", "z");
const value = fc.constantFrom("1", "2", "x");
const labelSet = fc
  .dictionary(name, value, { minKeys: 0, maxKeys: 4 })
  .map((object) => labelsFromObject({ ...object, __name__: "s" }));
const matcher = fc
  .tuple(fc.constantFrom("=", "!=", "=~", "!~"), name, fc.constantFrom("", "1", "x"))
  .map(([type, of, wanted]) => newMatcher(type as "=", of, wanted));

/** What a selection must give: `label set @ times`, in order. */
function wanted(sets: readonly Labels[], added: Labels, matchers: readonly Matcher[]): string[] {
  const found = new Map<string, { labels: Labels; times: number[] }>();
  for (const [i, own] of sets.entries()) {
    const labels = labelsFromObject({ ...labelsToObject(own), ...labelsToObject(added) });
    if (!matchers.every((m) => m.matches(labelValue(labels, m.name)))) continue;
    const entry = found.get(labels.join("\0")) ?? { labels, times: [] };
    found.set(labels.join("\0"), entry);
    entry.times.push(T0 + i);
  }
  return [...found.values()]
    .sort((a, b) => compareLabels(a.labels, b.labels))
    .map(({ labels, times }) => `${formatLabels(labels)} @ ${times.join(",")}`);
}

test("ExternalQuerier equals labels added to every series and sorted again", async () => {
  const signal = new AbortController().signal;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(labelSet, { minLength: 1, maxLength: 40, selector: (l) => l.join("\0") }),
      fc.dictionary(name, value, { minKeys: 1, maxKeys: 3 }).map(labelsFromObject),
      fc.array(matcher, { maxLength: 2 }),
      fc.nat(5),
      async (list, added, matchers, limit) => {
        const sets = list.sort(compareLabels);
        const files = await localBlockFiles(await blockOf(sets));
        const { querier, index } = await openBlockFiles(files);
        const external = new ExternalQuerier(querier, index, added);
        const got: string[] = [];
        const params = { ...RANGE, matchers };
        for await (const batch of external.selectChunks({ ...params, limit }, signal)) {
          for (const { labels, chunks } of batch) {
            got.push(`${formatLabels(labels)} @ ${chunks.map(({ mint }) => mint).join(",")}`);
          }
        }
        const want = wanted(sets, added, matchers);
        expect(got).toEqual(limit > 0 ? want.slice(0, limit) : want);
        const first = added[0]!;
        const values = await external.labelValues(first, params, signal);
        expect(values).toEqual(want.length > 0 ? [added[1]] : []);
        const names = await external.labelNames(params, signal);
        expect(names.includes(first)).toBe(want.length > 0);
        await files.close();
      },
    ),
    { numRuns: 60 },
  );
});

test("withLabels keeps order by bytes, and the added value wins", () => {
  const own = labelsFromObject({ a: "1", m: "own", "\u{ff5e}": "2" });
  const added = labelsFromObject({ m: "added", "\u{1f600}": "3", b: "4" });
  expect(withLabels(own, added)).toEqual(
    labelsFromObject({ ...labelsToObject(own), ...labelsToObject(added) }),
  );
});

test("externalMeta takes Thanos's labels, and not the notes of Cortex and Mimir", () => {
  const thanos = {
    labels: { cluster: "eu", __org_id__: "t", __compactor_shard_id__: "1_of_4", replica: "" },
    downsample: { resolution: 300_000 },
  };
  expect(externalMeta({ thanos })).toEqual({ labels: ["cluster", "eu"], resolutionMs: 300_000 });
  for (const odd of [undefined, {}, { labels: null, downsample: null }, { labels: [1] }]) {
    expect(externalMeta({ thanos: odd })).toEqual({ labels: [], resolutionMs: 0 });
  }
});

test("finestBlocks leaves out what finer blocks of the same labels cover", () => {
  const block = (id: string, minTime: number, maxTime: number, resolutionMs = 0, dc = "a") => ({
    id,
    minTime,
    maxTime,
    resolutionMs,
    labels: ["dc", dc],
  });
  const f = (blocks: ReturnType<typeof block>[], want: string): void =>
    expect(
      finestBlocks(blocks)
        .map(({ id }) => id)
        .join(""),
    ).toBe(want);
  f([block("a", 0, 10), block("b", 10, 20), block("c", 0, 20, 5)], "ab");
  f([block("a", 0, 10), block("b", 11, 20), block("c", 0, 20, 5)], "abc");
  f([block("a", 0, 20, 0, "x"), block("c", 0, 20, 5)], "ac");
  f([block("c", 0, 20, 5), block("d", 0, 20, 60), block("e", 0, 21, 60)], "ce");
});
