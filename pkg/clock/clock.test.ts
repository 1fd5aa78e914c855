import { expect, test } from "vitest";
import { FakeClock, systemClock } from "./mod.ts";

test("FakeClock fires timers in order of due time, then creation, at their own time", async () => {
  const clock = new FakeClock(1000);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
  clock.setTimeout(note("b"), 20);
  clock.setTimeout(note("a"), 10);
  clock.setTimeout(note("c"), 20);
  const cancelled = clock.setTimeout(note("never"), 15);
  cancelled.cancel();
  await clock.advance(25);
  expect(fired).toEqual(["a@1010", "b@1020", "c@1020"]);
  expect(clock.now()).toBe(1025);
  expect(clock.pending).toBe(0);
});

test("FakeClock runs promises between timers and timers set by timers", async () => {
  const clock = new FakeClock(0);
  const fired: number[] = [];
  const again = async (): Promise<void> => {
    fired.push(clock.monotonic());
    await Promise.resolve();
    if (fired.length < 3) clock.setTimeout(() => void again(), 10);
  };
  clock.setTimeout(() => void again(), 10);
  await clock.advance(100);
  expect(fired).toEqual([10, 20, 30]);
});

test("FakeClock steps the wall clock without moving monotonic time", () => {
  const clock = new FakeClock(1000);
  clock.stepWall(-500);
  expect([clock.now(), clock.monotonic()]).toEqual([500, 0]);
});

test("systemClock timers longer than Node's limit wait and can be cancelled", async () => {
  let fired = false;
  const timer = systemClock.setTimeout(() => (fired = true), 2 ** 40);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(fired).toBe(false);
  timer.cancel();
});
