import { hostname } from "node:os";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { connectRedis, Lifecycler, RedisRingStore, Ring, type RingStore } from "#pkg/ring/mod.ts";
import { forComponent, type Telemetry } from "#pkg/telemetry/mod.ts";

/** Rings of a cluster and this process's place in them. */
export class Membership {
  readonly instanceId: string;
  readonly store: RingStore;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #disconnect: () => void;

  constructor(config: Config, deps: { clock: Clock; telemetry: Telemetry }) {
    this.#config = config;
    this.#clock = deps.clock;
    this.#telemetry = forComponent(deps.telemetry, "ring");
    this.instanceId = config.instance.id || hostname();
    const redis = connectRedis({
      ...redisAddress(config.ring.redis_url),
      log: this.#telemetry.log,
    });
    this.#disconnect = () => redis.disconnect();
    this.store = new RedisRingStore(redis, {
      prefix: `${config.ring.key_prefix}ring`,
      log: this.#telemetry.log,
    });
  }

  /** The ring of a role, to be watched. */
  ring(name: string): Ring {
    const { ring } = this.#config;
    const deps = { store: this.store, clock: this.#clock, telemetry: this.#telemetry };
    // A tenant has one compactor, in whatever zone.
    const isShared = name !== "compactor";
    return new Ring(deps, {
      name,
      replicationFactor: isShared ? ring.replication_factor : 1,
      zoneAware: isShared && ring.zone_awareness,
      heartbeatTimeoutMs: ring.heartbeat_timeout,
    });
  }

  /** This process's lease in the ring of a role. */
  lifecycler(name: string, address: string, hasData: boolean): Lifecycler {
    const deps = { store: this.store, clock: this.#clock, telemetry: this.#telemetry };
    return new Lifecycler(deps, {
      name,
      id: this.instanceId,
      address,
      zone: this.#config.instance.zone,
      heartbeatPeriodMs: this.#config.ring.heartbeat_period,
      hasData,
    });
  }

  close(): void {
    this.#disconnect();
  }
}

/** `redis[s]://[user:password@]host:port[/db]` as connection settings. */
function redisAddress(url: string): {
  addresses: string[];
  username?: string;
  password?: string;
  db?: number;
  tls?: boolean;
} {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new NarthexError("bad_data", "ring.redis_url: want redis://host:port");
  }
  if (parsed.protocol !== "redis:" && parsed.protocol !== "rediss:") {
    throw new NarthexError(
      "bad_data",
      `ring.redis_url: want redis:// or rediss://, got ${parsed.protocol}//`,
    );
  }
  const db = Number(parsed.pathname.slice(1) || "0");
  return {
    addresses: [`${parsed.hostname}:${parsed.port || "6379"}`],
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...(db > 0 ? { db } : {}),
    ...(parsed.protocol === "rediss:" ? { tls: true } : {}),
  };
}
