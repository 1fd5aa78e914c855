import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { bytesAccess, LOCAL_COALESCE } from "#pkg/fsutil/mod.ts";
import {
  compareBytes,
  compareLabels,
  type Labels,
  labelsFromObject,
  labelValue,
  type MatchType,
} from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { type ChunkEntry, type IndexedSeries, IndexReader, IndexWriter } from "./mod.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-index-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const FILTER = { mint: 0, maxt: 1000 };
interface Spec {
  readonly labels: Labels;
  readonly chunks: readonly ChunkEntry[];
}

let files = 0;
async function writeIndex(series: readonly Spec[]): Promise<Buffer> {
  const symbols = [...new Set(series.flatMap((s) => [...s.labels]))].sort(compareBytes);
  const path = join(dir, `index${files++}`);
  const writer = await IndexWriter.create(path, symbols);
  for (const { labels, chunks } of series) await writer.addSeries(labels, chunks);
  await writer.finish();
  const bytes = await readFile(path);
  expect(writer.byteLength).toBe(bytes.length);
  expect(writer.seriesCount).toBe(series.length);
  return bytes;
}
const openBytes = (bytes: Uint8Array): Promise<IndexReader> =>
  IndexReader.open(bytesAccess("01X/index", bytes), { ...LOCAL_COALESCE, gapBytesMax: 64 });

const plain = (series: readonly IndexedSeries[]): Spec[] =>
  series.map((s) => ({
    labels: s.labels,
    chunks: s.chunks.map(({ ref, mint, maxt }) => ({ ref, mint, maxt })),
  }));

/** Many series with several labels; some lack some. */
function fixture(count: number): Spec[] {
  let ref = 8;
  const all = Array.from({ length: count }, (_, i): Spec => {
    const labels = labelsFromObject({
      __name__: `metric_${i % 7}`,
      id: `id-${i}`,
      job: i % 3 === 0 ? "" : `job${i % 5}`,
      näme: i % 4 === 0 ? "\u{1f600}" : "\uff5e",
    });
    return { labels, chunks: [] };
  });
  all.sort((a, b) => compareLabels(a.labels, b.labels));
  return all.map(({ labels }, i) => {
    const chunks: ChunkEntry[] = [];
    for (let c = 0; c < i % 4; c++) {
      chunks.push({ ref: (ref += 100), mint: c * 100, maxt: c * 100 + 99 });
    }
    return { labels, chunks };
  });
}

test("IndexWriter and IndexReader round-trip series, names and values", async () => {
  const series = fixture(1000);
  const reader = await openBytes(await writeIndex(series));
  const refs = await reader.select([newMatcher("!=", "__name__", "")]);
  expect(plain(await reader.readSeries(refs, FILTER))).toEqual(series);
  expect(reader.labelNames()).toEqual(["__name__", "id", "job", "näme"]);
  expect(await reader.labelValues("näme")).toEqual(["\uff5e", "\u{1f600}"]);
  const ids = series.map((s) => labelValue(s.labels, "id")).sort(compareBytes);
  expect(await reader.labelValues("id")).toEqual(ids);
  expect(await reader.labelValues("nope")).toEqual([]);
});

test("readSeries keeps the chunks that overlap the range, and knows where they end", async () => {
  const series = fixture(12);
  const reader = await openBytes(await writeIndex(series));
  const refs = await reader.select([newMatcher("=~", "id", ".+")]);
  const got = await reader.readSeries(refs, { mint: 150, maxt: 199 });
  const want = series.map((s) => s.chunks.filter((c) => c.mint <= 199 && c.maxt >= 150));
  expect(plain(got).map((s) => s.chunks)).toEqual(want);
  for (const chunk of got.flatMap((s) => s.chunks)) {
    if (chunk.bound !== 0) expect(chunk.bound).toBe(chunk.ref + 100);
  }
  expect(got.flatMap((s) => s.chunks).filter((c) => c.bound > 0).length).toBeGreaterThan(3);
});

