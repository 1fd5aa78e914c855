import type { RE2JS } from "re2js";
import type { PatternMatcher } from "#pkg/labels/mod.ts";
import { automatonOf, compileProgram } from "./pattern.ts";

/** A match of the whole of a value: group 0 is the value, a group that took no part is `""`. */
export interface Submatches {
  readonly groups: readonly string[];
  readonly names: Readonly<Record<string, number>>;
}

/** An anchored RE2 pattern with access to what its groups matched. */
export class Re2 {
  readonly #program: RE2JS;
  readonly #quick: PatternMatcher;
  readonly #names: Readonly<Record<string, number>>;

  /** Prefer `compileRe2`. */
  constructor(program: RE2JS) {
    this.#program = program;
    this.#quick = automatonOf(program);
    this.#names = program.namedGroups();
  }

  /** True if the whole of `value` matches. */
  matches(value: string): boolean {
    return this.#quick.matches(value);
  }

  /** What the groups matched, or undefined where the whole of `value` does not match. */
  match(value: string): Submatches | undefined {
    // To find out what groups matched costs far more than to find out that nothing does.
    if (!this.#quick.matches(value)) return undefined;
    const matcher = this.#program.matcher(value);
    if (!matcher.matches()) return undefined;
    const groups: string[] = [];
    for (let i = 0; i <= this.#program.groupCount(); i++) groups.push(matcher.group(i) ?? "");
    return { groups, names: this.#names };
  }

  /** The expanded `template` if the whole of `value` matches, else undefined. */
  replace(value: string, template: string): string | undefined {
    const match = this.match(value);
    return match && expandTemplate(template, match);
  }
}

/**
 * Compiles an anchored RE2 pattern for `label_replace` and relabelling; `.` matches newlines too.
 * Errors: `bad_data` with RE2's text.
 */
export function compileRe2(pattern: string): Re2 {
  return new Re2(compileProgram(pattern));
}

const NAME = /^[\p{L}\p{Nd}_]+/u;

/**
 * Expands `$1`, `${1}`, `$name` and `${name}`; `$$` is a dollar sign, an unknown group is empty, and
 * a `$` that begins no reference stays. `$1x` names the group `1x`. As Go's Regexp.Expand.
 */
export function expandTemplate(template: string, match: Submatches): string {
  let out = "";
  let rest = template;
  for (let at = rest.indexOf("$"); at >= 0; at = rest.indexOf("$")) {
    out += rest.slice(0, at);
    rest = rest.slice(at);
    if (rest[1] === "$") {
      out += "$";
      rest = rest.slice(2);
      continue;
    }
    const braced = rest[1] === "{";
    const name = NAME.exec(rest.slice(braced ? 2 : 1))?.[0];
    const length = name === undefined ? 0 : name.length + (braced ? 3 : 1);
    if (name === undefined || (braced && rest[length - 1] !== "}")) {
      out += "$";
      rest = rest.slice(1);
      continue;
    }
    out += groupOf(name, match);
    rest = rest.slice(length);
  }
  return out + rest;
}

function groupOf(name: string, match: Submatches): string {
  // Go reads a name of digits as a number only without leading zeros and below 1e8.
  if (/^\d+$/.test(name)) {
    return (name.length > 1 && name[0] === "0") || name.length > 8
      ? ""
      : (match.groups[Number(name)] ?? "");
  }
  return Object.hasOwn(match.names, name) ? (match.groups[match.names[name]!] ?? "") : "";
}
