import { RE2JS } from "re2js";
import { type RuneClasses, runeClasses } from "./rune-classes.ts";

/** Kinds of instructions; the numbers are those of the compiler's. */
export const Op = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nop: 7,
  rune: 8,
  rune1: 9,
  runeAny: 10,
  runeAnyNotNewline: 11,
} as const;

/** Bits of `arg` of an `emptyWidth` instruction: what must hold at the place. */
export const Empty = {
  beginLine: 1,
  endLine: 2,
  beginText: 4,
  endText: 8,
  wordBoundary: 16,
  noWordBoundary: 32,
} as const;

const RUNE_MAX = 0x10ffff;
const FOLD = 1;
const ANY: readonly number[] = [0, RUNE_MAX];
const NOT_NEWLINE: readonly number[] = [0, 9, 11, RUNE_MAX];
const WORD: readonly number[] = [48, 57, 65, 90, 95, 95, 97, 122];
const NEWLINE: readonly number[] = [10, 10];

/** What this package reads of a compiled program of the library. */
interface Compiled {
  readonly start: number;
  readonly inst: readonly {
    readonly op: number;
    readonly out: number;
    readonly arg: number;
    readonly runes: ArrayLike<number>;
  }[];
}

/** A nondeterministic automaton in flat arrays; instruction 0 leads nowhere. */
export interface Program {
  readonly start: number;
  readonly ops: Uint8Array;
  readonly out: Int32Array;
  /** The other way of an `alt`, the conditions of an `emptyWidth`. */
  readonly arg: Int32Array;
  /** Per instruction the row of `classes.members` that it takes; -1 where it takes no character. */
  readonly sets: Int32Array;
  readonly classes: RuneClasses;
  /** A string with which every match begins. */
  readonly prefix: string;
  /** True if an instruction looks at what is around a place. */
  readonly looksAround: boolean;
}

/** The flat form of a compiled pattern, or undefined where its tables would be too large. */
export function programOf(compiled: RE2JS): Program | undefined {
  const prog = compiled.re2().prog as Compiled;
  const { inst, start } = prog;
  const ops = new Uint8Array(inst.length);
  const out = new Int32Array(inst.length);
  const arg = new Int32Array(inst.length);
  const sets = new Int32Array(inst.length).fill(-1);
  const ranges = new RangeTable();
  let looksAround = false;
  for (const [pc, one] of inst.entries()) {
    if (one.op < Op.alt || one.op > Op.runeAnyNotNewline) return undefined;
    ops[pc] = one.op;
    out[pc] = one.out;
    arg[pc] = one.arg;
    if (one.op === Op.emptyWidth) looksAround = true;
    else if (one.op === Op.runeAny) sets[pc] = ranges.add(ANY);
    else if (one.op === Op.runeAnyNotNewline) sets[pc] = ranges.add(NOT_NEWLINE);
    else if (one.op >= Op.rune) sets[pc] = ranges.add(rangesOf(one.runes, one.arg));
  }
  const around = looksAround ? { word: ranges.add(WORD), newline: ranges.add(NEWLINE) } : undefined;
  const classes = runeClasses(ranges.all, around);
  return classes && { start, ops, out, arg, sets, classes, prefix: prefixOf(prog), looksAround };
}

/** The literal with which every match begins; stops at the first choice. */
function prefixOf({ inst, start }: Compiled): string {
  let prefix = "";
  for (let pc = start; ; pc = inst[pc]!.out) {
    const { op, arg, runes } = inst[pc]!;
    if (op === Op.rune || op === Op.rune1) {
      const rune = runes[0]!;
      const one = runes.length === 1 && (arg & FOLD) === 0;
      if (!one || (rune >= 0xd800 && rune < 0xe000)) return prefix;
      prefix += String.fromCodePoint(rune);
    } else if (op !== Op.capture && op !== Op.nop) return prefix;
  }
}

/** Sets of characters as ranges, each once. */
class RangeTable {
  readonly all: (readonly number[])[] = [];
  readonly #known = new Map<string, number>();

  add(ranges: readonly number[]): number {
    const key = ranges.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.all.length);
    return this.all.push(ranges) - 1;
  }
}

/** `[lo, hi, lo, hi, …]` of what an instruction with `runes` takes. */
function rangesOf(runes: ArrayLike<number>, arg: number): readonly number[] {
  if (runes.length !== 1) return Array.from(runes);
  const rune = runes[0]!;
  return (arg & FOLD) === 0 ? [rune, rune] : foldedRanges(rune);
}

/** The characters that are `rune` in another case, and itself. */
function foldedRanges(rune: number): readonly number[] {
  // The class is spelled out by the library; its second member keeps it from being a literal again.
  const pattern = `(?i)[\\x{${rune.toString(16)}}\\x{0}]`;
  const { inst } = RE2JS.compile(pattern).re2().prog as Compiled;
  const found = inst.find(({ op, runes }) => op >= Op.rune && runes.length > 2);
  return Array.from(found!.runes).slice(2);
}
