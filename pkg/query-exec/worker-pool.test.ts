import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeXor } from "#pkg/chunkenc/mod.ts";
import { systemClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import type { QueryAnswer, QueryExecutor, QueryRequest } from "#pkg/query-eval/mod.ts";
import { type ChunkQuerier, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { InlineExecutor, WorkerPool } from "./mod.ts";

let dir = "";
let pool: WorkerPool;
const inline = new InlineExecutor(systemClock);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-query-worker-"));
  const program = join(dir, "worker.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../cmd/narthex/query-worker.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  pool = open(pathToFileURL(program));
});

afterAll(async () => {
  await pool?.stop();
  await rm(dir, { recursive: true, force: true });
});

function open(program: URL): WorkerPool {
  const telemetry = quietTelemetry();
  return new WorkerPool({ program, threads: 2, heapMb: 256, clock: systemClock, telemetry });
}

const never = new AbortController().signal;

function request(query: string, change: Partial<QueryRequest> = {}): QueryRequest {
  return {
    query,
    startMs: 60_000,
    endMs: 600_000,
    stepMs: 30_000,
    lookbackDeltaMs: 300_000,
    timeoutMs: 20_000,
    maxSamples: 0,
    maxMemoryBytes: 0,
    maxSteps: 0,
    parse: {},
    features: {},
    answer: { limit: 0, stats: "none", explain: false },
    ...change,
  };
}

function series(i: number): ChunkSeries {
  const columns = new SampleColumns();
  for (let k = 0; k < 40; k++) columns.push(k * 15_000, i * k);
  const bytes = encodeXor(columns, 0, columns.length);
  const labels = labelsFromObject({ __name__: "m", i: String(i).padStart(6, "0"), g: `g${i % 3}` });
  return {
    labels,
    chunks: [{ encoding: 1, mint: 0, maxt: 39 * 15_000, bytes, start: 0, end: bytes.length }],
  };
}

/** `count` series in batches; `state` tells what became of the selections. */
function source(count: number, state: { sent: number; open: number } = { sent: 0, open: 0 }) {
  const querier: ChunkQuerier = {
    async *selectChunks(params, signal) {
      state.open++;
      try {
        params.onWarning?.("something is missing");
        for (let at = 0; at < count; at += 500) {
          signal.throwIfAborted();
          const batch = Array.from({ length: Math.min(500, count - at) }, (_, k) => series(at + k));
          yield batch;
          state.sent += batch.length;
        }
      } finally {
        state.open--;
      }
    },
    labelNames: async () => ["__name__", "g", "i"],
    labelValues: async () => ["m"],
  };
  return querier;
}

async function textOf({ pieces }: QueryAnswer): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts).toString();
}

test.each([
  ["sum by (g) (rate(m[2m]))", 3000],
  ["m", 4000],
  ["topk(2, m) or vector(1)", 100],
  ['"text"', 0],
  ["quantile(2, m)", 10],
])("%s is answered on a thread as it is on this one", async (query, count) => {
  const ask = async (executor: QueryExecutor): Promise<string> =>
    textOf(
      await executor.run(
        request(query, query.startsWith('"') ? { stepMs: 0, endMs: 60_000 } : {}),
        source(count),
        { signal: never },
      ),
    );
  const got = await ask(pool);
  expect(got).toBe(await ask(inline));
  expect(got).toContain('"status":"success"');
  if (count > 0) expect(got).toContain("something is missing");
});

test("queries run side by side, and an answer can be read slowly", async () => {
  const ask = (): Promise<QueryAnswer> => pool.run(request("m"), source(3000), { signal: never });
  const answers = await Promise.all([ask(), ask(), ask(), ask()]);
  const texts: string[] = [];
  for (const answer of answers) texts.push(await textOf(answer));
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]!.length).toBeGreaterThan(500_000);
});

