import fc from "fast-check";
import HashRing from "hashring";
import { expect, test } from "vitest";
import { Pacer } from "#pkg/async/mod.ts";
import { type Placeable, Placement, type PlacementOptions } from "./placement.ts";
import { RingSnapshot } from "./snapshot.ts";

const SLOTS = 512;
const base: PlacementOptions = { slots: SLOTS, replicationFactor: 3, zoneAware: false };
const pacer = new Pacer();
const everyone = (): boolean => true;

function instances(count: number, zones = 1): Placeable[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `ingester-${i}`,
    zone: zones === 1 ? "" : `zone-${i % zones}`,
  }));
}

async function tableOf(
  list: readonly Placeable[],
  options: PlacementOptions,
  usable: (index: number) => boolean = everyone,
): Promise<Int16Array> {
  const table = new Int16Array(options.slots * options.replicationFactor);
  (await Placement.build(list, options, pacer)).fill(table, usable);
  return table;
}

const rows = (table: Int16Array, rf: number): number[][] =>
  Array.from({ length: table.length / rf }, (_, slot) => [
    ...table.subarray(slot * rf, slot * rf + rf),
  ]);

const cases = fc.record({
  count: fc.integer({ min: 0, max: 24 }),
  zones: fc.integer({ min: 1, max: 5 }),
  replicationFactor: fc.integer({ min: 1, max: 3 }),
  dead: fc.uniqueArray(fc.nat({ max: 23 }), { maxLength: 24 }),
});

test("Placement: replicas are distinct and usable, as many as can be, in zones of their own", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ count, zones, replicationFactor, dead }) => {
      const list = instances(count, zones);
      const zoneAware = zones > 1;
      const usable = (index: number): boolean => !dead.includes(index);
      const options = { slots: 64, replicationFactor, zoneAware };
      const live = list.filter((_, index) => usable(index));
      const places = zoneAware ? new Set(live.map(({ zone }) => zone)).size : live.length;
      for (const row of rows(await tableOf(list, options, usable), replicationFactor)) {
        const filled = row.filter((index) => index >= 0);
        expect(filled).toHaveLength(Math.min(replicationFactor, places));
        expect(row.slice(0, filled.length)).toEqual(filled);
        expect(filled.every(usable)).toBe(true);
        const keys = filled.map((index) => (zoneAware ? list[index]?.zone : index));
        expect(new Set(keys).size).toBe(filled.length);
      }
    }),
    { numRuns: 60 },
  );
});

