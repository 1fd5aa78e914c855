import { expect, test } from "vitest";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { MemoryStorage } from "../../../test/promqltest/memory-storage.ts";
import { Engine } from "./engine.ts";

const SAMPLES = 20_000;
const STEP_MS = 50;
const END_MS = SAMPLES * STEP_MS;

function storage(): MemoryStorage {
  const out = new MemoryStorage();
  let value = 0;
  const samples = Array.from({ length: SAMPLES }, (_, i) => {
    value = i % 977 === 0 ? 0 : value + ((i * 7919) % 13);
    return { timeMs: i * STEP_MS, value };
  });
  out.append(labelsFromObject({ __name__: "busy_total" }), samples);
  return out;
}

const engine = new Engine({ parse: { experimentalFunctions: true } });
const { signal } = new AbortController();

test.each([
  "avg_over_time(busy_total[15m])",
  "quantile_over_time(scalar(vector(time() / 2000)), busy_total[15m])",
  "rate(busy_total[15m])",
  "resets(busy_total[15m] offset 20s)",
  "stddev_over_time(busy_total[15m])",
  "max_over_time(busy_total[15m])",
  "sum_over_time(busy_total[15m:100ms])",
])("%s over so many samples that it is cut is what each step gives by itself", async (query) => {
  const data = storage();
  const steps = 150;
  const range = { startMs: END_MS - (steps - 1) * 1000, endMs: END_MS, stepMs: 1000 };
  const { value } = await engine.range(data, query, range, signal);
  if (value.type !== "matrix") throw new Error(value.type);
  expect(value.series).toHaveLength(1);
  for (let i = 0; i < steps; i += 7) {
    const at = await engine.instant(data, query, { timeMs: range.startMs + i * 1000 }, signal);
    if (at.value.type !== "vector") throw new Error(at.value.type);
    expect(value.series[0]!.values[i]! / at.value.values[0]!).toBeCloseTo(1, 9);
  }
});

test("a query is stopped in the midst of one series", async () => {
  let asked = 0;
  const stopping = new Engine({ isStopped: () => ++asked > 5 });
  const query = "quantile_over_time(0.5, busy_total[15m])";
  const range = { startMs: 0, endMs: END_MS, stepMs: 200 };
  await expect(stopping.range(storage(), query, range, signal)).rejects.toMatchObject({
    code: "canceled",
  });
});
