import { execFile } from "node:child_process";
import {
  cp,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { encodeXor, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import {
  compareLabels,
  formatSeries,
  type Labels,
  labelsFromObject,
  type Matcher,
} from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { type ChunkQuerier, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { peer, upstream } from "../../test/peers/peers.ts";
import { BlockReader, chunksOf, writeBlock } from "./mod.ts";

const run = promisify(execFile);
const promtool = peer("promtool");
const sampleBlock = upstream("tsdb/index_format_v1");
const HOUR_MS = 3_600_000;
const FROM = 1_700_000_000_000;
const ALL: Matcher[] = [newMatcher("!=", "__name__", "")];
const RANGE = { mint: FROM, maxt: FROM + 2 * HOUR_MS };

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-block-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Spec {
  readonly labels: Labels;
  readonly columns: SampleColumns;
}

/** `count` series with different shapes of values, some with stale markers and infinities. */
function fixture(count: number, samples = 240): Spec[] {
  const out: Spec[] = [];
  for (let i = 0; i < count; i++) {
    const labels = labelsFromObject({
      __name__: `metric_${i % 5}`,
      instance: `host-${i}:9100`,
      job: i % 2 === 0 ? "node" : "päge \u{1f600}",
    });
    const columns = new SampleColumns();
    for (let s = 0; s < samples; s++) {
      const t = FROM + s * 30_000 + (i % 3 === 0 ? (s * 7919) % 40 : 0);
      if (s === 100 && i % 4 === 0) columns.pushStale(t);
      else if (s === 50 && i % 4 === 1) columns.push(t, Number.POSITIVE_INFINITY);
      else columns.push(t, i % 2 === 0 ? s * i : Math.sin(s * i) * 100);
    }
    out.push({ labels, columns });
  }
  return out.sort((a, b) => compareLabels(a.labels, b.labels));
}

async function* batches(specs: readonly Spec[]): AsyncGenerator<readonly ChunkSeries[]> {
  for (let i = 0; i < specs.length; i += 7) {
    yield specs
      .slice(i, i + 7)
      .map(({ labels, columns }) => ({ labels, chunks: chunksOf(columns) }));
  }
}

const options = (into: string) => ({
  dir: into,
  mint: FROM,
  maxt: FROM + 2 * HOUR_MS,
  clock: new FakeClock(FROM),
  random: Math.random,
});

async function write(name: string, specs: readonly Spec[], segmentBytesMax = 1 << 20) {
  const parent = join(dir, name);
  const meta = await writeBlock(batches(specs), { ...options(parent), segmentBytesMax });
  return { parent, meta: meta!, path: join(parent, meta!.ulid) };
}

interface Read {
  readonly labels: Labels;
  /** Timestamp, high and low half of the value. */
  readonly samples: (readonly [number, number, number])[];
}

const plain = ({ labels, columns }: Spec): Read => ({
  labels,
  samples: Array.from({ length: columns.length }, (_, i) => [
    columns.timestamps[i]!,
    columns.bits[2 * i + 1]!,
    columns.bits[2 * i]!,
  ]),
});

async function readAll(
  querier: ChunkQuerier,
  matchers: readonly Matcher[] = ALL,
  range = { mint: -1e15, maxt: 1e15 },
): Promise<Read[]> {
  const out: Read[] = [];
  const signal = new AbortController().signal;
  for await (const batch of querier.selectChunks({ ...range, matchers }, signal)) {
    for (const series of batch) {
      const columns = new SampleColumns();
      seriesFromChunks(series).read(columns, range.mint, range.maxt);
      out.push(plain({ labels: series.labels, columns }));
    }
  }
  return out;
}

/** A line of `promtool tsdb dump`. */
const dumpLine = (series: Read, i: number): string => {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, series.samples[i]![1]);
  view.setUint32(4, series.samples[i]![2]);
  return `${formatSeries(series.labels)} ${view.getFloat64(0)} ${series.samples[i]![0]}`;
};

test("writeBlock and BlockReader round-trip samples bit for bit, over several segments", async () => {
  const specs = fixture(1100, 60);
  const { path, meta } = await write("round", specs, 300_000);
  expect((await readdir(path)).sort()).toEqual(["chunks", "index", "meta.json"]);
  expect((await readdir(join(path, "chunks"))).length).toBeGreaterThan(1);
  expect(meta.stats).toEqual({
    numSamples: 1100 * 60,
    numFloatSamples: 1100 * 60,
    numSeries: 1100,
    numChunks: 1100,
  });
  const reader = await BlockReader.open(path);
  expect(reader.meta).toEqual(meta);
  expect(await readAll(reader)).toEqual(specs.map(plain));
  await reader.close();
});

test("a selection has the series and times that are asked for", async () => {
  const specs = fixture(30);
  const { path } = await write("select", specs);
  const reader = await BlockReader.open(path);
  const matchers = [newMatcher("=~", "instance", "host-1.:9100"), newMatcher("!=", "job", "node")];
  const range = { mint: FROM + 600_000, maxt: FROM + 900_000 };
  const want = specs
    .filter(({ labels }) => matchers.every((m) => m.matches(labels[labels.indexOf(m.name) + 1]!)))
    .map(plain)
    .map(({ labels, samples }) => ({
      labels,
      samples: samples.filter(([t]) => t >= range.mint && t <= range.maxt),
    }));
  expect(want.length).toBe(5);
  expect(await readAll(reader, matchers, range)).toEqual(want);
  const outside = { mint: FROM + 2 * HOUR_MS, maxt: FROM + 3 * HOUR_MS };
  expect(await readAll(reader, ALL, outside)).toEqual([]);
  const signal = new AbortController().signal;
  const params = { ...RANGE, matchers: [] };
  expect(await reader.labelNames(params, signal)).toEqual(["__name__", "instance", "job"]);
  expect(await reader.labelNames({ ...params, limit: 1 }, signal)).toEqual(["__name__"]);
  expect(await reader.labelValues("job", params, signal)).toEqual(["node", "päge \u{1f600}"]);
  expect(await reader.labelValues("job", { ...params, matchers }, signal)).toEqual([
    "päge \u{1f600}",
  ]);
  expect(await reader.labelValues("job", { ...outside, matchers: [] }, signal)).toEqual([]);
  await reader.close();
});

test("limit gives the first series; skipChunks leaves chunks out", async () => {
  const specs = fixture(20, 10);
  const { path } = await write("limit", specs);
  const reader = await BlockReader.open(path);
  const signal = new AbortController().signal;
  const params = { ...RANGE, matchers: ALL, limit: 3, hints: { skipChunks: true } };
  const got: ChunkSeries[] = [];
  for await (const batch of reader.selectChunks(params, signal)) got.push(...batch);
  expect(got).toEqual(specs.slice(0, 3).map(({ labels }) => ({ labels, chunks: [] })));
  await reader.close();
});

test("tombstones hide what they cover", async () => {
  const specs = fixture(3);
  const { path } = await write("stones", specs);
  const index = await BlockReader.open(path);
  // Series are 16-byte aligned and in order, so the second one's reference is found by trying.
  await index.close();
  const cut = { mint: FROM + 100_000, maxt: FROM + 200_000 };
  const refs = Array.from({ length: 64 }, (_, i) => i);
  const writer = new ByteWriter();
  writer.u32(0x0130ba30);
  writer.u8(1);
  for (const ref of refs) {
    writer.uvarint(ref);
    writer.varint(cut.mint);
    writer.varint(cut.maxt);
  }
  writer.u32(crc32c(writer.bytes, 5, writer.length));
  await writeFile(join(path, "tombstones"), writer.take());
  const reader = await BlockReader.open(path);
  const want = specs.map(plain).map(({ labels, samples }) => ({
    labels,
    samples: samples.filter(([t]) => t < cut.mint || t > cut.maxt),
  }));
  expect(await readAll(reader)).toEqual(want);
  expect((await readAll(reader, ALL, cut)).flatMap((s) => s.samples)).toEqual([]);
  await reader.close();
});

test("writeBlock leaves nothing behind on an error, on an abort, and without series", async () => {
  const parent = join(dir, "nothing");
  expect(await writeBlock(batches([]), options(parent))).toBeUndefined();
  const specs = fixture(20);
  await expect(writeBlock(batches(specs.toReversed()), options(parent))).rejects.toThrow(/order/);
  const late = { ...options(parent), maxt: FROM + 1000 };
  await expect(writeBlock(batches(specs), late)).rejects.toThrow(/outside the block/);
  const signal = AbortSignal.abort();
  await expect(writeBlock(batches(specs), { ...options(parent), signal })).rejects.toMatchObject({
    code: "canceled",
  });
  const chunks = [...chunksOf(specs[0]!.columns), ...chunksOf(specs[0]!.columns)];
  async function* overlapping(): AsyncGenerator<readonly ChunkSeries[]> {
    yield [{ labels: specs[0]!.labels, chunks }];
  }
  await expect(writeBlock(overlapping(), options(parent))).rejects.toThrow(/overlap/);
  expect(await readdir(parent)).toEqual([]);
});

test("writeBlock leaves nothing behind whichever sync of a file or folder fails", async () => {
  const probe = await open(join(dir, "probe"), "w");
  const prototype = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const sync = vi.spyOn(prototype, "sync");
  try {
    let syncs = 1;
    for (let failing = 0; failing <= syncs; failing++) {
      const into = join(dir, `sync-${failing}`);
      sync.mockClear();
      for (let i = 1; i < failing; i++) sync.mockImplementationOnce(async () => undefined);
      if (failing > 0) sync.mockRejectedValueOnce(new Error("EIO"));
      const written = writeBlock(batches(fixture(3)), options(into));
      if (failing > 0) await expect(written).rejects.toThrow("EIO");
      else await written;
      if (failing === 0) syncs = sync.mock.calls.length;
      else expect(await readdir(into)).toEqual([]);
    }
    // Chunks, index, meta.json, and the folders of all.
    expect(syncs).toBeGreaterThan(3);
  } finally {
    sync.mockRestore();
  }
});

test("close waits for the queries under way and refuses new ones", async () => {
  const { path } = await write("close", fixture(1200, 4));
  const reader = await BlockReader.open(path);
  const signal = new AbortController().signal;
  const iterator = reader.selectChunks({ ...RANGE, matchers: ALL }, signal);
  const first = await iterator.next();
  expect(first.value?.length).toBe(128);
  let isClosed = false;
  const closing = reader.close().then(() => {
    isClosed = true;
  });
  const second = await iterator.next();
  expect([second.value?.length, isClosed]).toEqual([512, false]);
  await expect(readAll(reader)).rejects.toMatchObject({ code: "unavailable" });
  await iterator.return(undefined);
  await closing;
});

test.skipIf(!sampleBlock)("reads a block with an index of version 1 (upstream data)", async () => {
  const copy = join(dir, "v1");
  await cp(sampleBlock!, copy, { recursive: true });
  const reader = await BlockReader.open(copy);
  const signal = new AbortController().signal;
  const params = { mint: 0, maxt: 7_200_000, matchers: [] };
  const names = await reader.labelNames(params, signal);
  expect(names).toEqual(["bar", "foo"]);
  const got = await readAll(reader, [newMatcher("=~", "foo", ".*")]);
  expect(got.length).toBe(102);
  expect(got.reduce((sum, series) => sum + series.samples.length, 0)).toBe(102);
  expect(got.map((s) => s.labels)).toEqual(got.map((s) => s.labels).toSorted(compareLabels));
  expect(await reader.labelValues("bar", params, signal)).toHaveLength(100);
  expect(await readAll(reader, [newMatcher("=", "foo", "bar")])).toHaveLength(1);
  await reader.close();
});

test.skipIf(!promtool)("promtool analyzes and dumps our block", async () => {
  const specs = fixture(40, 100);
  const { parent, path, meta } = await write("promtool", specs);
  const analysis = await run(promtool!, ["tsdb", "analyze", parent, meta.ulid]);
  expect(analysis.stdout).toContain(`Block ID: ${meta.ulid}`);
  expect(analysis.stdout).toContain("\nSeries: 40\n");
  await mkdir(join(parent, "wal"));
  const { stdout } = await run(promtool!, ["tsdb", "dump", parent], { maxBuffer: 1 << 26 });
  const reader = await BlockReader.open(path);
  const want = (await readAll(reader)).flatMap((s) => s.samples.map((_, i) => dumpLine(s, i)));
  await reader.close();
  const normal = (line: string): string => {
    const [, series, value, t] = /^(\{.*\}|\S.*?) (\S+) (\d+)$/.exec(line)!;
    const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value);
    return `${sortedLabels(series!)} ${number} ${t}`;
  };
  const got = stdout.trim().split("\n").map(normal).sort();
  expect(got).toEqual(want.map(normal).sort());
});

/** Labels in braces however the series was printed. */
function sortedLabels(series: string): string {
  const brace = series.indexOf("{");
  const name = brace < 0 ? series : series.slice(0, brace);
  const inside = brace < 0 ? "" : series.slice(brace + 1, -1);
  const pairs = inside === "" ? [] : inside.split(", ");
  if (name !== "") pairs.push(`__name__="${name}"`);
  return `{${pairs.sort().join(", ")}}`;
}

test.skipIf(!promtool)("reads what promtool writes, and writes the same chunks", async () => {
  const specs = fixture(25, 200);
  const lines: string[] = [];
  for (const { labels, columns } of specs) {
    for (let i = 0; i < columns.length; i++) {
      const value = columns.values[i]!;
      const text = value === Number.POSITIVE_INFINITY ? "+Inf" : String(value);
      const series = formatSeries(labels).replaceAll(", ", ",");
      lines.push(`${series} ${text} ${columns.timestamps[i]! / 1000}`);
    }
  }
  const input = join(dir, "openmetrics");
  const output = join(dir, "from-promtool");
  await mkdir(output);
  await writeFile(input, `${lines.join("\n")}\n# EOF\n`);
  await run(promtool!, ["tsdb", "create-blocks-from", "openmetrics", "-q", input, output]);
  const got: Read[] = [];
  for (const id of await readdir(output)) {
    const reader = await BlockReader.open(join(output, id));
    for (const series of await readAll(reader)) {
      const known = got.find((s) => compareLabels(s.labels, series.labels) === 0);
      if (known) known.samples.push(...series.samples);
      else got.push(series);
    }
    // What we encode of the samples is what Prometheus wrote.
    for await (const batch of reader.selectChunks(
      { mint: 0, maxt: 1e15, matchers: ALL },
      new AbortController().signal,
    )) {
      for (const chunk of batch.flatMap((series) => series.chunks)) {
        const columns = new SampleColumns();
        seriesFromChunks({ labels: [], chunks: [chunk] }).read(columns, 0, 1e15);
        const again = encodeXor(columns, 0, columns.length);
        const theirs = Buffer.from(chunk.bytes.subarray(chunk.start, chunk.end));
        // Releases before 3 left an empty byte behind a stream that ends on a byte.
        const isPadded = theirs.length === again.length + 1 && theirs.at(-1) === 0;
        expect(theirs.subarray(0, isPadded ? -1 : undefined)).toEqual(Buffer.from(again));
      }
    }
    await reader.close();
  }
  // A stale marker is a plain NaN in OpenMetrics.
  const loose = (reads: readonly Read[]) =>
    reads.map((s) => ({
      labels: s.labels,
      samples: s.samples
        .map(([t, hi, lo]) => (hi >>> 20 === 0x7ff && lo ? [t, "nan"] : [t, hi, lo]))
        .sort((a, b) => Number(a[0]) - Number(b[0])),
    }));
  const want = loose(specs.map(plain));
  const sorted = loose(got).sort((a, b) => compareLabels(a.labels, b.labels));
  expect(sorted.map((s) => s.labels)).toEqual(want.map((s) => s.labels));
  for (let i = 0; i < want.length; i++) {
    const isNan = (s: readonly unknown[]): boolean => s[1] === "nan" || s[1] === 0x7ff80000;
    expect(sorted[i]!.samples.filter((s) => !isNan(s))).toEqual(
      want[i]!.samples.filter((s) => !isNan(s)),
    );
  }
});

test("meta.json is decoded with what it holds beside, and refused with the field at fault", async () => {
  const { path, meta } = await write("meta", fixture(1, 5));
  const text = await readFile(join(path, "meta.json"), "utf8");
  expect(text).toContain('\t"ulid": ');
  const withThanos = { ...meta, thanos: { labels: { a: "b" }, version: 1 }, extra: 7 };
  await writeFile(join(path, "meta.json"), JSON.stringify(withThanos));
  const reader = await BlockReader.open(path);
  expect(reader.meta).toEqual(withThanos);
  await reader.close();
  for (const [bad, message] of [
    [{ ...meta, version: 2 }, /version/],
    [{ ...meta, ulid: "x" }, /ulid/],
    [{ ...meta, minTime: meta.maxTime + 1 }, /before minTime/],
  ] as const) {
    await writeFile(join(path, "meta.json"), JSON.stringify(bad));
    await expect(BlockReader.open(path)).rejects.toThrow(message);
  }
  await writeFile(join(path, "meta.json"), "{");
  await expect(BlockReader.open(path)).rejects.toMatchObject({ code: "corruption" });
});
