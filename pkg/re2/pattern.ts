import { RE2JS } from "re2js";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { PatternMatcher } from "#pkg/labels/mod.ts";
import { analyse, type SimplePattern, type Step } from "./analyse.ts";
import { DfaPattern } from "./dfa.ts";
import { programOf } from "./program.ts";
import { estimateSize } from "./size.ts";

/** Longer patterns are refused: compiling costs memory in proportion to them. */
export const PATTERN_LENGTH_MAX = 100_000;
/** Patterns of about more instructions are refused; compiling that many takes half a second. */
export const PATTERN_SIZE_MAX = 200_000;
/** Patterns of more than this many alternatives with wildcards go to the automaton. */
const WILDCARD_SEQUENCES_MAX = 16;
/** To search a longer literal may take time in proportion to its length at each character. */
const NEEDLE_MAX = 32;
/** With more alternatives that search, to go through a value once is quicker. */
const SEARCHES_MAX = 2;

/**
 * Compiles an RE2 pattern that must match the whole of a value, `.` matching newlines too, as
 * Prometheus compiles matchers. Literals, alternations of literals and patterns of literals with
 * `.*` and `.+` are matched by string operations; the rest by an automaton, in linear time.
 * Errors: `bad_data` with RE2's text, for example ``error parsing regexp: missing closing ): `(` ``.
 */
export function compilePattern(pattern: string): PatternMatcher {
  checkLength(pattern);
  const simple = analyse(pattern);
  return (simple && simpleMatcher(simple, pattern)) ?? automatonOf(compileProgram(pattern));
}

/** The automaton of `pattern`, not anchored; see `compilePattern` for the errors. */
export function compileProgram(pattern: string): RE2JS {
  checkLength(pattern);
  if (estimateSize(pattern, PATTERN_SIZE_MAX) > PATTERN_SIZE_MAX) {
    throw new NarthexError(
      "bad_data",
      `error parsing regexp: expression too large: \`${pattern}\``,
    );
  }
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (cause) {
    throw new NarthexError("bad_data", messageFor(pattern, cause), { cause });
  }
}

/** The quickest form of a compiled pattern that keeps to linear time. */
export function automatonOf(program: RE2JS): PatternMatcher {
  const flat = programOf(program);
  return flat ? new DfaPattern(flat) : new LibraryPattern(program);
}

function checkLength(pattern: string): void {
  if (pattern.length <= PATTERN_LENGTH_MAX) return;
  throw new NarthexError(
    "bad_data",
    `error parsing regexp: pattern of ${pattern.length} characters, limit ${PATTERN_LENGTH_MAX}`,
  );
}

/** The flag shows up in the message as `(?s)`; without it RE2 quotes what the user wrote. */
function messageFor(pattern: string, cause: unknown): string {
  let message = messageOf(cause);
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    message = messageOf(error);
  }
  // RE2 quotes the pattern that is too large or too deep; the library does not.
  return message.includes("`") ? message : `${message}: \`${pattern}\``;
}

function simpleMatcher(simple: SimplePattern, pattern: string): PatternMatcher | undefined {
  const { sequences, ignoreCase } = simple;
  const literals = sequences.map(literalOf);
  if (literals.every((literal) => literal !== undefined)) {
    if (!ignoreCase) return new LiteralsPattern(literals);
    if (literals.every(isAscii)) return new FoldedLiteralsPattern(literals, pattern);
    return undefined;
  }
  if (ignoreCase || sequences.length > WILDCARD_SEQUENCES_MAX) return undefined;
  const needles = sequences.map(needlesOf);
  const isQuick = needles.every((own) => own.every(({ length }) => length <= NEEDLE_MAX));
  const searches = needles.filter((own) => own.length > 0).length;
  return isQuick && searches <= SEARCHES_MAX ? new WildcardPattern(sequences) : undefined;
}

/** The literals between wildcards, which have to be searched for. */
function needlesOf(steps: readonly Step[]): string[] {
  return steps.slice(1, -1).filter((step) => typeof step === "string");
}

