import { compareBytes, type Matcher } from "#pkg/labels/mod.ts";

/** Ascending series numbers; a list of one is a bare number, which most label values have. */
type Postings = number | PostingList;

class PostingList {
  refs: Uint32Array = new Uint32Array(4);
  length = 0;

  push(ref: number): void {
    if (this.length === this.refs.length) {
      const grown = new Uint32Array(this.length < 1024 ? this.length * 2 : this.length * 1.5);
      grown.set(this.refs);
      this.refs = grown;
    }
    this.refs[this.length++] = ref;
  }

  view(): Uint32Array {
    return this.refs.subarray(0, this.length);
  }
}

/** Interned strings of a head. */
export class Symbols {
  readonly strings: string[] = [];
  readonly #ids = new Map<string, number>();

  intern(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.strings.length;
      this.strings.push(text);
      this.#ids.set(text, id);
    }
    return id;
  }

  /** The id of `text`, or -1 where no series uses it. */
  find(text: string): number {
    return this.#ids.get(text) ?? -1;
  }
}

/** Inverted index of a head: label name → value → series numbers. */
export class HeadPostings {
  readonly #symbols: Symbols;
  readonly #names = new Map<number, Map<number, Postings>>();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /** Enters a series under one of its labels. Series come in ascending order. */
  add(nameId: number, valueId: number, ref: number): void {
    let values = this.#names.get(nameId);
    if (values === undefined) this.#names.set(nameId, (values = new Map()));
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
    for (const [valueId, postings] of values) {
      if (wanted(this.#symbols.strings[valueId]!)) out.push(viewOf(postings));
    }
    return out;
  }

  /** Drops all series for which `isDead` holds. */
  removeWhere(isDead: (ref: number) => boolean): void {
    for (const [nameId, values] of this.#names) {
      for (const [valueId, postings] of values) {
        if (typeof postings === "number") {
          if (isDead(postings)) values.delete(valueId);
          continue;
        }
        let kept = 0;
        for (let i = 0; i < postings.length; i++) {
          const ref = postings.refs[i]!;
          if (!isDead(ref)) postings.refs[kept++] = ref;
        }
        postings.length = kept;
        if (kept === 0) values.delete(valueId);
      }
      if (values.size === 0) this.#names.delete(nameId);
    }
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
