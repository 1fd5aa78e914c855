import fc from "fast-check";
import { expect, test } from "vitest";
import { compareLabels, type Labels, labelsFromObject, labelValue } from "#pkg/labels/mod.ts";
import type { Querier, SelectParams, Series } from "#pkg/storage/mod.ts";
import { Engine, type EngineOptions, formatExpr, parseExpr, type QueryValue } from "../mod.ts";
import { foldScalars } from "./fold-scalars.ts";
import { pushMatchers } from "./push-matchers.ts";

const signal = new AbortController().signal;

test.each([
  // Two series of `b` in one match are refused, whatever their job is.
  ['a{job="x"} * on (job) b', undefined],
  // And so they are of these, unless there is no `a` left at all.
  ['a * on (job) b{job="x"}', undefined],
  ['a * on (job) max by (job) (b{job="x"})', 'a{job="x"} * on (job) max by (job) (b{job="x"})'],
  [
    'sum by (job) (a) * on (job) group_right b{job="x"}',
    'sum by (job) (a{job="x"}) * on (job) group_right () b{job="x"}',
  ],
  ['a * on (job) group_right b{job="x"}', 'a * on (job) group_right () b{job="x"}'],
  ['b / on (job) group_left a{job=~"x|y"}', 'b / on (job) group_left () a{job=~"x|y"}'],
  ['a{i="1",job="x"} - ignoring (i) b', undefined],
  ['a - ignoring (i) b{i="1",job="x"}', undefined],
  ['a and on (job) b{job!="x"}', 'a{job!="x"} and on (job) b{job!="x"}'],
  ['a unless on (job) b{job="x"}', 'a unless on (job) b{job="x"}'],
  ['a{job="x"} unless on (job) b', 'a{job="x"} unless on (job) b{job="x"}'],
  ['a{job="x"} or on (job) b', 'a{job="x"} or on (job) b'],
  ['a{job="x"} + on (job) fill (0) b', 'a{job="x"} + on (job) fill (0) b'],
  ['{__name__="a",job="x"} + b', '{__name__="a",job="x"} + b{job="x"}'],
  [
    'sum by (job) (rate(a{job="x"}[5m])) / sum by (job) (rate(b[5m]))',
    'sum by (job) (rate(a{job="x"}[5m])) / sum by (job) (rate(b{job="x"}[5m]))',
  ],
  ['a{job="x"} / on (job) sum without (job) (b)', 'a{job="x"} / on (job) sum without (job) (b)'],
  ['a{job="x"} / on (job) sum without (i) (b)', undefined],
  ['a{job="x"} / on (job) sum by (job) (b)', 'a{job="x"} / on (job) sum by (job) (b{job="x"})'],
  ['a{job="x"} / on (job) sum by (job, i) (b)', undefined],
  ['a{job="x"} / sum by (job, i) (b)', 'a{job="x"} / sum by (job, i) (b{job="x"})'],
  ['a{job="x"} / topk(1, b)', 'a{job="x"} / topk(1, b)'],
  ['a{job="x"} / topk by (job) (1, b)', 'a{job="x"} / topk by (job) (1, b{job="x"})'],
  ['a{job="x"} / on (job) count_values by (job) ("job", b)', undefined],
  ['a{job="x"} * on (job) label_replace(b, "job", "$1", "i", "(.*)")', undefined],
  ['a{job="x"} * absent(b)', undefined],
  ['a{job="x"} * on (job) info(b)', undefined],
  ['a{le="1"} * histogram_quantile(0.9, b_bucket)', undefined],
  ['a{job="x"} * (b * on (job) c)', undefined],
  ['a{job="x"} > on (job) (b or c)', undefined],
  [
    '(b or c) > on (job) sum by (job) (a{job="x"})',
    '(b{job="x"} or c{job="x"}) > on (job) sum by (job) (a{job="x"})',
  ],
  // Series of several names that lose them may become alike, which is refused.
  ['rate({i="1"}[5m]) / a{job="x"}', 'rate({i="1"}[5m]) / a{i="1",job="x"}'],
  ['rate(b[5m]) / a{job="x"}', 'rate(b{job="x"}[5m]) / a{job="x"}'],
  ['a{job="x"} > on (job) (b or on (i) c)', undefined],
  ['a{job="x"} - a offset 5m', 'a{job="x"} - a{job="x"} offset 5m'],
  ['a{job="x"} * b{job="y"}', undefined],
  ['a{i="1"} * on (job) group_right (i) b', undefined],
])("pushMatchers of %s", (query, want) => {
  const asked = parseExpr(query, { binopFillModifiers: true, experimentalFunctions: true });
  expect(formatExpr(pushMatchers(asked))).toBe(want ?? formatExpr(asked));
});

