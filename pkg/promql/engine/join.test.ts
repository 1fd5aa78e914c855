import { expect, test } from "vitest";
import { compareLabels, labelsFromObject, labelValue } from "#pkg/labels/mod.ts";
import type { Querier } from "#pkg/storage/mod.ts";
import { Engine, type MatrixValue } from "../mod.ts";

const signal = new AbortController().signal;
const STEPS = [0, 1, 2];
const TIMES = { startMs: 0, endMs: 120_000, stepMs: 60_000 };
type Table = Readonly<Record<string, readonly (number | null)[]>>;

/** Series as `name a=1 b=2`, each with a value or nothing at each step. */
function querier(table: Table): Querier {
  const all = Object.entries(table).map(([text, values]) => {
    const [name, ...pairs] = text.split(" ");
    const labels = Object.fromEntries(pairs.map((pair) => pair.split("=")));
    return {
      labels: labelsFromObject({ ...labels, __name__: name! }),
      read(into: { push(time: number, value: number): void }, mint: number, maxt: number): void {
        for (const step of STEPS) {
          const value = values[step];
          const time = step * 60_000;
          if (typeof value === "number" && time >= mint && time <= maxt) into.push(time, value);
        }
      },
    };
  });
  all.sort((a, b) => compareLabels(a.labels, b.labels));
  return {
    async *select({ matchers }) {
      yield all.filter(({ labels }) =>
        matchers.every((m) => m.matches(labelValue(labels, m.name))),
      );
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}

async function run(query: string, table: Table): Promise<Record<string, (number | null)[]>> {
  const engine = new Engine({ lookbackDeltaMs: 1000, parse: { binopFillModifiers: true } });
  const { value } = await engine.range(querier(table), query, TIMES, signal);
  return Object.fromEntries(
    (value as MatrixValue).series.map(({ labels, kinds, values }) => [
      labels.join(" "),
      Array.from(values, (v, i) => (kinds[i] === 0 ? null : v)),
    ]),
  );
}

test("rows of the one side may take turns", async () => {
  const table: Table = {
    "a i=1": [1, 2, 3],
    "b v=x": [10, null, null],
    "b v=y": [null, 10, 20],
  };
  expect(await run("a * on () b", table)).toEqual({ "": [10, 20, 60] });
  expect(await run("a * on () group_left (v) b", table)).toEqual({
    "i 1 v x": [10, null, null],
    "i 1 v y": [null, 20, 60],
  });
});

test("two rows of the one side at a step are refused where the other side has any", async () => {
  const crowded: Table = { "b v=x": [1, 1, null], "b v=y": [null, 1, null] };
  await expect(run("a * on () b", { "a i=1": [1, 1, null], ...crowded })).rejects.toThrow(
    'found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="b", v="x"}, {__name__="b", v="y"}]',
  );
  // Also in a match of its own, but only at steps at which there is anything to match.
  await expect(run("a * on (i) b", { "a i=1": [null, 1, 1], ...crowded })).rejects.toThrow(
    "found duplicate series",
  );
  expect(await run("a * on (i) b", { "a i=1": [1, null, 1], ...crowded })).toEqual({});
  await expect(
    run("b * on () group_right a", { "a i=1": [1, 1, null], ...crowded }),
  ).rejects.toThrow("on the left hand-side");
});

test("a second row of the many side is refused one to one, and without labels of its own", async () => {
  const table: Table = { "a i=1": [1, null, 5], "a i=2": [null, 1, 5], "b j=1": [2, 2, null] };
  expect(await run("a * on () b", table)).toEqual({ "": [2, 2, null] });
  const both = { ...table, "a i=3": [1, null, null] };
  await expect(run("a * on () b", both)).rejects.toThrow("many-to-one matching must be explicit");
  // Comparisons refuse it whether or not they let it pass.
  await expect(run("a > on () b", both)).rejects.toThrow("many-to-one matching must be explicit");
  await expect(run("a > on () group_left (i) b", both)).rejects.toThrow(
    "grouping labels must ensure unique matches",
  );
});

test("results of different matches may clash where names, types or units are dropped", async () => {
  const table: Table = {
    "a __type__=counter": [1, 1, null],
    "a __type__=gauge": [null, 1, 1],
    "b __type__=counter": [1, 1, 1],
    "b __type__=gauge": [1, 1, 1],
  };
  await expect(run("a + b", table)).rejects.toThrow("same labelset");
  await expect(run("sum(a + b)", table)).rejects.toThrow("same labelset");
  expect(await run("a == b", table)).toEqual({
    "__name__ a __type__ counter": [1, 1, null],
    "__name__ a __type__ gauge": [null, 1, 1],
  });
  const named: Table = { "a i=1": [1, 1, 1], "b i=1": [1, 1, 1] };
  const query = '{__name__=~"a|b"} + on (__name__, i) {__name__=~"a|b"}';
  await expect(run(query, named)).rejects.toThrow("same labelset");
});

test("fill values stand for what either side lacks, step by step", async () => {
  const table: Table = { "a i=1": [1, null, 3], "a i=2": [4, 4, 4], "b i=1": [null, 20, 30] };
  expect(await run("a + fill (100) b", table)).toEqual({
    "i 1": [101, 120, 33],
    "i 2": [104, 104, 104],
  });
  expect(await run("a + fill_left (100) b", table)).toEqual({ "i 1": [null, 120, 33] });
  expect(await run("a + fill_right (100) b", table)).toEqual({
    "i 1": [101, null, 33],
    "i 2": [104, 104, 104],
  });
});
