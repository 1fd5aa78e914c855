import { quote } from "#pkg/labels/mod.ts";

/**
 * What a token is: one of the names in capitals, or for keywords, operators and punctuation their
 * own text in lower case.
 */
export type TokenKind = string;

/** One token of a query; `at` is its UTF-16 index. An `ERROR` token's text is the message. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

/** The aggregation operators. */
export const AGGREGATORS: ReadonlySet<string> = new Set(
  (
    "avg bottomk count count_values group max min quantile stddev stdvar sum topk limitk " +
    "limit_ratio"
  ).split(" "),
);
/** Aggregations whose first argument is a parameter. */
export const AGGREGATORS_WITH_PARAM: ReadonlySet<string> = new Set(
  "topk bottomk count_values quantile limitk limit_ratio".split(" "),
);
/** Aggregations behind the feature of experimental functions. */
export const AGGREGATORS_EXPERIMENTAL: ReadonlySet<string> = new Set(["limitk", "limit_ratio"]);

export const SET_OPERATORS: ReadonlySet<string> = new Set(["and", "or", "unless"]);
export const COMPARISON_OPERATORS: ReadonlySet<string> = new Set("== != <= < >= >".split(" "));
/** Binary operators by how tightly they bind. */
export const BINARY_PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ["or", 1],
  ["and", 2],
  ["unless", 2],
  ...("== != <= < >= > </ >/".split(" ").map((op) => [op, 3]) as [string, number][]),
  ["+", 4],
  ["-", 4],
  ["*", 5],
  ["/", 5],
  ["%", 5],
  ["atan2", 5],
  ["^", 6],
]);
/** A sign binds like a product: `-a^b` is `-(a^b)`, `-a*b` is `(-a)*b`. */
export const UNARY_PRECEDENCE = 5;
export const POW_PRECEDENCE = 6;

const OPERATORS: ReadonlySet<string> = new Set([...BINARY_PRECEDENCE.keys(), "=~", "!~", "@"]);
const MODIFIERS: ReadonlySet<string> = new Set(
  (
    "bool by group_left group_right fill fill_left fill_right ignoring offset smoothed anchored " +
    "on without"
  ).split(" "),
);
/** Keywords that are functions in expressions and units of calculation in durations. */
export const DURATION_KEYWORDS: ReadonlySet<string> = new Set([
  "step",
  "range",
  "max_of",
  "min_of",
]);
const PREPROCESSORS: ReadonlySet<string> = new Set(["start", "end", ...DURATION_KEYWORDS]);

/** Every word that the lexer does not read as an identifier. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "or",
  "unless",
  "atan2",
  ...AGGREGATORS,
  ...MODIFIERS,
  ...PREPROCESSORS,
]);

const NO_METRIC: ReadonlySet<string> = new Set(
  "atan2 bool group_left group_right ignoring on".split(" "),
);
const NO_LABEL: ReadonlySet<string> = new Set(["without"]);

/** True if the token may name a metric. */
export function isMetricName(kind: TokenKind): boolean {
  if (kind === "IDENTIFIER" || kind === "METRIC_IDENTIFIER") return true;
  return KEYWORDS.has(kind) && !NO_METRIC.has(kind);
}

/** True if the token may name a label in a grouping. */
export function isGroupingLabel(kind: TokenKind): boolean {
  if (kind === "IDENTIFIER" || kind === "METRIC_IDENTIFIER") return true;
  return KEYWORDS.has(kind) && !NO_LABEL.has(kind);
}

/** How an error message names a token, in Prometheus's words. */
export function describeToken(token: Token): string {
  const { kind, text } = token;
  switch (kind) {
    case "EOF":
      return "end of input";
    case "IDENTIFIER":
      return `identifier ${quote(text)}`;
    case "METRIC_IDENTIFIER":
      return `metric identifier ${quote(text)}`;
    case "STRING":
      return `string ${shorten(text)}`;
    case "NUMBER":
      return `number ${shorten(text)}`;
    case "DURATION":
      return `duration ${shorten(text)}`;
    default:
      if (MODIFIERS.has(kind)) return `<${text}>`;
      if (OPERATORS.has(kind)) return `<op:${text}>`;
      if (AGGREGATORS.has(kind)) return `<aggr:${text}>`;
      return shorten(text);
  }
}

/** Quoted, at most ten characters of it. */
function shorten(text: string): string {
  return text.length > 10 ? `${quote([...text].slice(0, 10).join(""))}...` : quote(text);
}
