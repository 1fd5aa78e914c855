import fc from "fast-check";
import { expect, test } from "vitest";
import { astToJson } from "./ast-json.ts";
import { FUNCTIONS } from "./functions.ts";
import { parseExpr } from "./parser.ts";
import { formatExpr, prettify } from "./printer.ts";

const ALL = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  binopFillModifiers: true,
};

/** Texts of well-typed vector and scalar expressions. */
function expressions(): { vector: fc.Arbitrary<string>; scalar: fc.Arbitrary<string> } {
  const duration = fc.constantFrom(
    "5m",
    "1h30m",
    "30",
    "step()",
    "5m + 1m",
    "(1m)",
    "2 * 5m",
    "max_of(1m, step())",
  );
  const name = fc.constantFrom("foo", "a:b", "sum", "offset", "fill");
  const label = fc.constantFrom('a="b"', 'c!~"d.*"', '"l.x"="y\\n"', "e='f\"'", 'g=~"h|i"');
  const modifier = fc.constantFrom(
    "",
    " offset 5m",
    " offset -1h",
    " @ 1.5",
    " @ start()",
    " @ end() offset 1m",
    " offset step()",
  );
  const matching = fc.constantFrom(
    "",
    " on (a)",
    " ignoring (b) group_left (c)",
    " on () group_right",
    " fill (1)",
    " fill_left (-1) fill_right (2)",
  );
  const { vector, scalar } = fc.letrec<{ vector: string; scalar: string; matrix: string }>(
    (tie) => ({
      scalar: fc.oneof(
        { maxDepth: 3, depthIdentifier: "x" },
        fc.constantFrom("1", "-2.5", "0x10", "5m", "time()", "pi()", "1e-7", "1e22"),
        fc
          .tuple(tie("scalar"), fc.constantFrom("+", "^", "% "), tie("scalar"))
          .map((p) => `(${p.join(" ")})`),
        tie("vector").map((v) => `scalar(${v})`),
      ),
      matrix: fc.oneof(
        { maxDepth: 3, depthIdentifier: "x" },
        fc.tuple(name, duration, modifier).map(([n, d, m]) => `${n}{x="y"}[${d}]${m}`),
        fc.tuple(tie("vector"), duration, modifier).map(([v, d, m]) => `(${v})[${d}:]${m}`),
        fc.tuple(tie("vector"), duration).map(([v, d]) => `(${v})[${d}:1m]`),
      ),
      vector: fc.oneof(
        { maxDepth: 3, depthIdentifier: "x" },
        fc
          .tuple(name, fc.array(label, { maxLength: 3 }), modifier)
          .map(([n, l, m]) => `${n}{${l.join(",")}}${m}`),
        fc
          .tuple(tie("vector"), fc.constantFrom("+", "/", "^", "atan2"), matching, tie("vector"))
          .map((p) => `(${p.join(" ")})`),
        fc
          .tuple(tie("vector"), fc.constantFrom("and", "or on (a)", "unless"), tie("vector"))
          .map((p) => p.join(" ")),
        fc
          .tuple(tie("vector"), fc.constantFrom("> bool", "== ", "!="), tie("scalar"))
          .map((p) => p.join(" ")),
        tie("vector").map((v) => `-${v}`),
        tie("vector").map((v) => `sum by (a, "b.c") (${v})`),
        fc.tuple(tie("scalar"), tie("vector")).map(([s, v]) => `topk without (a) (${s}, ${v})`),
        tie("matrix").map((m) => `rate(${m})`),
        fc.tuple(tie("vector"), tie("scalar")).map(([v, s]) => `round(${v}, ${s})`),
        tie("vector").map((v) => `label_replace(${v}, "a", "$1", "b", \`(.*)\`)`),
      ),
    }),
  );
  return { vector, scalar };
}

/** The tree with matchers in a fixed order; they are printed sorted. */
function treeOf(text: string): unknown {
  return JSON.parse(JSON.stringify(astToJson(parseExpr(text, ALL))), (key, value: unknown) =>
    key === "matchers" ? (value as unknown[]).map((m) => JSON.stringify(m)).sort() : value,
  );
}

