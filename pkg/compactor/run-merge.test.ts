import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newBlockId } from "#pkg/block/mod.ts";
import { FakeClock, systemClock } from "#pkg/clock/mod.ts";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { MergeInput, MergeJob } from "./messages.ts";
import { InlineMerges, WorkerMerges } from "./run-merge.ts";
import { blockContents, regular, writeTestBlock } from "./testkit.ts";

const FROM = 1_700_000_000_000;
const END = FROM + 3_600_000;
const never = new AbortController().signal;

let dir = "";
let program: URL;
const inputs: MergeInput[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-run-merge-"));
  const path = join(dir, "worker.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../cmd/narthex/compaction-worker.ts")],
    outfile: path,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  program = pathToFileURL(path);
  for (let i = 0; i < 3; i++) {
    const times = regular(20, FROM, END, 15_000 + 1000 * i);
    const meta = await writeTestBlock(join(dir, "in"), { mint: FROM, maxt: END, times });
    inputs.push({ id: meta.ulid, dir: join(dir, "in", meta.ulid), deletions: [] });
  }
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let serial = 0;
function jobOf(more: Partial<MergeJob> = {}): MergeJob {
  const ulid = newBlockId(END + ++serial, () => 0.5);
  const outDir = join(dir, `out-${serial}`);
  return { inputs, outDir, ulid, mint: FROM, maxt: END, compaction: { level: 2 }, ...more };
}

const open = (url: URL, heapMb = 256): WorkerMerges =>
  new WorkerMerges({ program: url, heapMb, clock: systemClock });

/** A thread with another program. */
async function programOf(name: string, text: string): Promise<URL> {
  const path = join(dir, name);
  await writeFile(path, text);
  return pathToFileURL(path);
}

test("a thread merges as this one does, and reports how far it is", async () => {
  const [own, other] = [jobOf(), jobOf()];
  const inline = await new InlineMerges(systemClock).run(own, () => undefined, never);
  const seen: number[] = [];
  const meta = await open(program).run(other, ({ series }) => seen.push(series), never);
  expect({ ...meta, ulid: "" }).toEqual({ ...inline, ulid: "" });
  expect(await blockContents(join(other.outDir, other.ulid))).toEqual(
    await blockContents(join(own.outDir, own.ulid)),
  );
  expect(seen.at(-1)).toBe(20);
});

test("a damaged input comes back by name", async () => {
  const gone = { id: inputs[1]!.id, dir: join(dir, "nowhere"), deletions: [] };
  const error = await open(program)
    .run(jobOf({ inputs: [inputs[0]!, gone] }), () => undefined, never)
    .catch((e: unknown) => e);
  expect([codeOf(error), (error as NarthexError).detail["block"]]).toEqual(["corruption", gone.id]);
});

test("a thread that runs out of memory, fails or ends costs its merge alone", async () => {
  const hungry = await programOf(
    "hungry.mjs",
    "const all = []; for (;;) all.push(Array.from({ length: 1e5 }, (_, i) => ({ i })));",
  );
  const run = (url: URL, heapMb?: number) =>
    open(url, heapMb)
      .run(jobOf(), () => undefined, never)
      .catch((e: unknown) => `${codeOf(e)}: ${messageOf(e)}`);
  expect(await run(hungry, 32)).toMatch(/^execution: .* 32 MiB .*compactor.worker_memory/);
  expect(await run(await programOf("throws.mjs", "throw new Error('no')"))).toBe(
    "unavailable: thread of the merge failed: no",
  );
  expect(await run(await programOf("ends.mjs", "process.exit(3)"))).toMatch(/ended with code 3/);
});

test("an aborted merge ends its thread, one that is silent is given up", async () => {
  const waits = await programOf("waits.mjs", "setTimeout(() => {}, 1e9)");
  const controller = new AbortController();
  const running = open(waits).run(jobOf(), () => undefined, controller.signal);
  controller.abort(new NarthexError("canceled", "stop"));
  await expect(running).rejects.toMatchObject({ code: "canceled" });
  const clock = new FakeClock();
  const silent = new WorkerMerges({ program: waits, heapMb: 64, clock });
  const given = silent.run(jobOf(), () => undefined, never).catch((e: unknown) => e);
  await clock.advance(121_000);
  expect(codeOf(await given)).toBe("timeout");
});
