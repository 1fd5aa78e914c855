import { expect, test } from "vitest";
import { extrapolation, isStartReset, startsOverlap } from "./start-times.ts";

const samples = (before: readonly [number, number], now: readonly [number, number]) => ({
  starts: [before[0], now[0]],
  timestamps: [before[1], now[1]],
});

test.each([
  ["unknown", [1, 10], [0, 20], false],
  ["the same for all", [1, 10], [1, 20], false],
  ["after the sample before", [1, 10], [15, 20], true],
  ["after the sample before, of which none is known", [0, 10], [15, 20], true],
  ["a delta: at the sample before", [1, 10], [10, 20], true],
  ["at the sample before, of which none is known", [0, 10], [10, 20], false],
  ["at the sample before, whose own is as unknown", [10, 10], [10, 20], false],
  ["at the sample before, whose own is impossible", [11, 10], [10, 20], false],
  ["at the sample itself: unknown in OpenTelemetry", [1, 10], [20, 20], false],
  ["after the sample itself: impossible", [1, 10], [21, 20], false],
] as const)("isStartReset: %s", (_, before, now, want) => {
  expect(isStartReset(samples(before, now), 1)).toBe(want);
});

test("startsOverlap is a start before the sample before that is not that one's", () => {
  const f = (before: readonly [number, number], now: readonly [number, number]) =>
    startsOverlap(samples(before, now), 1);
  expect(f([1, 10], [5, 20])).toBe(true);
  expect(f([1, 10], [1, 20])).toBe(false);
  expect(f([1, 10], [10, 20])).toBe(false);
  expect(f([1, 10], [0, 20])).toBe(false);
  expect(startsOverlap({ starts: undefined, timestamps: [1, 2] }, 1)).toBe(false);
});

test("extrapolation reaches ends that samples come close to, and half a distance beyond others", () => {
  const range = {
    firstMs: 10_000,
    lastMs: 50_000,
    rangeStartMs: 0,
    rangeEndMs: 60_000,
    count: 5,
    startMs: undefined,
    firstPart: undefined,
  };
  expect(extrapolation(range)).toBe(60 / 40);
  expect(extrapolation({ ...range, rangeStartMs: -30_000 })).toBe(55 / 40);
  expect(extrapolation({ ...range, rangeEndMs: 90_000 })).toBe(55 / 40);
  // The counter was at 0 a tenth of the time between the samples before the first.
  expect(extrapolation({ ...range, firstPart: 0.1 })).toBe(54 / 40);
  // It began 5 s before the first sample: nothing to guess on the left.
  expect(extrapolation({ ...range, startMs: 5000 })).toBe(55 / 45);
  const single = { ...range, lastMs: 10_000, count: 1 };
  expect(extrapolation(single)).toBeUndefined();
  expect(extrapolation({ ...single, startMs: 4000 })).toBe(1);
});
