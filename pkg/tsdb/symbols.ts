/** A map this large is split, so that no insert ever moves more than so many entries. */
const SHARD_ENTRIES = 4096;
const SHARDS = 256;

/**
 * A map that many entries can be added to without a long pause: a `Map` moves all its entries when it
 * doubles, so a large one is split into many.
 */
export class ShardedMap<K, V> {
  readonly #hashOf: (key: K) => number;
  #small: Map<K, V> | undefined = new Map();
  #shards: Map<K, V>[] = [];

  /** @param hashOf spreads keys over integers; the lowest bits count. */
  constructor(hashOf: (key: K) => number) {
    this.#hashOf = hashOf;
  }

  get(key: K): V | undefined {
    return this.#shardOf(key).get(key);
  }

  set(key: K, value: V): void {
    const shard = this.#shardOf(key);
    shard.set(key, value);
    if (shard === this.#small && shard.size > SHARD_ENTRIES) this.#split(shard);
  }

  delete(key: K): void {
    this.#shardOf(key).delete(key);
  }

  get isEmpty(): boolean {
    return this.#small ? this.#small.size === 0 : this.#shards.every((shard) => shard.size === 0);
  }

  *entries(): Generator<[K, V]> {
    if (this.#small) yield* this.#small;
    for (const shard of this.#shards) yield* shard;
  }

  *keys(): Generator<K> {
    if (this.#small) yield* this.#small.keys();
    for (const shard of this.#shards) yield* shard.keys();
  }

  #shardOf(key: K): Map<K, V> {
    return this.#small ?? this.#shards[this.#hashOf(key) & (SHARDS - 1)]!;
  }

  #split(small: Map<K, V>): void {
    this.#shards = Array.from({ length: SHARDS }, () => new Map<K, V>());
    this.#small = undefined;
    for (const [key, value] of small) this.#shardOf(key).set(key, value);
  }
}

/** Spreads texts by their length and four of their characters; most differ near the end. */
function hashOfText(text: string): number {
  const last = text.length - 1;
  return (
    text.length * 31 +
    text.charCodeAt(last) * 7 +
    text.charCodeAt(last - 1) * 67 +
    text.charCodeAt(last - 2) * 131 +
    text.charCodeAt(last >> 1) * 13
  );
}

/** Interned strings of a head, each with the number of times that its series use it. */
export class Symbols {
  /** By id; what an id stands for changes only by `release`. */
  readonly strings: string[] = [];
  readonly #ids = new ShardedMap<string, number>(hashOfText);
  #uses: Int32Array = new Int32Array(64);
  readonly #free: number[] = [];
  /** Ids that nobody used at some time, and may use again by now. */
  #unused: number[] = [];

  /** The id of `text`, which is used once more. */
  intern(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) {
      this.#uses[known]!++;
      return known;
    }
    const id = this.#free.pop() ?? this.strings.length;
    if (id === this.#uses.length) {
      const grown = new Int32Array(id < 4096 ? 2 * id : 1.5 * id);
      grown.set(this.#uses);
      this.#uses = grown;
    }
    this.#uses[id] = 1;
    this.strings[id] = text;
    this.#ids.set(text, id);
    return id;
  }

  /** The id of `text`, or -1 where no series uses it. */
  find(text: string): number {
    return this.#ids.get(text) ?? -1;
  }

  /** Ends one use. The string stays until `release`: answers under way may show it. */
  disuse(id: number): void {
    this.#uses[id]!--;
    if (this.#uses[id] === 0) this.#unused.push(id);
  }

  /** The ids that lost their last use since this was called last; for `release`. */
  takeUnused(): number[] {
    const unused = this.#unused;
    this.#unused = [];
    return unused;
  }

  /** Forgets those of `ids` that are still not used; their numbers will stand for other strings. */
  release(ids: readonly number[]): void {
    for (const id of ids) {
      const text = this.strings[id]!;
      if (this.#uses[id] !== 0 || this.#ids.get(text) !== id) continue;
      this.#ids.delete(text);
      this.strings[id] = "";
      this.#free.push(id);
    }
  }

  /** Strings in use. */
  get count(): number {
    return this.strings.length - this.#free.length;
  }
}
