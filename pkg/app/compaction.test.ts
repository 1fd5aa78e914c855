import { afterEach, expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { Lifecycler, MemoryRingStore, Ring } from "#pkg/ring/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { ownsTenant } from "./compaction.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanups.splice(0).reverse()) await step();
});

test("each tenant has exactly one compactor, and those of one that left go to the others", async () => {
  const clock = new FakeClock();
  const store = new MemoryRingStore();
  const signal = new AbortController().signal;
  const members: { id: string; ring: Ring; lease: Lifecycler }[] = [];
  for (const id of ["a", "b", "c"]) {
    const deps = { store, clock, telemetry: quietTelemetry() };
    const lease = new Lifecycler(deps, { name: "compactor", id, address: "x:1", hasData: false });
    const ring = new Ring(deps, { name: "compactor", replicationFactor: 1, zoneAware: false });
    await lease.start(signal);
    await lease.changeState("ACTIVE");
    await ring.start(signal);
    cleanups.push(
      () => lease.stop(),
      () => ring.stop(),
    );
    members.push({ id, ring, lease });
  }
  await clock.advance(3000);
  const tenants = Array.from({ length: 200 }, (_, i) => `tenant-${i}`);
  const ownersOf = (tenant: string): string[] =>
    members.filter(({ id, ring }) => ownsTenant(ring, id, tenant)).map(({ id }) => id);
  const before = new Map(tenants.map((tenant) => [tenant, ownersOf(tenant)]));
  for (const owners of before.values()) expect(owners.length).toBe(1);
  for (const { id } of members) {
    expect([...before.values()].filter(([owner]) => owner === id).length).toBeGreaterThan(20);
  }
  await members[0]!.lease.changeState("LEFT");
  await clock.advance(3000);
  for (const [tenant, [owner]] of before) {
    const now = ownersOf(tenant);
    expect(now.length).toBe(1);
    if (owner !== "a") expect(now).toEqual([owner]);
    else expect(now).not.toEqual(["a"]);
  }
  expect(ownsTenant(undefined, "", "anything")).toBe(true);
});
