import { RE2JS } from "re2js";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { PatternMatcher } from "#pkg/labels/mod.ts";
import { analyse, type SimplePattern, type Step } from "./analyse.ts";

/** Longer patterns are refused: compiling costs memory in proportion to them. */
export const PATTERN_LENGTH_MAX = 100_000;
/** Patterns of more than this many alternatives with wildcards go to the automaton. */
const WILDCARD_SEQUENCES_MAX = 16;

/**
 * Compiles an RE2 pattern that must match the whole of a value, `.` matching newlines too, as
 * Prometheus compiles matchers. Literals, alternations of literals and patterns of literals with
 * `.*` and `.+` are matched by string operations; the rest by an automaton, in linear time.
 * Errors: `bad_data` with RE2's text, for example ``error parsing regexp: missing closing ): `(` ``.
 */
export function compilePattern(pattern: string): PatternMatcher {
  const program = compileProgram(pattern);
  const simple = analyse(pattern);
  return (simple && simpleMatcher(simple, program)) ?? new AutomatonPattern(program);
}

/** The automaton of `pattern`, not anchored; see `compilePattern` for the errors. */
export function compileProgram(pattern: string): RE2JS {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    throw new NarthexError(
      "bad_data",
      `error parsing regexp: pattern of ${pattern.length} characters, limit ${PATTERN_LENGTH_MAX}`,
    );
  }
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (cause) {
    throw new NarthexError("bad_data", messageFor(pattern, cause), { cause });
  }
}

/** The flag shows up in the message as `(?s)`; without it RE2 quotes what the user wrote. */
function messageFor(pattern: string, cause: unknown): string {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    return messageOf(error);
  }
  return messageOf(cause);
}

function simpleMatcher(simple: SimplePattern, program: RE2JS): PatternMatcher | undefined {
  const { sequences, ignoreCase } = simple;
  const literals = sequences.map(literalOf);
  if (literals.every((literal) => literal !== undefined)) {
    if (!ignoreCase) return new LiteralsPattern(literals);
    if (literals.every(isAscii)) return new FoldedLiteralsPattern(literals, program);
    return undefined;
  }
  if (ignoreCase || sequences.length > WILDCARD_SEQUENCES_MAX) return undefined;
  return new WildcardPattern(sequences);
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
  readonly #program: RE2JS;

  constructor(literals: readonly string[], program: RE2JS) {
    this.#set = new Set(literals.map((literal) => literal.toLowerCase()));
    this.#program = program;
  }

  matches(value: string): boolean {
    return isAscii(value) ? this.#set.has(value.toLowerCase()) : this.#program.testExact(value);
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

class AutomatonPattern implements PatternMatcher {
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
