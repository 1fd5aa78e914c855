import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, formatFloat, formatFloatG, parseDuration, parseFloatText } from "./mod.ts";

test("parseDuration reads every unit and refuses what Prometheus refuses", () => {
  const f = (text: string, want: number) => expect(parseDuration(text)).toBe(want);
  f("0", 0);
  f("5m", 300_000);
  f("1h30m", 5_400_000);
  f("1y2w3d4h5m6s7ms", 365 * 86_400_000 + 17 * 86_400_000 + 4 * 3_600_000 + 306_007);
  f("250ms", 250);
  for (const bad of ["", "1", "1h1h", "1s1m", "-5m", "1.5h", "5 m", "m", "5M"]) {
    expect(() => parseDuration(bad), bad).toThrow(
      /empty duration|not a valid duration string|unknown unit/,
    );
  }
  expect(() => parseDuration("300y")).toThrow("duration out of range");
});

test("formatDuration prints what parseDuration reads", () => {
  expect(formatDuration(0)).toBe("0s");
  expect(formatDuration(90 * 86_400_000)).toBe("90d");
  expect(formatDuration(14 * 86_400_000)).toBe("2w");
  expect(formatDuration(5_400_000)).toBe("1h30m");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9e12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});

test("formatFloat and formatFloatG follow Go", () => {
  const f = (value: number, plain: string, general: string) => {
    expect(formatFloat(value)).toBe(plain);
    expect(formatFloatG(value)).toBe(general);
  };
  f(0.1, "0.1", "0.1");
  f(1e21, "1000000000000000000000", "1e+21");
  f(1.5e22, "15000000000000000000000", "1.5e+22");
  f(1e20, "100000000000000000000", "1e+20");
  f(123456, "123456", "123456");
  f(1234567, "1234567", "1.234567e+06");
  f(1.25e-7, "0.000000125", "1.25e-07");
  f(-1e-7, "-0.0000001", "-1e-07");
  f(0.0001, "0.0001", "0.0001");
  f(0.00001, "0.00001", "1e-05");
  f(Infinity, "+Inf", "+Inf");
  f(-Infinity, "-Inf", "-Inf");
  f(NaN, "NaN", "NaN");
  f(-0, "-0", "-0");
});

test("parseFloatText reads back every float and Go's special forms", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      expect(parseFloatText(formatFloat(value))).toBe(value);
    }),
  );
  expect(parseFloatText("0x1p-2")).toBe(0.25);
  expect(parseFloatText("-0x1.8p1")).toBe(-3);
  expect(parseFloatText("inf")).toBe(Infinity);
  expect(parseFloatText("NaN")).toBeNaN();
  for (const bad of ["", "1x", "0x", ".", "e5", "1e", " 1", "abc"]) {
    expect(parseFloatText(bad), bad).toBeUndefined();
  }
});
