import { IdTable } from "./id-table.ts";

/** Interned strings of a head, each with the number of times that its series use it. */
export class Symbols {
  /** By id; what an id stands for changes only by `release`. */
  readonly strings: string[] = [];
  /** Hash and uses of symbol i at `2 * i`. */
  #states: Int32Array = new Int32Array(64);
  readonly #table = new IdTable((id) => this.#states[2 * id]!);
  readonly #free: number[] = [];
  /** Ids that nobody used at some time, and may use again by now. */
  #unused: number[] = [];

  /** The id of `text`, which is used once more. */
  intern(text: string): number {
    const hash = hashOf(text);
    const known = this.#find(text, hash);
    if (known >= 0) {
      this.#states[2 * known + 1]!++;
      return known;
    }
    const id = this.#free.pop() ?? this.strings.length;
    if (2 * id === this.#states.length) {
      const grown = new Int32Array(id < 4096 ? 4 * id : 2 * Math.floor(1.25 * id));
      grown.set(this.#states);
      this.#states = grown;
    }
    this.#states[2 * id] = hash;
    this.#states[2 * id + 1] = 1;
    this.strings[id] = text;
    this.#table.add(id);
    return id;
  }

  /** The id of `text`, or -1 where no series uses it. */
  find(text: string): number {
    return this.#find(text, hashOf(text));
  }

  /** As `find`, for the ASCII text `bytes[start, end)`; -2 if it is none. */
  findBytes(bytes: Uint8Array, start: number, end: number): number {
    let hash = FNV_OFFSET;
    let all = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      all |= byte;
      hash = Math.imul(hash ^ byte, FNV_PRIME);
    }
    if (all >= 0x80) return -2;
    hash = mixed(hash);
    const slots = this.#table.slotsOf(hash);
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const id = slots[at]!;
      if (id < 0) return -1;
      if (this.#states[2 * id] === hash && isText(this.strings[id]!, bytes, start, end)) return id;
    }
  }

  /** Counts one more use of `id`. */
  use(id: number): void {
    this.#states[2 * id + 1]!++;
  }

  #find(text: string, hash: number): number {
    const slots = this.#table.slotsOf(hash);
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const id = slots[at]!;
      if (id < 0) return -1;
      if (this.#states[2 * id] === hash && this.strings[id] === text) return id;
    }
  }

  /** Ends one use. The string stays until `release`: answers under way may show it. */
  disuse(id: number): void {
    if (--this.#states[2 * id + 1]! === 0) this.#unused.push(id);
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
      // It may have been used again and be unused again, and so stand among others' ids, too.
      if (this.#states[2 * id + 1] !== 0 || this.strings[id] === FORGOTTEN) continue;
      this.#table.remove(id);
      this.strings[id] = FORGOTTEN;
      this.#free.push(id);
    }
  }
}

/** In the place of a string that is gone; no label name or value is empty. */
const FORGOTTEN = "";

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 units, which are the bytes where the text is ASCII. */
function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return mixed(hash);
}

/** Spreads the bits, so that the highest and the lowest depend on all. */
function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (half ^ (half >>> 13)) | 0;
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
