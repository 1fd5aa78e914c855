import { expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { ActiveQueries } from "./active-queries.ts";

const described = (tenants: readonly string[]) => ({
  tenants,
  query: "up",
  startMs: 0,
  endMs: 0,
  stepMs: 0,
  client: { dashboard: "d1" },
});

test("tenants see and cancel their own queries and no others", async () => {
  const clock = new FakeClock();
  const active = new ActiveQueries(clock);
  const caller = new AbortController();
  const a = active.add(described(["a"]), caller.signal);
  const both = active.add(described(["a", "b"]), caller.signal);
  await clock.advance(1500);
  a.started();
  a.usage.samples = 7;
  expect(active.list(["a"])).toMatchObject([
    { id: a.id, ageMs: 1500, state: "running", usage: { samples: 7 }, client: { dashboard: "d1" } },
  ]);
  expect(active.list(["b", "a"]).map(({ id }) => id)).toEqual([a.id, both.id]);
  expect(active.list(["b"])).toEqual([]);
  expect(() => active.cancel(a.id, ["b"])).toThrow(/no active query/);
  expect(() => active.cancel(both.id, ["b"])).toThrow(/no active query/);
  expect(both.signal.aborted).toBe(false);
  active.cancel(both.id, ["a", "b"]);
  expect(both.signal.reason).toMatchObject({ code: "canceled" });
  expect(a.signal.aborted).toBe(false);
  caller.abort();
  expect(a.signal.aborted).toBe(true);
  a.done();
  both.done();
  expect(active.list(["a", "b"])).toEqual([]);
});
