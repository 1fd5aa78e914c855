import fc from "fast-check";
import { expect, test } from "vitest";
import {
  DEPTH_MAX,
  ParseError,
  type ParseOptions,
  parseExpr,
  parseMetricSelector,
} from "../mod.ts";
import { Lexer } from "./lexer.ts";
import { formatExpr } from "./printer.ts";

const ALL: ParseOptions = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  binopFillModifiers: true,
};

/** The message of the error that `text` gives. */
function errorOf(text: string, options: ParseOptions = ALL): string {
  try {
    parseExpr(text, options);
  } catch (error) {
    if (error instanceof ParseError) return error.message;
    throw error;
  }
  return "";
}

test("parseExpr names what is wrong in Prometheus's words, with line and column", () => {
  const f = (query: string, want: string) => expect(errorOf(query), query).toBe(want);
  f("", "unknown position: parse error: no expression found in input");
  f("# only a comment", "1:1: parse error: no expression found in input");
  f("1 +", "1:4: parse error: unexpected end of input");
  f("(1", "1:3: parse error: unclosed left parenthesis");
  f("1)", "1:3: parse error: unexpected right parenthesis ')'");
  f("foo bar", '1:5: parse error: unexpected identifier "bar"');
  f("sum(foo bar)", '1:9: parse error: unexpected identifier "bar" in aggregation');
  f("rate(foo[5m]", "1:13: parse error: unclosed left parenthesis");
  f("foo{", "1:5: parse error: unexpected end of input inside braces");
  f(
    "foo{a}",
    '1:6: parse error: unexpected "}" in label matching, expected label matching operator',
  );
  f(
    'foo{a="b" c',
    '1:11: parse error: unexpected identifier "c" in label matching, expected "," or "}"',
  );
  f("foo{a=b}", '1:7: parse error: unexpected identifier "b" in label matching, expected string');
  f('foo{a=~"("}', "1:5: parse error: error parsing regexp: missing closing ): `(`");
  f("foo[", "1:5: parse error: unexpected end of input in duration expression");
  f("foo[5m", "1:7: parse error: unclosed left bracket");
  f("foo[5x]", '1:5: parse error: bad number or duration syntax: "5"');
  f("foo[step():]", "1:12: parse error: unexpected colon before duration in duration expression");
  f("foo[step() + 1m:]", "");
  f(
    "foo[:5m]",
    '1:5: parse error: unexpected ":" in subquery or range selector, expected number, duration, step(), or range()',
  );
  f("foo[-5m]", "1:5: parse error: duration must be greater than 0");
  f(
    "foo offset",
    "1:11: parse error: unexpected end of input in offset, expected number, duration, step(), or range()",
  );
  f("foo @", "1:6: parse error: unexpected end of input in @, expected timestamp");
  f("foo @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times");
  f("foo offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times");
  f(
    "sum by foo (x)",
    '1:8: parse error: unexpected identifier "foo" in grouping opts, expected "("',
  );
  f(
    "sum(1)",
    "1:5: parse error: expected type instant vector in aggregation expression, got scalar",
  );
  f(
    "rate(foo)",
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
  );
  f("nosuch(1)", '1:1: parse error: unknown function with name "nosuch"');
  f(
    "foo == bool 1 and 2",
    '1:1: parse error: set operator "and" not allowed in binary scalar expression',
  );
  f("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier");
  f("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher");
  f('foo{__name__="bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"');
  f(
    '"a" + 1',
    "1:1: parse error: binary expression must contain only scalar and instant vector types",
  );
  f("é", "1:1: parse error: unexpected character: 'é'");
  f('"é" and\n  foo]', "2:6: parse error: unexpected right bracket ']'");
  f('"é" $', "1:6: parse error: unexpected character: '$'");
});

test("parseExpr keeps experimental parts behind their options", () => {
  const f = (query: string, want: string) => expect(errorOf(query, {}), query).toContain(want);
  f("limitk(1, foo)", "limitk() is experimental and must be enabled");
  f("mad_over_time(foo[1m])", 'function "mad_over_time" is not enabled');
  f("foo[5m + 1m]", "experimental duration expression is not enabled");
  f("rate(foo[5m] anchored)", "anchored modifier is experimental and not enabled");
  f("foo + fill(0) bar", "binop fill modifiers are experimental and not enabled");
});