test("Placement without zones is the order of the hash ring over the usable instances", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.uniqueArray(fc.nat({ max: 19 }), { maxLength: 19 }),
      async (count, dead) => {
        const list = instances(count);
        const usable = list.filter((_, index) => !dead.includes(index)).map(({ id }) => id);
        const table = await tableOf(list, { ...base, slots: 64 }, (i) => !dead.includes(i));
        const oracle = new HashRing(
          Object.fromEntries(usable.map((id) => [id, { vnodes: 64 }])),
          "md5",
          { "vnode count": 1 },
        );
        rows(table, 3).forEach((row, slot) => {
          const got = row.filter((index) => index >= 0).map((index) => list[index]?.id);
          expect(got).toEqual(usable.length === 0 ? [] : oracle.range(`slot/${slot}`, 3));
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("Placement does not depend on the order in which instances are listed", async () => {
  const list = instances(12, 3);
  const options = { ...base, zoneAware: true };
  const reversed = [...list].reverse();
  const a = rows(await tableOf(list, options), 3).map((row) => row.map((i) => list[i]?.id));
  const b = rows(await tableOf(reversed, options), 3).map((row) => row.map((i) => reversed[i]?.id));
  expect(b).toEqual(a);
});

test("Placement: one more instance takes its share of its zone's slots and moves nothing else", async () => {
  for (const perZone of [1, 2, 3, 5, 8, 13]) {
    const list = instances(perZone * 3, 3);
    const grown = [...list, { id: "joining", zone: "zone-1" }];
    const options = { ...base, slots: 4096, zoneAware: true };
    const before = rows(await tableOf(list, options), 3);
    const after = rows(await tableOf(grown, options), 3);
    let moved = 0;
    after.forEach((row, slot) => {
      row.forEach((index, replica) => {
        if (index === before[slot]?.[replica]) return;
        expect([index, replica]).toEqual([list.length, 1]);
        moved++;
      });
    });
    const share = (moved / 4096) * (perZone + 1);
    expect(share, `${perZone} + 1 instances`).toBeGreaterThan(0.7);
    expect(share, `${perZone} + 1 instances`).toBeLessThan(1.35);
  }
});

test("Placement without zones: one more instance only ever pushes others back", async () => {
  const list = instances(9);
  const grown = [...list, { id: "joining", zone: "" }];
  const before = rows(await tableOf(list, base), 3);
  const after = rows(await tableOf(grown, base), 3);
  let taken = 0;
  after.forEach((row, slot) => {
    const kept = row.filter((index) => index !== 9);
    if (kept.length < 3) taken++;
    expect(before[slot]?.slice(0, kept.length)).toEqual(kept);
  });
  expect(taken / SLOTS).toBeGreaterThan(0.2);
  expect(taken / SLOTS).toBeLessThan(0.4);
});

test("Placement with more zones than replicas spreads over them by their size", async () => {
  const list = [...instances(8, 4), { id: "x", zone: "zone-4" }, { id: "y", zone: "zone-4" }];
  const options = { ...base, slots: 4096, zoneAware: true };
  const perZone = new Map<string, number>();
  for (const index of await tableOf(list, options)) {
    const zone = list[index]?.zone as string;
    perZone.set(zone, (perZone.get(zone) ?? 0) + 1);
  }
  expect(perZone.size).toBe(5);
  for (const count of perZone.values()) {
    expect(count / (4096 * 3)).toBeGreaterThan(0.15);
    expect(count / (4096 * 3)).toBeLessThan(0.25);
  }
  // A zone that is down is replaced by one of the others, and nothing else changes.
  const before = rows(await tableOf(list, options), 3);
  const without = rows(await tableOf(list, options, (i) => list[i]?.zone !== "zone-2"), 3);
  without.forEach((row, slot) => {
    const kept = before[slot]?.filter((i) => list[i]?.zone !== "zone-2") ?? [];
    expect(row.slice(0, kept.length)).toEqual(kept);
    expect(row.every((i) => i >= 0)).toBe(true);
  });
});

test("Placement spreads slots evenly over instances", async () => {
  const list = instances(10);
  const counts = new Array<number>(10).fill(0);
  for (const index of await tableOf(list, { ...base, slots: 4096 })) counts[index]!++;
  for (const count of counts) {
    expect(count / (4096 * 0.3)).toBeGreaterThan(0.75);
    expect(count / (4096 * 0.3)).toBeLessThan(1.25);
  }
});

test("slotOf spreads hashes that differ in few bits over all slots", () => {
  const snapshot = new RingSnapshot({
    version: 1,
    instances: [],
    slots: 256,
    replicationFactor: 1,
    zoneAware: false,
    replicaTable: new Int16Array(256),
    writeTable: new Int16Array(256),
  });
  for (const step of [1, 2 ** 8, 2 ** 16, 0x01000193]) {
    const counts = new Uint32Array(256);
    for (let i = 0; i < 25_600; i++) counts[snapshot.slotOf(Math.imul(i, step))]!++;
    const used = counts.filter((count) => count > 0).length;
    expect(used, `step ${step}`).toBe(256);
    expect(Math.max(...counts), `step ${step}`).toBeLessThan(160);
  }
  fc.assert(
    fc.property(fc.integer(), (hash) => {
      const slot = snapshot.slotOf(hash);
      expect(Number.isInteger(slot) && slot >= 0 && slot < 256).toBe(true);
      expect(snapshot.slotOf(hash >>> 0)).toBe(slot);
    }),
  );
});
