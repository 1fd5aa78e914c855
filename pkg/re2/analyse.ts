/** One step of a simple pattern: a literal, or `.*` (`any` 0) or `.+` (`any` 1). */
export type Step = string | { readonly any: 0 | 1 };

/** A pattern that needs no automaton: it matches what one of `sequences` matches in full. */
export interface SimplePattern {
  readonly sequences: readonly (readonly Step[])[];
  /** `(?i)` was set for all of it. */
  readonly ignoreCase: boolean;
}

/** More alternatives than this are left to the automaton; Prometheus's bound for set matches. */
export const SEQUENCES_MAX = 256;

const META = "\\.+*?()|[]{}^$";

/**
 * Recognises patterns built of literals, `.*`, `.+`, alternation and groups, with an optional
 * leading `(?i)`. Undefined for everything else. The pattern must be known to be valid RE2.
 */
export function analyse(pattern: string): SimplePattern | undefined {
  const ignoreCase = pattern.startsWith("(?i)");
  const cursor = new Cursor(pattern, ignoreCase ? 4 : 0);
  const sequences = cursor.alternation(0);
  if (sequences === undefined || cursor.at < pattern.length) return undefined;
  return { sequences, ignoreCase };
}

/** Nesting beyond this is left to the automaton. */
const DEPTH_MAX = 20;

class Cursor {
  readonly #text: string;
  at = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  alternation(depth: number): Step[][] | undefined {
    if (depth > DEPTH_MAX) return undefined;
    const out: Step[][] = [];
    for (;;) {
      const branch = this.#concatenation(depth);
      if (branch === undefined || out.length + branch.length > SEQUENCES_MAX) return undefined;
      out.push(...branch);
      if (this.#text[this.at] !== "|") return out;
      this.at++;
    }
  }

  #concatenation(depth: number): Step[][] | undefined {
    let out: Step[][] = [[]];
    while (this.at < this.#text.length) {
      const char = this.#text[this.at]!;
      if (char === "|" || char === ")") break;
      const item = char === "(" ? this.#group(depth) : this.#atom(char);
      if (item === undefined) return undefined;
      const next = this.#text[this.at];
      if (next !== undefined && "*+?{".includes(next)) return undefined;
      if (out.length * item.length > SEQUENCES_MAX) return undefined;
      out = out.flatMap((head) => item.map((tail) => joinSteps(head, tail)));
    }
    return out;
  }

  #group(depth: number): Step[][] | undefined {
    this.at++;
    if (this.#text[this.at] === "?") {
      if (this.#text[this.at + 1] !== ":") return undefined;
      this.at += 2;
    }
    const inner = this.alternation(depth + 1);
    if (inner === undefined || this.#text[this.at] !== ")") return undefined;
    this.at++;
    return inner;
  }

  #atom(char: string): Step[][] | undefined {
    if (char === ".") {
      const repeat = this.#text[this.at + 1];
      if (repeat !== "*" && repeat !== "+") return undefined;
      this.at += 2;
      // A lazy quantifier matches the same strings when the whole value must match.
      if (this.#text[this.at] === "?") this.at++;
      return [[{ any: repeat === "*" ? 0 : 1 }]];
    }
    if (char === "\\") {
      const escaped = this.#text[this.at + 1];
      if (escaped === undefined || /[A-Za-z0-9]/.test(escaped) || escaped > "\x7f") {
        return undefined;
      }
      this.at += 2;
      return [[escaped]];
    }
    if (META.includes(char)) return undefined;
    const literal = String.fromCodePoint(this.#text.codePointAt(this.at)!);
    this.at += literal.length;
    return [[literal]];
  }
}

/** `head` then `tail`, neighbouring literals joined. */
function joinSteps(head: readonly Step[], tail: readonly Step[]): Step[] {
  const out = [...head];
  for (const step of tail) {
    const last = out.at(-1);
    if (typeof step === "string" && typeof last === "string") out[out.length - 1] = last + step;
    else out.push(step);
  }
  return out;
}
