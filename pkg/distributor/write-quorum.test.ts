import fc from "fast-check";
import { expect, test } from "vitest";
import { NarthexError } from "#pkg/errs/mod.ts";
import { KnownSeries } from "./known-series.ts";
import { type Delivery, WriteQuorum } from "./write-quorum.ts";

const OK = { samples: 1, rejected: [] };
const down = new NarthexError("unavailable", "gone");

function deliveries(...lists: number[][]): Delivery[] {
  return lists.map((series, i) => ({ instance: `i${i}`, series: Uint32Array.from(series) }));
}

function expecting(count: number, all: readonly Delivery[]): WriteQuorum {
  const quorum = new WriteQuorum(count, 2);
  for (const delivery of all) quorum.expect(delivery);
  quorum.checkReachable();
  return quorum;
}

test("a push is met once every series has two of three, whatever the third does", () => {
  const all = deliveries([0, 1], [0, 1], [0, 1]);
  const quorum = expecting(2, all);
  quorum.succeed(all[0]!, OK);
  expect(quorum.met).toBe(false);
  quorum.fail(all[1]!, down);
  expect([quorum.met, quorum.failed]).toEqual([false, false]);
  quorum.succeed(all[2]!, OK);
  expect(quorum.met).toBe(true);
});

test("a push fails as soon as one series cannot get its quorum", () => {
  const all = deliveries([0, 1], [0, 1], [0], [1]);
  const quorum = expecting(2, all);
  quorum.fail(all[0]!, down);
  expect(quorum.failed).toBe(false);
  quorum.fail(all[3]!, down);
  expect(quorum.failed).toBe(true);
  expect(quorum.error()).toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/i0: gone; i3: gone/),
  });
});

test("too few instances fail before anything is sent", () => {
  expect(() => expecting(1, deliveries([0]))).toThrow(/at least 2 live ingesters/);
});

test("the error is 4xx only where most failures are", () => {
  const bad = new NarthexError("bad_data", "no");
  const all = deliveries([0], [0], [0]);
  const mixed = expecting(1, all);
  mixed.fail(all[0]!, bad);
  mixed.fail(all[1]!, down);
  expect(mixed.error().code).toBe("unavailable");
  mixed.fail(all[2]!, bad);
  expect(mixed.error().code).toBe("bad_data");
});

test("refusals are passed on when a quorum of instances refused, not when one lags", () => {
  const refused = { samples: 0, rejected: [{ reason: "sample_too_old", count: 1, message: "m" }] };
  const all = deliveries([0], [0], [0]);
  const one = expecting(1, all);
  one.succeed(all[0]!, refused);
  one.succeed(all[1]!, OK);
  expect(one.outcome(1, [])).toEqual(OK);
  one.succeed(all[2]!, refused);
  expect(one.outcome(1, [])).toEqual(refused);
  const atTheDoor = [{ reason: "label_invalid", count: 2, message: "d" }];
  expect(one.outcome(5, atTheDoor)).toEqual({
    samples: 2,
    rejected: [...atTheDoor, ...refused.rejected],
  });
});

test("WriteQuorum agrees with counting series by series", () => {
  const run = fc.record({
    series: fc.integer({ min: 1, max: 6 }),
    placement: fc.array(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), {
      minLength: 3,
      maxLength: 6,
    }),
    results: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  });
  fc.assert(
    fc.property(run, ({ series, placement, results }) => {
      const lists = placement.map((row) => row.flatMap((on, s) => (on && s < series ? [s] : [])));
      const all = deliveries(...lists);
      const total = (s: number): number => lists.filter((list) => list.includes(s)).length;
      const indexes = Array.from({ length: series }, (_, s) => s);
      if (indexes.some((s) => total(s) < 2)) {
        expect(() => expecting(series, all)).toThrow();
        return;
      }
      const quorum = expecting(series, all);
      for (const [i, delivery] of all.entries()) {
        if (results[i]) quorum.succeed(delivery, OK);
        else quorum.fail(delivery, down);
        const done = (s: number): number =>
          lists.filter((l, j) => j <= i && results[j] && l.includes(s)).length;
        const lost = (s: number): number =>
          lists.filter((l, j) => j <= i && !results[j] && l.includes(s)).length;
        expect(quorum.met).toBe(indexes.every((s) => done(s) >= 2));
        expect(quorum.failed).toBe(indexes.some((s) => total(s) - lost(s) < 2));
      }
    }),
  );
});

test("KnownSeries finds what was added, keeps what is asked for, and stays within two generations", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), fc.integer(), fc.nat(4095)), { maxLength: 500 }),
      (entries) => {
        const known = new KnownSeries(100);
        for (const [lo, hi, slot] of entries) {
          const before = known.find(lo, hi);
          if (before < 0) known.add(lo, hi, slot);
          expect(known.find(lo, hi)).toBe(before < 0 ? slot : before);
          expect(known.count).toBeLessThanOrEqual(200);
        }
      },
    ),
  );
});

test("exemplars that replicas refused are counted once", () => {
  const all = deliveries([0], [0], [0]);
  const quorum = expecting(1, all);
  quorum.succeed(all[0]!, { ...OK, exemplarsRefused: 2 });
  quorum.succeed(all[1]!, { ...OK, exemplarsRefused: 3 });
  expect(quorum.outcome(1, [])).toEqual({ ...OK, exemplarsRefused: 3 });
});