test("errors of the query and of the source keep code and message", async () => {
  const fails = (query: string, from: ChunkQuerier, change: Partial<QueryRequest> = {}) =>
    pool.run(request(query, change), from, { signal: never });
  await expect(fails("sum(", source(1))).rejects.toMatchObject({ code: "bad_data" });
  await expect(fails("m", source(100), { maxSamples: 10 })).rejects.toMatchObject({
    code: "execution",
    message: expect.stringContaining("too many samples"),
  });
  const broken: ChunkQuerier = {
    ...source(0),
    // biome-ignore lint/correctness/useYield: fails before its first batch.
    async *selectChunks() {
      throw new NarthexError("corruption", "index at offset 7: torn");
    },
  };
  await expect(fails("m", broken)).rejects.toMatchObject({
    code: "corruption",
    message: "expanding series: index at offset 7: torn",
  });
  await expect(fails("m", source(5), { timeoutMs: 0.001 })).rejects.toMatchObject({
    code: "timeout",
  });
});

test("a cancelled query stops its selection", async () => {
  const state = { sent: 0, open: 0 };
  const controller = new AbortController();
  const endless: ChunkQuerier = {
    ...source(0),
    async *selectChunks(params, signal) {
      for (;;) yield* source(500, state).selectChunks(params, signal);
    },
  };
  const answer = pool.run(request("sum(m)"), endless, {
    signal: controller.signal,
    onProgress: () => controller.abort(new NarthexError("canceled", "the client left")),
  });
  await expect(answer).rejects.toMatchObject({ code: "canceled", message: "the client left" });
  await expect.poll(() => state.open).toBe(0);
  expect(await textOf(await pool.run(request("sum(m)"), source(10), { signal: never }))).toContain(
    "success",
  );
});

test("a source is not read far ahead of the query", async () => {
  // A thread that asks for series and takes none: two batches go out, one is held back.
  const program = `import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ type, id }) => {
      if (type !== "run") return;
      const params = { mint: 0, maxt: 1e9, matchers: [] };
      parentPort.postMessage({ type: "select", id, call: 1, params });
      parentPort.postMessage({ type: "progress", id, samples: 1 });
    });`;
  const lazy = open(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  const state = { sent: 0, open: 0 };
  const controller = new AbortController();
  const answer = lazy.run(request("sum(m)"), source(50_000, state), { signal: controller.signal });
  answer.catch(() => undefined);
  await expect.poll(() => state.sent).toBe(3 * 500);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(state.sent).toBe(3 * 500);
  controller.abort();
  await expect(answer).rejects.toMatchObject({ code: "canceled" });
  await expect.poll(() => state.open).toBe(0);
  await lazy.stop();
});

test("what cannot be asked of the source is an error of the query", async () => {
  const program = `import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ type, id, error }) => {
      const params = { mint: 0, maxt: 1, matchers: [{ type: "=~", name: "a", value: "(" }] };
      if (type === "run") parentPort.postMessage({ type: "labels", id, call: 1, params });
      if (type === "end") parentPort.postMessage({ type: "failed", id, error });
    });`;
  const odd = open(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  await expect(odd.run(request("m"), source(1), { signal: never })).rejects.toMatchObject({
    code: "bad_data",
  });
  await odd.stop();
});

test("an answer that nobody reads does not keep its thread busy", async () => {
  for (let i = 0; i < 5; i++) {
    const { pieces } = await pool.run(request("m"), source(3000), { signal: never });
    const iterator = pieces[Symbol.asyncIterator]();
    if (i % 2 === 0) await iterator.next();
    await iterator.return?.();
  }
  expect(await textOf(await pool.run(request("sum(m)"), source(10), { signal: never }))).toContain(
    "success",
  );
});

test("a thread that dies fails its queries, and another one takes its place", async () => {
  const mortal = open(new URL("data:text/javascript,throw new Error('no program')"));
  const ask = (): Promise<QueryAnswer> => mortal.run(request("m"), source(1), { signal: never });
  await expect(ask()).rejects.toMatchObject({ code: "unavailable" });
  await expect(ask()).rejects.toMatchObject({ code: "unavailable" });
  await mortal.stop();
  await expect(async () => ask()).rejects.toMatchObject({ code: "unavailable" });
});