function parses(text: string): boolean {
  try {
    parseExpr(text, ALL);
    return true;
  } catch {
    return false;
  }
}

test("what formatExpr and prettify print parses to the same tree", () => {
  const { vector, scalar } = expressions();
  fc.assert(
    fc.property(fc.oneof(vector, scalar), (text) => {
      // Operators may bind across what was put together here and give wrong types.
      fc.pre(parses(text));
      const tree = parseExpr(text, ALL);
      expect(treeOf(formatExpr(tree))).toEqual(treeOf(text));
      expect(treeOf(prettify(tree, 20))).toEqual(treeOf(text));
      expect(formatExpr(parseExpr(formatExpr(tree), ALL))).toBe(formatExpr(tree));
    }),
    { numRuns: 1000 },
  );
});

test("formatExpr prints the canonical form", () => {
  const f = (query: string, want: string) => expect(formatExpr(parseExpr(query, ALL))).toBe(want);
  f("sum(x) by (b,a)", "sum by (b, a) (x)");
  f("sum by() (x)", "sum(x)");
  f("sum without() (x)", "sum without () (x)");
  f("a+on(x)group_left b", "a + on (x) group_left () b");
  f('{b="2",a="1",__name__="m"}', '{__name__="m",a="1",b="2"}');
  f("foo[60m]offset 90s@10", "foo[1h] @ 10.000 offset 1m30s");
  f("foo[1h:]", "foo[1h:]");
  f("0xff", "255");
  f("1e22", "10000000000000000000000");
  f("'a\\'b'", '"a\'b"');
  f("-5m", "-5m");
  f("foo[5m] anchored @ 1", "foo[5m] anchored @ 1.000");
});

test("prettify splits what is longer than a line and nothing else", () => {
  const short = "sum by (job) (rate(http_requests_total[5m]))";
  expect(prettify(parseExpr(short))).toBe(short);
  const expr = parseExpr("sum by (job) (rate(foo[5m])) / on (job) topk(3, -foo_bar)");
  expect(prettify(expr, 10)).toBe(
    [
      "  sum by (job) (",
      "    rate(",
      "      foo[5m]",
      "    )",
      "  )",
      "/ on (job)",
      "  topk(",
      "    3,",
      "    -foo_bar",
      "  )",
    ].join("\n"),
  );
});

test("astToJson shows a tree as the API does", () => {
  expect(astToJson(parseExpr('sum(rate(foo{a="b"}[5m] offset 1m)) > bool 2'))).toEqual({
    type: "binaryExpr",
    op: ">",
    bool: true,
    matching: null,
    lhs: {
      type: "aggregation",
      op: "sum",
      grouping: [],
      without: false,
      param: null,
      expr: {
        type: "call",
        func: { name: "rate", argTypes: ["matrix"], variadic: 0, returnType: "vector" },
        args: [
          {
            type: "matrixSelector",
            name: "foo",
            range: 300_000,
            rangeExpr: null,
            offset: 60_000,
            offsetExpr: null,
            matchers: [
              { name: "a", value: "b", type: "=" },
              { name: "__name__", value: "foo", type: "=" },
            ],
            timestamp: null,
            startOrEnd: null,
            anchored: false,
            smoothed: false,
          },
        ],
      },
    },
    rhs: { type: "numberLiteral", val: "2" },
  });
  const join = astToJson(parseExpr("a * on (x) group_left (y) b"));
  expect(join).toMatchObject({
    matching: {
      card: "many-to-one",
      on: true,
      labels: ["x"],
      include: ["y"],
      fillValues: { lhs: null, rhs: null },
    },
  });
});

test("FUNCTIONS has every function with its signature", () => {
  expect(FUNCTIONS.size).toBe(90);
  expect(FUNCTIONS.get("label_join")).toEqual({
    name: "label_join",
    args: ["vector", "string", "string", "string"],
    variadic: -1,
    returns: "vector",
    experimental: false,
  });
  expect(FUNCTIONS.get("histogram_quantiles")).toMatchObject({ variadic: 9, experimental: true });
});
