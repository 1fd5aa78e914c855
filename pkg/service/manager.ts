import { linkSignals } from "#pkg/async/mod.ts";
import { assert, NarthexError } from "#pkg/errs/mod.ts";
import type { Service, ServiceState } from "./service.ts";

/** One row of `/services`. */
export interface ServiceReport {
  readonly name: string;
  readonly state: ServiceState;
  /** Message of the failure, where the state is `failed`. */
  readonly failure?: string;
}

interface Entry {
  readonly service: Service;
  readonly dependsOn: readonly string[];
}

/**
 * Starts services after those they depend on, independent ones at once, and stops them in reverse:
 * a service is stopped when nothing that depends on it is left.
 */
export class ServiceManager {
  readonly #entries = new Map<string, Entry>();
  readonly #failureListeners = new Set<(service: Service) => void>();
  #begun = false;
  #stopped: Promise<void> | undefined = undefined;

  /** Adds a service before `start`; those it depends on must have been added. */
  add(service: Service, dependsOn: readonly string[] = []): void {
    assert(!this.#begun, "service added after the start");
    assert(!this.#entries.has(service.name), `two services named ${service.name}`);
    for (const name of dependsOn) {
      assert(this.#entries.has(name), `${service.name} depends on ${name}, which was not added`);
    }
    this.#entries.set(service.name, { service, dependsOn });
    service.onChange((state) => {
      if (state !== "failed") return;
      for (const listener of [...this.#failureListeners]) listener(service);
    });
  }

  /** Calls `listener` when a service fails, at its start or later. */
  onFailure(listener: (service: Service) => void): () => void {
    this.#failureListeners.add(listener);
    return () => void this.#failureListeners.delete(listener);
  }

  /** Resolves when all run. If one fails, all are stopped and its error is thrown. */
  async start(signal: AbortSignal): Promise<void> {
    this.#begun = true;
    const linked = linkSignals(signal);
    const started = new Map<string, Promise<void>>();
    let first: { error: unknown } | undefined;
    for (const [name, { service, dependsOn }] of this.#entries) {
      // Entries stand in an order in which dependencies come first.
      const ready = Promise.all(dependsOn.map((other) => started.get(other)));
      const run = ready.then(() => {
        if (linked.signal.aborted) throw new NarthexError("canceled", `start ${name}: canceled`);
        return service.start(linked.signal);
      });
      started.set(
        name,
        run.catch((error: unknown) => {
          first ??= { error };
          linked.abort(error);
          throw error;
        }),
      );
    }
    await Promise.allSettled(started.values());
    linked.dispose();
    if (!first) return;
    await this.stop().catch(() => undefined);
    throw first.error;
  }

  /** Stops what was started; resolves when all have ended. Rejects with the first error. */
  stop(): Promise<void> {
    this.#begun = true;
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const stopped = new Map<string, Promise<void>>();
    const errors: unknown[] = [];
    for (const [name, { service }] of [...this.#entries].reverse()) {
      const dependents = [...this.#entries.values()].filter((e) => e.dependsOn.includes(name));
      const free = Promise.all(dependents.map((entry) => stopped.get(entry.service.name)));
      const run = free
        .then(() => service.stop())
        .catch((error: unknown) => void errors.push(error));
      stopped.set(name, run);
    }
    await Promise.all(stopped.values());
    if (errors.length > 0) throw errors[0];
  }

  /** All services in the order they were added. */
  states(): ServiceReport[] {
    return [...this.#entries.values()].map(({ service }) => ({
      name: service.name,
      state: service.state,
      ...(service.failure ? { failure: service.failure.message } : {}),
    }));
  }

  /** Undefined when every service runs; else which do not, for `/ready`. */
  notReadyReason(): string | undefined {
    const waiting = this.states().filter((report) => report.state !== "running");
    if (waiting.length === 0) return undefined;
    return waiting
      .map(({ name, state, failure }) => `${name} is ${state}${failure ? `: ${failure}` : ""}`)
      .join("; ");
  }
}
