import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  BlockQuerier,
  decodeBucketIndex,
  decodeMeta,
  encodeBucketIndex,
  encodeMeta,
} from "#pkg/block/mod.ts";
import { CHUNK_GUESS_BYTES, ChunkReader } from "#pkg/chunks/mod.ts";
import { crc32c } from "#pkg/encoding/mod.ts";
import { CorruptionError, NarthexError } from "#pkg/errs/mod.ts";
import { bytesAccess, LOCAL_COALESCE } from "#pkg/fsutil/mod.ts";
import { IndexReader } from "#pkg/index/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { decodeTombstones, encodeTombstones, type Interval } from "#pkg/tombstones/mod.ts";
import { upstream } from "../peers/peers.ts";
import { type Mutation, mutations } from "../support/mutations.ts";
import {
  FIXTURE_BLOCK,
  FIXTURE_T0,
  readEverything,
  writeFixtureBlock,
} from "../support/storage-fixture.ts";
import { temporaryFolder } from "../support/temp.ts";

/**
 * Files of a block and of a bucket, damaged in every way that comes to mind, and read whole. Whatever a
 * checksum covers is answered as before or not at all; nothing hangs, crashes or takes memory without
 * measure. `NARTHEX_SEED` takes other damages, `NARTHEX_MUTATIONS` more of them.
 */
const SEED = Number(process.env["NARTHEX_SEED"] ?? 1);
const MUTATIONS = Number(process.env["NARTHEX_MUTATIONS"] ?? 10_000);
const CASE_MS_MAX = 2000;
const RSS_GROWTH_BYTES_MAX = 400 << 20;

