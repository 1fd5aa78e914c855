/** Rates over the last while. */
export interface LoadRates {
  /** Samples appended to the log a second. */
  readonly inPerSecond: number;
  /** Samples sent a second. */
  readonly outPerSecond: number;
  /** Seconds that shards were busy, a second; 2.5 is two and a half shards' work. */
  readonly busy: number;
}

/** New rates count this much against what was before. */
const WEIGHT = 0.2;

/** Counts what a remote's shards do, to tell how many it needs. */
export class ShardLoad {
  #sent = 0;
  #busyMs = 0;
  #appendedBefore = -1;
  #rates: LoadRates | undefined = undefined;
  /** Newest timestamp that was handed to a shard, ms. */
  highestMs = -Infinity;

  /** A batch took `ms` from its first attempt to its last. */
  sent(samples: number, ms: number): void {
    this.#sent += samples;
    this.#busyMs += ms;
  }

  /** The rates, and a new while; `appended` counts the samples in the log. */
  take(overMs: number, appended: number): LoadRates {
    const grown = this.#appendedBefore < 0 ? 0 : appended - this.#appendedBefore;
    this.#appendedBefore = appended;
    const now = {
      inPerSecond: (grown * 1000) / overMs,
      outPerSecond: (this.#sent * 1000) / overMs,
      busy: this.#busyMs / overMs,
    };
    this.#sent = 0;
    this.#busyMs = 0;
    const before = this.#rates ?? now;
    const mix = (a: number, b: number): number => a + (b - a) * WEIGHT;
    this.#rates = {
      inPerSecond: mix(before.inPerSecond, now.inPerSecond),
      outPerSecond: mix(before.outPerSecond, now.outPerSecond),
      busy: mix(before.busy, now.busy),
    };
    return this.#rates;
  }
}

/** Share of the backlog that is worked off in a second, in the plan. */
const CATCH_UP_PER_SECOND = 0.1;
/** Changes by less than this are not worth emptying all shards. */
const TOLERANCE = 0.3;

/**
 * How many shards the load asks for: those that keep up with what comes in, and more for the
 * backlog. Without a single batch sent there is nothing to go by, and nothing changes.
 */
export function desiredShards(state: {
  readonly load: LoadRates;
  readonly current: number;
  /** Samples that wait in shards. */
  readonly pending: number;
  /** By how much the newest sample read is behind the log. */
  readonly behindMs: number;
}): number {
  const { load, current, pending, behindMs } = state;
  if (load.outPerSecond <= 0) return current;
  const secondsPerSample = load.busy / load.outPerSecond;
  const behindSeconds = Number.isFinite(behindMs) ? behindMs / 1000 : 0;
  const backlog = Math.max(pending, behindSeconds * load.inPerSecond);
  const desired = secondsPerSample * (load.inPerSecond + backlog * CATCH_UP_PER_SECOND);
  const near = desired > current * (1 - TOLERANCE) && desired < current * (1 + TOLERANCE);
  return near ? current : desired;
}
