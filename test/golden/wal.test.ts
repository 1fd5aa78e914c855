import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/temp.ts";
import { fillWal, openWal, type WalContent, walContent } from "../support/wal-fixture.ts";
import { expectGolden, golden } from "./golden.ts";

const FILES = ["00000000", "00000001", "checkpoint.00000001"];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let content: WalContent;
const written = new Map<string, Uint8Array>();

beforeAll(async () => {
  folder = await temporaryFolder("golden-wal");
  const { durable } = await openWal(folder.dir);
  const keep = async (name: string): Promise<void> => {
    written.set(name, await readFile(join(folder.dir, name)));
  };
  await fillWal(durable, async (segment) => {
    // The checkpoint stands for the first segment, which goes with it.
    await keep("00000000");
    await durable.checkpoint(segment);
  });
  await keep("00000001");
  await keep("checkpoint.00000001");
  content = await walContent(durable);
  await durable.close();
});
afterAll(() => folder.remove());

test.each(FILES)("%s is written as committed", (name) => {
  expectGolden(`wal/${name}`, written.get(name)!);
});

test.each([{ names: ["00000000", "00000001"] }, { names: ["00000001", "checkpoint.00000001"] }])(
  "the committed $names hold the samples that went in",
  async ({ names }) => {
    const other = await temporaryFolder("golden-wal");
    for (const name of names) await writeFile(join(other.dir, name), golden(`wal/${name}`));
    const { durable, report } = await openWal(other.dir);
    expect(report.damage).toEqual([]);
    expect([...(await walContent(durable))]).toEqual([...content]);
    await durable.close();
    expect((await readdir(other.dir)).length).toBe(3);
    await other.remove();
  },
);
