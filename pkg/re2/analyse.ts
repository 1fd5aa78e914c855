/** One step of a simple pattern: a literal, or `.*` (`any` 0) or `.+` (`any` 1). */
export type Step = string | { readonly any: 0 | 1 };

/** A pattern that needs no automaton: it matches what one of `sequences` matches in full. */
export interface SimplePattern {
  readonly sequences: readonly (readonly Step[])[];
  /** `(?i)` was set for all of it. */
  readonly ignoreCase: boolean;
}

/** Products of more alternatives than this are left to the automaton. */
const PRODUCT_MAX = 256;

/** A pattern that needs more joining than this is left to the automaton. */
const WORK_MAX = 200_000;
/** Longer classes are left to the automaton. */
const CLASS_TEXT_MAX = 40;

const META = "\\.+*?()|[]{}^$";

/**
 * Recognises patterns built of literals, small classes like `[a-d7]`, `.*`, `.+`, alternation, groups
 * and `?`, with an optional leading `(?i)`. Undefined for everything else; what it recognises is
 * valid.
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
  /** How many sequences were put together so far. */
  #work = 0;
  /** `.*` was taken last: a second quantifier after it is an error. */
  #afterWildcard = false;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  alternation(depth: number): Step[][] | undefined {
    if (depth > DEPTH_MAX) return undefined;
    const out: Step[][] = [];
    for (;;) {
      const branch = this.#concatenation(depth);
      if (branch === undefined) return undefined;
      for (const steps of branch) out.push(steps);
      if (this.#text[this.at] !== "|") return out;
      this.at++;
    }
  }

  #concatenation(depth: number): Step[][] | undefined {
    let out: Step[][] = [[]];
    while (this.at < this.#text.length) {
      const char = this.#text[this.at]!;
      if (char === "|" || char === ")") break;
      let item = char === "(" ? this.#group(depth) : this.#atom(char);
      if (item === undefined) return undefined;
      if (this.#text[this.at] === "?" && !this.#afterWildcard) {
        this.at++;
        if (this.#text[this.at] === "?") this.at++;
        item = [...item, []];
      }
      const next = this.#text[this.at];
      if (next !== undefined && "*+?{".includes(next)) return undefined;
      const product = out.length * item.length;
      this.#work += product;
      const several = out.length > 1 && item.length > 1;
      if ((several && product > PRODUCT_MAX) || this.#work > WORK_MAX) return undefined;
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
    this.#afterWildcard = false;
    return inner;
  }

  #atom(char: string): Step[][] | undefined {
    this.#afterWildcard = false;
    if (char === ".") {
      const repeat = this.#text[this.at + 1];
      if (repeat !== "*" && repeat !== "+") return undefined;
      this.at += 2;
      // A lazy quantifier matches the same strings when the whole value must match.
      if (this.#text[this.at] === "?") this.at++;
      this.#afterWildcard = true;
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
    if (char === "[") return this.#class();
    if (META.includes(char)) return undefined;
    const literal = String.fromCodePoint(this.#text.codePointAt(this.at)!);
    this.at += literal.length;
    return [[literal]];
  }

  /** `[…]` of ASCII letters and digits and ranges of them. */
  #class(): Step[][] | undefined {
    const text = /^\[((?:[A-Za-z0-9_](?:-[A-Za-z0-9_])?)+)\]/.exec(
      this.#text.slice(this.at, this.at + CLASS_TEXT_MAX),
    );
    if (text === null) return undefined;
    this.at += text[0].length;
    return classMembers(text[1]!);
  }
}

/** The characters of a class that spells them out, one step each. */
function classMembers(text: string): Step[][] | undefined {
  const members = new Set<string>();
  for (let i = 0; i < text.length; i++) {
    const first = text.charCodeAt(i);
    const last = text[i + 1] === "-" ? text.charCodeAt((i += 2)) : first;
    if (last < first) return undefined;
    for (let code = first; code <= last; code++) members.add(String.fromCharCode(code));
  }
  return Array.from(members, (char) => [char]);
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
