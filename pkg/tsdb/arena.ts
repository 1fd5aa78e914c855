// Hot path: alloc and free of chunk buffers; tens of ns, no object per allocation.
import { assert } from "#pkg/errs/mod.ts";

/** log2 of the largest page; an address is `page << PAGE_BITS | offset`. */
export const PAGE_BITS = 20;
const PAGE_BYTES_MAX = 1 << PAGE_BITS;
export const PAGE_MASK = PAGE_BYTES_MAX - 1;
const PAGE_BYTES_MIN = 4096;
/** Addresses are 32 bits. */
const PAGES_MAX = 4096;
/** Allocations are rounded up to a class: steps of 16 bytes up to 512, then of 256. */
const STEP_BYTES = 16;
const FINE_LIMIT_BYTES = 512;
const COARSE_STEP_BYTES = 256;
const FINE_CLASSES = FINE_LIMIT_BYTES / STEP_BYTES;

/**
 * Byte allocator over pages that the garbage collector sees as a few large buffers. Pages grow
 * from 4 KiB, so that a small tenant stays small, to 1 MiB. Freed buffers are reused by size.
 */
export class ByteArena {
  readonly pages: Uint8Array[] = [];
  /** The same pages, of an arena of bytes. */
  readonly views: DataView[] = [];
  /** The same pages as 32-bit words, of an arena of words; addresses are multiples of 16. */
  readonly words: Uint32Array[] = [];
  readonly #kind: "bytes" | "words";
  /** Bytes of all pages. */
  bytesReserved = 0;
  /** Bytes handed out and not freed, rounding included. */
  bytesUsed = 0;
  #next = 0;
  #end = 0;
  readonly #free: (Stack | undefined)[] = [];

  constructor(kind: "bytes" | "words" = "bytes") {
    this.#kind = kind;
  }

  /** The bytes that an allocation of `bytes` really has. */
  static capacityOf(bytes: number): number {
    return bytes <= FINE_LIMIT_BYTES
      ? (bytes + STEP_BYTES - 1) & -STEP_BYTES
      : (bytes + COARSE_STEP_BYTES - 1) & -COARSE_STEP_BYTES;
  }

  /** An address of at least `bytes` bytes in one page, zeroed. `bytes` is at most 1 MiB. */
  alloc(bytes: number): number {
    const capacity = ByteArena.capacityOf(bytes);
    assert(capacity <= PAGE_BYTES_MAX, "arena allocation exceeds a page");
    this.bytesUsed += capacity;
    const stack = this.#free[classOf(capacity)];
    if (stack !== undefined && stack.length > 0) {
      const address = stack.items[--stack.length]!;
      const at = address & PAGE_MASK;
      this.pages[address >>> PAGE_BITS]!.fill(0, at, at + capacity);
      return address;
    }
    if (this.#next + capacity > this.#end) this.#addPage(capacity);
    const address = this.#next;
    this.#next += capacity;
    return address;
  }

  /** Gives back what `alloc(bytes)` gave; nobody may read it any more. */
  free(address: number, bytes: number): void {
    const capacity = ByteArena.capacityOf(bytes);
    this.bytesUsed -= capacity;
    const index = classOf(capacity);
    const stack = (this.#free[index] ??= new Stack());
    stack.push(address);
  }

  #addPage(capacity: number): void {
    // The rest of the last page becomes free buffers rather than waste.
    for (let rest = this.#end - this.#next; rest >= STEP_BYTES; ) {
      const piece = rest > FINE_LIMIT_BYTES ? FINE_LIMIT_BYTES : rest & -STEP_BYTES;
      this.bytesUsed += piece;
      this.free(this.#next, piece);
      this.#next += piece;
      rest -= piece;
    }
    // About half of what there is, so that little of a small arena is spare.
    let size = (this.bytesReserved >>> 1) & -PAGE_BYTES_MIN;
    if (size < PAGE_BYTES_MIN) size = PAGE_BYTES_MIN;
    if (size < capacity) size = (capacity + PAGE_BYTES_MIN - 1) & -PAGE_BYTES_MIN;
    if (size > PAGE_BYTES_MAX) size = PAGE_BYTES_MAX;
    assert(this.pages.length < PAGES_MAX, "arena is full: 4 GiB");
    const page = new Uint8Array(size);
    this.#next = this.pages.length * PAGE_BYTES_MAX;
    this.#end = this.#next + size;
    this.pages.push(page);
    if (this.#kind === "bytes") this.views.push(new DataView(page.buffer));
    else this.words.push(new Uint32Array(page.buffer));
    this.bytesReserved += size;
  }
}

function classOf(capacity: number): number {
  return capacity <= FINE_LIMIT_BYTES
    ? capacity / STEP_BYTES
    : FINE_CLASSES + (capacity - FINE_LIMIT_BYTES) / COARSE_STEP_BYTES;
}

/** Growable stack of addresses. */
class Stack {
  items = new Uint32Array(16);
  length = 0;

  push(address: number): void {
    if (this.length === this.items.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.items);
      this.items = grown;
    }
    this.items[this.length++] = address;
  }
}
