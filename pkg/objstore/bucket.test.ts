import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasS3, type S3Server, startS3 } from "../../test/peers/s3.ts";
import {
  type Bucket,
  type BucketEntry,
  FilesystemBucket,
  MemoryBucket,
  objectAccess,
  prefixBucket,
  S3Bucket,
} from "./mod.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-objstore-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
async function keys(list: AsyncIterable<BucketEntry>): Promise<string[]> {
  const out: string[] = [];
  for await (const entry of list) out.push(entry.key);
  return out;
}

/** What every bucket must do; `make` gives an empty one. */
function conformance(make: () => Promise<{ bucket: Bucket; close(): Promise<void> }>): void {
  let bucket: Bucket;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ bucket, close } = await make());
  });
  afterAll(() => close());

  test("an object that is not there", async () => {
    await expect(bucket.get("none")).rejects.toMatchObject({ code: "not_found" });
    await expect(bucket.getRange("none", 0, 1)).rejects.toMatchObject({ code: "not_found" });
    expect(await bucket.head("none")).toBeUndefined();
    expect(await bucket.exists("none/deeper")).toBe(false);
    await bucket.delete("none/deeper");
    expect(await keys(bucket.list("none/", { recursive: true }))).toEqual([]);
  });

  test("put, get, ranges, head, replace, delete", async () => {
    await bucket.put("t1/obj", bytesOf("0123456789"));
    expect(textOf(await bucket.get("t1/obj"))).toBe("0123456789");
    expect(textOf(await bucket.getRange("t1/obj", 3, 4))).toBe("3456");
    expect((await bucket.getRange("t1/obj", 3, 0)).length).toBe(0);
    await expect(bucket.getRange("t1/obj", 8, 3)).rejects.toMatchObject({ code: "bad_data" });
    await expect(bucket.getRange("t1/obj", 50, 3)).rejects.toMatchObject({ code: "bad_data" });
    expect(await bucket.head("t1/obj")).toEqual({ size: 10 });
    expect(await bucket.exists("t1/obj")).toBe(true);
    await bucket.put("t1/obj", bytesOf("two"));
    expect(textOf(await bucket.getRange("t1/obj", 0, 3))).toBe("two");
    await bucket.put("t1/empty", new Uint8Array(0));
    expect((await bucket.get("t1/empty")).length).toBe(0);
    await bucket.delete("t1/obj");
    expect(await bucket.exists("t1/obj")).toBe(false);
    await expect(bucket.getRange("t1/obj", 0, 1)).rejects.toMatchObject({ code: "not_found" });
    await bucket.delete("t1/empty");
    expect(await keys(bucket.list("", {}))).not.toContain("t1/");
  });

  test("what get gave is the caller's", async () => {
    const bytes = bytesOf("abc");
    await bucket.put("own/a", bytes);
    bytes[0] = 0;
    (await bucket.get("own/a"))[1] = 0;
    expect(textOf(await bucket.get("own/a"))).toBe("abc");
  });

  test("putFile streams a file of several megabytes, and names one that is missing", async () => {
    const big = Buffer.alloc(5 << 20, "narthex ");
    const path = join(dir, "big");
    await writeFile(path, big);
    await bucket.putFile("files/big", path);
    expect(await bucket.head("files/big")).toEqual({ size: big.length });
    expect(Buffer.from(await bucket.get("files/big")).equals(big)).toBe(true);
    const access = objectAccess(bucket, "files/big", big.length);
    expect(textOf(await access.read(8 * 1000, 7))).toBe("narthex");
    await expect(access.read(big.length - 1, 2)).rejects.toMatchObject({ code: "corruption" });
    await expect(bucket.putFile("files/none", join(dir, "none"))).rejects.toThrow(/ENOENT/);
    expect(await bucket.exists("files/none")).toBe(false);
  });

  test("list gives keys in byte order, whole or folded, from any prefix", async () => {
    const all = ["l/a!", "l/a.b", "l/a/x", "l/a/y/z", "l/b", "l/ü \u{1f600}", "l/\uff5e", "lz"];
    for (const key of all) await bucket.put(key, bytesOf(key));
    const sorted = [...all].sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
    expect(await keys(bucket.list("l", { recursive: true }))).toEqual(sorted);
    const below = sorted.filter((key) => key.startsWith("l/"));
    expect(await keys(bucket.list("l/", { recursive: true }))).toEqual(below);
    const folded = ["l/a!", "l/a.b", "l/a/", "l/b", "l/ü \u{1f600}", "l/\uff5e"];
    expect(await keys(bucket.list("l/"))).toEqual(folded);
    expect(await keys(bucket.list("l/a"))).toEqual(["l/a!", "l/a.b", "l/a/"]);
    expect(await keys(bucket.list("l/a/y", { recursive: true }))).toEqual(["l/a/y/z"]);
    for await (const entry of bucket.list("l/a", { recursive: true })) {
      expect(entry.size).toBe(bytesOf(entry.key).length);
    }
    for (const key of all) await bucket.delete(key);
    expect(await keys(bucket.list("l", { recursive: true }))).toEqual([]);
  });

  test("malformed keys are refused", async () => {
    for (const key of ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".", "a\0b"]) {
      await expect(bucket.put(key, bytesOf("x"))).rejects.toMatchObject({ code: "bad_data" });
      await expect(bucket.get(key)).rejects.toMatchObject({ code: "bad_data" });
      await expect(bucket.delete(key)).rejects.toMatchObject({ code: "bad_data" });
    }
    await expect(keys(bucket.list("../"))).rejects.toMatchObject({ code: "bad_data" });
  });

  test("an aborted signal is canceled", async () => {
    const signal = AbortSignal.abort();
    await bucket.put("abort/a", bytesOf("x"));
    const canceled = { code: "canceled" };
    await expect(bucket.get("abort/a", signal)).rejects.toMatchObject(canceled);
    await expect(bucket.getRange("abort/a", 0, 1, signal)).rejects.toMatchObject(canceled);
    await expect(bucket.put("abort/b", bytesOf("x"), signal)).rejects.toMatchObject(canceled);
    await expect(keys(bucket.list("abort/", { signal }))).rejects.toMatchObject(canceled);
    expect(await bucket.exists("abort/b")).toBe(false);
  });

  test("many writers and readers at once", async () => {
    const count = 20;
    const tasks = Array.from({ length: count }, async (_, i) => {
      const key = `many/${i % 5}/${i}`;
      await bucket.put(key, bytesOf(`v${i}`));
      expect(textOf(await bucket.get(key))).toBe(`v${i}`);
      expect(textOf(await bucket.getRange(key, 1, 1))).toBe(`${i}`[0]);
      if (i % 2) await bucket.delete(key);
    });
    await Promise.all(tasks);
    expect((await keys(bucket.list("many/", { recursive: true }))).length).toBe(count / 2);
  });
}

