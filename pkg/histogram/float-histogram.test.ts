import { describe, expect, test } from "vitest";
import { exponentialBound } from "./mod.ts";

describe("exponentialBound", () => {
  const f = (index: number, schema: number, want: number): void =>
    expect(exponentialBound(index, schema)).toBe(want);

  test("gives the bounds of every schema", () => {
    f(0, 0, 1);
    f(1, 0, 2);
    f(-1, 0, 0.5);
    f(2, 2, 2 * 0.7071067811865475);
    f(1, -1, 4);
    f(1, -4, 65536);
    f(-1, -4, 2 ** -16);
  });

  test("ends at the largest float64, and behind it at infinity", () => {
    for (const schema of [0, 3, 8]) {
      f(1024 * 2 ** schema, schema, Number.MAX_VALUE);
      f(1024 * 2 ** schema + 1, schema, Number.POSITIVE_INFINITY);
    }
    f(64, -4, Number.MAX_VALUE);
    f(65, -4, Number.POSITIVE_INFINITY);
    f(-1074, 0, 5e-324);
    f(-1076, 0, 0);
  });
});
