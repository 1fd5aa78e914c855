import { expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { labelsFromObject, Matcher } from "#pkg/labels/mod.ts";
import { Limits } from "#pkg/limits/mod.ts";
import type { QueryAnswer, QueryExecutor, QueryRequest, RunOptions } from "#pkg/query-eval/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import type { ChunkQuerier, ChunkSeries } from "#pkg/storage/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import type { RecentReads } from "./ingester-reads.ts";
import { QueryService } from "./query-service.ts";
import { StoreReads } from "./store-reads.ts";

const never = new AbortController().signal;
const input = {
  query: "m",
  startMs: 0,
  endMs: 0,
  stepMs: 0,
  answer: { limit: 0, stats: "none", explain: false },
} as const;

/** Runs that end when the test says so. */
class Executor implements QueryExecutor {
  readonly runs: { request: QueryRequest; options: RunOptions; finish(): void }[] = [];

  run(request: QueryRequest, _source: ChunkQuerier, options: RunOptions): Promise<QueryAnswer> {
    return new Promise((resolve) => {
      const cost = { totalSamples: 1, peakSamples: 1, peakBytes: 1, evalMs: 1 };
      const finish = (): void => resolve({ ...cost, pieces: pieces() });
      this.runs.push({ request, options, finish });
    });
  }

  async stop(): Promise<void> {}
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
}

function serviceOf(
  flags: Record<string, string>,
  select: RecentReads["select"] = async function* () {},
  exemplars: RecentReads["exemplars"] = async () => [],
) {
  const clock = new FakeClock();
  const executor = new Executor();
  const config = loadConfig({ flags });
  const store = {
    blocks: async () => [],
    select: async function* () {},
    labelNames: async () => [],
    labelValues: async () => [],
    sync: async () => undefined,
  };
  const service = new QueryService({
    config: config.querier,
    limits: new Limits(config),
    telemetry: quietTelemetry(),
    clock,
    recent: {
      select,
      labelNames: async () => [],
      labelValues: async () => [],
      metadata: async () => [],
      exemplars,
      tenantStats: async () => [],
    },
    stores: new StoreReads({ list: () => [{ id: "one", api: store }] }),
    executor,
  });
  return { clock, executor, service };
}

test("waiting for a turn is part of a query's time limit", async () => {
  const { clock, executor, service } = serviceOf({
    "querier.max-concurrent": "1",
    "querier.timeout": "10s",
    "limits.max-query-duration": "10s",
  });
  const first = service.query(["a"], input, never);
  const late = service.query(["a"], input, never).catch((error: unknown) => error);
  await clock.advance(4000);
  const third = service.query(["a"], { ...input, timeoutMs: 7000 }, never);
  await clock.advance(6000);
  expect(await late).toMatchObject({
    code: "timeout",
    message: expect.stringContaining("querier.max_concurrent"),
  });
  expect(service.active.list(["a"])).toHaveLength(2);
  executor.runs[0]!.finish();
  await (await first).pieces[Symbol.asyncIterator]().return?.();
  await clock.advance(0);
  expect(executor.runs.map(({ request }) => request.timeoutMs)).toEqual([10_000, 1000]);
  executor.runs[1]!.finish();
  await (await third).pieces[Symbol.asyncIterator]().return?.();
  expect(service.active.list(["a"])).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("a cancelled query leaves the list, even if nobody reads its answer", async () => {
  const { executor, service } = serviceOf({});
  const answer = service.query(["a"], input, never);
  await expect.poll(() => executor.runs.length).toBe(1);
  executor.runs[0]!.finish();
  const { pieces: unread } = await answer;
  const [listed] = service.active.list(["a"]);
  service.active.cancel(listed!.id, ["a"]);
  expect(executor.runs[0]!.options.signal.aborted).toBe(true);
  expect(service.active.list(["a"])).toEqual([]);
  await unread[Symbol.asyncIterator]().return?.();
});

test("series of several tenants are counted before they are gathered", async () => {
  let batches = 0;
  const { service } = serviceOf(
    { "limits.max-fetched-series-per-query": "50" },
    async function* (tenant, _params, signal) {
      for (; batches < 1000; batches++) {
        signal.throwIfAborted();
        yield Array.from({ length: 10 }, (_, i): ChunkSeries => {
          const at = String(batches * 10 + i).padStart(9, "0");
          return { labels: labelsFromObject({ __name__: "m", at, tenant }), chunks: [] };
        });
      }
    },
  );
  const params = { mint: 0, maxt: 1, matchers: [newMatcher("=", "__name__", "m")] };
  const all = async (): Promise<void> => {
    for await (const _ of service.chunkQuerier(["a", "b"]).selectChunks(params, never));
  };
  await expect(all()).rejects.toMatchObject({
    code: "execution",
    message: expect.stringContaining("max_fetched_series_per_query"),
  });
  expect(batches).toBeLessThan(20);
});

test("series of several tenants are in order with the tenant's label among theirs", async () => {
  const names = [{ A: "1" }, { A: "1", B: "2" }, { A: "1", a: "3" }, { A: "2" }];
  const { service } = serviceOf({}, async function* () {
    for (const name of names) yield [{ labels: labelsFromObject(name), chunks: [] }];
  });
  const params = { mint: 0, maxt: 1, matchers: [newMatcher("!=", "A", "")] };
  const found: string[] = [];
  for await (const batch of service.chunkQuerier(["x", "y"]).selectChunks(params, never)) {
    for (const { labels } of batch) found.push(labels.join(" "));
  }
  expect(found).toEqual([
    "A 1 B 2 __tenant_id__ x",
    "A 1 B 2 __tenant_id__ y",
    "A 1 __tenant_id__ x",
    "A 1 __tenant_id__ x a 3",
    "A 1 __tenant_id__ y",
    "A 1 __tenant_id__ y a 3",
    "A 2 __tenant_id__ x",
    "A 2 __tenant_id__ y",
  ]);
});

test("exemplars of several tenants say whose they are, and matchers on that pick tenants", async () => {
  const asked: string[] = [];
  const { service } = serviceOf({}, undefined, async (tenant, { matcherSets }) => {
    asked.push(`${tenant}: ${matcherSets.map((set) => set.map(String).join()).join(" or ")}`);
    const exemplars = [{ labels: ["trace_id", tenant], value: 1, timestamp: 2 }];
    return [{ labels: ["__name__", "m", "a", "b"], exemplars }];
  });
  const range = { mint: 0, maxt: 9 };
  const m = new Matcher("=", "__name__", "m");
  const ask = async (tenants: string[], matcherSets: Matcher[][]): Promise<string[][]> =>
    (await service.exemplars(tenants, { ...range, matcherSets }, never)).map(({ labels }) => [
      ...labels,
    ]);
  expect(await ask(["a"], [[m]])).toEqual([["__name__", "m", "a", "b"]]);
  expect(await ask(["b", "a"], [[m]])).toEqual([
    ["__name__", "m", "__tenant_id__", "a", "a", "b"],
    ["__name__", "m", "__tenant_id__", "b", "a", "b"],
  ]);
  const isB = new Matcher("=", "__tenant_id__", "b");
  expect(await ask(["a", "b"], [[m, isB], [isB]])).toHaveLength(1);
  expect(asked.at(-1)).toBe('b: __name__="m" or __name__!=""');
  expect(asked).toHaveLength(4);
});
