import { afterEach, expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { Service } from "#pkg/service/mod.ts";
import { createTelemetry, quietTelemetry } from "#pkg/telemetry/mod.ts";
import {
  type InstanceEntry,
  Lifecycler,
  type LifecyclerOptions,
  MemoryRingStore,
  Ring,
  type RingOptions,
} from "./mod.ts";

const never = new AbortController().signal;
const running: Service[] = [];

afterEach(async () => {
  for (const service of running.splice(0).reverse()) await service.stop();
});

/** A memory store that can be cut off and emptied. */
class FlakyStore extends MemoryRingStore {
  down = false;

  override read(ring: string): Promise<InstanceEntry[]> {
    return this.down ? this.#gone() : super.read(ring);
  }

  override write(
    ring: string,
    entry: InstanceEntry,
    announce: boolean,
  ): Promise<InstanceEntry | undefined> {
    return this.down ? this.#gone() : super.write(ring, entry, announce);
  }

  #gone(): Promise<never> {
    return Promise.reject(new NarthexError("unavailable", "store is down"));
  }
}

function world() {
  const clock = new FakeClock();
  const store = new FlakyStore();
  const telemetry = quietTelemetry();
  const deps = { clock, store, telemetry };
  async function start<T extends Service>(service: T): Promise<T> {
    running.push(service);
    await service.start(never);
    return service;
  }
  return {
    ...deps,
    ring: (options: Partial<RingOptions> = {}) =>
      start(new Ring(deps, { name: "ingester", replicationFactor: 3, slots: 64, ...options })),
    async join(id: string, options: Partial<LifecyclerOptions> = {}): Promise<Lifecycler> {
      const lifecycler = await start(
        new Lifecycler(deps, { name: "ingester", id, address: `${id}:9095`, ...options }),
      );
      return lifecycler;
    },
    async active(id: string, options: Partial<LifecyclerOptions> = {}): Promise<Lifecycler> {
      const lifecycler = await this.join(id, options);
      await lifecycler.changeState("ACTIVE");
      return lifecycler;
    },
  };
}

/** States by id; a star for those that are written to, brackets for the unhealthy. */
function view(ring: Ring): string {
  return ring.current.instances
    .map(({ id, state, healthy, writable }) =>
      healthy ? `${id} ${state}${writable ? "*" : ""}` : `(${id} ${state})`,
    )
    .join(", ");
}

test("Ring sees instances join, become active and leave, at once", async () => {
  const { ring: makeRing, join, clock } = world();
  const ring = await makeRing();
  expect(() => ring.readInstances("t")).toThrow("ring ingester is empty");
  const a = await join("a");
  await clock.advance(0);
  expect(view(ring)).toBe("a PENDING");
  // New and not yet active: nothing is placed on it, nobody needs to ask it.
  expect(ring.current.replicaTable.every((index) => index === -1)).toBe(true);
  expect(ring.current.readSet().instances).toEqual([]);
  await a.changeState("JOINING");
  await a.changeState("ACTIVE");
  await clock.advance(0);
  expect(view(ring)).toBe("a ACTIVE*");
  expect([...ring.current.writeReplicas(5)]).toEqual([0, -1, -1]);
  await a.changeState("READONLY");
  await clock.advance(0);
  expect(view(ring)).toBe("a READONLY");
  expect([...ring.current.writeReplicas(5)]).toEqual([-1, -1, -1]);
  expect([...ring.current.replicas(5)]).toEqual([0, -1, -1]);
  await a.changeState("LEAVING");
  await a.leave();
  await clock.advance(0);
  expect(view(ring)).toBe("");
  await expect(a.changeState("ACTIVE")).rejects.toThrow("step LEFT to ACTIVE");
});

test("Ring: a dead instance is passed over for writes, waited for in reads, back when it beats", async () => {
  const w = world();
  const ring = await w.ring();
  const names = ["a", "b", "c", "d"];
  for (const id of names) await w.active(id, { heartbeatPeriodMs: 5000 });
  await w.clock.advance(1000);
  const placed = [...ring.current.replicaTable];
  const dead = running.pop() as Lifecycler;
  // As if it had been killed: no heartbeats, no goodbye.
  await w.store.write("ingester", { ...(await entryOf(w.store, "d")), heartbeat: 1 }, false);
  await dead.stop();
  await w.store.write("ingester", { ...(await entryOf(w.store, "d")), state: "ACTIVE" }, false);
  await w.clock.advance(59_000);
  expect(view(ring)).toBe("a ACTIVE*, b ACTIVE*, c ACTIVE*, d ACTIVE*");
  await w.clock.advance(5_000);
  expect(view(ring)).toBe("a ACTIVE*, b ACTIVE*, c ACTIVE*, (d ACTIVE)");
  expect([...ring.current.replicaTable]).toEqual(placed);
  expect(ring.current.writeTable.includes(3)).toBe(false);
  expect(ring.current.writeTable.includes(-1)).toBe(false);
  const set = ring.readInstances("t");
  expect(set.instances.map(({ id, readable }) => [id, readable])).toEqual([
    ["a", true],
    ["b", true],
    ["c", true],
    ["d", false],
  ]);
  expect([set.by, set.maxMissing]).toEqual(["instances", 1]);
  await w.active("d");
  await w.clock.advance(0);
  expect(view(ring)).toBe("a ACTIVE*, b ACTIVE*, c ACTIVE*, d ACTIVE*");
  expect([...ring.current.replicaTable]).toEqual(placed);
});

