import { expect, test } from "vitest";
import { parseSeriesDescription } from "./series-description.ts";

function valuesOf(text: string): unknown[] {
  return parseSeriesDescription(`m ${text}`).values.map((value) =>
    value.kind === "float" ? value.value : value.kind,
  );
}

test("parseSeriesDescription expands values", () => {
  const f = (text: string, want: unknown[]) => expect(valuesOf(text)).toEqual(want);
  f("1 2.5 -3e2", [1, 2.5, -300]);
  f("1+2x3", [1, 3, 5, 7]);
  f("10-5x2", [10, 5, 0]);
  f("-2x2", [-2, -2, -2]);
  f("_ _x2 stale", ["omitted", "omitted", "omitted", "stale"]);
  f("Inf -Inf NaN", [Infinity, -Infinity, NaN]);
  f("{{schema:1 sum:3 buckets:[1 2]}}x1 4", ["histogram", "histogram", 4]);
  f("", []);
});

test("parseSeriesDescription reads labels in every notation", () => {
  const f = (text: string, want: string[]) =>
    expect(parseSeriesDescription(text).labels).toEqual(want);
  f('up{b="x y", a="1"} 1', ["__name__", "up", "a", "1", "b", "x y"]);
  f('{"metric.name", x="}"} 1', ["__name__", "metric.name", "x", "}"]);
  f("{} 1", []);
  f("a:b 1", ["__name__", "a:b"]);
});

test("parseSeriesDescription refuses what is no value", () => {
  for (const bad of ["m 1x", "m a", "m 1+x3", "m{a!='b'} 1", "m 1x99999999999"]) {
    expect(() => parseSeriesDescription(bad), bad).toThrow();
  }
});
