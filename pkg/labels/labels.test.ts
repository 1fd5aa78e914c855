import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes, compareLabels, formatSeries, labelsFromObject } from "./mod.ts";

test("compareBytes orders as the UTF-8 bytes do", () => {
  const unit = fc.oneof(
    fc.constantFrom("\u{1F600}", "\uFF5E", "\uE000", "a", "\u{10FFFF}"),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(
      fc.array(unit).map((x) => x.join("")),
      fc.array(unit).map((x) => x.join("")),
      (a, b) => {
        const want = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(compareBytes(a, b)).toBe(want);
      },
    ),
  );
});

test("label sets sort pair by pair and print as PromQL", () => {
  const a = labelsFromObject({ b: "2", __name__: "up", a: "" });
  expect(a).toEqual(["__name__", "up", "b", "2"]);
  expect(formatSeries(a)).toBe('up{b="2"}');
  expect(compareLabels(a, labelsFromObject({ __name__: "up" }))).toBeGreaterThan(0);
  expect(compareLabels(a, labelsFromObject({ __name__: "up", b: "10" }))).toBeGreaterThan(0);
});