interface BlockBytes {
  readonly index: Uint8Array;
  readonly segment: Uint8Array;
  readonly tombstones: Uint8Array;
  readonly meta: Uint8Array;
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let whole: BlockBytes;
let answer = "";
let rssBefore = 0;

beforeAll(async () => {
  folder = await temporaryFolder("hostile");
  await writeFixtureBlock(folder.dir);
  const read = async (name: string): Promise<Uint8Array> =>
    Uint8Array.from(await readFile(join(folder.dir, FIXTURE_BLOCK, name)));
  const index = await read("index");
  const refs = await openIndex(index).then((reader) => reader.select([newMatcher("!=", "x", "y")]));
  const interval: Interval = { mint: FIXTURE_T0 + 30_000, maxt: FIXTURE_T0 + 300_000 };
  whole = {
    index,
    segment: await read("chunks/000001"),
    tombstones: encodeTombstones(new Map([...refs].slice(1, 9).map((ref) => [ref, [interval]]))),
    meta: await read("meta.json"),
  };
  answer = await readBlock(whole);
  rssBefore = process.resourceUsage().maxRSS;
});

afterAll(async () => {
  const grown = (process.resourceUsage().maxRSS - rssBefore) * 1024;
  expect(grown, "memory taken by damaged files").toBeLessThan(RSS_GROWTH_BYTES_MAX);
  await folder.remove();
});

function openIndex(bytes: Uint8Array): Promise<IndexReader> {
  return IndexReader.open(bytesAccess("block/index", bytes), LOCAL_COALESCE);
}

/** All that is in a block, as text. */
async function readBlock({ index, segment, tombstones, meta }: BlockBytes): Promise<string> {
  const { minTime, maxTime } = decodeMeta("block/meta.json", meta);
  const access = bytesAccess("block/chunks/000001", segment);
  const chunks = new ChunkReader([access], { ...LOCAL_COALESCE, guessBytes: CHUNK_GUESS_BYTES });
  await chunks.verifyHeaders();
  const querier = new BlockQuerier({
    minTime,
    maxTime,
    index: await openIndex(index),
    chunks,
    tombstones: decodeTombstones("block/tombstones", tombstones),
  });
  return (await readEverything(querier)).join("\n");
}

/** What came of reading a damaged file. */
type Outcome = { readonly answer: unknown } | { readonly error: unknown };

async function attempt({ name }: Mutation, read: () => unknown): Promise<Outcome> {
  const before = performance.now();
  let outcome: Outcome;
  try {
    outcome = { answer: await read() };
  } catch (error) {
    outcome = { error };
  }
  expect(performance.now() - before, `${name}: ms`).toBeLessThan(CASE_MS_MAX);
  return outcome;
}

/** The damage was named: which file, and where. */
function expectNamed(error: unknown, mutation: Mutation, path: string): void {
  if (!(error instanceof CorruptionError)) {
    throw new Error(`${mutation.name}: want corruption`, { cause: error });
  }
  expect(error.path, mutation.name).toBe(path);
  expect(error.offset, mutation.name).toBeGreaterThanOrEqual(0);
  expect(error.message, mutation.name).toContain(`${path} at offset ${error.offset}`);
}

/** Damages the file that is `whole[part]`: what is read is as before, or damage that is named. */
async function expectIntegrity(
  part: keyof BlockBytes,
  path: string,
  share: number,
): Promise<{ refused: number; unharmed: number }> {
  const random = seededRandom(SEED);
  const counts = { refused: 0, unharmed: 0 };
  for (const mutation of mutations(whole[part], MUTATIONS * share, random)) {
    const outcome = await attempt(mutation, () => readBlock({ ...whole, [part]: mutation.bytes }));
    if ("error" in outcome) {
      expectNamed(outcome.error, mutation, path);
      counts.refused++;
    } else {
      if (outcome.answer !== answer) throw new Error(`${mutation.name}: another answer`);
      counts.unharmed++;
    }
  }
  return counts;
}

test("a damaged index is refused by name, or makes no difference", async () => {
  const { refused } = await expectIntegrity("index", "block/index", 0.3);
  expect(refused).toBeGreaterThan(MUTATIONS * 0.15);
});

test("a damaged segment of chunks is refused by name, or makes no difference", async () => {
  const { refused } = await expectIntegrity("segment", "block/chunks/000001", 0.3);
  expect(refused).toBeGreaterThan(MUTATIONS * 0.2);
});

test("damaged tombstones are refused by name, or make no difference", async () => {
  const random = seededRandom(SEED);
  const want = decodeTombstones("t", whole.tombstones);
  for (const mutation of mutations(whole.tombstones, MUTATIONS * 0.1, random)) {
    const outcome = await attempt(mutation, () => decodeTombstones("t", mutation.bytes));
    if ("error" in outcome) expectNamed(outcome.error, mutation, "t");
    else expect(outcome.answer, mutation.name).toEqual(want);
  }
});

test("a damaged meta.json is refused by name, or is a meta.json like any other", async () => {
  const random = seededRandom(SEED);
  for (const mutation of mutations(whole.meta, MUTATIONS * 0.1, random)) {
    const path = "block/meta.json";
    const outcome = await attempt(mutation, () => decodeMeta(path, mutation.bytes));
    if ("error" in outcome) {
      expectNamed(outcome.error, mutation, path);
      continue;
    }
    // No checksum covers it. What is read must at least be what could be written.
    const meta = outcome.answer as ReturnType<typeof decodeMeta>;
    expect(decodeMeta(path, encodeMeta(meta)), mutation.name).toEqual(meta);
    expect(meta.minTime, mutation.name).toBeLessThanOrEqual(meta.maxTime);
  }
});

test("a damaged bucket index is refused by name, or makes no difference", async () => {
  const random = seededRandom(SEED);
  const block = { block_id: FIXTURE_BLOCK, min_time: 1, max_time: 2, uploaded_at: 3 };
  const bytes = encodeBucketIndex({
    version: 2,
    blocks: Array.from({ length: 9 }, (_, i) => ({ ...block, max_time: i + 7 })),
    block_deletion_marks: [{ block_id: FIXTURE_BLOCK, deletion_time: 5 }],
    updated_at: 6,
  });
  const want = decodeBucketIndex("b", bytes);
  for (const mutation of mutations(bytes, MUTATIONS * 0.1, random)) {
    const outcome = await attempt(mutation, () => decodeBucketIndex("b", mutation.bytes));
    if ("error" in outcome) expectNamed(outcome.error, mutation, "b");
    else expect(outcome.answer, mutation.name).toEqual(want);
  }
});

const versionOne = upstream("tsdb/index_format_v1/index");

/** All that an index has, as text. */
async function readIndex(bytes: Uint8Array): Promise<string> {
  const reader = await openIndex(bytes);
  const out: string[] = [];
  for (const name of reader.labelNames()) {
    out.push(`${name}: ${JSON.stringify(await reader.labelValues(name))}`);
  }
  const refs = await reader.select([newMatcher("!=", "x", "y")]);
  const range = { mint: -(2 ** 52), maxt: 2 ** 52 };
  for (const series of await reader.readSeries(refs, range)) out.push(JSON.stringify(series));
  return out.join("\n");
}

test.skipIf(!versionOne)(
  "a damaged index of version 1 is refused, or makes no difference",
  async () => {
    const bytes = Uint8Array.from(await readFile(versionOne!));
    const want = await readIndex(bytes);
    for (const mutation of mutations(bytes, MUTATIONS * 0.1, seededRandom(SEED))) {
      const outcome = await attempt(mutation, () => readIndex(mutation.bytes));
      if ("error" in outcome) expectNamed(outcome.error, mutation, "block/index");
      else if (outcome.answer !== want) throw new Error(`${mutation.name}: another answer`);
    }
  },
);

interface Span {
  readonly start: number;
  readonly end: number;
}

/** What the checksums of an index cover, each of which stands behind it. */
async function checksummed(index: Uint8Array): Promise<Span[]> {
  const view = new DataView(index.buffer, index.byteOffset, index.length);
  const sized = (start: number): Span => ({
    start: start + 4,
    end: start + 4 + view.getUint32(start),
  });
  const toc = index.length - 52;
  const section = (field: number): Span => sized(Number(view.getBigUint64(toc + 8 * field)));
  const reader = await openIndex(index);
  const table = reader.header.postings;
  const lists = ["floats_1", "histograms_0"].map((name) => table.lookup("__name__", name)!);
  lists.push(table.lookup("", "")!);
  const refs = await reader.select([newMatcher("!=", "x", "y")]);
  // Series are shorter than 128 bytes here, so that their length is a byte.
  const entries = [...refs].map((ref) => ({
    start: 16 * ref + 1,
    end: 16 * ref + 1 + index[16 * ref]!,
  }));
  const toSpan = { start: toc, end: index.length - 4 };
  return [section(0), section(5), toSpan, ...lists.map(({ start }) => sized(start)), ...entries];
}

test("an index whose checksums fit its damage is refused, or read to its end", async () => {
  const random = seededRandom(SEED);
  let refused = 0;
  const spans = await checksummed(whole.index);
  for (const { start, end } of spans) {
    const content = whole.index.slice(start, end);
    for (const { name, bytes } of mutations(content, MUTATIONS * 0.02, random)) {
      const index = whole.index.slice();
      index.set(bytes.subarray(0, content.length), start);
      new DataView(index.buffer).setUint32(end, crc32c(index, start, end));
      const mutation = { name: `resealed ${start}: ${name}`, bytes: index };
      const outcome = await attempt(mutation, () => readBlock({ ...whole, index }));
      if (!("error" in outcome)) continue;
      refused++;
      if (!(outcome.error instanceof NarthexError)) {
        throw new Error(`${mutation.name}: want an error of ours`, { cause: outcome.error });
      }
      expect(["corruption", "execution"], mutation.name).toContain(outcome.error.code);
    }
  }
  expect(refused).toBeGreaterThan(MUTATIONS * 0.02);
});

test("chunks whose checksums fit their damage are refused, or read to their end", async () => {
  const random = seededRandom(SEED);
  const { segment } = whole;
  for (const { name, bytes } of mutations(segment, MUTATIONS * 0.1, random)) {
    if (bytes.length !== segment.length) continue;
    const sealed = Uint8Array.from(bytes);
    sealed.set(segment.subarray(0, 8));
    resealChunks(segment, sealed);
    const mutation = { name: `resealed: ${name}`, bytes: sealed };
    const outcome = await attempt(mutation, () => readBlock({ ...whole, segment: sealed }));
    if (!("error" in outcome)) continue;
    if (!(outcome.error instanceof NarthexError)) {
      throw new Error(`${mutation.name}: want an error of ours`, { cause: outcome.error });
    }
    expect(["corruption", "execution"], mutation.name).toContain(outcome.error.code);
  }
});

/** Puts lengths as they are in `whole`, and checksums that fit the content, into `sealed`. */
function resealChunks(original: Uint8Array, sealed: Uint8Array): void {
  for (let at = 8; at < original.length; ) {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      sealed[at] = original[at]!;
      length += (original[at]! & 0x7f) * scale;
      if (original[at++]! < 0x80) break;
    }
    const end = at + 1 + length;
    new DataView(sealed.buffer).setUint32(end, crc32c(sealed, at, end));
    at = end + 4;
  }
}
