import HashRing from "hashring";
import type { Pacer } from "#pkg/async/mod.ts";

/**
 * Digests per instance, of four points each. 256 points put an instance's share within about 6 %
 * of the mean, which is what the number of slots allows to see.
 */
const DIGESTS_PER_INSTANCE = 64;

/** How much of each slot's order is laid out in the table; beyond it, the continuum is asked. */
const DEPTH = 8;

/**
 * The order of instances for each slot, by their place on a ketama continuum after the slot's. It
 * depends on the set of ids alone: another instance more or less leaves the others in their order.
 */
export class Continuum {
  /** Sorted, so that every process resolves equal points alike. */
  readonly ids: readonly string[];
  /** Entries per slot in `table`. */
  readonly depth: number;
  /** `table[slot * depth + i]` is the index in `ids` of the slot's i-th instance. */
  readonly table: Int16Array;
  readonly #ring: HashRing;
  readonly #indexes: ReadonlyMap<string, number>;

  private constructor(ids: readonly string[], weight: (id: string) => number, slots: number) {
    this.ids = [...ids].sort();
    this.#indexes = new Map(this.ids.map((id, index) => [id, index]));
    this.depth = Math.min(DEPTH, this.ids.length);
    this.table = new Int16Array(slots * this.depth);
    const vnodes = (id: string): number => DIGESTS_PER_INSTANCE * weight(id);
    // Counts are given per instance: hashring's own division by weights loses a digest to
    // rounding for some numbers of instances, and would move slots among those that stay.
    this.#ring = new HashRing(
      Object.fromEntries(this.ids.map((id) => [id, { vnodes: vnodes(id) }])),
      "md5",
      { "vnode count": 1, "max cache size": 1 },
    );
  }

  /**
   * @param weight relative number of points; a whole number.
   * @param pacer lets the event loop run while the table is laid out.
   */
  static async build(
    ids: readonly string[],
    slots: number,
    pacer: Pacer,
    weight: (id: string) => number = () => 1,
  ): Promise<Continuum> {
    const continuum = new Continuum(ids, weight, slots);
    for (let slot = 0; slot < slots; slot++) {
      const order = continuum.order(slot, continuum.depth);
      for (let i = 0; i < order.length; i++) {
        continuum.table[slot * continuum.depth + i] = order[i]!;
      }
      if (pacer.due()) await pacer.yield();
    }
    return continuum;
  }

  /** A continuum to be asked by `order` alone. */
  static withoutTable(ids: readonly string[]): Continuum {
    return new Continuum(ids, () => 1, 0);
  }

  /** The first `count` instances of `slot` as indexes in `ids`; costs a hash and a search. */
  order(slot: number, count: number): number[] {
    if (count === 0) return [];
    return this.#ring.range(`slot/${slot}`, count).map((id) => this.#indexes.get(id) as number);
  }
}
