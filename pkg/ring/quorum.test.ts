import fc from "fast-check";
import { expect, test } from "vitest";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { doUntilQuorum, QuorumTracker } from "./quorum.ts";
import type { ReadSet, RingInstance } from "./snapshot.ts";

const never = new AbortController().signal;

function instance(index: number, zone: string, readable = true): RingInstance {
  return {
    index,
    id: `i${index}`,
    address: `i${index}:1`,
    zone,
    state: "ACTIVE",
    healthy: readable,
    writable: readable,
    readable,
    mayHoldData: true,
  };
}

/** Zones by one letter each: `aabbc` is five instances in three zones; capitals are dead. */
function setOf(zones: string, by: "instances" | "zones", maxMissing = 1): ReadSet {
  const instances = [...zones].map((z, i) => instance(i, z.toLowerCase(), z === z.toLowerCase()));
  return { instances, by, maxMissing };
}

const gone = (): Promise<never> => Promise.reject(new NarthexError("unavailable", "gone"));
const hang = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("doUntilQuorum answers without the slowest and cancels it", async () => {
  let cancelled = "";
  const answer = await doUntilQuorum(
    setOf("abc", "instances"),
    (one, signal) => {
      if (one.index !== 1) return Promise.resolve(one.id);
      signal.addEventListener("abort", () => (cancelled = codeOf(signal.reason)));
      return hang(signal);
    },
    never,
  );
  expect([...answer.results].sort()).toEqual(["i0", "i2"]);
  expect(answer.missing.map(({ id }) => id)).toEqual(["i1"]);
  expect(cancelled).toBe("canceled");
});

test("doUntilQuorum does without one whole zone, and names who failed when two fail", async () => {
  const ask = (dead: string) => (one: RingInstance) =>
    dead.includes(one.zone) ? gone() : Promise.resolve(one.id);
  const answer = await doUntilQuorum(setOf("abcabc", "zones"), ask("b"), never);
  expect([...answer.results].sort()).toEqual(["i0", "i2", "i3", "i5"]);
  const error = await doUntilQuorum(setOf("abcabc", "zones"), ask("ab"), never).catch((e) => e);
  expect(codeOf(error)).toBe("unavailable");
  expect(messageOf(error)).toMatch(/^2 of 3 zones failed: i0 \(a\): gone; i1 \(b\): gone/);
});

test("doUntilQuorum fails on one instance in each of two zones, though more have answered", async () => {
  const ask = (one: RingInstance): Promise<string> =>
    one.index < 2 ? gone() : Promise.resolve(one.id);
  const error = await doUntilQuorum(setOf("ababc", "zones"), ask, never).catch((e) => e);
  expect(messageOf(error)).toContain("2 of 3 zones failed");
});

test("doUntilQuorum leaves dead instances alone unless it needs them", async () => {
  const asked: string[] = [];
  const ask = (one: RingInstance): Promise<string> => {
    asked.push(one.id);
    return Promise.resolve(one.id);
  };
  const answer = await doUntilQuorum(setOf("aBc", "instances"), ask, never);
  expect([asked, answer.missing.map(({ id }) => id)]).toEqual([["i0", "i2"], ["i1"]]);
  asked.length = 0;
  await doUntilQuorum(setOf("ABc", "instances"), ask, never);
  expect(asked).toEqual(["i0", "i1", "i2"]);
});

test("doUntilQuorum passes on what is wrong with the request at once", async () => {
  const error = await doUntilQuorum(
    setOf("abc", "instances"),
    (one, signal) =>
      one.index === 2
        ? Promise.reject(new NarthexError("execution", "too many series"))
        : hang(signal),
    never,
  ).catch((e) => e);
  expect([codeOf(error), messageOf(error)]).toEqual(["execution", "too many series"]);
});

test("doUntilQuorum ends with its caller's signal", async () => {
  const controller = new AbortController();
  const running = doUntilQuorum(
    setOf("abc", "instances"),
    (_, signal) => hang(signal),
    controller.signal,
  ).catch(codeOf);
  controller.abort(new NarthexError("timeout", "late"));
  expect(await running).toBe("timeout");
  const after = doUntilQuorum(setOf("a", "instances"), gone, controller.signal);
  expect(await after.catch(codeOf)).toBe("timeout");
});

test("doUntilQuorum never answers from nobody", async () => {
  expect(await doUntilQuorum(setOf("", "zones"), gone, never).catch(messageOf)).toBe(
    "no instance to ask",
  );
  expect(await doUntilQuorum(setOf("a", "zones"), gone, never).catch(codeOf)).toBe("unavailable");
  const throws = (): Promise<never> => {
    throw new NarthexError("unavailable", "at once");
  };
  expect(await doUntilQuorum(setOf("a", "zones"), throws, never).catch(messageOf)).toBe(
    "1 of 1 zones failed: i0 (a): at once",
  );
});

test("QuorumTracker agrees with counting", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "c", "d"), minLength: 1, maxLength: 9 }),
      fc.constantFrom("zones" as const, "instances" as const),
      fc.nat({ max: 2 }),
      fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
      (zones, by, maxMissing, outcomes) => {
        const set = setOf(zones, by, maxMissing);
        const tracker = new QuorumTracker(set);
        const group = (one: RingInstance) => (by === "zones" ? one.zone : one.index);
        const groups = new Set(set.instances.map(group));
        const need = Math.max(1, groups.size - maxMissing);
        set.instances.forEach((one, i) => {
          if (outcomes[i]) tracker.succeed(one);
          else tracker.fail(one);
          const seen = set.instances.slice(0, i + 1);
          const broken = new Set(seen.filter((_, k) => !outcomes[k]).map(group));
          const whole = [...groups].filter((g) =>
            set.instances.every((o, k) => group(o) !== g || (k <= i && outcomes[k])),
          );
          expect(tracker.met).toBe(whole.length >= need);
          expect(tracker.failed).toBe(groups.size - broken.size < need);
        });
      },
    ),
  );
});
