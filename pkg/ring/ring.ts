import { Pacer, sleep, throwIfAborted } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { assert, NarthexError } from "#pkg/errs/mod.ts";
import { BaseService } from "#pkg/service/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { INSTANCE_STATES, type InstanceState } from "./instance.ts";
import { type Member, Members } from "./members.ts";
import { type RingMetrics, ringMetrics } from "./metrics.ts";
import { Placement, type PlacementOptions } from "./placement.ts";
import { type ReadSet, type RingInstance, RingSnapshot } from "./snapshot.ts";
import type { RingStore } from "./store.ts";

/** How a process sees a ring. */
export interface RingOptions {
  /** Of the ring: `ingester`, `store-gateway`, … */
  readonly name: string;
  readonly replicationFactor: number;
  /** True: each replica in a zone of its own. */
  readonly zoneAware?: boolean;
  /** A power of two, the same in all processes; default 4096. */
  readonly slots?: number;
  /** A lease without a heartbeat for longer has run out; default 60 s. */
  readonly heartbeatTimeoutMs?: number;
  /** How often the store is read; announced changes are read at once. Default 1 s. */
  readonly pollMs?: number;
  /**
   * An instance whose lease ran out this long ago is removed, if `mayForget` agrees. Absent: never.
   * Instances that LEFT are always removed.
   */
  readonly forgetAfterMs?: number;
  /** Says whether all that an instance held is known to be elsewhere. Absent: yes. */
  readonly mayForget?: (instance: RingInstance) => Promise<boolean>;
}

/** What a ring works with. */
export interface RingDeps {
  readonly store: RingStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** One row of `/ring`. */
export interface RingReport {
  readonly id: string;
  readonly address: string;
  readonly zone: string;
  readonly state: InstanceState;
  readonly healthy: boolean;
  /** Ms since its heartbeat was last seen to move. */
  readonly heartbeatAgeMs: number;
  /** The part of all slots that have a replica on it, 0 to 1. */
  readonly slotShare: number;
}

/** LEFT entries stay this long, so that every process reads that state before the entry is gone. */
const LEFT_RETENTION_MS = 60_000;

/**
 * A process's view of a ring: reads the store, judges leases, lays out placement. When the store is
 * out of reach, the view stays what it was. `start` resolves once the ring was read.
 */
export class Ring extends BaseService {
  readonly options: RingOptions;
  readonly #placementOptions: PlacementOptions;
  readonly #pollMs: number;
  readonly #deps: RingDeps;
  readonly #metrics: RingMetrics;
  readonly #members: Members;
  readonly #listeners = new Set<(snapshot: RingSnapshot) => void>();
  #snapshot: RingSnapshot;
  #placement: Placement | undefined = undefined;
  #placementKey = "";
  /** State and zone of the members that the gauge has values for. */
  #counted: ReadonlySet<string> = new Set();
  #snapshotKey = "";
  #wake: () => void = () => undefined;
  #woken = false;
  #rebuilding: Promise<void> = Promise.resolve();
  #unwatch: () => void = () => undefined;
  /** Id → heartbeat at which it was reported unreachable; void once the heartbeat moves. */
  readonly #suspects = new Map<string, number>();

