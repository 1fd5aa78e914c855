import fc from "fast-check";
import { expect, test } from "vitest";
import { DATE_PARTS, ELEMENTWISE } from "./elementwise.ts";

test("DATE_PARTS agree with Date where Date reaches", () => {
  const part = (name: string, seconds: number): number => DATE_PARTS.get(name)!(seconds);
  fc.assert(
    fc.property(fc.integer({ min: -6e10, max: 2.5e11 }), (seconds) => {
      const date = new Date(seconds * 1000);
      const year = date.getUTCFullYear();
      expect(part("year", seconds)).toBe(year);
      expect(part("month", seconds)).toBe(date.getUTCMonth() + 1);
      expect(part("day_of_month", seconds)).toBe(date.getUTCDate());
      expect(part("day_of_week", seconds)).toBe(date.getUTCDay());
      expect(part("hour", seconds)).toBe(date.getUTCHours());
      expect(part("minute", seconds)).toBe(date.getUTCMinutes());
      const next = new Date(date);
      next.setUTCMonth(date.getUTCMonth() + 1, 0);
      expect(part("days_in_month", seconds)).toBe(next.getUTCDate());
      const first = new Date(0);
      first.setUTCFullYear(year, 0, 1);
      const day = Math.floor((date.getTime() - first.getTime()) / 86_400_000) + 1;
      expect(part("day_of_year", seconds)).toBe(day);
    }),
    { numRuns: 2000 },
  );
});

test("DATE_PARTS of what is no time are those of the smallest int64", () => {
  for (const value of [NaN, Infinity, -Infinity, 1e300]) {
    const parts = [...DATE_PARTS].map(([name, part]) => [name, part(value)]);
    expect(Object.fromEntries(parts)).toMatchObject({
      hour: 8,
      minute: 29,
      day_of_month: 27,
      month: 1,
    });
  }
});

test("ELEMENTWISE keeps signs and NaN", () => {
  const f = (name: string, value: number, want: number) =>
    expect(ELEMENTWISE.get(name)!(value)).toBe(want);
  f("sgn", -3, -1);
  f("sgn", -0, -0);
  f("sgn", NaN, NaN);
  f("deg", Math.PI, 180);
  f("rad", 180, Math.PI);
  f("ln", 0, -Infinity);
  f("sqrt", -1, NaN);
});