describe("memory bucket", () => {
  conformance(async () => ({ bucket: new MemoryBucket(), close: async () => undefined }));
});

describe("filesystem bucket", () => {
  conformance(async () => {
    const bucket = await FilesystemBucket.open(join(dir, "fs"), { openFilesMax: 3 });
    return { bucket, close: () => bucket.close() };
  });
});

describe("a prefix of a bucket", () => {
  conformance(async () => {
    const bucket = prefixBucket(new MemoryBucket(), "/some/where/");
    return { bucket, close: async () => undefined };
  });
});

describe.skipIf(!hasS3())("s3 bucket (peer python3-swift)", () => {
  let server: S3Server;
  afterAll(() => server?.stop());
  conformance(async () => {
    server = await startS3();
    const bucket = new S3Bucket(server);
    await bucket.ensure();
    await bucket.ensure();
    return {
      bucket: prefixBucket(bucket, `run-${process.pid}-${Date.now()}`),
      close: async () => bucket.close(),
    };
  });

  test("wrong keys are unauthorized, a wrong port unavailable, a wrong bucket not found", async () => {
    const wrong = new S3Bucket({ ...server, secretKey: "wrong-secret" });
    await expect(wrong.get("x")).rejects.toMatchObject({ code: "unauthorized" });
    const other = new S3Bucket({ ...server, bucket: "narthex-no-such-bucket" });
    await expect(other.put("x", bytesOf("y"))).rejects.toMatchObject({ code: "not_found" });
    const gone = new S3Bucket({ ...server, endpoint: "http://127.0.0.1:1" });
    await expect(gone.get("x")).rejects.toMatchObject({ code: "unavailable" });
    for (const bucket of [wrong, other, gone]) bucket.close();
  });
});

test("FilesystemBucket leaves no temporary files, hides its own folder and follows no links", async () => {
  const root = join(dir, "tidy");
  const bucket = await FilesystemBucket.open(root);
  await bucket.put("a/b/c", bytesOf("x"));
  await expect(bucket.put("a/b", bytesOf("y"))).rejects.toMatchObject({ code: "bad_data" });
  await expect(bucket.put(".tmp/x", bytesOf("y"))).rejects.toMatchObject({ code: "bad_data" });
  expect(await readdir(join(root, ".tmp"))).toEqual([]);
  await symlink(tmpdir(), join(root, "a", "link"));
  expect(await keys(bucket.list("", { recursive: true }))).toEqual(["a/b/c"]);
  await rm(join(root, "a", "link"));
  await bucket.delete("a/b/c");
  expect(await readdir(root)).toEqual([".tmp"]);
  await bucket.close();
});

test("S3Bucket refuses an endpoint that is no URL", () => {
  const options = { bucket: "b", accessKey: "k", secretKey: "s" };
  expect(() => new S3Bucket({ ...options, endpoint: "http://[" })).toThrow(/endpoint/);
});
