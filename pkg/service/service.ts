import { linkSignals } from "#pkg/async/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";

/**
 * ```
 * new ─▶ starting ─▶ running ─▶ stopping ─▶ terminated
 *            │                     │
 *            └─────────────────────┴──────▶ failed
 * ```
 * A service that fails passes through `stopping` while it cleans up.
 */
export type ServiceState = "new" | "starting" | "running" | "stopping" | "terminated" | "failed";

/** Something with a lifecycle. It is started and stopped once. */
export interface Service {
  readonly name: string;
  readonly state: ServiceState;
  /** Why the state is `failed`. */
  readonly failure: Error | undefined;
  /** Resolves when the service runs; rejects when it failed or `signal` aborted first. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends the service from any state; resolves when it has ended, however often it is called.
   * Rejects if ending itself went wrong. */
  stop(): Promise<void>;
  /** Calls `listener` after each change of state; returns the way to stop that. */
  onChange(listener: (state: ServiceState) => void): () => void;
}

/**
 * A service made of hooks. `starting` prepares, `running` (if any) works in the background until
 * its signal aborts, `stopping` cleans up and runs in every case in which `starting` was entered.
 * A `running` that rejects, or returns before it was told to, makes the service `failed`.
 */
export abstract class BaseService implements Service {
  readonly name: string;
  #state: ServiceState = "new";
  #failure: Error | undefined = undefined;
  readonly #listeners = new Set<(state: ServiceState) => void>();
  readonly #life = new AbortController();
  #started: Promise<void> | undefined = undefined;
  #background: Promise<void> | undefined = undefined;
  #stopped: Promise<void> | undefined = undefined;

  constructor(name: string) {
    this.name = name;
  }

  get state(): ServiceState {
    return this.#state;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Aborts when the service is to end; for work that the hooks leave running. */
  protected get life(): AbortSignal {
    return this.#life.signal;
  }

  protected starting(_signal: AbortSignal): Promise<void> {
    return Promise.resolve();
  }

  protected running?(signal: AbortSignal): Promise<void>;

  protected stopping(): Promise<void> {
    return Promise.resolve();
  }

  onChange(listener: (state: ServiceState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#state !== "new") {
      return Promise.reject(
        new NarthexError("internal", `start ${this.name}: it is ${this.#state} already`),
      );
    }
    this.#to("starting");
    this.#started = this.#start(signal);
    return this.#started;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const linked = linkSignals(signal, this.#life.signal);
    try {
      await this.starting(linked.signal);
      if (linked.signal.aborted) {
        throw new NarthexError("canceled", `start ${this.name}: canceled`);
      }
    } catch (error) {
      await this.#cleanUp(error);
      throw error;
    } finally {
      linked.dispose();
    }
    this.#to("running");
    if (this.running) this.#background = this.#run(this.running(this.#life.signal));
  }

  async #run(work: Promise<void>): Promise<void> {
    try {
      await work;
      if (this.#life.signal.aborted) return;
      throw new NarthexError("internal", `${this.name} ended by itself`);
    } catch (error) {
      if (this.#life.signal.aborted && this.#state === "stopping") return;
      await this.#cleanUp(error);
    }
  }

  /** After a failure: frees what `starting` took. The first error is the one that is kept. */
  async #cleanUp(error: unknown): Promise<void> {
    this.#life.abort();
    this.#to("stopping");
    try {
      await this.stopping();
    } catch {
      // The failure that led here says more than one of cleaning up after it.
    }
    this.#fail(error);
  }

  async #stop(): Promise<void> {
    if (this.#state === "new") {
      this.#to("terminated");
      return;
    }
    this.#life.abort();
    if (this.#state !== "running") {
      await this.#started?.catch(() => undefined);
      await this.#background;
      return;
    }
    this.#to("stopping");
    try {
      await this.#background;
      await this.stopping();
      this.#to("terminated");
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(messageOf(error));
    this.#to("failed");
  }

  #to(state: ServiceState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

/** A service from functions, for parts too small for a class of their own. */
export function serviceOf(
  name: string,
  hooks: {
    starting?: (signal: AbortSignal) => Promise<void>;
    running?: (signal: AbortSignal) => Promise<void>;
    stopping?: () => Promise<void>;
  },
): Service {
  class HookService extends BaseService {
    protected override starting(signal: AbortSignal): Promise<void> {
      return hooks.starting?.(signal) ?? Promise.resolve();
    }
    protected override stopping(): Promise<void> {
      return hooks.stopping?.() ?? Promise.resolve();
    }
  }
  class RunningService extends HookService {
    protected override running(signal: AbortSignal): Promise<void> {
      return hooks.running?.(signal) ?? Promise.resolve();
    }
  }
  return hooks.running ? new RunningService(name) : new HookService(name);
}
