import { randomUUID } from "node:crypto";
import { abortError, sleep } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { BaseService } from "#pkg/service/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { checkInstanceId, type InstanceEntry, type InstanceState } from "./instance.ts";
import { type RingMetrics, ringMetrics } from "./metrics.ts";
import type { RingStore } from "./store.ts";

/** Who registers where. */
export interface LifecyclerOptions {
  /** Of the ring. */
  readonly name: string;
  /** Stable over restarts, unique in the ring. */
  readonly id: string;
  /** `host:port` under which others reach this instance. */
  readonly address: string;
  readonly zone?: string;
  /** Default 5 s. */
  readonly heartbeatPeriodMs?: number;
  /** True if the disk holds data from before, whatever the store remembers. */
  readonly hasData?: boolean;
}

/** What a lifecycler works with. */
export interface LifecyclerDeps {
  readonly store: RingStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Legal steps; a step to the same state is none. */
const NEXT: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  PENDING: ["JOINING", "ACTIVE", "LEAVING", "LEFT"],
  JOINING: ["ACTIVE", "READONLY", "LEAVING", "LEFT"],
  ACTIVE: ["READONLY", "LEAVING", "LEFT"],
  READONLY: ["ACTIVE", "LEAVING", "LEFT"],
  // A shutdown that is called off goes back.
  LEAVING: ["ACTIVE", "READONLY", "LEFT"],
  LEFT: [],
};

/** The store is asked once more for each of these before `start` goes on without it. */
const START_ATTEMPTS = 3;

/**
 * Keeps this instance's lease: registers it PENDING, renews it, publishes changes of its state.
 * When the store is out of reach, it goes on trying; the instance serves meanwhile.
 *
 * `stop` without a step to LEFT leaves the entry as LEAVING, without heartbeats: the instance may
 * come back and still holds data. `leave` is for one that has handed over all it had.
 */
export class Lifecycler extends BaseService {
  readonly options: LifecyclerOptions;
  readonly #deps: LifecyclerDeps;
  readonly #metrics: RingMetrics;
  readonly #incarnation = randomUUID();
  #instanceState: InstanceState = "PENDING";
  #registered = 0;
  #fresh = true;
  #known = false;
  #dirty = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: LifecyclerDeps, options: LifecyclerOptions) {
    super(`lifecycler-${options.name}`);
    checkInstanceId(options.id);
    this.options = options;
    this.#deps = deps;
    this.#metrics = ringMetrics(deps.telemetry.registry);
    this.#registered = deps.clock.now();
  }

  /** The state that this instance is in, published or not. */
  get instanceState(): InstanceState {
    return this.#instanceState;
  }

  /**
   * Steps to another state and publishes it. Resolves also when the store is out of reach: the step
   * holds here and is published with the next heartbeat. Raises `internal` for an illegal step.
   */
  async changeState(state: InstanceState): Promise<void> {
    const from = this.#instanceState;
    if (state === from) return;
    if (!NEXT[from].includes(state)) {
      throw new NarthexError("internal", `instance ${this.options.id}: step ${from} to ${state}`);
    }
    this.#instanceState = state;
    if (state === "ACTIVE") this.#fresh = false;
    this.#dirty = true;
    this.#deps.telemetry.log.info({ ring: this.options.name, from, to: state }, "instance state");
    await this.#publish();
  }

  /** Steps to LEFT: all that this instance held is elsewhere. Others remove the entry later. */
  async leave(): Promise<void> {
    await this.changeState("LEFT");
  }

  protected override async starting(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; attempt <= START_ATTEMPTS; attempt++) {
      if (signal.aborted) throw abortError(signal);
      if (await this.#publish()) return;
      await sleep(200 * attempt, signal, this.#deps.clock);
    }
  }

  protected override async running(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const period = this.options.heartbeatPeriodMs ?? 5_000;
    while (!signal.aborted) {
      // What failed is tried again sooner: others wait for it.
      const pause = this.#dirty ? Math.min(1000, period) : period;
      await sleep(pause, signal, clock).catch(() => undefined);
      // One that has left must not come back once its entry is removed.
      const done = this.#instanceState === "LEFT" && !this.#dirty;
      if (!signal.aborted && !done) await this.#publish();
    }
  }

  protected override async stopping(): Promise<void> {
    if (this.#instanceState === "LEFT" || !this.#known) return;
    if (this.#instanceState === "LEAVING") await this.#publish();
    else await this.changeState("LEAVING");
  }

  /** Writes the entry after those before it; false if the store cannot be written. */
  async #publish(): Promise<boolean> {
    const work = this.#writing.then(() => this.#write());
    this.#writing = work.then(() => undefined);
    return await work;
  }

  async #write(): Promise<boolean> {
    const { store, clock, telemetry } = this.#deps;
    const { name, id } = this.options;
    const announce = this.#dirty;
    const state = this.#instanceState;
    try {
      if (!this.#known) await this.#recall();
      const before = await store.write(name, this.#entry(clock.now()), announce);
      this.#checkRival(before);
      this.#known = true;
      if (state === this.#instanceState) this.#dirty = false;
      this.#metrics.heartbeats.inc({ name });
      return true;
    } catch (err) {
      this.#dirty = true;
      this.#metrics.heartbeatFailures.inc({ name });
      telemetry.log.warn({ ring: name, instance: id, err }, "heartbeat not written");
      return false;
    }
  }

  /** Takes over what the store remembers of this instance from its life before. */
  async #recall(): Promise<void> {
    const { name, id, hasData } = this.options;
    const entries = await this.#deps.store.read(name);
    const before = entries.find((entry) => entry.id === id);
    if (before && before.state !== "LEFT") this.#registered = before.registered;
    const held = before !== undefined && before.state !== "LEFT" && !before.fresh;
    if (hasData || held) this.#fresh = false;
  }

  #entry(now: number): InstanceEntry {
    const { id, address, zone = "" } = this.options;
    return {
      id,
      address,
      zone,
      state: this.#instanceState,
      heartbeat: now,
      registered: this.#registered,
      incarnation: this.#incarnation,
      fresh: this.#fresh,
    };
  }

  /** Two processes under one id overwrite each other's entries; both then see it here. */
  #checkRival(before: InstanceEntry | undefined): void {
    if (!this.#known || !before || before.incarnation === this.#incarnation) return;
    const { name, id } = this.options;
    this.#deps.telemetry.log.error(
      { ring: name, instance: id, otherAddress: before.address },
      "another process registers under this instance id",
    );
  }
}