test.each([
  ["1 + 2 * 3 - -4", "11"],
  ["a * (2 ^ 3)", "a * 8"],
  ["quantile(1 / 4, a)", "quantile(0.25, a)"],
  ["a > bool (2 == bool 2)", "a > bool 1"],
  ["pi() * 2", String(Math.PI * 2)],
  ["time() + (1 + 1)", "time() + 2"],
  ["scalar(a) + 1 + 1", "scalar(a) + 1 + 1"],
  ["clamp(a, 1 - 1, 1 / 0)", "clamp(a, 0, +Inf)"],
])("foldScalars of %s", (query, want) => {
  expect(formatExpr(foldScalars(parseExpr(query)))).toBe(want);
});

/** Series of three names and three labels, with a value of their own. */
function querier(sets: readonly Labels[]): Querier {
  const all = sets
    .map(
      (labels, i): Series => ({
        labels,
        read(into, mint, maxt) {
          for (let t = 0; t <= 600_000; t += 60_000) {
            if (t >= mint && t <= maxt) into.push(t, (i * 7 + t / 60_000) % 5);
          }
        },
      }),
    )
    .sort((a, b) => compareLabels(a.labels, b.labels));
  return {
    async *select({ matchers }: SelectParams) {
      yield all.filter(({ labels }) =>
        matchers.every((m) => m.matches(labelValue(labels, m.name))),
      );
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const selector = fc
  .tuple(pick("a", "b", "c"), pick("", '{job="x"}', '{job=~"x|y"}', '{i!="1"}', '{job="y",i="1"}'))
  .map(([name, matchers]) => name + matchers);
const query = fc.letrec<{ vector: string }>((tie) => ({
  vector: fc.oneof(
    { depthSize: "small" },
    selector,
    selector.map((s) => `sum_over_time(${s}[3m])`),
    selector.map((s) => `${s} offset 1m`),
    fc
      .tuple(
        pick("sum", "max", "count", "topk", "limitk", "bottomk"),
        pick(" by (job)", " by (job, i)", " without (i)", " without (job)", ""),
        tie("vector"),
      )
      .map(([op, by, v]) => `${op}${by} (${op.includes("k") ? "1, " : ""}${v})`),
    fc
      .tuple(
        tie("vector"),
        pick("+", "/", ">", "== bool", "and", "or", "unless"),
        pick("", " on (job)", " on (job, i)", " ignoring (i)", " on ()"),
        tie("vector"),
      )
      .map(([a, op, on, b]) => `(${a} ${op}${on} ${b})`),
    fc
      .tuple(tie("vector"), pick("group_left", "group_left (v)", "group_right"), tie("vector"))
      .map(([a, group, b]) => `(${a} * on (job) ${group} ${b})`),
    tie("vector").map((v) => `(${v} > (1 + 1))`),
    tie("vector").map((v) => `-(${v})`),
    tie("vector").map((v) => `label_replace(${v}, "job", "$1", "i", "(.*)")`),
    tie("vector").map((v) => `absent(${v})`),
    tie("vector").map((v) => `max_over_time((${v})[3m:1m])`),
  ),
})).vector;
const series = fc.uniqueArray(
  fc.record({
    __name__: pick("a", "b", "c"),
    job: pick("x", "y", ""),
    i: pick("1", "2", ""),
    v: pick("p", ""),
  }),
  { minLength: 3, maxLength: 12, selector: (labels) => JSON.stringify(labels) },
);

const TIMES = { startMs: 0, endMs: 600_000, stepMs: 60_000 };

async function rangeOf(
  text: string,
  sets: readonly Readonly<Record<string, string>>[],
  options: EngineOptions,
): Promise<QueryValue> {
  const labels = sets.map((set) =>
    labelsFromObject(Object.fromEntries(Object.entries(set).filter(([, value]) => value !== ""))),
  );
  const engine = new Engine({ parse: { experimentalFunctions: true }, ...options });
  return (await engine.range(querier(labels), text, TIMES, signal)).value;
}

test("a rewritten query gives what it gives as it stands", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(query, series, async (text, sets) => {
      const outcome = (options: EngineOptions): Promise<unknown> =>
        rangeOf(text, sets, options).catch((error: Error) => error.message);
      const plain = await outcome({ rewrite: false });
      if (typeof plain !== "string") compared++;
      expect(await outcome({})).toEqual(plain);
    }),
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(150);
});

test("a subquery gives the same whether its rows stream or are held", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(query, series, fc.boolean(), async (text, sets, delayedNameRemoval) => {
      const options = { rewrite: false, features: { delayedNameRemoval } };
      const streamed = `max_over_time((${text})[3m:1m])`;
      // Rows of `or` may be parts of series.
      const held = `max_over_time(((${text}) or (${text}))[3m:1m])`;
      const want = await rangeOf(held, sets, options).catch(() => undefined);
      if (want === undefined) return;
      compared++;
      expect(await rangeOf(streamed, sets, options)).toEqual(want);
    }),
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(150);
});
