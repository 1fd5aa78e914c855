import { expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { Limits, RateLimiter, validateSeries } from "./mod.ts";

const config = loadConfig({
  file: {
    path: "x",
    text: "overrides: {big: {max_label_names_per_series: 2, max_label_value_length: 8}}",
  },
});

test("overrides are per tenant and reloadable", () => {
  const limits = new Limits(config);
  expect(limits.for("small").max_label_names_per_series).toBe(30);
  expect(limits.for("big").max_label_names_per_series).toBe(2);
  expect(limits.for("constructor").max_label_names_per_series).toBe(30);
  limits.reload(loadConfig({}));
  expect(limits.for("big").max_label_names_per_series).toBe(30);
});

test("validateSeries names the limit, the figure and the series", () => {
  const limits = new Limits(config).for("big");
  const f = (labels: Record<string, string>, want: RegExp | undefined): void => {
    const got = validateSeries(labelsFromObject(labels), limits);
    if (want === undefined) expect(got).toBeUndefined();
    else expect(`${got?.reason}: ${got?.message}`).toMatch(want);
  };
  f({ __name__: "up", a: "b" }, undefined);
  f({ a: "b" }, /missing_metric_name: .*\{a="b"\}/);
  f(
    { __name__: "up", a: "b", c: "d" },
    /max_label_names_per_series: series has 3 labels, the limit is 2/,
  );
  f(
    { __name__: "up", a: "ééééé" },
    /label_value_too_long: value of label a has 10 bytes, the limit is 8/,
  );
  f({ __name__: "up", ["n".repeat(1025)]: "x" }, /label_name_too_long/);
});

test("RateLimiter admits the rate over time and the burst at once", async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock);
  const limit = { rate: 100, burst: 200 };
  expect(limiter.admit("a", 200, limit)).toBe(true);
  expect(limiter.admit("a", 1, limit)).toBe(false);
  expect(limiter.admit("b", 150, limit)).toBe(true);
  await clock.advance(500);
  expect(limiter.admit("a", 50, limit)).toBe(true);
  expect(limiter.admit("a", 1, limit)).toBe(false);
});
