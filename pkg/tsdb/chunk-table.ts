import { type ByteArena, PAGE_BITS, PAGE_MASK } from "./arena.ts";

/**
 * Closed chunks of the head: where their bytes lie, their times, and the next chunk of the same
 * series. Numbers of dropped chunks are reused.
 */
export class ChunkTable {
  readonly arena: ByteArena;
  mint: Float64Array = new Float64Array(16);
  maxt: Float64Array = new Float64Array(16);
  address: Uint32Array = new Uint32Array(16);
  byteCount: Uint32Array = new Uint32Array(16);
  /** `ChunkEncoding` of the chunk. */
  encoding: Uint8Array = new Uint8Array(16);
  /** Which cut of the head will take the chunk: see `Head.beginCut`. */
  generation: Uint32Array = new Uint32Array(16);
  /** Generation of chunks that are added from now on. */
  currentGeneration = 1;
  /** Next chunk of the series, -1 at the end; of a free number, the next free one. */
  next: Int32Array = new Int32Array(16);
  /** Live chunks. */
  count = 0;
  #length = 0;
  #firstFree = -1;

  constructor(arena: ByteArena) {
    this.arena = arena;
  }

  /** Adds a chunk with a copy of `source[start, end)`. */
  add(
    { mint, maxt, encoding }: { mint: number; maxt: number; encoding: number },
    source: Uint8Array,
    start: number,
    end: number,
  ): number {
    let id = this.#firstFree;
    if (id >= 0) this.#firstFree = this.next[id]!;
    else {
      if (this.#length === this.next.length) this.#grow();
      id = this.#length++;
    }
    const address = this.arena.alloc(end - start);
    const page = this.arena.pages[address >>> PAGE_BITS]!;
    const at = address & PAGE_MASK;
    for (let i = start, to = at; i < end; ) page[to++] = source[i++]!;
    this.mint[id] = mint;
    this.maxt[id] = maxt;
    this.encoding[id] = encoding;
    this.address[id] = address;
    this.byteCount[id] = end - start;
    this.generation[id] = this.currentGeneration;
    this.next[id] = -1;
    this.count++;
    return id;
  }

  /** Drops a chunk; its number and bytes are reused from now on. */
  remove(id: number): void {
    this.arena.free(this.address[id]!, this.byteCount[id]!);
    this.next[id] = this.#firstFree;
    this.#firstFree = id;
    this.count--;
  }

  /** Copies the chunk's bytes to `into` at `at`. */
  copy(id: number, into: Uint8Array, at: number): void {
    const address = this.address[id]!;
    const start = address & PAGE_MASK;
    const page = this.arena.pages[address >>> PAGE_BITS]!;
    const count = this.byteCount[id]!;
    if (count > 128) into.set(page.subarray(start, start + count), at);
    else for (let i = 0; i < count; i++) into[at + i] = page[start + i]!;
  }

  get bytesReserved(): number {
    return this.next.length * 37;
  }

  #grow(): void {
    const length = this.next.length < 4096 ? this.next.length * 2 : this.next.length * 1.25;
    const resize = <T extends { set(from: T): void }>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.mint = resize(this.mint, new Float64Array(length));
    this.maxt = resize(this.maxt, new Float64Array(length));
    this.address = resize(this.address, new Uint32Array(length));
    this.byteCount = resize(this.byteCount, new Uint32Array(length));
    this.encoding = resize(this.encoding, new Uint8Array(length));
    this.generation = resize(this.generation, new Uint32Array(length));
    this.next = resize(this.next, new Int32Array(length));
  }
}
