import { type FileHandle, mkdir, mkdtemp, open, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { codeOf } from "#pkg/errs/mod.ts";
import { segmentName } from "./format.ts";
import { listSegments, readSegment } from "./reader.ts";
import { SegmentLog } from "./writer.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-wlog-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const OPTIONS = { segmentBytesMax: 64, fsync: "never" } as const;

function put(log: SegmentLog, value: number): void {
  log.append(Uint8Array.of(value), 0, 1);
}

/** The records of all segments, each a byte. */
async function records(): Promise<number[]> {
  const out: number[] = [];
  for (const [, path] of await listSegments(dir)) {
    const visit = (bytes: Uint8Array, start: number): undefined => void out.push(bytes[start]!);
    expect(await readSegment(path, visit)).toBe(undefined);
  }
  return out;
}

test("SegmentLog.commit serves those who come as the write before them ends", async () => {
  const log = await SegmentLog.open(dir, OPTIONS);
  for (let i = 0; i < 5; i++) {
    put(log, i);
    await log.commit();
  }
  await log.close();
  expect(await records()).toEqual([0, 1, 2, 3, 4]);
});

test("SegmentLog keeps what it could not write, in order, and goes on when it can", async () => {
  const log = await SegmentLog.open(dir, OPTIONS);
  put(log, 1);
  await log.commit();
  // A folder in the place of the next segment keeps it from being opened.
  await mkdir(join(dir, segmentName(1)));
  for (let i = 2; i < 6; i++) put(log, i);
  put(log, 6);
  const refused = log.commit().catch(codeOf);
  put(log, 7);
  expect(await refused).toBe("unavailable");
  expect(log.failure).toBeDefined();
  put(log, 8);
  expect(await log.commit().catch(codeOf)).toBe("unavailable");
  await rm(join(dir, segmentName(1)), { recursive: true });
  put(log, 9);
  await log.commit();
  expect([log.failure, log.pendingBytes]).toEqual([undefined, 0]);
  await log.close();
  expect(await records()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("SegmentLog.rotate that fails is told to its caller alone, and can be tried again", async () => {
  const log = await SegmentLog.open(dir, OPTIONS);
  await mkdir(join(dir, segmentName(1)));
  put(log, 1);
  const rotated = log.rotate().catch(codeOf);
  expect(await rotated).toBe("unavailable");
  put(log, 2);
  await log.commit();
  await rm(join(dir, segmentName(1)), { recursive: true });
  expect(await log.rotate()).toBe(1);
  put(log, 3);
  await log.close();
  expect(await records()).toEqual([1, 2, 3]);
});

test("SegmentLog.rotate keeps commits that come meanwhile in order", async () => {
  const log = await SegmentLog.open(dir, OPTIONS);
  const commits: Promise<void>[] = [];
  const rotations: Promise<number>[] = [];
  for (let i = 0; i < 30; i++) {
    put(log, i);
    commits.push(log.commit());
    if (i % 10 === 5) rotations.push(log.rotate());
    if (i % 3 === 0) await Promise.resolve();
  }
  await Promise.all([...commits, ...rotations]);
  await log.close();
  expect(await records()).toEqual(Array.from({ length: 30 }, (_, i) => i));
  expect((await readdir(dir)).length).toBeGreaterThan(3);
});

/** Files below the folder that this process has open. */
async function openFiles(): Promise<number> {
  const links = (await readdir("/proc/self/fd")).map((fd) =>
    readlink(join("/proc/self/fd", fd)).catch(() => ""),
  );
  return (await Promise.all(links)).filter((target) => target.startsWith(dir)).length;
}

test.skipIf(process.platform !== "linux")(
  "SegmentLog.close lets go of the file also when it cannot write (/proc)",
  async () => {
    const log = await SegmentLog.open(dir, OPTIONS);
    put(log, 1);
    await log.commit();
    expect(await openFiles()).toBe(1);
    await mkdir(join(dir, segmentName(1)));
    for (let i = 0; i < 6; i++) put(log, i);
    expect(await log.close().catch(codeOf)).toBe("unavailable");
    expect(await openFiles()).toBe(0);
  },
);

/** Makes the disk refuse once to keep what was written to a file. */
async function refuseNextSync(): Promise<void> {
  const file = await open(join(dir, "probe"), "w");
  const prototype = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
  await rm(join(dir, "probe"));
  vi.spyOn(prototype, "datasync").mockImplementationOnce(async () => {
    throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
  });
}

test("SegmentLog knows that the disk refused to keep what was written, also as a segment ends", async () => {
  const log = await SegmentLog.open(dir, { ...OPTIONS, fsync: "interval" });
  put(log, 1);
  await log.commit();
  expect(log.syncFailed).toBe(false);
  await refuseNextSync();
  await expect(log.rotate()).rejects.toThrow(/00000000.*EIO/);
  // The kernel says so once, and may have dropped the bytes.
  expect(log.syncFailed).toBe(true);
  const segment = await log.rotate();
  expect(log.syncFailed).toBe(true);
  await log.dropBefore(segment);
  expect(log.syncFailed).toBe(false);
  await refuseNextSync();
  put(log, 2);
  await log.commit();
  await expect(log.sync()).rejects.toThrow(/EIO/);
  expect(log.syncFailed).toBe(true);
  await log.close();
});

test("SegmentLog with fsync: always acknowledges nothing that the disk refused to keep", async () => {
  const log = await SegmentLog.open(dir, { ...OPTIONS, fsync: "always" });
  await refuseNextSync();
  put(log, 1);
  await expect(log.commit()).rejects.toThrow(/00000000.*EIO/);
  expect(log.syncFailed).toBe(true);
  put(log, 2);
  await log.commit();
  await log.close();
  expect(await records()).toEqual([1, 2]);
});
