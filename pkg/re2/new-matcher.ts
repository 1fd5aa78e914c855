import { Matcher, type MatchType, type PatternMatcher } from "#pkg/labels/mod.ts";
import { compilePattern } from "./pattern.ts";

/** Compiled patterns by text, least recently used first out. */
export class PatternCache {
  readonly #entries = new Map<string, PatternMatcher>();
  readonly #capacity: number;

  /** @param capacity how many patterns are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many patterns are held. */
  get size(): number {
    return this.#entries.size;
  }

  /** As `compilePattern`. */
  compile(pattern: string): PatternMatcher {
    const known = this.#entries.get(pattern);
    if (known) this.#entries.delete(pattern);
    const matcher = known ?? compilePattern(pattern);
    this.#entries.set(pattern, matcher);
    if (this.#entries.size > this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    return matcher;
  }
}

/**
 * A label matcher; `=~` and `!~` compile `value` as `compilePattern` does, through `cache` where
 * one is given. Errors: `bad_data` for an invalid pattern.
 */
export function newMatcher(
  type: MatchType,
  name: string,
  value: string,
  cache?: PatternCache,
): Matcher {
  if (type === "=" || type === "!=") return new Matcher(type, name, value);
  return new Matcher(type, name, value, cache ? cache.compile(value) : compilePattern(value));
}
