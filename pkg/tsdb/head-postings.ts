import { compareBytes, type Matcher } from "#pkg/labels/mod.ts";
import { ShardedMap, type Symbols } from "./symbols.ts";

/** Series numbers; a list of one is a bare number, which most label values have. */
type Postings = number | PostingList;

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

/** Inverted index of a head: label name → value → series numbers. */
export class HeadPostings {
  readonly #symbols: Symbols;
  readonly #names = new Map<number, ShardedMap<number, Postings>>();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /** Enters a series under one of its labels. */
  add(nameId: number, valueId: number, ref: number): void {
    let values = this.#names.get(nameId);
    if (values === undefined) {
      this.#names.set(nameId, (values = new ShardedMap<number, Postings>((id) => id)));
    }
    const before = values.get(valueId);
    if (before === undefined) values.set(valueId, ref);
    else if (typeof before === "number") {
      const list = new PostingList();
      list.push(before);
      list.push(ref);
      values.set(valueId, list);
    } else before.push(ref);
  }

  /** All label names that some series has, unsorted. */
  labelNames(): string[] {
    return [...this.#names.keys()].map((id) => this.#symbols.strings[id]!);
  }

  /** All values of `name`, unsorted. */
  labelValues(name: string): string[] {
    const values = this.#names.get(this.#symbols.find(name));
    return values ? [...values.keys()].map((id) => this.#symbols.strings[id]!) : [];
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
        excluded.push(...this.#lists(matcher.name, (value) => !matcher.matches(value)));
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
    if (set === undefined) return this.#lists(matcher.name, (value) => matcher.matches(value));
    const values = this.#names.get(this.#symbols.find(matcher.name));
    const out: Uint32Array[] = [];
    for (const value of new Set(set)) {
      const postings = values?.get(this.#symbols.find(value));
      if (postings !== undefined) out.push(viewOf(postings));
    }
    return out;
  }

  #lists(name: string, wanted: (value: string) => boolean): Uint32Array[] {
    const out: Uint32Array[] = [];
    const values = this.#names.get(this.#symbols.find(name));
    if (values === undefined) return out;
    for (const [valueId, postings] of values.entries()) {
      if (wanted(this.#symbols.strings[valueId]!)) out.push(viewOf(postings));
    }
    return out;
  }

  /** Drops the series of one label for which `isDead` holds; returns how many it looked at. */
  removeWhere(nameId: number, valueId: number, isDead: (ref: number) => boolean): number {
    const values = this.#names.get(nameId);
    const postings = values?.get(valueId);
    if (values === undefined || postings === undefined) return 0;
    const count = typeof postings === "number" ? 1 : postings.length;
    const isLeft =
      typeof postings === "number" ? !isDead(postings) : postings.removeWhere(isDead) > 0;
    if (!isLeft) values.delete(valueId);
    if (!isLeft && values.isEmpty) this.#names.delete(nameId);
    return count;
  }
}

function viewOf(postings: Postings): Uint32Array {
  return typeof postings === "number" ? Uint32Array.of(postings) : postings.view();
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