async function entryOf(store: MemoryRingStore, id: string): Promise<InstanceEntry> {
  return (await store.read("ingester")).find((entry) => entry.id === id) as InstanceEntry;
}

test("Ring: an instance that was reported unreachable is passed over until its next heartbeat", async () => {
  const w = world();
  const ring = await w.ring();
  for (const id of ["a", "b", "c", "d"]) await w.active(id);
  await w.clock.advance(1000);
  w.store.down = true;
  ring.suspect("b");
  ring.suspect("nobody");
  await w.clock.advance(0);
  expect(view(ring)).toBe("a ACTIVE*, (b ACTIVE), c ACTIVE*, d ACTIVE*");
  expect(ring.current.writeTable.includes(1)).toBe(false);
  w.store.down = false;
  await w.clock.advance(7000);
  expect(view(ring)).toBe("a ACTIVE*, b ACTIVE*, c ACTIVE*, d ACTIVE*");
});

test("Ring stays as it was while the store is down, and when it comes back empty", async () => {
  const w = world();
  const ring = await w.ring();
  for (const id of ["a", "b", "c"]) await w.active(id);
  await w.clock.advance(1000);
  const { version } = ring.current;
  w.store.down = true;
  await w.clock.advance(600_000);
  expect(ring.current.version).toBe(version);
  expect(view(ring)).toBe("a ACTIVE*, b ACTIVE*, c ACTIVE*");
  w.store.down = false;
  for (const id of ["a", "b", "c"]) await w.store.remove("ingester", id, Infinity);
  await w.clock.advance(10_000);
  expect(view(ring)).toBe("a ACTIVE*, b ACTIVE*, c ACTIVE*");
  expect((await w.store.read("ingester")).map(({ id }) => id).sort()).toEqual(["a", "b", "c"]);
  await w.clock.advance(120_000);
  expect(view(ring)).toBe("a ACTIVE*, b ACTIVE*, c ACTIVE*");
  const text = await w.telemetry.registry.metrics();
  expect(text).toMatch(/narthex_ring_sync_failures_total\{name="ingester"\} [1-9]/);
  expect(text).toMatch(/narthex_ring_heartbeat_failures_total\{name="ingester"\} [1-9]/);
});

test("Ring.start waits for the store", async () => {
  const w = world();
  w.store.down = true;
  let started = false;
  const starting = w.ring().then(() => (started = true));
  await w.clock.advance(10_000);
  expect(started).toBe(false);
  w.store.down = false;
  await w.clock.advance(1_000);
  expect(await starting).toBe(true);
});

test("Lifecycler starts without the store and registers when it is back, in its state by then", async () => {
  const w = world();
  const ring = await w.ring();
  w.store.down = true;
  const joining = w.join("a");
  await w.clock.advance(5_000);
  const a = await joining;
  expect(a.state).toBe("running");
  await a.changeState("ACTIVE");
  w.store.down = false;
  await w.clock.advance(5_000);
  expect(view(ring)).toBe("a ACTIVE*");
});

test("Lifecycler: an instance that restarts is known to hold data; a new one is not", async () => {
  const w = world();
  const ring = await w.ring();
  const first = await w.active("a", { zone: "z1" });
  await w.clock.advance(1000);
  running.splice(running.indexOf(first), 1);
  await first.stop();
  await w.clock.advance(1000);
  expect(view(ring)).toBe("a LEAVING");
  const { registered } = await entryOf(w.store, "a");
  const second = await w.join("a", { zone: "z1" });
  await w.join("b", { zone: "z2" });
  await w.join("c", { zone: "z3", hasData: true });
  await second.changeState("JOINING");
  await w.clock.advance(1000);
  expect(view(ring)).toBe("a JOINING, b PENDING, c PENDING");
  const set = ring.readInstances("t");
  expect(set.instances.map(({ id, readable }) => [id, readable])).toEqual([
    ["a", false],
    ["c", false],
  ]);
  expect((await entryOf(w.store, "a")).registered).toBe(registered);
});

test("Lifecycler.stop leaves the entry LEAVING, or LEFT after leave", async () => {
  const w = world();
  const [a, b] = [await w.active("a"), await w.active("b")];
  await b.leave();
  running.length = 0;
  await Promise.all([a.stop(), b.stop()]);
  expect((await entryOf(w.store, "a")).state).toBe("LEAVING");
  expect((await entryOf(w.store, "b")).state).toBe("LEFT");
});

