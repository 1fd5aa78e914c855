import { isLegacyLabelName, quote } from "./labels.ts";

/** The four operators of a label matcher, as PromQL writes them. */
export type MatchType = "=" | "!=" | "=~" | "!~";

/** A compiled, fully anchored RE2 pattern; linear time in the input. */
export interface PatternMatcher {
  /** True if the whole of `value` matches. */
  matches(value: string): boolean;
  /** The complete set of strings that match, where it is small and known; else undefined. */
  readonly setMatches?: readonly string[] | undefined;
  /** A string with which every match begins; `""` where there is none. */
  readonly prefix: string;
}

/**
 * One label matcher. A missing label is the empty string, so `{a=""}` and `{a!="b"}` match series
 * without `a`.
 */
export class Matcher {
  readonly type: MatchType;
  readonly name: string;
  readonly value: string;
  /** Present for `=~` and `!~` only. */
  readonly pattern: PatternMatcher | undefined;

  /** Prefer `newMatcher` of `#pkg/re2/mod.ts`, which compiles the pattern. */
  constructor(type: MatchType, name: string, value: string, pattern?: PatternMatcher) {
    this.type = type;
    this.name = name;
    this.value = value;
    this.pattern = pattern;
  }

  /** True if a label with `value` (empty for a missing label) is selected. */
  matches(value: string): boolean {
    switch (this.type) {
      case "=":
        return value === this.value;
      case "!=":
        return value !== this.value;
      case "=~":
        return this.pattern!.matches(value);
      default:
        return !this.pattern!.matches(value);
    }
  }

  /** The matcher in PromQL notation. */
  toString(): string {
    const name = isLegacyLabelName(this.name) ? this.name : quote(this.name);
    return `${name}${this.type}${quote(this.value)}`;
  }
}
