import { compareBytes, type Matcher } from "#pkg/labels/mod.ts";
import { IdTable } from "./id-table.ts";
import type { Symbols } from "./symbols.ts";

/** Series numbers that mostly come in ascending order; numbers that are used again come late. */
class PostingList {
  #refs: Uint32Array = new Uint32Array(4);
  #length = 0;
  /** So many of them ascend. */
  #sorted = 0;

  push(ref: number): void {
    const at = this.#length;
    if (at === this.#refs.length) {
      const grown = new Uint32Array(at < 1024 ? at * 2 : at * 1.5);
      grown.set(this.#refs);
      this.#refs = grown;
    }
    this.#refs[at] = ref;
    if (this.#sorted === at && (at === 0 || this.#refs[at - 1]! < ref)) this.#sorted = at + 1;
    this.#length = at + 1;
  }

  /** All of them, ascending; borrowed until the next `push` or `removeWhere`. */
  view(): Uint32Array {
    if (this.#sorted < this.#length) this.#sort();
    return this.#refs.subarray(0, this.#length);
  }

  /** Merges the late ones, which are few, into the others from behind. */
  #sort(): void {
    const late = this.#refs.slice(this.#sorted, this.#length).sort();
    let i = this.#sorted - 1;
    let j = late.length - 1;
    for (let to = this.#length - 1; j >= 0; to--) {
      this.#refs[to] = i >= 0 && this.#refs[i]! > late[j]! ? this.#refs[i--]! : late[j--]!;
    }
    this.#sorted = this.#length;
  }

  /** Drops those for which `isDead` holds; returns how many are left. */
  removeWhere(isDead: (ref: number) => boolean): number {
    const refs = this.view();
    let kept = 0;
    for (let i = 0; i < refs.length; i++) {
      const ref = refs[i]!;
      if (!isDead(ref)) refs[kept++] = ref;
    }
    this.#length = this.#sorted = kept;
    return kept;
  }

  get length(): number {
    return this.#length;
  }
}

/**
 * Words of an entry, one for each label that some series has: name, value, what series; the entries of
 * the same name before and after it.
 */
const ENTRY_WORDS = 5;
const NAME = 0;
const VALUE = 1;
/** A series number where there is one, as most values have; else `-1 - n` for list n. */
const SERIES = 2;
const BEFORE = 3;
const AFTER = 4;
const NONE = -1;

/** Inverted index of a head: label name and value → series numbers. */
export class HeadPostings {
  readonly #symbols: Symbols;
  #entries: Int32Array = new Int32Array(16 * ENTRY_WORDS);
  #entryCount = 0;
  #firstFree = NONE;
  readonly #table = new IdTable((entry) =>
    hashOf(this.#entries[entry * ENTRY_WORDS + NAME]!, this.#entries[entry * ENTRY_WORDS + VALUE]!),
  );
  readonly #lists: (PostingList | undefined)[] = [];
  readonly #freeLists: number[] = [];
  /** By name: the entry of its newest value. */
  readonly #names = new Map<number, number>();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /** Enters a series under one of its labels; returns the label's entry, for `addTo`. */
  add(nameId: number, valueId: number, ref: number): number {
    const entry = this.#find(nameId, valueId);
    if (entry < 0) return this.#addEntry(nameId, valueId, ref);
    this.addTo(entry, ref);
    return entry;
  }

  /** As `add`, by what it returned for the same label, if no series were removed since. */
  addTo(entry: number, ref: number): void {
    const at = entry * ENTRY_WORDS + SERIES;
    const before = this.#entries[at]!;
    if (before < 0) {
      this.#lists[-1 - before]!.push(ref);
      return;
    }
    const list = new PostingList();
    list.push(before);
    list.push(ref);
    const n = this.#freeLists.pop() ?? this.#lists.length;
    this.#lists[n] = list;
    this.#entries[at] = -1 - n;
  }

  #find(nameId: number, valueId: number): number {
    const hash = hashOf(nameId, valueId);
    const slots = this.#table.slotsOf(hash);
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = slots[at]!;
      if (entry < 0) return NONE;
      const row = entry * ENTRY_WORDS;
      if (this.#entries[row + VALUE] === valueId && this.#entries[row + NAME] === nameId) {
        return entry;
      }
    }
  }

  #addEntry(nameId: number, valueId: number, ref: number): number {
    let entry = this.#firstFree;
    if (entry >= 0) this.#firstFree = this.#entries[entry * ENTRY_WORDS + AFTER]!;
    else {
      entry = this.#entryCount++;
      if (this.#entryCount * ENTRY_WORDS > this.#entries.length) {
        const grown = new Int32Array(
          ENTRY_WORDS * (entry < 4096 ? 2 * entry : Math.floor(1.25 * entry)),
        );
        grown.set(this.#entries);
        this.#entries = grown;
      }
    }
    const row = entry * ENTRY_WORDS;
    const after = this.#names.get(nameId) ?? NONE;
    this.#entries[row + NAME] = nameId;
    this.#entries[row + VALUE] = valueId;
    this.#entries[row + SERIES] = ref;
    this.#entries[row + BEFORE] = NONE;
    this.#entries[row + AFTER] = after;
    if (after >= 0) this.#entries[after * ENTRY_WORDS + BEFORE] = entry;
    this.#names.set(nameId, entry);
    this.#table.add(entry);
    return entry;
  }

