// Hot path: one table look-up per character of a value, about 2 ns.
import type { PatternMatcher } from "#pkg/labels/mod.ts";
import { BitNfa } from "./bit-nfa.ts";
import type { Program } from "./program.ts";
import { Before, Stepper } from "./step.ts";

/** Cells of the table of transitions (4 bytes each); beyond, all states are forgotten. */
const CELLS_MAX = 1 << 17;
/** Instructions held by all states (4 bytes each); a set larger than that is never kept. */
const MEMBERS_MAX = 1 << 18;
/** Forgetting is worth it while each state was used for this many characters; RE2's number. */
const CHARS_PER_STATE = 10;
/** Where the quick nondeterministic automaton serves, it is chosen after this many states. */
const PROBATION = 1000;

/** Instead of a row of the table. */
const UNKNOWN = 0;
const DEAD = -1;
const ALL = -2;

/**
 * A pattern as a deterministic automaton whose states are made when a value first needs them. Its
 * memory is bounded: full, it starts over; where that happens too often, the values are run through
 * the nondeterministic automaton, which is slower and as linear.
 */
export class DfaPattern implements PatternMatcher {
  readonly prefix: string;
  readonly #program: Program;
  readonly #stepper: Stepper;
  /** Columns of the table: the classes, and what an end of the value here means. */
  readonly #width: number = 0;
  /** Row r (a multiple of the width, the first unused) is a state. */
  #table: Int32Array;
  #rowsEnd = 0;
  #start = UNKNOWN;
  /** By row/width: the instructions, and what stands before. */
  #sets: Int32Array[] = [];
  #befores: number[] = [];
  readonly #byHash = new Map<number, number[]>();
  #members = 0;
  #made = 0;
  #chars = 0;
  #thrashing = false;
  #bits: BitNfa | null | undefined;
  #current: Int32Array | undefined;

  constructor(program: Program) {
    this.#program = program;
    this.prefix = program.prefix;
    this.#stepper = new Stepper(program);
    this.#width = program.classes.count + 1;
    this.#table = new Int32Array(this.#width * 8);
    this.#forget();
  }

  /** True if the whole of `value` matches. */
  matches(value: string): boolean {
    if (this.#start === UNKNOWN && !this.#thrashing) {
      this.#stepper.begin();
      this.#start = this.#keep(Before.start);
    }
    if (this.#thrashing) return this.#simulate(value);
    let row = this.#start;
    if (row < 0) return row === ALL;
    const { ascii } = this.#program.classes;
    const length = value.length;
    this.#chars += length;
    let table = this.#table;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      let cls = 0;
      if (unit < 128) cls = ascii[unit]!;
      else {
        const rune = runeAt(value, i, unit);
        if (rune > 0xffff) i++;
        cls = this.#program.classes.of(rune);
      }
      let next = table[row + cls]!;
      if (next <= 0) {
        if (next === UNKNOWN) {
          next = this.#learn(row, cls);
          if (this.#thrashing) return this.#simulate(value);
          table = this.#table;
        }
        if (next < 0) return next === ALL;
      }
      row = next;
    }
    return table[row + this.#width - 1] === ALL;
  }

  /** The row after a character of `cls` in `row`, written into the table. */
  #learn(row: number, cls: number): number {
    const state = row / this.#width;
    const stepper = this.#stepper;
    const set = this.#sets[state]!;
    stepper.advance(set, set.length, this.#befores[state]!, cls);
    const sets = this.#sets;
    const next = this.#keep(stepper.beforeOf(cls));
    // After a start from scratch there is no such row any more.
    if (sets === this.#sets) this.#table[row + cls] = next;
    return next;
  }

  /** The row of the stepper's set; makes it if there is none. */
  #keep(before: number): number {
    const { next, length } = this.#stepper;
    if (length === 0) return DEAD;
    const hash = hashOf(next, length, before);
    for (const row of this.#byHash.get(hash) ?? []) {
      const state = row / this.#width;
      if (this.#befores[state] === before && isSame(this.#sets[state]!, next, length)) return row;
    }
    return this.#make(next.slice(0, length), before, hash);
  }

  #make(set: Int32Array, before: number, hash: number): number {
    if (this.#stepper.rests(set)) return ALL;
    const full =
      this.#rowsEnd + this.#width > Math.max(CELLS_MAX, this.#width * 16) ||
      this.#members + set.length > MEMBERS_MAX;
    if (full) {
      if (this.#chars < CHARS_PER_STATE * this.#made || set.length > MEMBERS_MAX) {
        this.#thrashing = true;
      }
      this.#forget();
      if (this.#thrashing) return DEAD;
    }
    if (this.#made === PROBATION && this.#chars < CHARS_PER_STATE * PROBATION && this.#hasBits()) {
      this.#thrashing = true;
      return DEAD;
    }
    const row = this.#rowsEnd;
    this.#rowsEnd += this.#width;
    if (this.#rowsEnd > this.#table.length) {
      const table = new Int32Array(this.#table.length * 2);
      table.set(this.#table);
      this.#table = table;
    }
    this.#sets.push(set);
    this.#befores.push(before);
    this.#members += set.length;
    this.#made++;
    const rows = this.#byHash.get(hash);
    if (rows) rows.push(row);
    else this.#byHash.set(hash, [row]);
    this.#table[row + this.#width - 1] = this.#stepper.accepts(set, set.length, before)
      ? ALL
      : DEAD;
    return row;
  }

  #forget(): void {
    this.#table.fill(UNKNOWN);
    this.#rowsEnd = this.#width;
    this.#start = UNKNOWN;
    this.#sets = [NO_SET];
    this.#befores = [0];
    this.#byHash.clear();
    this.#members = 0;
    this.#made = 0;
    this.#chars = 0;
  }

  #hasBits(): boolean {
    if (this.#bits === undefined) this.#bits = BitNfa.of(this.#program) ?? null;
    return this.#bits !== null;
  }

  /** Without states. */
  #simulate(value: string): boolean {
    if (this.#hasBits()) return this.#bits!.matches(value);
    const stepper = this.#stepper;
    const { classes } = this.#program;
    const set = (this.#current ??= new Int32Array(this.#program.ops.length));
    stepper.begin();
    let before: number = Before.start;
    for (let i = 0; i < value.length; i++) {
      const rune = runeAt(value, i, value.charCodeAt(i));
      if (rune > 0xffff) i++;
      const cls = rune < 128 ? classes.ascii[rune]! : classes.of(rune);
      const { length } = stepper;
      if (length === 0) return false;
      set.set(stepper.next.subarray(0, length));
      stepper.advance(set, length, before, cls);
      before = stepper.beforeOf(cls);
    }
    const { length } = stepper;
    set.set(stepper.next.subarray(0, length));
    return stepper.accepts(set, length, before);
  }
}

const NO_SET = new Int32Array(0);

function runeAt(value: string, i: number, unit: number): number {
  if (unit < 0xd800 || unit > 0xdbff) return unit;
  return value.codePointAt(i)!;
}

function hashOf(set: Int32Array, length: number, before: number): number {
  let hash = before + 1;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ set[i]!, 0x9e3779b1) ^ (hash >>> 15);
  return hash;
}

function isSame(set: Int32Array, other: Int32Array, length: number): boolean {
  if (set.length !== length) return false;
  for (let i = 0; i < length; i++) if (set[i] !== other[i]) return false;
  return true;
}