test("parseExpr reads numbers in every notation", () => {
  const f = (query: string, want: number) =>
    expect(parseExpr(query)).toMatchObject({ kind: "number", value: want });
  f("0xff", 255);
  f("0755", 493);
  f("1_000.5", 1000.5);
  f(".5", 0.5);
  f("5.", 5);
  f("1e3", 1000);
  f("-Inf", -Infinity);
  f("5m30s", 330);
  f("- -2", 2);
});

test("parseExpr binds operators as Prometheus does", () => {
  const shape = (query: string): string => {
    const show = (expr: ReturnType<typeof parseExpr>): string =>
      expr.kind === "binary"
        ? `(${show(expr.lhs)} ${expr.op} ${show(expr.rhs)})`
        : expr.kind === "unary"
          ? `${expr.op}(${show(expr.expr)})`
          : formatExpr(expr);
    return show(parseExpr(query, ALL));
  };
  const f = (query: string, want: string) => expect(shape(query), query).toBe(want);
  f("a + b * c ^ d ^ e", "(a + (b * (c ^ (d ^ e))))");
  f("-a ^ b", "-((a ^ b))");
  f("-a * b", "(-(a) * b)");
  f("a or b and c unless d", "(a or ((b and c) unless d))");
  f("a < b + c atan2 d", "(a < (b + (c atan2 d)))");
  f("a offset 5m + b", "(a offset 5m + b)");
  f("a offset -5m ^ b", "(a offset -5m ^ b)");
  f("a - b - c", "((a - b) - c)");
});

test("parseExpr refuses trees deeper than its limit and takes those up to it", () => {
  const chain = (n: number): string => Array.from({ length: n }, () => "1").join("+");
  expect(errorOf("(".repeat(50_000))).toContain("nested deeper than");
  expect(errorOf(chain(50_000))).toContain("nested deeper than");
  expect(errorOf(`${"-a^".repeat(20_000)}a`)).toContain("nested deeper than");
  expect(errorOf(`foo[${"(".repeat(50_000)}1`)).toContain("nested deeper than");
  expect(errorOf(`foo${"[1m:]".repeat(20_000)}`)).toContain("nested deeper than");
  const deep = `${"(".repeat(DEPTH_MAX - 10)}1${")".repeat(DEPTH_MAX - 10)}`;
  expect(formatExpr(parseExpr(deep))).toBe(deep);
  expect(errorOf(chain(DEPTH_MAX - 10))).toBe("");
});

test("parseExpr gives a tree or a ParseError for any text", () => {
  const word = fc.constantFrom(
    ..."foo sum by ( ) { } [ ] , = =~ != \" ' ` 5m 1 : offset @ start() - + * ^ or on group_left fill \\ # \n é \u{1F600} rate step() bool inf {} [5m] x".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(word, { maxLength: 12 }).map((w) => w.join(" ")),
      ),
      (text) => {
        const lexer = new Lexer(text);
        for (let i = 0; ; i++) {
          const { kind } = lexer.next();
          if (kind === "EOF" || kind === "ERROR") break;
          expect(i).toBeLessThanOrEqual(text.length);
        }
        const message = errorOf(text);
        if (message === "") expect(formatExpr(parseExpr(text, ALL))).toBeTypeOf("string");
      },
    ),
    { numRuns: 3000 },
  );
});

test("parseMetricSelector reads match[] selectors only", () => {
  const f = (text: string, want: string[]) =>
    expect(parseMetricSelector(text).map(String)).toEqual(want);
  f('up{job="a",x!~"b.*"}', ['job="a"', 'x!~"b.*"', '__name__="up"']);
  f('{"metric.name", "label.x"=~"y"}', ['__name__="metric.name"', '"label.x"=~"y"']);
  f("{}", []);
  f("sum", ['__name__="sum"']);
  for (const bad of ["up[5m]", "rate(up[5m])", "1", "up offset 5m", "", "up up"]) {
    expect(() => parseMetricSelector(bad), bad).toThrow(ParseError);
  }
});
