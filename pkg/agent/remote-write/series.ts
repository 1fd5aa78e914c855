import { ByteWriter } from "#pkg/encoding/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { LabelSet, type Relabeller } from "#pkg/relabel/mod.ts";
import { decodeLabels, encodeLabels, LabelHasher } from "#pkg/remotewrite/mod.ts";

/** Length of a series that write relabelling dropped. */
export const DROPPED_SERIES = 0xffffffff;

/**
 * The series of one log segment as one remote gets them: external labels added, write relabelling
 * applied. References are dense, so that look-ups are array reads.
 */
export class RemoteSeries {
  readonly #external: Labels;
  readonly #relabeller: Relabeller;
  readonly #hasher = new LabelHasher();
  readonly #arena = new ByteWriter(4096);
  readonly #out = new ByteWriter(512);
  start: Uint32Array = new Uint32Array(64);
  end: Uint32Array = new Uint32Array(64);
  hash: Uint32Array = new Uint32Array(64);
  count = 0;

  constructor(external: Labels, relabeller: Relabeller) {
    this.#external = external;
    this.#relabeller = relabeller;
  }

  /** Label bytes of the series, at `start[ref]` to `end[ref]`; borrowed until the next `define`. */
  get bytes(): Uint8Array {
    return this.#arena.bytes;
  }

  /** Forgets all: a new segment begins. */
  clear(): void {
    this.#arena.clear();
    this.count = 0;
  }

  /** Defines the next reference by the label bytes `bytes[start, end)`. */
  define(bytes: Uint8Array, start: number, end: number): void {
    const ref = this.count;
    if (ref === this.start.length) this.#grow();
    const from = this.#arena.length;
    const kept = this.#append(bytes, start, end);
    const to = this.#arena.length;
    this.start[ref] = from;
    this.end[ref] = kept ? to : DROPPED_SERIES;
    if (kept) {
      const arena = this.#arena.bytes;
      this.#hasher.hash(new DataView(arena.buffer, arena.byteOffset, to), from, to);
      this.hash[ref] = this.#hasher.lo >>> 0;
    }
    this.count = ref + 1;
  }

  #append(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#external.length === 0 && this.#relabeller.size === 0) {
      this.#arena.raw(bytes, start, end);
      return true;
    }
    const set = new LabelSet(decodeLabels(bytes, start, end).labels);
    for (let i = 0; i < this.#external.length; i += 2) {
      const name = this.#external[i]!;
      if (set.get(name) === "") set.set(name, this.#external[i + 1]!);
    }
    if (!this.#relabeller.apply(set)) return false;
    const labels = set.labels();
    if (labels.length === 0) return false;
    this.#out.clear();
    encodeLabels(labels, this.#out);
    this.#arena.raw(this.#out.bytes, 0, this.#out.length);
    return true;
  }

  #grow(): void {
    const size = this.start.length * 2;
    const grow = (old: Uint32Array): Uint32Array => {
      const next = new Uint32Array(size);
      next.set(old);
      return next;
    };
    this.start = grow(this.start);
    this.end = grow(this.end);
    this.hash = grow(this.hash);
  }
}
