import type { Pacer } from "#pkg/async/mod.ts";
import { Continuum } from "./continuum.ts";

/** What placement needs to know of an instance. */
export interface Placeable {
  readonly id: string;
  readonly zone: string;
}

/** How instances are placed. */
export interface PlacementOptions {
  /** A power of two. */
  readonly slots: number;
  readonly replicationFactor: number;
  /** True: each replica of a slot in a zone of its own. */
  readonly zoneAware: boolean;
}

interface Zone {
  readonly continuum: Continuum;
  /** From an index in `continuum.ids` to the instance's index in the ring. */
  readonly toInstance: Int16Array;
}

/**
 * The order of instances per slot, laid out for one set of ids and zones. Which of them are in use
 * is given to `fill`, so that a change of health costs a walk over the tables and no hashing.
 */
export class Placement {
  readonly options: PlacementOptions;
  readonly #zones: readonly Zone[];
  /** Order of zones per slot, where there are more than replicas. Its indexes are those of zones. */
  readonly #zoneOrder: Continuum | undefined;

  private constructor(options: PlacementOptions, zones: readonly Zone[], zoneOrder?: Continuum) {
    this.options = options;
    this.#zones = zones;
    this.#zoneOrder = zoneOrder;
  }

  /** Lays out `instances`; indexes in this list are what `fill` writes. */
  static async build(
    instances: readonly Placeable[],
    options: PlacementOptions,
    pacer: Pacer,
  ): Promise<Placement> {
    const { slots, zoneAware, replicationFactor } = options;
    const groups = new Map<string, number[]>();
    instances.forEach(({ zone }, index) => {
      const key = zoneAware ? zone : "";
      const group = groups.get(key);
      if (group) group.push(index);
      else groups.set(key, [index]);
    });
    const zones: Zone[] = [];
    const names = [...groups.keys()].sort();
    for (const name of names) {
      const members = groups.get(name) as number[];
      const indexes = new Map(members.map((index) => [instances[index]!.id, index]));
      const continuum = await Continuum.build([...indexes.keys()], slots, pacer);
      const toInstance = Int16Array.from(continuum.ids, (id) => indexes.get(id) as number);
      zones.push({ continuum, toInstance });
    }
    if (!zoneAware || zones.length <= replicationFactor) return new Placement(options, zones);
    // Zones weigh as many points as they have instances; sorted alike here and there, they have
    // the same indexes.
    const ids = names.map((name) => `zone/${name}`);
    const weight = (id: string): number => (groups.get(id.slice(5)) as number[]).length;
    return new Placement(options, zones, await Continuum.build(ids, slots, pacer, weight));
  }

  /**
   * Writes `replicationFactor` instances per slot into `table`, the first ones in the slot's order
   * for which `usable` holds; with zones, one per zone. What cannot be filled is -1.
   */
  fill(table: Int16Array, usable: (instance: number) => boolean): void {
    const { slots, replicationFactor, zoneAware } = this.options;
    table.fill(-1);
    const walks = this.#zones.map((zone) => new Walk(zone, usable));
    const pick = new Int16Array(replicationFactor);
    for (let slot = 0; slot < slots; slot++) {
      const at = slot * replicationFactor;
      if (!zoneAware) {
        const found = walks[0]?.first(slot, replicationFactor, pick) ?? 0;
        for (let i = 0; i < found; i++) table[at + i] = pick[i]!;
        continue;
      }
      let filled = 0;
      for (let i = 0; i < walks.length && filled < replicationFactor; i++) {
        const walk = walks[this.#zoneAt(slot, i)]!;
        if (walk.first(slot, 1, pick) === 1) table[at + filled++] = pick[0]!;
      }
    }
  }

  /** The i-th zone of a slot. */
  #zoneAt(slot: number, i: number): number {
    const order = this.#zoneOrder;
    if (!order) return i;
    if (i < order.depth) return order.table[slot * order.depth + i]!;
    return order.order(slot, i + 1)[i]!;
  }
}

/** Finds the first usable instances of a slot in one zone. */
class Walk {
  readonly #zone: Zone;
  readonly #usable: Uint8Array;
  #usableCount = 0;
  /** The usable instances alone, for slots whose order in the table is used up. */
  #rest: { continuum: Continuum; toInstance: Int16Array } | undefined = undefined;

  constructor(zone: Zone, usable: (instance: number) => boolean) {
    this.#zone = zone;
    this.#usable = Uint8Array.from(zone.toInstance, (instance) => (usable(instance) ? 1 : 0));
    for (const one of this.#usable) this.#usableCount += one;
  }

  /** Writes up to `count` instances to `out`; returns how many there are. */
  first(slot: number, count: number, out: Int16Array): number {
    const { continuum, toInstance } = this.#zone;
    const { depth, table } = continuum;
    const want = Math.min(count, this.#usableCount);
    let found = 0;
    for (let i = slot * depth, end = i + depth; i < end && found < want; i++) {
      const index = table[i]!;
      if (this.#usable[index] === 1) out[found++] = toInstance[index]!;
    }
    return found < want ? this.#beyond(slot, want, out) : found;
  }

  /** A continuum of the usable ones alone has them in the same order. */
  #beyond(slot: number, want: number, out: Int16Array): number {
    const { continuum, toInstance } = this.#zone;
    if (!this.#rest) {
      const ids = continuum.ids.filter((_, index) => this.#usable[index] === 1);
      const usable = toInstance.filter((_, index) => this.#usable[index] === 1);
      this.#rest = { continuum: Continuum.withoutTable(ids), toInstance: usable };
    }
    const order = this.#rest.continuum.order(slot, want);
    for (let i = 0; i < want; i++) out[i] = this.#rest.toInstance[order[i]!]!;
    return want;
  }
}
