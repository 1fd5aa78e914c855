import { Cluster, Redis, type RedisOptions } from "ioredis";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";

/** A connection to Redis in any of its forms. */
export type RedisClient = Redis | Cluster;

/** Where Redis is. */
export interface RedisConnection {
  /** `host:port`; of the sentinels or cluster nodes where `mode` says so. */
  readonly addresses: readonly string[];
  /** Default `single`. */
  readonly mode?: "single" | "sentinel" | "cluster";
  /** The master's name, with `sentinel`. */
  readonly masterName?: string;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: boolean;
  readonly log?: Logger;
}

/** A command that has no answer by then fails; who asks goes on with what it knows. */
const COMMAND_TIMEOUT_MS = 2_000;
const RECONNECT_MAX_MS = 1_000;

/**
 * Connects to Redis, in the background: commands wait for the connection and fail after 2 s or one
 * attempt to reconnect. The connection comes back by itself. End it with `redis.disconnect()`.
 */
export function connectRedis(connection: RedisConnection): RedisClient {
  const hosts = connection.addresses.map(parseAddress);
  const first = hosts[0];
  if (!first) throw new NarthexError("bad_data", "redis: want at least one address");
  const common: Omit<RedisOptions, "replyMapping"> = {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), RECONNECT_MAX_MS),
    // After a failover, the old master answers writes with READONLY.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
    ...(connection.username ? { username: connection.username } : {}),
    ...(connection.password ? { password: connection.password } : {}),
    ...(connection.tls ? { tls: {} } : {}),
  };
  const db = connection.db ?? 0;
  const client = make();
  // ioredis throws where nobody listens; what fails is reported by the command that fails.
  client.on("error", (err: Error) => connection.log?.debug({ err }, "redis connection"));
  return client;

  function make(): RedisClient {
    switch (connection.mode ?? "single") {
      case "cluster":
        return new Cluster(hosts, {
          redisOptions: common,
          clusterRetryStrategy: (attempt) => Math.min(50 * 2 ** attempt, RECONNECT_MAX_MS),
        });
      case "sentinel":
        if (!connection.masterName) {
          throw new NarthexError("bad_data", "redis sentinel: want the master's name");
        }
        return new Redis({ ...common, db, sentinels: hosts, name: connection.masterName });
      default:
        return new Redis({ ...common, ...(first as { host: string; port: number }), db });
    }
  }
}

/** Another connection to the same place. */
export function duplicateRedis(redis: RedisClient): RedisClient {
  return redis instanceof Cluster ? redis.duplicate() : redis.duplicate();
}

function parseAddress(address: string): { host: string; port: number } {
  const match = /^\[?([^\]]+?)\]?:(\d+)$/.exec(address);
  if (!match) throw new NarthexError("bad_data", `redis address ${address}: want host:port`);
  return { host: match[1] as string, port: Number(match[2]) };
}
