import { assert } from "#pkg/errs/mod.ts";
import { type ByteArena, PAGE_BITS, PAGE_MASK } from "./arena.ts";

/**
 * A closed chunk, one row of 32 bytes:
 *
 *     word 0   f64  first timestamp, ms     word 4  address of the bytes
 *     word 2   f64  last timestamp               5  count of bytes
 *                                                6  encoding | generation << 8
 *                                                7  next chunk of the series, -1 at the end;
 *                                                   of a free number, the next free one
 */
const ROW_WORDS = 8;
const ROW_DOUBLES = 4;
const MINT = 0;
const MAXT = 1;
const ADDRESS = 4;
const BYTE_COUNT = 5;
const KIND = 6;
const NEXT = 7;
const ROWS_PER_PAGE_BITS = 12;
const ROWS_PER_PAGE = 1 << ROWS_PER_PAGE_BITS;
const ROW_MASK = ROWS_PER_PAGE - 1;
const FIRST_PAGE_ROWS = 8;
/** Generations have 24 bits. */
const GENERATION_MAX = 0xffffff;

/** What is known of a chunk beside its bytes. */
export interface ChunkRange {
  readonly mint: number;
  readonly maxt: number;
  /** `ChunkEncoding` of the chunk. */
  readonly encoding: number;
}

/**
 * Closed chunks of the head: where their bytes lie, their times, and the next chunk of the same
 * series. Numbers of dropped chunks are reused. Rows lie in pages, so that growing copies nothing.
 */
export class ChunkTable {
  readonly arena: ByteArena;
  readonly #words: Int32Array[] = [];
  readonly #doubles: Float64Array[] = [];
  /** Generation of chunks that are added from now on; see `beginCut`. */
  currentGeneration = 1;
  /** Live chunks. */
  count = 0;
  #length = 0;
  #firstFree = -1;

  constructor(arena: ByteArena) {
    this.arena = arena;
  }

  /** Adds a chunk with a copy of `source[start, end)`. */
  add(
    { mint, maxt, encoding }: ChunkRange,
    source: Uint8Array,
    start: number,
    end: number,
  ): number {
    const id = this.#newRow();
    const address = this.arena.alloc(end - start);
    const page = this.arena.pages[address >>> PAGE_BITS]!;
    for (let i = start, to = address & PAGE_MASK; i < end; ) page[to++] = source[i++]!;
    const words = this.#words[id >>> ROWS_PER_PAGE_BITS]!;
    const doubles = this.#doubles[id >>> ROWS_PER_PAGE_BITS]!;
    const word = (id & ROW_MASK) * ROW_WORDS;
    doubles[word / 2 + MINT] = mint;
    doubles[word / 2 + MAXT] = maxt;
    words[word + ADDRESS] = address;
    words[word + BYTE_COUNT] = end - start;
    words[word + KIND] = encoding | (this.currentGeneration << 8);
    words[word + NEXT] = -1;
    this.count++;
    return id;
  }

  /** Drops a chunk; its number and bytes are reused from now on. */
  remove(id: number): void {
    this.arena.free(this.#word(id, ADDRESS) >>> 0, this.#word(id, BYTE_COUNT));
    this.setNext(id, this.#firstFree);
    this.#firstFree = id;
    this.count--;
  }

  /** Chunks that are there now belong to the generation that is returned, later ones to the next. */
  nextGeneration(): number {
    const generation = this.currentGeneration;
    assert(generation < GENERATION_MAX, "a head is not cut 16 million times");
    this.currentGeneration++;
    return generation;
  }

  /** First timestamp, ms. */
  mint(id: number): number {
    return this.#doubles[id >>> ROWS_PER_PAGE_BITS]![(id & ROW_MASK) * ROW_DOUBLES + MINT]!;
  }

  /** Last timestamp, ms. */
  maxt(id: number): number {
    return this.#doubles[id >>> ROWS_PER_PAGE_BITS]![(id & ROW_MASK) * ROW_DOUBLES + MAXT]!;
  }

  encoding(id: number): number {
    return this.#word(id, KIND) & 0xff;
  }

  /** Which cut of the head will take the chunk. */
  generation(id: number): number {
    return this.#word(id, KIND) >>> 8;
  }

  byteCount(id: number): number {
    return this.#word(id, BYTE_COUNT);
  }

  /** The next chunk of the series, or -1. */
  next(id: number): number {
    return this.#word(id, NEXT);
  }

  setNext(id: number, next: number): void {
    this.#words[id >>> ROWS_PER_PAGE_BITS]![(id & ROW_MASK) * ROW_WORDS + NEXT] = next;
  }

  /** Copies the chunk's bytes to `into` at `at`. */
  copy(id: number, into: Uint8Array, at: number): void {
    const address = this.#word(id, ADDRESS) >>> 0;
    const start = address & PAGE_MASK;
    const page = this.arena.pages[address >>> PAGE_BITS]!;
    const count = this.#word(id, BYTE_COUNT);
    if (count > 128) into.set(page.subarray(start, start + count), at);
    else for (let i = 0; i < count; i++) into[at + i] = page[start + i]!;
  }

  get bytesReserved(): number {
    let bytes = 0;
    for (const page of this.#words) bytes += page.byteLength;
    return bytes;
  }

  #word(id: number, word: number): number {
    return this.#words[id >>> ROWS_PER_PAGE_BITS]![(id & ROW_MASK) * ROW_WORDS + word]!;
  }

  #newRow(): number {
    const free = this.#firstFree;
    if (free >= 0) {
      this.#firstFree = this.next(free);
      return free;
    }
    const id = this.#length++;
    const at = id >>> ROWS_PER_PAGE_BITS;
    const page = this.#words[at];
    if (page !== undefined && (id & ROW_MASK) * ROW_WORDS < page.length) return id;
    let rows = ROWS_PER_PAGE;
    if (at === 0) rows = page === undefined ? FIRST_PAGE_ROWS : (2 * page.length) / ROW_WORDS;
    const buffer = new ArrayBuffer(rows * ROW_WORDS * 4);
    const words = new Int32Array(buffer);
    if (page !== undefined) words.set(page);
    this.#words[at] = words;
    this.#doubles[at] = new Float64Array(buffer);
    return id;
  }
}