test("select equals a scan with the matchers, whatever they match", async () => {
  const series = fixture(200);
  const reader = await openBytes(await writeIndex(series));
  const types: MatchType[] = ["=", "!=", "=~", "!~"];
  const matcher = fc
    .tuple(
      fc.constantFrom(...types),
      fc.constantFrom("__name__", "id", "job", "näme", "missing"),
      fc.constantFrom("", "job1", "job.*", ".*", ".+", "metric_1|metric_3", "id-1.*", "|job2"),
    )
    .map(([type, name, value]) => newMatcher(type, name, value));
  await fc.assert(
    fc.asyncProperty(fc.array(matcher, { minLength: 1, maxLength: 4 }), async (matchers) => {
      const want = series.filter((s) =>
        matchers.every((m) => m.matches(labelValue(s.labels, m.name))),
      );
      const refs = await reader.select(matchers);
      expect(plain(await reader.readSeries(refs, FILTER))).toEqual(want);
      const names = new Set(want.flatMap((s) => s.labels.filter((_, i) => i % 2 === 0)));
      expect(await reader.labelNamesOf(matchers)).toEqual([...names].sort(compareBytes));
      const jobs = new Set(want.map((s) => labelValue(s.labels, "job")));
      jobs.delete("");
      expect(await reader.labelValuesOf("job", matchers)).toEqual([...jobs].sort(compareBytes));
    }),
    { numRuns: 300 },
  );
});

test("an index without series opens and selects nothing", async () => {
  const reader = await openBytes(await writeIndex([]));
  expect(reader.labelNames()).toEqual([]);
  expect([...(await reader.select([newMatcher("=", "a", "")]))]).toEqual([]);
});

test("IndexWriter refuses disorder, unknown symbols and overlapping chunks", async () => {
  const make = (): Promise<IndexWriter> => IndexWriter.create(join(dir, "bad"), ["a", "b", "c"]);
  let writer = await make();
  await writer.addSeries(["a", "c"], []);
  await expect(writer.addSeries(["a", "b"], [])).rejects.toThrow(/label order/);
  await expect(writer.addSeries(["a", "c"], [])).rejects.toThrow(/label order/);
  await expect(writer.addSeries(["a", "x"], [])).rejects.toThrow(/not announced/);
  await writer.abandon();
  writer = await make();
  const chunk = { ref: 8, mint: 0, maxt: 9 };
  const bad = [chunk, { ref: 20, mint: 9, maxt: 12 }];
  await expect(writer.addSeries(["a", "b"], bad)).rejects.toThrow(/overlap/);
  await writer.abandon();
  await expect(IndexWriter.create(join(dir, "bad"), ["b", "a"])).rejects.toThrow(/out of order/);
});

test("every prefix of an index is corruption; a flipped byte is, or changes nothing", async () => {
  const series = fixture(9);
  const bytes = await writeIndex(series);
  const readAll = async (content: Uint8Array): Promise<Spec[]> => {
    const reader = await openBytes(content);
    const refs = await reader.select([newMatcher("!=", "__name__", "")]);
    return plain(await reader.readSeries(refs, FILTER));
  };
  for (let end = 0; end < bytes.length; end += 3) {
    await expect(readAll(bytes.subarray(0, end))).rejects.toThrow(CorruptionError);
  }
  let silent = 0;
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 0x81;
    try {
      expect(await readAll(flipped)).toEqual(series);
      silent++;
    } catch (error) {
      expect(error).toBeInstanceOf(CorruptionError);
    }
  }
  // Padding, and the lists that this selection does not read.
  expect(silent).toBeLessThan(bytes.length * 0.6);
});

test("a section that a disk gives back as zeros is corruption, not a section without entries", async () => {
  const bytes = await writeIndex(fixture(9));
  for (const section of [0, 5]) {
    const zeroed = Buffer.from(bytes);
    const start = Number(bytes.readBigUInt64BE(bytes.length - 52 + 8 * section));
    zeroed.fill(0, start, start + 64);
    await expect(openBytes(zeroed)).rejects.toThrow(`at offset ${start}: index section of 0 bytes`);
  }
});
