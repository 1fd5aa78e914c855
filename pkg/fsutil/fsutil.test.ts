import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { atomicWrite, bytesAccess, FileAccess, FileSink, readRanges } from "./mod.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-fsutil-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test("atomicWrite creates folders, replaces, and leaves no temporary file", async () => {
  const path = join(dir, "a", "b", "file");
  await atomicWrite(path, "one");
  await atomicWrite(path, Uint8Array.of(50));
  expect(await readFile(path, "utf8")).toBe("2");
  await Promise.all(Array.from({ length: 8 }, (_, i) => atomicWrite(path, `x${i}`)));
  expect(await readdir(join(dir, "a", "b"))).toEqual(["file"]);
  expect(await readFile(path, "utf8")).toMatch(/^x[0-7]$/);
});

test("atomicWrite keeps the old content when the rename cannot be done", async () => {
  await atomicWrite(join(dir, "taken", "child"), "x");
  await expect(atomicWrite(join(dir, "taken"), "y")).rejects.toThrow();
  expect((await readdir(dir)).filter((name) => name.includes("tmp"))).toEqual([]);
});

test("FileSink writes in order across its buffer, pads, patches and reads back", async () => {
  const path = join(dir, "sink");
  const sink = await FileSink.create(path);
  const big = new Uint8Array(3 << 20).map((_, i) => i % 251);
  sink.append(Uint8Array.of(1, 2, 3));
  sink.pad(8);
  expect(sink.position).toBe(8);
  sink.append(big, 5);
  await sink.drain();
  sink.append(Uint8Array.of(9));
  await sink.patch(1, Uint8Array.of(77));
  const back: Buffer[] = [];
  for await (const piece of sink.readBack(0, sink.position)) back.push(Buffer.from(piece));
  await sink.finish();
  const want = Buffer.concat([
    Uint8Array.of(1, 77, 3, 0, 0, 0, 0, 0),
    big.subarray(5),
    Uint8Array.of(9),
  ]);
  expect(Buffer.concat(back).equals(want)).toBe(true);
  expect((await readFile(path)).equals(want)).toBe(true);
});

test("FileAccess reads ranges and names the file where one ends behind it", async () => {
  const path = join(dir, "access");
  await atomicWrite(path, "0123456789");
  const access = await FileAccess.open(path);
  expect(Buffer.from(await access.read(3, 4)).toString()).toBe("3456");
  await expect(access.read(8, 3)).rejects.toThrow(CorruptionError);
  await expect(access.read(8, 3)).rejects.toThrow(path);
  await access.close();
});

test("readRanges gives every range in order, in as few reads as the limits allow", async () => {
  const bytes = new Uint8Array(500).map((_, i) => i % 256);
  const range = fc.tuple(fc.nat(499), fc.nat(60));
  await fc.assert(
    fc.asyncProperty(
      fc.array(range, { maxLength: 20 }),
      fc.nat(40),
      fc.integer({ min: 1, max: 200 }),
      async (ranges, gapBytesMax, readBytesMax) => {
        const reads: [number, number][] = [];
        const inner = bytesAccess("memory", bytes);
        const access = {
          ...inner,
          read: (offset: number, length: number) => {
            reads.push([offset, offset + length]);
            return inner.read(offset, length);
          },
        };
        const starts = ranges.map(([start]) => start);
        const ends = ranges.map(([start, length]) => start + length);
        const options = { gapBytesMax, readBytesMax, concurrency: 3 };
        const got = await readRanges(access, starts, ends, options);
        ranges.forEach(([start, length], i) => {
          const end = Math.min(500, start + length);
          const { bytes: read, start: at } = got[i]!;
          expect(read.subarray(at, at + end - start)).toEqual(bytes.subarray(start, end));
        });
        reads.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        for (let i = 1; i < reads.length; i++) {
          const joined = Math.max(reads[i]![1], reads[i - 1]![1]) - reads[i - 1]![0];
          const gap = reads[i]![0] - reads[i - 1]![1];
          expect(gap > gapBytesMax || joined > readBytesMax).toBe(true);
        }
      },
    ),
  );
});
