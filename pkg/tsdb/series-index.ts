// Hot path: `find` of a known series by its raw label bytes; about 0.1 µs, 0 B.
import { ByteArena, PAGE_BITS, PAGE_MASK } from "./arena.ts";

/**
 * Open-addressing table from raw label bytes to series numbers. One series may be known under
 * several spellings (senders that sort or pad differently); each is an entry of its own.
 * Linear probing, at most two thirds full.
 */
export class SeriesIndex {
  readonly #arena = new ByteArena();
  #slots: Int32Array = new Int32Array(32).fill(-1);
  #hashLo: Int32Array = new Int32Array(16);
  #hashHi: Int32Array = new Int32Array(16);
  #address: Uint32Array = new Uint32Array(16);
  #byteCount: Uint32Array = new Uint32Array(16);
  #ref: Int32Array = new Int32Array(16);
  /** Entries in use. */
  count = 0;

  /** The series with exactly these label bytes, or -1. */
  find(hash: { lo: number; hi: number }, view: DataView, start: number, end: number): number {
    return this.findHash(hash.lo, hash.hi, view, start, end);
  }

  /** As `find`, with the hash as two numbers for loops that keep it in columns. */
  findHash(lo: number, hi: number, view: DataView, start: number, end: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = lo & mask; ; at = (at + 1) & mask) {
      const entry = slots[at]!;
      if (entry < 0) return -1;
      if (
        this.#hashLo[entry] === lo &&
        this.#hashHi[entry] === hi &&
        this.#byteCount[entry] === end - start &&
        this.#equal(entry, view, start, end)
      ) {
        return this.#ref[entry]!;
      }
    }
  }

  #equal(entry: number, view: DataView, start: number, end: number): boolean {
    const address = this.#address[entry]!;
    const own = this.#arena.views[address >>> PAGE_BITS]!;
    let at = address & PAGE_MASK;
    let i = start;
    for (const stop = end - 3; i < stop; i += 4, at += 4) {
      if (view.getInt32(i, true) !== own.getInt32(at, true)) return false;
    }
    for (; i < end; i++, at++) if (view.getUint8(i) !== own.getUint8(at)) return false;
    return true;
  }

  /** Adds an entry that `find` did not find; copies the bytes. */
  add(
    hash: { lo: number; hi: number },
    bytes: Uint8Array,
    range: { start: number; end: number },
    ref: number,
  ): void {
    const entry = this.count;
    if (entry === this.#ref.length) this.#growEntries();
    if ((entry + 1) * 3 > this.#slots.length * 2) this.#growSlots();
    this.count = entry + 1;
    const length = range.end - range.start;
    const address = this.#arena.alloc(length);
    this.#arena.pages[address >>> PAGE_BITS]!.set(
      bytes.subarray(range.start, range.end),
      address & PAGE_MASK,
    );
    this.#hashLo[entry] = hash.lo;
    this.#hashHi[entry] = hash.hi;
    this.#address[entry] = address;
    this.#byteCount[entry] = length;
    this.#ref[entry] = ref;
    this.#place(entry);
  }

  /** Calls `each` with the bytes of every entry; borrowed until it returns. */
  forEach(each: (ref: number, bytes: Uint8Array) => void): void {
    for (let entry = 0; entry < this.count; entry++) {
      const address = this.#address[entry]!;
      const at = address & PAGE_MASK;
      const page = this.#arena.pages[address >>> PAGE_BITS]!;
      each(this.#ref[entry]!, page.subarray(at, at + this.#byteCount[entry]!));
    }
  }

  /** Drops the entries of all series for which `isDead` holds; in place, linear in the table. */
  removeWhere(isDead: (ref: number) => boolean): void {
    let kept = 0;
    for (let entry = 0; entry < this.count; entry++) {
      if (isDead(this.#ref[entry]!)) {
        this.#arena.free(this.#address[entry]!, this.#byteCount[entry]!);
        continue;
      }
      this.#hashLo[kept] = this.#hashLo[entry]!;
      this.#hashHi[kept] = this.#hashHi[entry]!;
      this.#address[kept] = this.#address[entry]!;
      this.#byteCount[kept] = this.#byteCount[entry]!;
      this.#ref[kept] = this.#ref[entry]!;
      kept++;
    }
    if (kept === this.count) return;
    this.count = kept;
    this.#slots.fill(-1);
    for (let entry = 0; entry < kept; entry++) this.#place(entry);
  }

  get bytesReserved(): number {
    return this.#arena.bytesReserved + this.#slots.byteLength + this.#ref.length * 20;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let at = this.#hashLo[entry]! & mask;
    while (this.#slots[at]! >= 0) at = (at + 1) & mask;
    this.#slots[at] = entry;
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let entry = 0; entry < this.count; entry++) this.#place(entry);
  }

  #growEntries(): void {
    const length = this.#ref.length < 4096 ? this.#ref.length * 2 : this.#ref.length * 1.25;
    const resize = <T extends { set(from: T): void }>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#hashLo = resize(this.#hashLo, new Int32Array(length));
    this.#hashHi = resize(this.#hashHi, new Int32Array(length));
    this.#address = resize(this.#address, new Uint32Array(length));
    this.#byteCount = resize(this.#byteCount, new Uint32Array(length));
    this.#ref = resize(this.#ref, new Int32Array(length));
  }
}
