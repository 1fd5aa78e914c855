import { expect, test } from "vitest";
import { FakeClock, systemClock } from "#pkg/clock/mod.ts";
import { warmUp } from "./warm-up.ts";

test("warming up evaluates all of its queries, and ends when it is to", async () => {
  let asked = 0;
  const rounds = 60;
  // Any query that failed would reject.
  await warmUp(systemClock, 60_000, () => ++asked > rounds);
  expect(asked).toBe(rounds + 1);
  await warmUp(new FakeClock(), 0, () => {
    throw new Error("there is no time for any");
  });
});