  #removeEntry(entry: number): void {
    const entries = this.#entries;
    const row = entry * ENTRY_WORDS;
    this.#table.remove(entry);
    const before = entries[row + BEFORE]!;
    const after = entries[row + AFTER]!;
    if (after >= 0) entries[after * ENTRY_WORDS + BEFORE] = before;
    if (before >= 0) entries[before * ENTRY_WORDS + AFTER] = after;
    else if (after >= 0) this.#names.set(entries[row + NAME]!, after);
    else this.#names.delete(entries[row + NAME]!);
    entries[row + AFTER] = this.#firstFree;
    this.#firstFree = entry;
  }

  /** The series of an entry, ascending; borrowed until the next change. */
  #seriesOf(entry: number): Uint32Array {
    const series = this.#entries[entry * ENTRY_WORDS + SERIES]!;
    return series < 0 ? this.#lists[-1 - series]!.view() : Uint32Array.of(series);
  }

  /** All label names that some series has, unsorted. */
  labelNames(): string[] {
    return [...this.#names.keys()].map((id) => this.#symbols.strings[id]!);
  }

  /** All values of `name`, unsorted. */
  labelValues(name: string): string[] {
    const out: string[] = [];
    this.#forEachValue(name, (value) => out.push(value));
    return out;
  }

  #forEachValue(name: string, each: (value: string, entry: number) => void): void {
    let entry = this.#names.get(this.#symbols.find(name)) ?? NONE;
    for (; entry >= 0; entry = this.#entries[entry * ENTRY_WORDS + AFTER]!) {
      each(this.#symbols.strings[this.#entries[entry * ENTRY_WORDS + VALUE]!]!, entry);
    }
  }

  /**
   * Numbers of the series that all matchers select, ascending and owned; `total` is the number of
   * rows. A matcher that the empty string satisfies also selects series without the label.
   */
  select(matchers: readonly Matcher[], total: number): Uint32Array {
    let result: Uint32Array | undefined;
    const excluded: Uint32Array[] = [];
    for (const matcher of matchers) {
      if (matcher.matches("")) {
        // Everything but the series with a value that does not match.
        excluded.push(...this.#listsOf(matcher.name, (value) => !matcher.matches(value)));
        continue;
      }
      const lists = this.#matching(matcher);
      const refs = lists.length === 1 ? lists[0]! : union(lists, total);
      result = result === undefined ? refs : intersect(result, refs);
      if (result.length === 0) return result;
    }
    if (result === undefined) {
      result = new Uint32Array(total);
      for (let i = 0; i < total; i++) result[i] = i;
    }
    if (excluded.length === 0) return result.slice();
    return subtract(result, excluded, total);
  }

  #matching(matcher: Matcher): Uint32Array[] {
    const set =
      matcher.type === "="
        ? [matcher.value]
        : matcher.type === "=~"
          ? matcher.pattern?.setMatches
          : undefined;
    if (set === undefined) return this.#listsOf(matcher.name, (value) => matcher.matches(value));
    const nameId = this.#symbols.find(matcher.name);
    const out: Uint32Array[] = [];
    for (const value of new Set(set)) {
      const valueId = this.#symbols.find(value);
      if (nameId < 0 || valueId < 0) continue;
      const entry = this.#find(nameId, valueId);
      if (entry >= 0) out.push(this.#seriesOf(entry));
    }
    return out;
  }

  #listsOf(name: string, wanted: (value: string) => boolean): Uint32Array[] {
    const out: Uint32Array[] = [];
    this.#forEachValue(name, (value, entry) => {
      if (wanted(value)) out.push(this.#seriesOf(entry));
    });
    return out;
  }

  /** Drops the series of one label for which `isDead` holds; returns how many it looked at. */
  removeWhere(nameId: number, valueId: number, isDead: (ref: number) => boolean): number {
    const entry = this.#find(nameId, valueId);
    if (entry < 0) return 0;
    const series = this.#entries[entry * ENTRY_WORDS + SERIES]!;
    if (series >= 0) {
      if (isDead(series)) this.#removeEntry(entry);
      return 1;
    }
    const n = -1 - series;
    const list = this.#lists[n]!;
    const count = list.length;
    if (list.removeWhere(isDead) === 0) {
      this.#lists[n] = undefined;
      this.#freeLists.push(n);
      this.#removeEntry(entry);
    }
    return count;
  }
}

function hashOf(nameId: number, valueId: number): number {
  const mixed = Math.imul(nameId, 0x9e3779b1) ^ Math.imul(valueId, 0x85ebca6b);
  const hash = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) | 0;
}

/** The union of lists, by a bitmap over all rows: linear however many lists there are. */
function union(lists: readonly Uint32Array[], total: number): Uint32Array {
  if (lists.length === 0) return new Uint32Array(0);
  const marks = new Uint8Array(total);
  let count = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const ref = list[i]!;
      if (marks[ref] === 0) {
        marks[ref] = 1;
        count++;
      }
    }
  }
  const out = new Uint32Array(count);
  for (let ref = 0, i = 0; i < count; ref++) if (marks[ref] === 1) out[i++] = ref;
  return out;
}

function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(Math.min(a.length, b.length));
  let count = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i]!;
    const y = b[j]!;
    if (x === y) out[count++] = x;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return out.subarray(0, count);
}

function subtract(from: Uint32Array, lists: readonly Uint32Array[], total: number): Uint32Array {
  const marks = new Uint8Array(total);
  for (const list of lists) for (let i = 0; i < list.length; i++) marks[list[i]!] = 1;
  const out = new Uint32Array(from.length);
  let count = 0;
  for (let i = 0; i < from.length; i++) if (marks[from[i]!] === 0) out[count++] = from[i]!;
  return out.slice(0, count);
}

/** Sorts strings in byte order, in place. */
export function sortBytes(strings: string[]): string[] {
  return strings.sort(compareBytes);
}
