// Hot path: a few look-ups per character, whatever the automaton's states are: about 15 ns.
import type { Program } from "./program.ts";
import { Stepper } from "./step.ts";

/** Beyond this many instructions that take a character, sets of instructions are quicker. */
const POSITIONS_MAX = 128;

/**
 * The nondeterministic automaton with one bit per instruction that takes a character. The successors
 * of eight instructions at once come out of a table.
 */
export class BitNfa {
  readonly #program: Program;
  /** Words per set of positions. */
  readonly #words: number = 0;
  /** `[byte of the set][its value]`: the words of all successors, the match among them. */
  readonly #follow: Int32Array;
  /** Per class the positions that take it, in words. */
  readonly #takes: Int32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #now: Int32Array;
  readonly #next: Int32Array;

  /** The automaton of `program`, or undefined where it is too large or looks around. */
  static of(program: Program): BitNfa | undefined {
    if (program.looksAround) return undefined;
    let positions = 1;
    for (const set of program.sets) if (set >= 0) positions++;
    return positions > POSITIONS_MAX ? undefined : new BitNfa(program, positions);
  }

  /** Prefer `of`. @param positions one for the match, one per instruction that takes a character. */
  constructor(program: Program, positions: number) {
    const words = (positions + 31) >> 5;
    this.#program = program;
    this.#words = words;
    this.#first = new Int32Array(words);
    this.#last = new Int32Array(words);
    this.#now = new Int32Array(words);
    this.#next = new Int32Array(words);
    this.#takes = new Int32Array(program.classes.count * words);
    this.#follow = new Int32Array(words * 4 * 256 * words);
    const stepper = new Stepper(program);
    const numbers = this.#number();
    stepper.begin();
    setBits(stepper, numbers, this.#first, 0);
    this.#fillFollow(stepper, numbers);
  }

  /** True if the whole of `value` matches. */
  matches(value: string): boolean {
    if (this.#words === 1) return this.#matchesOne(value);
    return this.#words === 2 ? this.#matchesTwo(value) : this.#matchesMany(value);
  }

  #matchesOne(value: string): boolean {
    const follow = this.#follow;
    const takes = this.#takes;
    const { classes } = this.#program;
    const { ascii } = classes;
    let now = this.#first[0]!;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      let cls = 0;
      if (unit < 128) cls = ascii[unit]!;
      else {
        const rune = value.codePointAt(i)!;
        if (rune > 0xffff) i++;
        cls = classes.of(rune);
      }
      const bits = now & takes[cls]!;
      if (bits === 0) return false;
      now =
        follow[bits & 255]! |
        follow[256 + ((bits >>> 8) & 255)]! |
        follow[512 + ((bits >>> 16) & 255)]! |
        follow[768 + (bits >>> 24)]!;
    }
    return (now & this.#last[0]!) !== 0;
  }

  #matchesTwo(value: string): boolean {
    const follow = this.#follow;
    const takes = this.#takes;
    const { classes } = this.#program;
    let now0 = this.#first[0]!;
    let now1 = this.#first[1]!;
    for (let i = 0; i < value.length; i++) {
      const rune = value.codePointAt(i)!;
      if (rune > 0xffff) i++;
      const cls = rune < 128 ? classes.ascii[rune]! : classes.of(rune);
      let bits0 = now0 & takes[cls * 2]!;
      let bits1 = now1 & takes[cls * 2 + 1]!;
      now0 = 0;
      now1 = 0;
      for (let row = 0; bits0 !== 0; row += 512, bits0 >>>= 8) {
        const from = row + (bits0 & 255) * 2;
        now0 |= follow[from]!;
        now1 |= follow[from + 1]!;
      }
      for (let row = 2048; bits1 !== 0; row += 512, bits1 >>>= 8) {
        const from = row + (bits1 & 255) * 2;
        now0 |= follow[from]!;
        now1 |= follow[from + 1]!;
      }
      if ((now0 | now1) === 0) return false;
    }
    return ((now0 & this.#last[0]!) | (now1 & this.#last[1]!)) !== 0;
  }

  #matchesMany(value: string): boolean {
    const words = this.#words;
    const follow = this.#follow;
    const takes = this.#takes;
    const now = this.#now;
    const next = this.#next;
    const { classes } = this.#program;
    now.set(this.#first);
    for (let i = 0; i < value.length; i++) {
      const rune = value.codePointAt(i)!;
      if (rune > 0xffff) i++;
      const cls = rune < 128 ? classes.ascii[rune]! : classes.of(rune);
      next.fill(0);
      for (let w = 0; w < words; w++) {
        let bits = now[w]! & takes[cls * words + w]!;
        for (let byte = w * 4; bits !== 0; byte++, bits >>>= 8) {
          const from = (byte * 256 + (bits & 0xff)) * words;
          for (let v = 0; v < words; v++) next[v]! |= follow[from + v]!;
        }
      }
      let any = 0;
      for (let w = 0; w < words; w++) any |= now[w] = next[w]!;
      if (any === 0) return false;
    }
    for (let w = 0; w < words; w++) if ((now[w]! & this.#last[w]!) !== 0) return true;
    return false;
  }

  /** Numbers the instructions, all matches as 0, and notes which classes they take. */
  #number(): Int32Array {
    const { ops, sets, classes } = this.#program;
    const numbers = new Int32Array(ops.length);
    let count = 1;
    for (let pc = 0; pc < ops.length; pc++) {
      const set = sets[pc]!;
      if (set < 0) continue;
      const position = count++;
      numbers[pc] = position;
      for (let cls = 0; cls < classes.count; cls++) {
        if (classes.members[set * classes.count + cls] !== 1) continue;
        this.#takes[cls * this.#words + (position >> 5)]! |= 1 << (position & 31);
      }
    }
    this.#last[0] = 1;
    return numbers;
  }

  #fillFollow(stepper: Stepper, numbers: Int32Array): void {
    const words = this.#words;
    const follow = this.#follow;
    const { ops, out, sets } = this.#program;
    for (let pc = 0; pc < ops.length; pc++) {
      if (sets[pc]! < 0) continue;
      const position = numbers[pc]!;
      const row = ((position >> 3) * 256 + (1 << (position & 7))) * words;
      stepper.reach(out[pc]!);
      setBits(stepper, numbers, follow, row);
    }
    // A set of several is the one of its lowest member with that of the others.
    for (let byte = 0; byte < words * 4; byte++) {
      for (let bits = 1; bits < 256; bits++) {
        const lowest = bits & -bits;
        if (lowest === bits) continue;
        for (let v = 0; v < words; v++) {
          follow[(byte * 256 + bits) * words + v] =
            follow[(byte * 256 + lowest) * words + v]! |
            follow[(byte * 256 + (bits ^ lowest)) * words + v]!;
        }
      }
    }
  }
}

function setBits(stepper: Stepper, numbers: Int32Array, into: Int32Array, at: number): void {
  for (let i = 0; i < stepper.length; i++) {
    const position = numbers[stepper.next[i]!]!;
    into[at + (position >> 5)]! |= 1 << (position & 31);
  }
}
