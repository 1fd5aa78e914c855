import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { NarthexError } from "#pkg/errs/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import {
  astToJson,
  DEPTH_MAX,
  Engine,
  type Expr,
  formatExpr,
  parseExpr,
  prettify,
} from "#pkg/promql/mod.ts";
import { upstream } from "../peers/peers.ts";
import { Choices } from "../promqltest/choices.ts";
import { MemoryStorage } from "../promqltest/memory-storage.ts";

const PARSE = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  binopFillModifiers: true,
} as const;
/** What a query may fail with: it is wrong, or it has no answer. Anything else is a defect. */
const CODES = ["bad_data", "execution"];

const storage = makeStorage();
const engine = new Engine({ parse: PARSE, maxSamples: 100_000, maxSteps: 0, timeoutMs: 10_000 });
const signal = new AbortController().signal;

function makeStorage(): MemoryStorage {
  const out = new MemoryStorage();
  for (const [name, scale] of [
    ["http_requests", 1],
    ["foo", 2],
    ["bar", -3],
  ] as const) {
    for (const instance of ["0", "1"]) {
      const samples = Array.from({ length: 20 }, (_, i) => ({
        timeMs: i * 60_000,
        value: i * scale,
      }));
      out.append(labelsFromObject({ __name__: name, instance, job: "api" }), samples);
    }
  }
  return out;
}

/** Does all that is done with a query; returns the error that it deserves, or undefined. */
async function survive(query: string, evaluate = true): Promise<string | undefined> {
  try {
    const expr = parseExpr(query, PARSE);
    printed(expr);
    if (!evaluate) return undefined;
    await engine.instant(storage, query, { timeMs: 600_000 }, signal);
    const times = { startMs: 0, endMs: 900_000, stepMs: 300_000 };
    await engine.range(storage, query, times, signal);
    return undefined;
  } catch (error) {
    if (error instanceof NarthexError && CODES.includes(error.code)) return error.message;
    const shown = query.length > 300 ? `${query.slice(0, 300)}… (${query.length})` : query;
    throw new Error(`query ${JSON.stringify(shown)} is not survived: ${String(error)}`, {
      cause: error,
    });
  }
}

/** The tree printed in all ways; what is printed means the same. */
function printed(expr: Expr): void {
  const text = formatExpr(expr);
  expect(formatExpr(parseExpr(text, PARSE))).toBe(text);
  expect(formatExpr(parseExpr(prettify(expr), PARSE))).toBe(text);
  expect(JSON.stringify(astToJson(expr)).length).toBeGreaterThan(0);
}

const nest = (open: string, middle: string, close: string, depth: number): string =>
  open.repeat(depth) + middle + close.repeat(depth);

/** Shapes that nest with their depth. */
const NESTED: Readonly<Record<string, (depth: number) => string>> = {
  parentheses: (n) => nest("(", "1", ")", n),
  "parentheses around a vector": (n) => nest("(", "foo", ")", n),
  "unary minus of a number": (n) => `${"-".repeat(n)}1`,
  "unary minus of a vector": (n) => `${"-".repeat(n)}foo`,
  "unary plus of a vector": (n) => `${"+".repeat(n)}foo`,
  "parentheses and minus": (n) => nest("-(", "foo", ")", n),
  functions: (n) => nest("abs(", "foo", ")", n),
  aggregations: (n) => nest("sum(", "foo", ")", n),
  "aggregations by labels": (n) => nest("max by (job) (", "foo", ")", n),
  subqueries: (n) => nest("max_over_time(", "foo", "[1m:1m])", n),
  "subqueries of subqueries": (n) => `foo${"[1m:1m]".repeat(n)}`,
  "a chain of sums of numbers": (n) => Array(n).fill("1").join("+"),
  "a chain of sums of vectors": (n) => Array(n).fill("foo").join(" + "),
  "a chain of or": (n) => Array(n).fill("foo").join(" or "),
  "a chain of powers": (n) => Array(n).fill("1").join("^"),
  "a chain of powers of vectors": (n) => Array(n).fill("foo").join(" ^ "),
  "a chain of products and sums": (n) => Array(n).fill("1*2").join("-"),
  "sums in parentheses": (n) => nest("(1+", "1", ")", n),
  "vector of scalar": (n) => nest("vector(scalar(", "foo", "))", n),
  "durations in parentheses": (n) => `rate(foo[${nest("(", "1m", ")", n)}])`,
  "durations with signs": (n) => `rate(foo[${"-".repeat(n)}1m])`,
  "a chain of durations": (n) => `rate(foo[${Array(n).fill("1s").join("+")}])`,
  "durations of durations": (n) => `rate(foo[${nest("max_of(1s,", "1m", ")", n)}])`,
  "offsets of durations": (n) => `foo offset ${nest("(", "1m", ")", n)}`,
  label_replace: (n) => nest("label_replace(", "foo", ',"a","$1","b","(.*)")', n),
  "binary with matching": (n) => Array(n).fill("foo").join(" * on (instance, job) "),
  "unclosed parentheses": (n) => "(".repeat(n),
  "unclosed functions": (n) => "abs(".repeat(n),
  "unclosed brackets": (n) => "foo[".repeat(n),
  "closing parentheses": (n) => ")".repeat(n),
};