  constructor(deps: RingDeps, options: RingOptions) {
    super(`ring-${options.name}`);
    const { slots = 4096, replicationFactor, zoneAware = false, pollMs = 1000 } = options;
    assert(Number.isInteger(Math.log2(slots)) && slots > 1, "slots: want a power of two");
    assert(replicationFactor >= 1, "replication factor: want at least 1");
    this.options = options;
    this.#pollMs = pollMs;
    this.#placementOptions = { slots, replicationFactor, zoneAware };
    this.#deps = deps;
    this.#metrics = ringMetrics(deps.telemetry.registry);
    this.#members = new Members({
      timeoutMs: options.heartbeatTimeoutMs ?? 60_000,
      outageMs: 5 * pollMs,
    });
    const empty = new Int16Array(slots * replicationFactor).fill(-1);
    this.#snapshot = new RingSnapshot({
      version: 0,
      instances: [],
      ...this.#placementOptions,
      replicaTable: empty,
      writeTable: empty,
    });
  }

  /** The ring as it was last seen. */
  get current(): RingSnapshot {
    return this.#snapshot;
  }

  /** Calls `listener` with each new snapshot; returns the way to stop that. */
  onSnapshot(listener: (snapshot: RingSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * The instances that may hold data of `tenant` and how many may be missing; `unavailable` if
   * there are none.
   */
  readInstances(_tenant: string): ReadSet {
    const set = this.#snapshot.readSet();
    if (set.instances.length > 0) return set;
    throw new NarthexError("unavailable", `ring ${this.options.name} is empty`);
  }

  /**
   * Reports that an instance could not be reached: it is not healthy until its next heartbeat, so
   * that writes go past it before its lease runs out.
   */
  suspect(id: string): void {
    const entry = this.#members.get(id);
    if (!entry || this.#suspects.get(id) === entry.heartbeat) return;
    this.#suspects.set(id, entry.heartbeat);
    void this.#refresh();
  }

  /** All instances, for people. */
  report(): RingReport[] {
    const { instances, replicaTable, slots } = this.#snapshot;
    const counts = new Uint32Array(instances.length);
    for (const index of replicaTable) if (index >= 0) counts[index]!++;
    const byId = new Map(instances.map((instance) => [instance.id, instance]));
    return this.#members.list().map(({ entry, ageMs, alive }) => {
      const instance = byId.get(entry.id);
      return {
        id: entry.id,
        address: entry.address,
        zone: entry.zone,
        state: entry.state,
        healthy: instance?.healthy ?? alive,
        heartbeatAgeMs: ageMs,
        slotShare: instance ? counts[instance.index]! / slots : 0,
      };
    });
  }

  protected override async starting(signal: AbortSignal): Promise<void> {
    this.#unwatch = this.#deps.store.watch(this.options.name, () => this.#requestSync());
    while (!(await this.#sync())) await sleep(this.#pollMs, signal, this.#deps.clock);
    throwIfAborted(signal);
  }

  protected override async running(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#pause(signal);
      if (!signal.aborted && (await this.#sync())) await this.#forget();
    }
  }

  protected override stopping(): Promise<void> {
    this.#unwatch();
    this.#listeners.clear();
    return Promise.resolve();
  }

  /** Waits for the next poll, or less if a change was announced. */
  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", done);
        this.#wake = () => undefined;
        this.#woken = false;
        resolve();
      };
      const timer = this.#deps.clock.setTimeout(done, this.#woken ? 0 : this.#pollMs);
      signal.addEventListener("abort", done, { once: true });
      this.#wake = done;
    });
  }

  #requestSync(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Reads the store and brings the snapshot up to date; false if the store cannot be read. */
  async #sync(): Promise<boolean> {
    const { store, clock, telemetry } = this.#deps;
    const { name } = this.options;
    try {
      const entries = await store.read(name);
      this.#members.update(entries, clock.monotonic(), clock.now());
    } catch (err) {
      this.#metrics.syncFailures.inc({ name });
      telemetry.log.warn({ ring: name, err }, "ring not read, the last one stays in use");
      return false;
    }
    await this.#refresh();
    return true;
  }

  /** Rebuilds the snapshot after any rebuild that is under way. */
  #refresh(): Promise<void> {
    const work = this.#rebuilding.then(() => this.#rebuild());
    this.#rebuilding = work.catch(() => undefined);
    return work;
  }

  async #rebuild(): Promise<void> {
    const members = this.#members.list();
    this.#count(members);
    const instances = members
      .filter(({ entry }) => entry.state !== "LEFT")
      .map((member, index) => this.#instance(member, index));
    const key = JSON.stringify(instances);
    if (key === this.#snapshotKey) return;
    const placed = instances.filter((instance) => instance.mayHoldData || instance.writable);
    const placementKey = JSON.stringify(placed.map(({ id, zone }) => [id, zone]));
    if (!this.#placement || placementKey !== this.#placementKey) {
      const pacer = new Pacer(this.#deps.clock);
      this.#placement = await Placement.build(placed, this.#placementOptions, pacer);
      this.#placementKey = placementKey;
    }
    this.#snapshotKey = key;
    this.#snapshot = this.#lay(this.#placement, placed, instances);
    for (const listener of [...this.#listeners]) listener(this.#snapshot);
  }

  #lay(
    placement: Placement,
    placed: readonly RingInstance[],
    instances: readonly RingInstance[],
  ): RingSnapshot {
    const { slots, replicationFactor } = this.#placementOptions;
    const replicaTable = new Int16Array(slots * replicationFactor);
    const writeTable = new Int16Array(slots * replicationFactor);
    placement.fill(replicaTable, () => true);
    placement.fill(writeTable, (index) => placed[index]!.writable);
    for (const table of [replicaTable, writeTable]) {
      for (let i = 0; i < table.length; i++) {
        if (table[i]! >= 0) table[i] = placed[table[i]!]!.index;
      }
    }
    const version = this.#snapshot.version + 1;
    return new RingSnapshot({
      version,
      instances,
      ...this.#placementOptions,
      replicaTable,
      writeTable,
    });
  }

  #instance({ entry, alive }: Member, index: number): RingInstance {
    const { id, address, zone, state } = entry;
    const suspect = this.#suspects.get(id);
    if (suspect !== undefined && suspect !== entry.heartbeat) this.#suspects.delete(id);
    const healthy = alive && suspect !== entry.heartbeat;
    const serving = state === "ACTIVE" || state === "READONLY" || state === "LEAVING";
    return {
      index,
      id,
      address,
      zone,
      state,
      healthy,
      writable: healthy && state === "ACTIVE",
      readable: healthy && serving,
      mayHoldData: serving || !entry.fresh,
    };
  }

  #count(members: readonly Member[]): void {
    const { name } = this.options;
    const { members: gauge, unhealthy } = this.#metrics;
    const counts = new Map<string, number>();
    for (const { entry } of members) {
      for (const state of INSTANCE_STATES) {
        const key = `${state} ${entry.zone}`;
        counts.set(key, (counts.get(key) ?? 0) + (entry.state === state ? 1 : 0));
      }
    }
    const labelsOf = (key: string) => {
      const space = key.indexOf(" ");
      return { name, state: key.slice(0, space), zone: key.slice(space + 1) };
    };
    for (const [key, count] of counts) gauge.set(labelsOf(key), count);
    for (const key of this.#counted) if (!counts.has(key)) gauge.remove(labelsOf(key));
    this.#counted = new Set(counts.keys());
    unhealthy.set({ name }, members.filter(({ alive }) => !alive).length);
  }

  /** Removes what has LEFT and, where that is on, what has been dead for long. */
  async #forget(): Promise<void> {
    const { store, telemetry } = this.#deps;
    const { name, forgetAfterMs, mayForget } = this.options;
    for (const member of this.#members.list()) {
      const { entry, ageMs, alive } = member;
      const left = entry.state === "LEFT";
      if (left ? ageMs < LEFT_RETENTION_MS : alive || !(ageMs > (forgetAfterMs ?? Infinity))) {
        continue;
      }
      try {
        if (!left && mayForget && !(await mayForget(this.#instance(member, -1)))) continue;
        // Not if it has come back since: the heartbeat decides.
        if (!(await store.remove(name, entry.id, entry.heartbeat))) continue;
      } catch (err) {
        telemetry.log.warn({ ring: name, instance: entry.id, err }, "instance not forgotten");
        continue;
      }
      this.#metrics.forgotten.inc({ name });
      telemetry.log.info({ ring: name, instance: entry.id, ageMs }, "instance forgotten");
    }
  }
}
