import { expect, test } from "vitest";
import type { Clock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { compareLabels, labelsFromObject, labelValue } from "#pkg/labels/mod.ts";
import type { Querier, SelectParams, Series } from "#pkg/storage/mod.ts";
import { Engine, type EngineOptions, type QueryValue } from "../mod.ts";

const signal = new AbortController().signal;

/** Series that have a sample every 10 s from 0 to 1000 s: `value(seconds)`. */
function fakeQuerier(
  series: Readonly<Record<string, (seconds: number) => number>>,
  hooks: {
    readonly onSelect?: (params: SelectParams) => void;
    readonly onRead?: () => unknown;
  } = {},
): Querier {
  const all = Object.entries(series).map(([text, value]): Series => {
    const [name, ...pairs] = text.split(/[{},="]+/).filter((part) => part !== "");
    const labels: Record<string, string> = { __name__: name! };
    for (let i = 0; i < pairs.length; i += 2) labels[pairs[i]!] = pairs[i + 1]!;
    return {
      labels: labelsFromObject(labels),
      read(into, mint, maxt) {
        hooks.onRead?.();
        for (let s = 0; s <= 1000; s += 10) {
          if (s * 1000 >= mint && s * 1000 <= maxt) into.push(s * 1000, value(s));
        }
      },
    };
  });
  all.sort((a, b) => compareLabels(a.labels, b.labels));
  return {
    async *select(params) {
      hooks.onSelect?.(params);
      yield all.filter(({ labels }) =>
        params.matchers.every((m) => m.matches(labelValue(labels, m.name))),
      );
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}

const DATA = {
  'up{job="a"}': () => 1,
  'up{job="b"}': () => 0,
  'c_total{job="a"}': (s: number) => s,
  'c_total{job="b"}': (s: number) => 2 * s,
};

async function instant(
  query: string,
  timeMs: number,
  options: EngineOptions = {},
): Promise<QueryValue> {
  const result = await new Engine(options).instant(fakeQuerier(DATA), query, { timeMs }, signal);
  return result.value;
}

async function range(query: string, options: EngineOptions = {}): Promise<QueryValue> {
  const times = { startMs: 100_000, endMs: 250_000, stepMs: 60_000 };
  return (await new Engine(options).range(fakeQuerier(DATA), query, times, signal)).value;
}

test("Engine.instant gives a value of the expression's type", async () => {
  expect(await instant("1 + 2", 5000)).toEqual({ type: "scalar", timeMs: 5000, value: 3 });
  expect(await instant('("x")', 5000)).toEqual({ type: "string", timeMs: 5000, value: "x" });
  expect(await instant("sum by (job) (rate(c_total[1m]))", 500_000)).toEqual({
    type: "vector",
    timeMs: 500_000,
    labels: [
      ["job", "a"],
      ["job", "b"],
    ],
    values: Float64Array.of(1, 2),
  });
  expect(await instant('c_total{job="a"}[25s]', 100_000)).toEqual({
    type: "samples",
    series: [
      {
        labels: ["__name__", "c_total", "job", "a"],
        timestamps: Float64Array.of(80_000, 90_000, 100_000),
        values: Float64Array.of(80, 90, 100),
      },
    ],
  });
  expect(
    await instant('-c_total{job="a"}[1m:30s]', 100_000).catch((e: Error) => e.message),
  ).toMatch(/unary expression only allowed/);
  expect(await instant('(-c_total{job="a"})[1m:30s]', 100_000)).toMatchObject({
    type: "samples",
    series: [{ labels: ["job", "a"], timestamps: Float64Array.of(60_000, 90_000) }],
  });
});

test("Engine.range gives rows in order of labels over the steps", async () => {
  expect(await range("sort_desc(up)")).toMatchObject({
    type: "matrix",
    startMs: 100_000,
    stepMs: 60_000,
    steps: 3,
    series: [
      { labels: ["__name__", "up", "job", "a"], values: Float64Array.of(1, 1, 1) },
      { labels: ["__name__", "up", "job", "b"], values: Float64Array.of(0, 0, 0) },
    ],
  });
  expect(await range("time()")).toMatchObject({
    series: [{ labels: [], values: Float64Array.of(100, 160, 220) }],
  });
  const partly = await range("c_total > 150 and up == 1");
  expect(partly).toMatchObject({
    series: [{ labels: ["__name__", "c_total", "job", "a"], kinds: Uint8Array.of(0, 1, 1) }],
  });
});

test("Engine drops names at once unless it is told to do so at the end", async () => {
  const late = { features: { delayedNameRemoval: true } };
  const error = instant('sum(abs({job="a"}))', 100_000);
  await expect(error).rejects.toThrow("vector cannot contain metrics with the same labelset");
  expect(await instant('sum(abs({job="a"}))', 100_000, late)).toMatchObject({
    values: Float64Array.of(101),
  });
  await expect(instant('abs({job="a"})', 100_000, late)).rejects.toThrow("same labelset");
  await expect(instant('rate({job="a"}[1m])', 100_000)).rejects.toThrow("same labelset");
});

test("Engine asks the storage for the samples it needs and no others", async () => {
  const asked: SelectParams[] = [];
  const querier = fakeQuerier(DATA, { onSelect: (params) => asked.push(params) });
  const engine = new Engine();
  const ask = async (query: string): Promise<[number, number]> => {
    asked.length = 0;
    const times = { startMs: 600_000, endMs: 700_000, stepMs: 50_000 };
    await engine.range(querier, query, times, signal);
    return [asked[0]!.mint, asked[0]!.maxt];
  };
  expect(await ask("up")).toEqual([300_001, 700_000]);
  expect(await ask("up offset 1m")).toEqual([240_001, 640_000]);
  expect(await ask("rate(up[2m])")).toEqual([480_001, 700_000]);
  expect(await ask("rate(up[2m] @ 500 offset -10s)")).toEqual([390_001, 510_000]);
  expect(await ask("max_over_time(rate(up[1m])[5m:1m])")).toEqual([300_001, 660_000]);
  await ask("sum by (job) (rate(up[2m]))");
  expect(asked[0]!.hints).toMatchObject({ func: "rate", range: 120_000, step: 50_000 });
  await ask("sum by (job) (up)");
  expect(asked[0]!.hints).toMatchObject({ func: "sum", by: true, grouping: ["job"] });
});

test("Engine refuses what it cannot answer, by code", async () => {
  const f = async (promise: Promise<unknown>, code: string, message: RegExp) => {
    const error = await promise.then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(NarthexError);
    expect((error as NarthexError).code).toBe(code);
    expect((error as NarthexError).message).toMatch(message);
  };
  await f(instant("sum(", 0), "bad_data", /parse error/);
  await f(range("up[5m]"), "bad_data", /invalid expression type "range vector" for range query/);
  await f(range("up", { maxSteps: 2 }), "bad_data", /exceeded maximum resolution of 2 points/);
  await f(instant("up + on () c_total", 100_000), "execution", /found duplicate series/);
  await f(
    instant("c_total + on (job) group_left {__name__=~'up|c_total'}", 100_000),
    "execution",
    /many-to-many matching not allowed/,
  );
  await f(
    instant("sum_over_time(up[10m])", 900_000, { maxSamples: 30 }),
    "execution",
    /query processing would load too many samples into memory in query execution/,
  );
  await f(range("up + up", { maxSamples: 8 }), "execution", /too many samples/);
  const engine = new Engine();
  const querier = fakeQuerier(DATA);
  const backwards = { startMs: 10, endMs: 0, stepMs: 1 };
  await f(engine.range(querier, "up", backwards, signal), "bad_data", /end timestamp/);
  await f(
    engine.range(querier, "up", { ...backwards, endMs: 20, stepMs: 0 }, signal),
    "bad_data",
    /zero or negative/,
  );
  await f(
    engine.instant(
      {
        ...querier,
        // biome-ignore lint/correctness/useYield: it fails before its first batch
        async *select() {
          throw new NarthexError("unavailable", "two ingesters are down");
        },
      },
      "up",
      { timeMs: 0 },
      signal,
    ),
    "unavailable",
    /^expanding series: two ingesters are down$/,
  );
});

test("Engine stops when it is cancelled and when time is up", async () => {
  const canceled = new AbortController();
  const engine = new Engine();
  const querier = fakeQuerier(DATA, { onSelect: () => canceled.abort() });
  await expect(
    engine.instant(querier, "up + c_total", { timeMs: 0 }, canceled.signal),
  ).rejects.toMatchObject({ code: "canceled" });
  let now = 0;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    setTimeout: () => ({ cancel: () => undefined }),
  };
  const slow = new Engine({ clock, timeoutMs: 1000, yieldNow: () => Promise.resolve() });
  let selections = 0;
  const advancing = fakeQuerier(DATA, {
    onSelect: () => void selections++,
    onRead: () => (now += 150),
  });
  await expect(
    slow.instant(advancing, "up + c_total + up + c_total + up", { timeMs: 0 }, signal),
  ).rejects.toMatchObject({
    code: "timeout",
    message: "query timed out in expression evaluation",
  });
  expect(selections).toBeLessThan(5);
});

test("Engine holds groups, not series, while it aggregates", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 400 }, (_, i) => [`m_total{job="${i % 4}",i="${i}"}`, (s: number) => s]),
  );
  const engine = new Engine({ maxSamples: 1000 });
  const times = { startMs: 500_000, endMs: 1_000_000, stepMs: 10_000 };
  const run = (query: string) => engine.range(fakeQuerier(many), query, times, signal);
  const result = await run("sum by (job) (rate(m_total[1m]))");
  expect(result.value).toMatchObject({ series: { length: 4 } });
  expect(result.stats.peakSamples).toBeLessThan(1000);
  await expect(run("rate(m_total[1m])")).rejects.toThrow("too many samples");
});

test("Engine evaluates the deepest expression that parses", async () => {
  const sum = Array.from({ length: 900 }, () => "up").join(" + ");
  expect(await instant(sum, 100_000)).toMatchObject({ values: Float64Array.of(900, 0) });
  const nested = `${"abs(".repeat(900)}up${")".repeat(900)}`;
  expect(await instant(nested, 100_000)).toMatchObject({ values: Float64Array.of(1, 0) });
});

test("Engine notes what looks wrong, with the place in the query", async () => {
  const engine = new Engine();
  const querier = fakeQuerier(DATA);
  const at = { timeMs: 100_000 };
  const result = await engine.instant(querier, "sum(\n  rate(up[5m]))", at, signal);
  expect(result.infos).toEqual([
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "up" (2:8)',
  ]);
  const quantile = await engine.instant(querier, "quantile(1.5, up)", at, signal);
  expect(quantile.warnings).toEqual([
    "PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:10)",
  ]);
  expect(result.stats).toMatchObject({ totalSamples: 22, peakSamples: expect.any(Number) });
});
