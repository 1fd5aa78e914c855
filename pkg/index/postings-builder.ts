import { Pacer, yieldNow } from "#pkg/async/mod.ts";

/** Labels counted between two yields. */
const SLICE = 1 << 20;

/** One label pair, by the places of name and value among the symbols, and where its list is. */
export interface BuiltPair {
  readonly name: number;
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** All postings lists of an index: `lists[start, end)` for each pair, in order of the pairs. */
export interface BuiltPostings {
  readonly all: Uint32Array;
  readonly pairs: readonly BuiltPair[];
  readonly lists: Uint32Array;
}

/** A `Uint32Array` that grows. */
class GrowingList {
  items = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.items.length) {
      const grown = new Uint32Array(this.items.length * 2);
      grown.set(this.items);
      this.items = grown;
    }
    this.items[this.length++] = value;
  }
}

/**
 * Gathers which series has which label pair, in two flat lists, and sorts them into postings lists
 * by counting. Costs 4 bytes a label while it gathers and as much again while it builds.
 */
export class PostingsBuilder {
  readonly #refs = new GrowingList();
  readonly #labelCounts = new GrowingList();
  /** The pair of every label of every series, in order. */
  readonly #labels = new GrowingList();
  readonly #pairs = new Map<number, Map<number, number>>();
  #pairCount = 0;

  /** Adds a series; references must ascend. `symbols` holds names and values in turn. */
  add(ref: number, symbols: readonly number[]): void {
    this.#refs.push(ref);
    this.#labelCounts.push(symbols.length / 2);
    for (let i = 0; i < symbols.length; i += 2) {
      this.#labels.push(this.#pairOf(symbols[i]!, symbols[i + 1]!));
    }
  }

  /** The lists; references ascend in each. Yields to the event loop now and then. */
  async build(): Promise<BuiltPostings> {
    const pacer = new Pacer();
    const counts = new Uint32Array(this.#pairCount);
    const labels = this.#labels.items;
    for (let at = 0; at < this.#labels.length; at += SLICE) {
      const end = Math.min(at + SLICE, this.#labels.length);
      for (let i = at; i < end; i++) counts[labels[i]!]!++;
      await yieldNow();
    }
    const pairs: BuiltPair[] = [];
    const next = new Uint32Array(this.#pairCount);
    let at = 0;
    for (const name of sortedKeys(this.#pairs)) {
      const values = this.#pairs.get(name)!;
      for (const value of sortedKeys(values)) {
        const pair = values.get(value)!;
        pairs.push({ name, value, start: at, end: at + counts[pair]! });
        next[pair] = at;
        at += counts[pair]!;
        if (pacer.due()) await pacer.yield();
      }
    }
    const lists = new Uint32Array(this.#labels.length);
    const refs = this.#refs.items;
    for (let series = 0, i = 0; series < this.#refs.length; series++) {
      const ref = refs[series]!;
      for (const end = i + this.#labelCounts.items[series]!; i < end; i++) {
        lists[next[labels[i]!]!++] = ref;
      }
      if (pacer.due()) await pacer.yield();
    }
    return { all: refs.subarray(0, this.#refs.length), pairs, lists };
  }

  #pairOf(name: number, value: number): number {
    let values = this.#pairs.get(name);
    if (!values) {
      values = new Map();
      this.#pairs.set(name, values);
    }
    let pair = values.get(value);
    if (pair === undefined) {
      pair = this.#pairCount++;
      values.set(value, pair);
    }
    return pair;
  }
}

function sortedKeys(map: ReadonlyMap<number, unknown>): Float64Array {
  return Float64Array.from(map.keys()).sort();
}