describe("deep queries", () => {
  test.each(Object.keys(NESTED))("%s: an answer, or an error of the query", async (name) => {
    const shape = NESTED[name]!;
    for (const depth of [2, 50, 200, DEPTH_MAX - 10, 10_000, 100_000]) {
      const error = await survive(shape(depth));
      if (depth >= 10_000) expect(error).toMatch(/parse error: /);
    }
  });

  test("just below the limit of nesting, and the message beyond it", async () => {
    expect(await survive(nest("(", "foo", ")", DEPTH_MAX - 1))).toBeUndefined();
    expect(await survive(nest("(", "foo", ")", DEPTH_MAX + 1))).toMatch(
      /parse error: expression is nested deeper than \d+ levels/,
    );
  });
});

describe("large queries", () => {
  const many = (count: number, one: (i: number) => string, join = ","): string =>
    Array.from({ length: count }, (_, i) => one(i)).join(join);
  const cases: Readonly<Record<string, string>> = {
    "a million spaces": `${" ".repeat(1_000_000)}foo`,
    "a comment of a megabyte": `foo # ${"x".repeat(1_000_000)}`,
    "a name of a megabyte": "x".repeat(1_000_000),
    "a number of a megabyte": "1".repeat(1_000_000),
    "a duration of a megabyte": "1m".repeat(500_000),
    "a string of a megabyte": `"${"\\u00e9".repeat(160_000)}"`,
    "a string that never ends": `"${"x".repeat(1_000_000)}`,
    "60,000 matchers": `{${many(60_000, (i) => `a${i}=~"x|"`)}}`,
    "100,000 grouping labels": `sum by (${many(100_000, (i) => `a${i}`)}) (foo)`,
    "100,000 arguments": `abs(${many(100_000, () => "foo")})`,
    "50,000 labels to join": `label_join(foo, "a", "-", ${many(50_000, (i) => `"l${i}"`)})`,
    "100,000 labels to match": `foo * on (${many(100_000, (i) => `a${i}`)}) bar`,
    "900 sums in 900 arguments": `label_join(foo, "a", "", "${"b".repeat(900_000)}")`,
    "200,000 commas": `sum(${",".repeat(200_000)})`,
    "200,000 braces": "{}".repeat(200_000),
    "200,000 offsets": `foo${" offset 1m".repeat(200_000)}`,
    "200,000 @": `foo${" @ 1".repeat(200_000)}`,
    "a pattern of a megabyte": `foo{a=~"${"(a|b)*".repeat(160_000)}"}`,
    "a pattern that repeats": `foo{a=~"${"(x{1000})".repeat(1000)}"}`,
    nulls: "\0".repeat(1_000_000),
    "letters beyond the basic plane": "\u{1F600}".repeat(250_000),
    "half letters": "\ud800".repeat(250_000),
  };
  test.each(Object.keys(cases))("%s", async (name) => {
    await survive(cases[name]!);
  });
});

const scripts = upstream("promqltest");
const SEED = Number(process.env["NARTHEX_SEED"] ?? 1);
const MUTATIONS = Number(process.env["NARTHEX_MUTATIONS"] ?? 3000);

/** The queries of Prometheus's scripts, each once. */
function upstreamQueries(): string[] {
  const out = new Set<string>();
  for (const name of readdirSync(scripts!).filter((file) => file.endsWith(".test"))) {
    for (const line of readFileSync(join(scripts!, name), "utf8").split("\n")) {
      const found =
        /^\s*eval\w*\s+(?:instant\s+at\s+\S+|range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+)\s+(.+)$/i;
      const query = found.exec(line)?.[1];
      if (query !== undefined) out.add(query);
    }
  }
  return [...out];
}

describe(`queries of Prometheus's scripts (upstream: ${scripts ? "found" : "missing"})`, () => {
  test.skipIf(!scripts)("every prefix of each", async () => {
    const prefixes = new Set<string>();
    for (const query of upstreamQueries()) {
      for (let end = 0; end <= query.length; end++) prefixes.add(query.slice(0, end));
    }
    expect(prefixes.size).toBeGreaterThan(10_000);
    let answered = 0;
    for (const prefix of prefixes) if ((await survive(prefix)) === undefined) answered++;
    expect(answered).toBeGreaterThan(1000);
  });

  test.skipIf(!scripts)(`${MUTATIONS} mutations, seed ${SEED}`, async () => {
    const queries = upstreamQueries();
    const choices = new Choices(SEED);
    for (let i = 0; i < MUTATIONS; i++) await survive(mutate(queries, choices));
  });
});

const NOISE = [
  ..."()[]{}+-*/%^=!<>~@:,.\"'`\\0129aemx_ \n\0é\u{1F600}",
  "offset",
  "by",
  "on",
  "bool",
];

/** One query changed a little: characters, or words that change places with those of another. */
function mutate(queries: readonly string[], choices: Choices): string {
  const int = (below: number): number => Math.floor(choices.next() * below);
  const query = choices.pick(queries);
  if (choices.next() < 0.5) {
    const chars = [...query];
    for (let n = 1 + int(3); n > 0; n--) {
      const at = int(chars.length);
      chars.splice(at, int(3), ...(choices.next() < 0.7 ? [choices.pick(NOISE)] : []));
    }
    return chars.join("");
  }
  const words = (text: string): string[] => text.match(/\w+|\s+|[^\w\s]/g) ?? [text];
  const own = words(query);
  const other = words(choices.pick(queries));
  for (let n = 1 + int(3); n > 0; n--) own[int(own.length)] = choices.pick(other);
  return own.join("");
}

afterAll(() => storage.clear());
