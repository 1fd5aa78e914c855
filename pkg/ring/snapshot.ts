import type { InstanceState } from "./instance.ts";

/** An instance as a ring saw it last. */
export interface RingInstance {
  /** In `RingSnapshot.instances`. */
  readonly index: number;
  readonly id: string;
  /** `host:port` of its gRPC server. */
  readonly address: string;
  readonly zone: string;
  readonly state: InstanceState;
  /** Its lease has not run out and nobody has reported it unreachable since its last heartbeat. */
  readonly healthy: boolean;
  /** New data may go to it: ACTIVE and healthy. */
  readonly writable: boolean;
  /** It can be asked: ACTIVE, READONLY or LEAVING, and healthy. */
  readonly readable: boolean;
  /** It may hold data that others lack: all but LEFT, and but new ones not yet ACTIVE. */
  readonly mayHoldData: boolean;
}

/** Whom to ask, and how many of them may fail to answer without data being missed. */
export interface ReadSet {
  /** All that may hold data, the ones that cannot be asked now included. */
  readonly instances: readonly RingInstance[];
  /** `zones`: all of a zone's instances count as one. */
  readonly by: "instances" | "zones";
  /** How many instances or zones may be missing. */
  readonly maxMissing: number;
}

/** Parts of a snapshot. */
export interface SnapshotInit {
  readonly version: number;
  readonly instances: readonly RingInstance[];
  readonly slots: number;
  readonly replicationFactor: number;
  readonly zoneAware: boolean;
  readonly replicaTable: Int16Array;
  readonly writeTable: Int16Array;
}

/**
 * The ring at one moment; it never changes. Take one per request, so that all of a request sees the
 * same instances under the same indexes.
 */
export class RingSnapshot {
  /** Grows with each change. */
  readonly version: number;
  /** By index; sorted by id. LEFT ones are not among them. */
  readonly instances: readonly RingInstance[];
  /** Number of slots, a power of two. */
  readonly slots: number;
  readonly replicationFactor: number;
  readonly zoneAware: boolean;
  /** `[slot * replicationFactor + i]`: where the slot's data belongs, healthy or not; -1: nobody. */
  readonly replicaTable: Int16Array;
  /** As `replicaTable`, with instances that cannot be written to replaced by the next that can. */
  readonly writeTable: Int16Array;
  readonly #shift: number;

  constructor(init: SnapshotInit) {
    this.version = init.version;
    this.instances = init.instances;
    this.slots = init.slots;
    this.replicationFactor = init.replicationFactor;
    this.zoneAware = init.zoneAware;
    this.replicaTable = init.replicaTable;
    this.writeTable = init.writeTable;
    this.#shift = 32 - Math.log2(init.slots);
  }

  /** How many replicas must have taken a series before it counts as written. */
  get writeQuorum(): number {
    return Math.floor(this.replicationFactor / 2) + 1;
  }

  /**
   * The slot of a series. The hash is mixed first: those in use (FNV-1 among them) leave the upper
   * bits of short keys poor.
   * @param hash any 32 bits.
   */
  slotOf(hash: number): number {
    let h = hash | 0;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    return (h ^ (h >>> 16)) >>> this.#shift;
  }

  /** Indexes of the instances where the slot's data belongs; a view, -1 where there is none. */
  replicas(slot: number): Int16Array {
    const at = slot * this.replicationFactor;
    return this.replicaTable.subarray(at, at + this.replicationFactor);
  }

  /** Indexes of the instances to write the slot's data to now; a view, -1 where there is none. */
  writeReplicas(slot: number): Int16Array {
    const at = slot * this.replicationFactor;
    return this.writeTable.subarray(at, at + this.replicationFactor);
  }

  /** True if `id` is the first of the hash's slot that can be written to: for work done once. */
  owns(hash: number, id: string): boolean {
    const owner = this.writeTable[this.slotOf(hash) * this.replicationFactor]!;
    return owner >= 0 && this.instances[owner]!.id === id;
  }

  /**
   * The instances that may hold a tenant's data. What was written was acknowledged by
   * `writeQuorum` instances (in as many zones, where zones are on), so that any
   * `writeQuorum - 1` of them (or all of as many zones) may be missing.
   */
  readSet(): ReadSet {
    return {
      instances: this.instances.filter((instance) => instance.mayHoldData),
      by: this.zoneAware ? "zones" : "instances",
      maxMissing: this.writeQuorum - 1,
    };
  }
}
