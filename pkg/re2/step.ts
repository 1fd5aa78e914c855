import { Empty, Op, type Program } from "./program.ts";

/** What stands before a place, as far as conditions like `^` and `\b` ask. */
export const Before = { start: 0, newline: 1, word: 2, other: 3 } as const;

/** The end of a value, in the place of a class of characters. */
export const END = -1;

/**
 * Steps of the automaton that is in many instructions at once. A set of instructions is sorted and
 * holds those that take a character, wait for a condition, or are the match.
 */
export class Stepper {
  readonly #program: Program;
  readonly #stack: Int32Array;
  /** `#marks[pc] === #mark`: the instruction was seen in this closure. */
  readonly #marks: Int32Array;
  #mark = 0;
  /** Per instruction 1 for a loop over any character that may also end the match. */
  readonly #rests: Uint8Array;
  /** The result of `advance` and `begin`; valid up to `length`, until the next call. */
  readonly next: Int32Array;
  length = 0;
  readonly #opened: Int32Array;

  constructor(program: Program) {
    const size = program.ops.length;
    this.#program = program;
    this.#stack = new Int32Array(size + 1);
    this.#marks = new Int32Array(size);
    this.next = new Int32Array(size);
    this.#opened = new Int32Array(program.looksAround ? size : 0);
    this.#rests = new Uint8Array(size);
    if (!program.looksAround) this.#findRests();
  }

  /** The instructions at the beginning of a value. */
  begin(): void {
    this.reach(this.#program.start);
  }

  /** The instructions that are reached from `pc` without a character. */
  reach(pc: number): void {
    this.#clear();
    this.#close(pc, 0, this.next);
    this.#sort();
  }

  /** What stands before the next place when a character of `cls` was taken. */
  beforeOf(cls: number): number {
    const { classes, looksAround } = this.#program;
    if (!looksAround) return Before.start;
    if (classes.newline![cls] === 1) return Before.newline;
    return classes.word![cls] === 1 ? Before.word : Before.other;
  }

  /**
   * Takes a character of class `cls` in the first `length` of `set`, before which stands `before`.
   */
  advance(set: Int32Array, length: number, before: number, cls: number): void {
    const { sets, out, classes } = this.#program;
    const { members, count } = classes;
    const opened = this.#open(set, length, before, cls);
    const from = opened < 0 ? set : this.#opened;
    const end = opened < 0 ? length : opened;
    this.#clear();
    for (let i = 0; i < end; i++) {
      const pc = from[i]!;
      const row = sets[pc]!;
      if (row >= 0 && members[row * count + cls] === 1) this.#close(out[pc]!, 0, this.next);
    }
    this.#sort();
  }

  /** True if the value may end in the first `length` of `set`. */
  accepts(set: Int32Array, length: number, before: number): boolean {
    const opened = this.#open(set, length, before, END);
    const from = opened < 0 ? set : this.#opened;
    const end = opened < 0 ? length : opened;
    const { ops } = this.#program;
    for (let i = 0; i < end; i++) if (ops[from[i]!] === Op.match) return true;
    return false;
  }

  /** True if whatever follows in `set`, the value matches. */
  rests(set: Int32Array): boolean {
    if (this.#program.looksAround) return false;
    let match = false;
    let loop = false;
    for (let i = 0; i < set.length; i++) {
      if (this.#program.ops[set[i]!] === Op.match) match = true;
      if (this.#rests[set[i]!] === 1) loop = true;
    }
    return match && loop;
  }

  /** Puts `set` and what its conditions let through into `#opened`; -1 if there are none at all. */
  #open(set: Int32Array, length: number, before: number, cls: number): number {
    if (!this.#program.looksAround) return -1;
    const holds = this.#conditions(before, cls);
    this.#clear();
    for (let i = 0; i < length; i++) this.#close(set[i]!, holds, this.#opened);
    return this.length;
  }

  #conditions(before: number, cls: number): number {
    const { word, newline } = this.#program.classes;
    let holds = 0;
    if (before === Before.start) holds |= Empty.beginText | Empty.beginLine;
    if (before === Before.newline) holds |= Empty.beginLine;
    if (cls === END) holds |= Empty.endText | Empty.endLine;
    else if (newline![cls] === 1) holds |= Empty.endLine;
    const wordAfter = cls !== END && word![cls] === 1;
    return (
      holds | ((before === Before.word) === wordAfter ? Empty.noWordBoundary : Empty.wordBoundary)
    );
  }

  #clear(): void {
    this.length = 0;
    this.#mark++;
    if (this.#mark === 0x7fffffff) {
      this.#marks.fill(0);
      this.#mark = 1;
    }
  }

  /** Adds to `into` what is reached from `pc` without taking a character. */
  #close(pc: number, holds: number, into: Int32Array): void {
    const { ops, out, arg } = this.#program;
    const marks = this.#marks;
    const mark = this.#mark;
    const stack = this.#stack;
    let depth = 0;
    let at = pc;
    for (;;) {
      if (marks[at] === mark) {
        if (depth === 0) return;
        at = stack[--depth]!;
        continue;
      }
      marks[at] = mark;
      const op = ops[at]!;
      if (op <= Op.altMatch && op !== 0) {
        if (marks[arg[at]!] !== mark) stack[depth++] = arg[at]!;
        at = out[at]!;
        continue;
      }
      if (op === Op.capture || op === Op.nop) {
        at = out[at]!;
        continue;
      }
      if (op === Op.emptyWidth) {
        if ((arg[at]! & ~holds) === 0) {
          at = out[at]!;
          continue;
        }
        into[this.length++] = at;
      } else if (op !== Op.fail && op !== 0) into[this.length++] = at;
      if (depth === 0) return;
      at = stack[--depth]!;
    }
  }

  #sort(): void {
    const { next, length } = this;
    if (length > 16) {
      next.subarray(0, length).sort();
      return;
    }
    for (let i = 1; i < length; i++) {
      const value = next[i]!;
      let j = i - 1;
      while (j >= 0 && next[j]! > value) {
        next[j + 1] = next[j]!;
        j--;
      }
      next[j + 1] = value;
    }
  }

  #findRests(): void {
    const { ops, out } = this.#program;
    for (let pc = 0; pc < ops.length; pc++) {
      if (ops[pc] !== Op.runeAny) continue;
      this.#clear();
      this.#close(out[pc]!, 0, this.next);
      let match = false;
      let loop = false;
      for (let i = 0; i < this.length; i++) {
        if (this.next[i] === pc) loop = true;
        if (ops[this.next[i]!] === Op.match) match = true;
      }
      if (loop && match) this.#rests[pc] = 1;
    }
  }
}
