/** Tables beyond this many cells cost more than they bring. */
const CELLS_MAX = 4_000_000;
const ASCII = 128;

/** Characters that no set of a program tells apart are one class. */
export interface RuneClasses {
  readonly count: number;
  /** The class of each ASCII character. */
  readonly ascii: Uint16Array | Int32Array;
  /** The class of any code point. */
  of(rune: number): number;
  /** Row `set`, column `class`: 1 where the set holds the class. Rows are `count` wide. */
  readonly members: Uint8Array;
  /** Per class 1 if it is of word characters, or of the newline; undefined if nobody asked. */
  readonly word: Uint8Array | undefined;
  readonly newline: Uint8Array | undefined;
}

/**
 * Divides the code points by `sets` (each `[lo, hi, …]`, ascending). `around` names the rows of the
 * word characters and of the newline. Undefined if the tables would be too large.
 */
export function runeClasses(
  sets: readonly (readonly number[])[],
  around: { readonly word: number; readonly newline: number } | undefined,
): RuneClasses | undefined {
  const borders = bordersOf(sets);
  if (borders.length * sets.length > CELLS_MAX) return undefined;
  const { classOf, count } = refine(borders, sets);
  const members = new Uint8Array(sets.length * count);
  for (const [set, ranges] of sets.entries()) {
    eachInterval(borders, ranges, (i) => {
      members[set * count + classOf[i]!] = 1;
    });
  }
  const row = (set: number | undefined): Uint8Array | undefined =>
    set === undefined ? undefined : members.subarray(set * count, (set + 1) * count);
  const of = (rune: number): number => classOf[intervalOf(borders, rune)]!;
  const ascii = new Int32Array(ASCII);
  for (let i = 0; i < ASCII; i++) ascii[i] = of(i);
  return { count, ascii, of, members, word: row(around?.word), newline: row(around?.newline) };
}

/** Where sets begin, and where they have ended; the first is 0. */
function bordersOf(sets: readonly (readonly number[])[]): Int32Array {
  const all = new Set([0]);
  for (const ranges of sets) {
    for (let i = 0; i < ranges.length; i += 2) all.add(ranges[i]!).add(ranges[i + 1]! + 1);
  }
  return Int32Array.from(all).sort();
}

/** The interval that holds `rune`: interval i reaches from border i up to the next. */
function intervalOf(borders: Int32Array, rune: number): number {
  let low = 0;
  let high = borders.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (borders[middle]! <= rune) low = middle;
    else high = middle;
  }
  return low;
}

function eachInterval(
  borders: Int32Array,
  ranges: readonly number[],
  visit: (interval: number) => void,
): void {
  for (let r = 0; r < ranges.length; r += 2) {
    for (
      let i = intervalOf(borders, ranges[r]!);
      i < borders.length && borders[i]! <= ranges[r + 1]!;
      i++
    ) {
      visit(i);
    }
  }
}

/** Splits one class of everything set by set. */
function refine(
  borders: Int32Array,
  sets: readonly (readonly number[])[],
): { classOf: Int32Array; count: number } {
  const classOf = new Int32Array(borders.length);
  const sizes = [borders.length];
  const inside: number[] = [0];
  for (const ranges of sets) {
    const touched: number[] = [];
    eachInterval(borders, ranges, (i) => {
      const own = classOf[i]!;
      if (inside[own] === 0) touched.push(own);
      inside[own]!++;
    });
    const splits = new Map<number, number>();
    for (const own of touched) {
      if (inside[own]! < sizes[own]!) {
        splits.set(own, sizes.length);
        sizes.push(inside[own]!);
        sizes[own]! -= inside[own]!;
        inside.push(0);
      }
      inside[own] = 0;
    }
    if (splits.size === 0) continue;
    eachInterval(borders, ranges, (i) => {
      const to = splits.get(classOf[i]!);
      if (to !== undefined) classOf[i] = to;
    });
  }
  return { classOf, count: sizes.length };
}
