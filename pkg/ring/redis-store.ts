import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import { decodeEntry, encodeEntry, type InstanceEntry } from "./instance.ts";
import { duplicateRedis, type RedisClient } from "./redis-client.ts";
import type { RingStore } from "./store.ts";

/** Removes a field if its heartbeat is not newer than the argument; a check and a removal in two
 * steps could remove the lease of an instance that has just come back. */
const REMOVE_SCRIPT = `
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then return 0 end
local ok, entry = pcall(cjson.decode, value)
if ok and entry.heartbeat and entry.heartbeat > tonumber(ARGV[2]) then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
`;

/**
 * The ring store in Redis: one hash per ring, `<prefix>/<ring>`, field = instance id, value = the
 * entry as JSON; changes are announced on the channel of the same name.
 */
export class RedisRingStore implements RingStore {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #log: Logger | undefined;
  #subscriber: RedisClient | undefined = undefined;
  readonly #watchers = new Map<string, Set<() => void>>();

  /** @param redis shared with other users; it is theirs to close. */
  constructor(redis: RedisClient, options: { prefix?: string; log?: Logger } = {}) {
    this.#redis = redis;
    this.#prefix = options.prefix ?? "narthex/ring";
    this.#log = options.log;
  }

  async read(ring: string): Promise<InstanceEntry[]> {
    const fields = await this.#ask("read", ring, () => this.#redis.hgetall(this.#key(ring)));
    const entries: InstanceEntry[] = [];
    for (const [id, value] of Object.entries(fields)) {
      const entry = decodeEntry(value);
      if (entry?.id === id) entries.push(entry);
      else this.#log?.warn({ ring, instance: id }, "ring entry ignored: not readable");
    }
    return entries;
  }

  async write(
    ring: string,
    entry: InstanceEntry,
    announce: boolean,
  ): Promise<InstanceEntry | undefined> {
    const key = this.#key(ring);
    const results = await this.#ask("write", ring, () =>
      this.#redis.multi().hget(key, entry.id).hset(key, entry.id, encodeEntry(entry)).exec(),
    );
    for (const [error] of results ?? []) {
      if (error) throw this.#unavailable("write", ring, error);
    }
    if (announce) await this.#ask("announce", ring, () => this.#redis.publish(key, entry.id));
    const before: unknown = results?.[0]?.[1];
    return typeof before === "string" ? decodeEntry(before) : undefined;
  }

  async remove(ring: string, id: string, heartbeatAtMost: number): Promise<boolean> {
    const key = this.#key(ring);
    const removed = await this.#ask("remove", ring, () =>
      this.#redis.eval(REMOVE_SCRIPT, 1, key, id, heartbeatAtMost),
    );
    if (removed === 1) await this.#ask("announce", ring, () => this.#redis.publish(key, id));
    return removed === 1;
  }

  watch(ring: string, onChange: () => void): () => void {
    const key = this.#key(ring);
    let watchers = this.#watchers.get(key);
    if (!watchers) {
      watchers = new Set();
      this.#watchers.set(key, watchers);
      this.#subscribe(key);
    }
    watchers.add(onChange);
    return () => {
      watchers.delete(onChange);
      if (watchers.size > 0 || this.#watchers.get(key) !== watchers) return;
      this.#watchers.delete(key);
      if (this.#watchers.size === 0) this.close();
      else this.#quietly(this.#subscriber?.unsubscribe(key));
    };
  }

  /** Ends the subscription; the store still reads and writes. */
  close(): void {
    this.#subscriber?.disconnect();
    this.#subscriber = undefined;
  }

  #subscribe(key: string): void {
    if (!this.#subscriber) {
      // A connection that subscribes can do nothing else. It re-subscribes when it comes back.
      this.#subscriber = duplicateRedis(this.#redis);
      this.#subscriber.on("error", (err: Error) => this.#log?.debug({ err }, "redis connection"));
      this.#subscriber.on("message", (channel: string) => {
        for (const watcher of [...(this.#watchers.get(channel) ?? [])]) watcher();
      });
    }
    this.#quietly(this.#subscriber.subscribe(key));
  }

  /** Watching is a hint on top of polling, so that a failure needs no more than a line. */
  #quietly(work: Promise<unknown> | undefined): void {
    work?.catch((err: unknown) => this.#log?.debug({ err }, "redis subscription"));
  }

  #key(ring: string): string {
    return `${this.#prefix}/${ring}`;
  }

  async #ask<T>(verb: string, ring: string, command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw this.#unavailable(verb, ring, error);
    }
  }

  #unavailable(verb: string, ring: string, error: unknown): NarthexError {
    const message = `${verb} ring ${ring} in redis: ${messageOf(error)}`;
    return new NarthexError("unavailable", message, { cause: error });
  }
}