test("Ring forgets what has LEFT, and the dead only where that is on and allowed", async () => {
  const w = world();
  const asked: string[] = [];
  let allowed = false;
  const ring = await w.ring({
    forgetAfterMs: 600_000,
    mayForget: ({ id }) => {
      asked.push(id);
      return Promise.resolve(allowed);
    },
  });
  const stay = await w.active("stay");
  const left = await w.active("left");
  await left.leave();
  const dead = await w.active("dead");
  running.splice(running.indexOf(dead), 1);
  await dead.stop();
  await w.clock.advance(70_000);
  const ids = async (): Promise<string[]> =>
    (await w.store.read("ingester")).map(({ id }) => id).sort();
  expect(await ids()).toEqual(["dead", "stay"]);
  await w.clock.advance(540_000);
  expect([await ids(), new Set(asked)]).toEqual([["dead", "stay"], new Set(["dead"])]);
  allowed = true;
  await w.clock.advance(2_000);
  expect(await ids()).toEqual(["stay"]);
  await w.clock.advance(61_000);
  expect(view(ring)).toBe("stay ACTIVE*");
  expect(stay.instanceState).toBe("ACTIVE");
  expect(await w.telemetry.registry.metrics()).toContain(
    'narthex_ring_forgotten_total{name="ingester"} 2',
  );
});

test("Ring with zones tells how many zones may be missing, and reports shares", async () => {
  const w = world();
  const ring = await w.ring({ zoneAware: true });
  for (let i = 0; i < 6; i++) await w.active(`i${i}`, { zone: `z${i % 3}` });
  await w.clock.advance(1000);
  const set = ring.readInstances("t");
  expect([set.by, set.maxMissing, set.instances.length]).toEqual(["zones", 1, 6]);
  const report = ring.report();
  expect(report).toHaveLength(6);
  expect(report.reduce((sum, { slotShare }) => sum + slotShare, 0)).toBeCloseTo(3);
  expect(report[0]).toMatchObject({ id: "i0", zone: "z0", state: "ACTIVE", healthy: true });
  expect(report.every(({ heartbeatAgeMs }) => heartbeatAgeMs <= 2000)).toBe(true);
  const { current } = ring;
  const owners = current.instances.filter(({ id }) => current.owns(123_456, id));
  expect(owners).toHaveLength(1);
  expect(await w.telemetry.registry.metrics()).toContain(
    'narthex_ring_members{name="ingester",state="ACTIVE",zone="z0"} 2',
  );
});

test("Ring tells its listeners of changes and only of those", async () => {
  const w = world();
  const ring = await w.ring();
  const versions: number[] = [];
  const stop = ring.onSnapshot(({ version }) => versions.push(version));
  await w.active("a");
  await w.clock.advance(30_000);
  const seen = versions.length;
  expect(seen).toBeGreaterThan(0);
  await w.clock.advance(30_000);
  expect(versions).toHaveLength(seen);
  stop();
  await w.active("b");
  await w.clock.advance(1_000);
  expect(versions).toHaveLength(seen);
});

test("Ring: one member that leaves a state or zone empty leaves no stale gauge behind", async () => {
  const w = world();
  await w.ring();
  const a = await w.active("a", { zone: "z1" });
  await w.clock.advance(1_000);
  await a.leave();
  await w.clock.advance(120_000);
  const text = await w.telemetry.registry.metrics();
  expect(text).not.toMatch(/narthex_ring_members\{.*zone="z1".*\} [1-9]/);
});

test("Lifecycler reports another process under its id, without giving up", async () => {
  const { clock, store } = world();
  const lines: string[] = [];
  const telemetry = createTelemetry({
    logLevel: "error",
    component: "ring",
    processMetrics: false,
    destination: { write: (line) => void lines.push(line) },
  });
  for (const address of ["one:1", "two:1"]) {
    const options = { name: "x", id: "same", address };
    const lifecycler = new Lifecycler({ clock, store, telemetry }, options);
    running.push(lifecycler);
    await lifecycler.start(never);
  }
  expect(lines).toEqual([]);
  await clock.advance(5_000);
  expect(lines.some((line) => line.includes('"otherAddress":"two:1"'))).toBe(true);
});

test("Lifecycler refuses ids that cannot name an instance", () => {
  const { clock, store, telemetry } = world();
  const make = (id: string) => () =>
    new Lifecycler({ clock, store, telemetry }, { name: "x", id, address: "a:1" });
  for (const id of ["", "a b", "-a", "__proto__", "a".repeat(129)]) {
    expect(make(id), id).toThrow("instance id");
  }
  expect(make("ingester-0.zone:9095")).not.toThrow();
});
