import { expect, test } from "vitest";
import { parseExpr } from "../mod.ts";
import { givesWholeRows } from "./whole-rows.ts";

test.each([
  ["a", true],
  ["rate(a[5m])", true],
  ['rate({__name__=~"a|b"}[5m])', false],
  ['last_over_time({__name__=~"a|b"}[5m])', true],
  ["abs(rate(a[5m]) * 2 > 1)", true],
  ['{__name__=~"a|b"} > 1', true],
  ['{__name__=~"a|b"} > bool 1', false],
  ["sum by (x) (a or b)", true],
  ["topk(1, a or b)", false],
  ["topk(1, a)", true],
  ["a and b", true],
  ["a or b", false],
  ["a + b", false],
  ["max_over_time((a or b)[5m:])", false],
  ["max_over_time(a[5m:])", true],
  ['label_replace(a, "x", "", "y", "")', false],
  ["histogram_quantile(0.9, rate(a[5m]))", true],
  ["-a", true],
  ['-{__name__=~"a|b"}', false],
  ["vector(1)", false],
])("givesWholeRows of %s is %s", (query, want) => {
  expect(givesWholeRows(parseExpr(query), {})).toBe(want);
});

test("names that are dropped at the end keep series apart", () => {
  const expr = parseExpr('rate({__name__=~"a|b"}[5m])');
  expect(givesWholeRows(expr, { delayedNameRemoval: true })).toBe(true);
});
