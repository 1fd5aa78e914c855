import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { readSegment, segmentHeader, writeRecordHeader } from "#pkg/wlog/mod.ts";
import { type Mutation, mutations } from "../support/mutations.ts";
import { temporaryFolder } from "../support/temp.ts";
import {
  fillWal,
  openWal,
  pushScrape,
  type WalContent,
  walContent,
} from "../support/wal-fixture.ts";

/**
 * Segments and checkpoints of a WAL, damaged in every way that comes to mind, and replayed: what comes
 * back was appended, what does not is reported with file and offset, and the head goes on. See
 * `hostile-storage` for `NARTHEX_SEED` and `NARTHEX_MUTATIONS`.
 */
const SEED = Number(process.env["NARTHEX_SEED"] ?? 1);
const MUTATIONS = Number(process.env["NARTHEX_MUTATIONS"] ?? 10_000);
const CASE_MS_MAX = 2000;
const RSS_GROWTH_BYTES_MAX = 400 << 20;
/** Every so many cases the head is appended to after the replay, and replayed again. */
const APPEND_EVERY = 20;

let rssBefore = 0;
beforeAll(() => {
  rssBefore = process.resourceUsage().maxRSS;
});
afterAll(() => {
  const grown = (process.resourceUsage().maxRSS - rssBefore) * 1024;
  expect(grown, "memory taken by damaged files").toBeLessThan(RSS_GROWTH_BYTES_MAX);
});

/** A WAL on disk, and how it is when it is whole. */
interface Wal {
  readonly dir: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly content: WalContent;
  remove(): Promise<void>;
}

async function makeWal(hasCheckpoint: boolean): Promise<Wal> {
  const folder = await temporaryFolder("hostile-wal");
  const { durable } = await openWal(folder.dir);
  await fillWal(durable, async (segment) => {
    if (hasCheckpoint) await durable.checkpoint(segment);
  });
  const content = await walContent(durable);
  await durable.close();
  const files = new Map<string, Uint8Array>();
  for (const name of await readdir(folder.dir)) {
    files.set(name, Uint8Array.from(await readFile(join(folder.dir, name))));
  }
  return { ...folder, files, content };
}

/** Puts the files back as they were, but for one. */
async function restore(wal: Wal, damaged?: { name: string; bytes: Uint8Array }): Promise<void> {
  for (const name of await readdir(wal.dir)) {
    if (!wal.files.has(name)) await rm(join(wal.dir, name));
  }
  for (const [name, bytes] of wal.files) {
    const content = name === damaged?.name ? damaged.bytes : bytes;
    await writeFile(join(wal.dir, name), content);
  }
}

/** Where the records of a file begin, and where the last one ends. */
async function boundaries(path: string): Promise<Set<number>> {
  const out = new Set<number>();
  const damage = await readSegment(path, (_bytes, start, end, offset) => {
    out.add(offset).add(offset + 8 + end - start);
    return undefined;
  });
  expect(damage).toBe(undefined);
  return out;
}

function isEqual(a: WalContent, b: WalContent): boolean {
  return JSON.stringify([...a]) === JSON.stringify([...b]);
}

/**
 * Whether all of `part` is in `whole`, in the same order. Start timestamps may be those before: a
 * change of one that is lost is lost for later files too.
 */
function expectPart(part: WalContent, whole: WalContent, name: string): void {
  for (const [labels, samples] of part) {
    const all = whole.get(labels)?.map(withoutStart);
    expect(all, `${name}: series ${labels}`).toBeDefined();
    let at = 0;
    for (const sample of samples) {
      at = all!.indexOf(withoutStart(sample), at) + 1;
      if (at === 0) throw new Error(`${name}: ${labels} has ${sample}, which nobody wrote`);
    }
  }
}

const withoutStart = (sample: string): string => sample.replace(/@\d+$/, "");

/** Replays the WAL with one damaged file, and checks what came of it; true if it made a difference. */
async function replayDamaged(
  wal: Wal,
  file: { readonly name: string; readonly records: ReadonlySet<number> },
  mutation: Mutation,
): Promise<boolean> {
  await restore(wal, { name: file.name, bytes: mutation.bytes });
  const before = performance.now();
  const { durable, report } = await openWal(wal.dir);
  const content = await walContent(durable);
  await durable.close();
  expect(performance.now() - before, `${mutation.name}: ms`).toBeLessThan(CASE_MS_MAX);
  expectPart(content, wal.content, mutation.name);
  for (const { path, offset, message } of report.damage) {
    expect(path, mutation.name).toBe(join(wal.dir, file.name));
    expect(offset, `${mutation.name}: ${message}`).toBeGreaterThanOrEqual(0);
    expect(offset, `${mutation.name}: ${message}`).toBeLessThanOrEqual(mutation.bytes.length);
  }
  if (isEqual(content, wal.content)) return false;
  // A file that ends where a record does is whole, for all one can tell.
  const isCut = mutation.name.startsWith("truncate") && file.records.has(mutation.bytes.length);
  if (!isCut) expect(report.damage.length, mutation.name).toBeGreaterThan(0);
  return true;
}