/** The string that the steps match, if it is just one. */
function literalOf(steps: readonly Step[]): string | undefined {
  if (steps.length === 0) return "";
  const first = steps[0];
  return steps.length === 1 && typeof first === "string" ? first : undefined;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** `a|b|c`. */
class LiteralsPattern implements PatternMatcher {
  readonly setMatches: readonly string[];
  readonly prefix: string;
  readonly #set: ReadonlySet<string>;

  constructor(literals: readonly string[]) {
    this.#set = new Set(literals);
    this.setMatches = [...this.#set];
    this.prefix = commonPrefix(this.setMatches);
  }

  matches(value: string): boolean {
    return this.#set.has(value);
  }
}

/** `(?i)a|b`; values beyond ASCII go to the automaton, which knows Unicode's case folding. */
class FoldedLiteralsPattern implements PatternMatcher {
  readonly prefix = "";
  readonly #set: ReadonlySet<string>;
  readonly #lengthMax: number = 0;
  readonly #pattern: string;
  #automaton: PatternMatcher | undefined;

  constructor(literals: readonly string[], pattern: string) {
    this.#set = new Set(literals.map((literal) => literal.toLowerCase()));
    this.#lengthMax = literals.reduce((max, { length }) => Math.max(max, length), 0);
    this.#pattern = pattern;
  }

  matches(value: string): boolean {
    // Letters of the basic plane fold to letters of one unit.
    if (value.length > this.#lengthMax) return false;
    if (isAscii(value)) return this.#set.has(value.toLowerCase());
    this.#automaton ??= automatonOf(compileProgram(this.#pattern));
    return this.#automaton.matches(value);
  }
}

/** Alternatives of literals with `.*` and `.+` between and around them. */
class WildcardPattern implements PatternMatcher {
  readonly prefix: string;
  readonly #sequences: readonly (readonly Step[])[];

  constructor(sequences: readonly (readonly Step[])[]) {
    this.#sequences = sequences;
    this.prefix = commonPrefix(
      sequences.map((steps) => (typeof steps[0] === "string" ? steps[0] : "")),
    );
  }

  matches(value: string): boolean {
    for (const steps of this.#sequences) if (matchSteps(steps, value)) return true;
    return false;
  }
}

/** Takes each literal where it occurs first; that leaves most of the value for the rest. */
function matchSteps(steps: readonly Step[], value: string): boolean {
  let at = 0;
  let gap = -1;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if (typeof step !== "string") {
      gap = (gap < 0 ? 0 : gap) + step.any;
      continue;
    }
    if (gap < 0) {
      if (!value.startsWith(step, at)) return false;
      at += step.length;
    } else if (i === steps.length - 1) {
      return value.length - step.length >= at + gap && value.endsWith(step);
    } else {
      const found = value.indexOf(step, at + gap);
      if (found < 0) return false;
      at = found + step.length;
    }
    gap = -1;
  }
  return gap < 0 ? at === value.length : codePointsFrom(value, at, gap);
}

/** True if `value` has at least `count` code points from `at` on. */
function codePointsFrom(value: string, at: number, count: number): boolean {
  let rest = count;
  for (let i = at; rest > 0 && i < value.length; rest--) {
    i += value.codePointAt(i)! > 0xffff ? 2 : 1;
  }
  return rest <= 0;
}

/** A pattern whose tables would be too large for an automaton of ours. */
class LibraryPattern implements PatternMatcher {
  readonly prefix = "";
  readonly #program: RE2JS;

  constructor(program: RE2JS) {
    this.#program = program;
  }

  matches(value: string): boolean {
    return this.#program.testExact(value);
  }
}

function commonPrefix(texts: readonly string[]): string {
  let prefix = texts[0] ?? "";
  for (const text of texts) {
    let length = 0;
    while (length < prefix.length && prefix[length] === text[length]) length++;
    prefix = prefix.slice(0, length);
  }
  // Half of a surrogate pair is no prefix of a value.
  return /[\ud800-\udbff]$/.test(prefix) ? prefix.slice(0, -1) : prefix;
}
