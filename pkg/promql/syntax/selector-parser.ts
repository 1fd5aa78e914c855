import { codeOf, messageOf } from "#pkg/errs/mod.ts";
import { type Matcher, type MatchType, METRIC_NAME } from "#pkg/labels/mod.ts";
import { newMatcher, type PatternCache } from "#pkg/re2/mod.ts";
import { unquote } from "./literals.ts";
import type { TokenStream } from "./token-stream.ts";
import type { Token } from "./tokens.ts";

const MATCH_TYPES: ReadonlySet<string> = new Set(["=", "!=", "=~", "!~"]);

/** Takes `{…}` of a selector: matchers, and at most one metric name in quotes. */
export function parseSelectorBraces(tokens: TokenStream, patterns?: PatternCache): Matcher[] {
  const matchers: Matcher[] = [];
  tokens.expect("{");
  while (!tokens.accept("}")) {
    const name = tokens.peek();
    if (name.kind !== "IDENTIFIER" && name.kind !== "STRING") {
      tokens.unexpected("label matching", 'identifier or "}"');
    }
    tokens.take();
    const quoted = name.kind === "STRING";
    const label = quoted ? unquote(name.text) : name.text;
    const op = tokens.peek();
    if (MATCH_TYPES.has(op.kind)) {
      tokens.take();
      const value = tokens.expect("STRING", "label matching", "string");
      matchers.push(matcherOf(tokens, { name, label, op, value, patterns }));
    } else if (quoted) {
      matchers.push(newMatcher("=", METRIC_NAME, label));
    } else {
      tokens.unexpected("label matching", "label matching operator");
    }
    if (!tokens.is("}")) tokens.expect(",", "label matching", '"," or "}"');
  }
  return matchers;
}

interface MatcherParts {
  readonly name: Token;
  readonly label: string;
  readonly op: Token;
  readonly value: Token;
  readonly patterns: PatternCache | undefined;
}

function matcherOf(tokens: TokenStream, parts: MatcherParts): Matcher {
  const { name, label, op, value, patterns } = parts;
  try {
    return newMatcher(op.kind as MatchType, label, unquote(value.text), patterns);
  } catch (error) {
    if (codeOf(error) !== "bad_data") throw error;
    tokens.report({ start: name.at, end: value.at + value.text.length }, messageOf(error));
    return newMatcher("=", label, "");
  }
}