/** A head that has lost something takes in more, which is there after the next replay. */
async function expectGoesOn(wal: Wal, name: string): Promise<void> {
  const { durable } = await openWal(wal.dir);
  // Series that may be lost, and some that were never there.
  await pushScrape(durable, 60, { from: 4, to: 11 });
  const before = await walContent(durable);
  await durable.close();
  const again = await openWal(wal.dir);
  const after = await walContent(again.durable);
  await again.durable.close();
  expect(isEqual(after, before), `${name}: after an append and a replay`).toBe(true);
  expect(before.size, name).toBeGreaterThanOrEqual(7);
}

/** The file with one record's payload damaged and the record's checksum made to fit. */
function* resealed(
  file: Uint8Array,
  records: ReadonlySet<number>,
  count: number,
): Generator<Mutation> {
  const random = seededRandom(SEED);
  const starts = [...records].filter((at) => at < file.length);
  for (let i = 0; i < count; i++) {
    const start = starts[Math.floor(random() * starts.length)]!;
    const payload = start + 8;
    const end = payload + new DataView(file.buffer).getUint32(start);
    // A place of its own for each, since the first one is that of the record's kind.
    const from = payload + Math.floor(random() * Math.min(12, end - payload));
    for (const { name, bytes } of mutations(file.subarray(from, end), 1, random)) {
      const out = Uint8Array.of(...file.subarray(0, from), ...bytes, ...file.subarray(end));
      const length = from - payload + bytes.length;
      const view = new DataView(out.buffer);
      view.setUint32(start, length);
      view.setUint32(start + 4, crc32c(out, payload, payload + length));
      yield { name: `record at ${start}, from ${from - payload}: ${name}`, bytes: out };
    }
  }
}

describe.each([
  { name: "00000000", hasCheckpoint: false, share: 0.05 },
  { name: "00000001", hasCheckpoint: false, share: 0.05 },
  { name: "checkpoint.00000001", hasCheckpoint: true, share: 0.05 },
  { name: "00000001", hasCheckpoint: true, share: 0.05 },
])("$name, checkpoint: $hasCheckpoint", ({ name, hasCheckpoint, share }) => {
  let wal: Wal;
  beforeAll(async () => {
    wal = await makeWal(hasCheckpoint);
  });
  afterAll(() => wal.remove());

  test("damage loses what is behind it, and is reported by file and offset", async () => {
    await restore(wal);
    const { durable, report } = await openWal(wal.dir);
    expect(isEqual(await walContent(durable), wal.content)).toBe(true);
    expect(report.damage).toEqual([]);
    await durable.close();
    const records = await boundaries(join(wal.dir, name));
    const random = seededRandom(SEED);
    let harmed = 0;
    let count = 0;
    for (const mutation of mutations(wal.files.get(name)!, MUTATIONS * share, random)) {
      if (await replayDamaged(wal, { name, records }, mutation)) harmed++;
      if (count++ % APPEND_EVERY === 0) await expectGoesOn(wal, mutation.name);
    }
    expect(harmed).toBeGreaterThan(count / 4);
  });

  test("a record whose checksum fits its damage is reported, or taken as it is", async () => {
    await restore(wal);
    const records = await boundaries(join(wal.dir, name));
    for (const mutation of resealed(wal.files.get(name)!, records, MUTATIONS * share * 0.4)) {
      await restore(wal, { name, bytes: mutation.bytes });
      const before = performance.now();
      const { durable, report } = await openWal(wal.dir);
      try {
        await walContent(durable);
      } catch (error) {
        throw new Error(mutation.name, { cause: error });
      } finally {
        await durable.close();
      }
      expect(performance.now() - before, `${mutation.name}: ms`).toBeLessThan(CASE_MS_MAX);
      for (const { path, offset } of report.damage) {
        expect(path, mutation.name).toBe(join(wal.dir, name));
        expect(offset, mutation.name).toBeLessThanOrEqual(mutation.bytes.length);
      }
    }
  });
});

test("a series whose number nothing leads up to is damage, not rows without end", async () => {
  const folder = await temporaryFolder("hostile-wal");
  const record = new ByteWriter(64);
  record.raw(new Uint8Array(8));
  record.u8(1);
  record.uvarint(2 ** 40);
  record.uvarint(0);
  const bytes = record.take();
  writeRecordHeader(bytes, 0, bytes.length - 8);
  const path = join(folder.dir, "00000000");
  await writeFile(path, Uint8Array.of(...segmentHeader(), ...bytes));
  const { durable, report } = await openWal(folder.dir);
  await durable.close();
  expect(report.damage).toEqual([
    expect.objectContaining({ path, offset: 8, message: expect.stringContaining("series number") }),
  ]);
  await folder.remove();
});
