import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { bytesAccess, LOCAL_COALESCE, type RandomAccess } from "#pkg/fsutil/mod.ts";
import type { Chunk } from "#pkg/storage/mod.ts";
import { type ChunkMeta, ChunkReader, ChunkWriter, offsetOf, segmentOf } from "./mod.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-chunks-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const OPTIONS = { ...LOCAL_COALESCE, guessBytes: 16 };
const chunkOf = (content: Uint8Array, encoding = 1): Chunk => ({
  encoding,
  mint: 1,
  maxt: 2,
  bytes: content,
  start: 0,
  end: content.length,
});
const contents = (chunks: readonly Chunk[]): [number, Buffer][] =>
  chunks.map((c) => [c.encoding, Buffer.from(c.bytes.subarray(c.start, c.end))]);

async function write(name: string, chunks: readonly Chunk[], segmentBytes?: number) {
  const folder = join(dir, name);
  const writer = new ChunkWriter(folder, segmentBytes);
  const refs: number[] = [];
  await writer.append(chunks, refs);
  await writer.finish();
  const files = (await readdir(folder)).sort();
  const segments: RandomAccess[] = [];
  for (const file of files) {
    segments.push(bytesAccess(file, await readFile(join(folder, file))));
  }
  expect(writer.byteLength).toBe(segments.reduce((sum, s) => sum + s.size, 0));
  return { refs, files, segments };
}

test("ChunkWriter writes the documented bytes", async () => {
  const { refs, segments } = await write("golden", [chunkOf(Uint8Array.of(0xaa, 0xbb))]);
  expect(refs).toEqual([8]);
  const file = await segments[0]!.read(0, segments[0]!.size);
  expect(Buffer.from(file).toString("hex")).toBe("85bd40dd010000000201aabbd0a0025b");
});

test("ChunkWriter cuts segments, and ChunkReader reads any chunks in any order", async () => {
  let run = 0;
  const content = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { minLength: 1, maxLength: 30 }),
      fc.infiniteStream(fc.nat(1000)),
      fc.boolean(),
      async (specs, order, withBounds) => {
        const chunks = specs.map(([bytes, encoding]) => chunkOf(bytes, encoding));
        const { refs, files, segments } = await write(`p${run++}`, chunks, 400);
        expect(files).toEqual(files.map((_, i) => String(i + 1).padStart(6, "0")));
        for (const segment of segments) expect(segment.size).toBeLessThanOrEqual(400);
        const picked = specs.map((_, i) => i).filter((i) => order.next().value! % 3 > 0 || i < 1);
        picked.sort(() => (order.next().value! % 2 ? 1 : -1));
        const metas = picked.map(
          (i): ChunkMeta => ({
            ref: refs[i]!,
            mint: i,
            maxt: i + 1,
            bound: withBounds ? (refs[i + 1] ?? 0) : 0,
          }),
        );
        const reader = new ChunkReader(segments, OPTIONS);
        await reader.verifyHeaders();
        const got = await reader.read(metas);
        expect(contents(got)).toEqual(contents(picked.map((i) => chunks[i]!)));
        expect(got.map((c) => c.mint)).toEqual(picked);
      },
    ),
    { numRuns: 40 },
  );
});

test("a bad reference, checksum or cut file is corruption", async () => {
  const chunk = chunkOf(new Uint8Array(100).fill(7));
  const { refs, segments } = await write("bad", [chunk, chunk]);
  const file = Buffer.from(await segments[0]!.read(0, segments[0]!.size));
  const meta = { ref: refs[1]!, mint: 0, maxt: 0, bound: 0 };
  const read = (bytes: Uint8Array, ref = meta.ref) =>
    new ChunkReader([bytesAccess("chunks/000001", bytes)], OPTIONS).read([{ ...meta, ref }]);
  await expect(read(file, 2 ** 32 + 8)).rejects.toMatchObject({ code: "corruption" });
  await expect(read(file, 5000)).rejects.toThrow(CorruptionError);
  for (let end = 0; end < file.length; end++) {
    await expect(read(file.subarray(0, end))).rejects.toThrow(/chunks\/000001 at offset/);
  }
  for (let at = offsetOf(refs[1]!); at < file.length; at++) {
    const flipped = Buffer.from(file);
    flipped[at]! ^= 0x41;
    await expect(read(flipped)).rejects.toThrow(CorruptionError);
  }
  const foreign = new ChunkReader([bytesAccess("x", new Uint8Array(9))], OPTIONS);
  await expect(foreign.verifyHeaders()).rejects.toThrow(/magic/);
  expect(segmentOf(3 * 2 ** 32 + 17)).toBe(3);
});
