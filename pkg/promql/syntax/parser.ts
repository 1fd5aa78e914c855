import { type Matcher, METRIC_NAME, quote } from "#pkg/labels/mod.ts";
import { newMatcher, type PatternCache } from "#pkg/re2/mod.ts";
import type { AggregateExpr, BinaryExpr, Expr, VectorMatching, VectorSelector } from "./ast.ts";
import { positionOf } from "./ast.ts";
import { checkTypes } from "./check.ts";
import { DurationParser } from "./duration-parser.ts";
import { FUNCTIONS } from "./functions.ts";
import { isValidLabelName, unquote } from "./literals.ts";
import { ModifierParser, NO_MODIFIERS } from "./modifier-parser.ts";
import { ParseError } from "./position.ts";
import { parseSelectorBraces } from "./selector-parser.ts";
import { TokenStream } from "./token-stream.ts";
import {
  AGGREGATORS,
  AGGREGATORS_EXPERIMENTAL,
  AGGREGATORS_WITH_PARAM,
  BINARY_PRECEDENCE,
  isGroupingLabel,
  isMetricName,
  POW_PRECEDENCE,
  type Token,
  UNARY_PRECEDENCE,
} from "./tokens.ts";

/** Parts of the language that Prometheus has behind feature flags. @default all false */
export interface ParseOptions {
  /** Functions and aggregations marked experimental. */
  readonly experimentalFunctions?: boolean;
  /** Arithmetic in ranges, steps and offsets. */
  readonly durationExpressions?: boolean;
  /** `anchored` and `smoothed`. */
  readonly extendedRangeSelectors?: boolean;
  /** `fill`, `fill_left` and `fill_right`. */
  readonly binopFillModifiers?: boolean;
  /** Where compiled patterns of matchers are kept between queries. */
  readonly patterns?: PatternCache;
}

/** Deeper trees are refused: every later step walks them recursively. */
export const DEPTH_MAX = 1000;

const AGGREGATION = { name: "aggregation", expected: "" };

/**
 * Parses a PromQL expression and checks its types.
 * Errors: `ParseError` (`bad_data`) with Prometheus's text, `line:column: parse error: …`.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  try {
    return new Parser(text, options).expression();
  } catch (error) {
    // With little of the stack left, fewer levels are too many.
    if (!(error instanceof RangeError)) throw error;
    throw new ParseError(text, { start: 0, end: text.length }, "expression is nested too deeply");
  }
}

/**
 * Parses a selector such as `up{job="x"}`, without range or modifiers, as `match[]` takes it.
 * Errors: as `parseExpr`.
 */
export function parseMetricSelector(text: string, options: ParseOptions = {}): readonly Matcher[] {
  return new Parser(text, options).selectorOnly();
}

class Parser {
  readonly #tokens: TokenStream;
  readonly #options: ParseOptions;
  readonly #durations: DurationParser;
  readonly #modifiers: ModifierParser;
  #depth = 0;

  constructor(text: string, options: ParseOptions) {
    this.#tokens = new TokenStream(text);
    this.#options = options;
    this.#durations = new DurationParser(this.#tokens, options.durationExpressions === true);
    const extended = options.extendedRangeSelectors === true;
    this.#modifiers = new ModifierParser(this.#tokens, this.#durations, extended);
  }

  expression(): Expr {
    const tokens = this.#tokens;
    if (tokens.is("EOF")) {
      throw new ParseError(tokens.text, { start: 0, end: 0 }, "no expression found in input");
    }
    const expr = this.#binary(0);
    if (!tokens.is("EOF")) tokens.unexpected();
    if (tokens.problems.length === 0) checkTypes(expr, tokens);
    if (tokens.problems.length > 0) throw tokens.problems[0]!;
    return expr;
  }

  selectorOnly(): readonly Matcher[] {
    const tokens = this.#tokens;
    if (!tokens.is("{") && !isMetricName(tokens.peek().kind)) tokens.unexpected();
    const selector = this.#vectorSelector(tokens.is("{") ? undefined : tokens.take());
    if (!tokens.is("EOF")) tokens.unexpected();
    if (tokens.problems.length > 0) throw tokens.problems[0]!;
    return selector.matchers;
  }

  #enter(): void {
    if (++this.#depth <= DEPTH_MAX) return;
    const { at } = this.#tokens.peek();
    const reason = `expression is nested deeper than ${DEPTH_MAX} levels`;
    throw new ParseError(this.#tokens.text, { start: at, end: at }, reason);
  }

  /** An expression of operators that bind at least as tightly as `minPrecedence`. */
  #binary(minPrecedence: number): Expr {
    this.#enter();
    const outerDepth = this.#depth;
    let lhs = this.#unary();
    for (;;) {
      const op = this.#tokens.peek();
      const precedence = BINARY_PRECEDENCE.get(op.kind);
      if (precedence === undefined || precedence < minPrecedence) break;
      this.#tokens.take();
      // A chain of operators nests to the left without recursion here, but it does in the tree.
      this.#enter();
      const modifiers = this.#binaryModifiers();
      const rhs = this.#binary(precedence === POW_PRECEDENCE ? precedence : precedence + 1);
      lhs = this.#newBinary(op, lhs, rhs, modifiers);
    }
    this.#depth = outerDepth - 1;
    return lhs;
  }

  #newBinary(
    op: Token,
    lhs: Expr,
    rhs: Expr,
    { matching, returnBool }: { matching: VectorMatching; returnBool: boolean },
  ): BinaryExpr {
    const expr: BinaryExpr = { kind: "binary", op: op.kind, lhs, rhs, matching, returnBool };
    const fills = matching.fillLeft !== undefined || matching.fillRight !== undefined;
    if (fills && !this.#options.binopFillModifiers) {
      const reason = "binop fill modifiers are experimental and not enabled";
      this.#tokens.report(positionOf(expr), reason);
    }
    return expr;
  }

  #binaryModifiers(): { matching: VectorMatching; returnBool: boolean } {
    const tokens = this.#tokens;
    const matching: VectorMatching = {
      card: "one-to-one",
      labels: [],
      on: false,
      include: [],
      fillLeft: undefined,
      fillRight: undefined,
    };
    const returnBool = tokens.accept("bool") !== undefined;
    if (tokens.is("on") || tokens.is("ignoring")) {
      matching.on = tokens.take().kind === "on";
      matching.labels = this.#groupingLabels();
      if (tokens.is("group_left") || tokens.is("group_right")) {
        matching.card = tokens.take().kind === "group_left" ? "many-to-one" : "one-to-many";
        if (tokens.is("(")) matching.include = this.#groupingLabels();
      }
    }
    this.#fillModifiers(matching);
    return { matching, returnBool };
  }

  #fillModifiers(matching: VectorMatching): void {
    const tokens = this.#tokens;
    if (tokens.accept("fill")) {
      matching.fillLeft = matching.fillRight = this.#fillValue();
    } else if (tokens.accept("fill_left")) {
      matching.fillLeft = this.#fillValue();
      if (tokens.accept("fill_right")) matching.fillRight = this.#fillValue();
    } else if (tokens.accept("fill_right")) {
      matching.fillRight = this.#fillValue();
      if (tokens.accept("fill_left")) matching.fillLeft = this.#fillValue();
    }
  }

  #fillValue(): number {
    this.#tokens.expect("(");
    const value = this.#durations.signedNumber();
    this.#tokens.expect(")");
    return value;
  }

  #groupingLabels(): string[] {
    const tokens = this.#tokens;
    tokens.expect("(", "grouping opts", '"("');
    const labels: string[] = [];
    while (!tokens.accept(")")) {
      const token = tokens.peek();
      if (token.kind === "STRING") labels.push(unquote(tokens.take().text));
      else if (isGroupingLabel(token.kind)) labels.push(tokens.take().text);
      else tokens.unexpected("grouping opts", "label");
      const name = labels.at(-1)!;
      if (!isValidLabelName(name)) {
        const position = { start: token.at, end: token.at + token.text.length };
        tokens.report(position, `invalid label name for grouping: ${quote(name)}`);
      }
      if (tokens.is(")")) continue;
      tokens.expect(",", "grouping opts", '"," or ")"');
    }
    return labels;
  }

  #unary(): Expr {
    const sign = this.#tokens.accept("+") ?? this.#tokens.accept("-");
    if (!sign) return this.#postfix(this.#primary());
    const expr = this.#binary(UNARY_PRECEDENCE + 1);
    if (expr.kind === "number") {
      if (sign.kind === "-") expr.value = -expr.value;
      expr.position = { start: sign.at, end: expr.position.end };
      return expr;
    }
    const op = sign.kind === "-" ? "-" : "+";
    return { kind: "unary", op, expr, position: { start: sign.at, end: positionOf(expr).end } };
  }

  #primary(): Expr {
    const tokens = this.#tokens;
    const token = tokens.peek();
    switch (token.kind) {
      case "NUMBER":
      case "DURATION":
        return this.#durations.number();
      case "STRING": {
        tokens.take();
        const position = { start: token.at, end: tokens.lastEnd };
        return { kind: "string", value: unquote(token.text), position };
      }
      case "(": {
        tokens.take();
        const expr = this.#binary(0);
        tokens.expect(")");
        return { kind: "paren", expr, position: { start: token.at, end: tokens.lastEnd } };
      }
      case "{":
        return this.#vectorSelector(undefined);
    }
    if (!isMetricName(token.kind)) tokens.unexpected();
    tokens.take();
    const next = tokens.peek().kind;
    if (AGGREGATORS.has(token.kind) && (next === "(" || next === "by" || next === "without")) {
      return tokens.within(AGGREGATION, () => this.#aggregate(token));
    }
    if (next === "(" && isFunctionName(token.kind)) return this.#call(token);
    return this.#vectorSelector(token);
  }

  #arguments(): Expr[] {
    const tokens = this.#tokens;
    tokens.expect("(");
    const args: Expr[] = [];
    while (!tokens.accept(")")) {
      args.push(this.#binary(0));
      if (tokens.is(")")) continue;
      const comma = tokens.expect(",");
      if (tokens.is(")")) {
        const position = { start: comma.at, end: comma.at + 1 };
        tokens.report(position, "trailing commas not allowed in function call args");
      }
    }
    return args;
  }

  #call(name: Token): Expr {
    const tokens = this.#tokens;
    const args = this.#arguments();
    const position = { start: name.at, end: name.at + name.text.length };
    const func = FUNCTIONS.get(name.text);
    if (!func) tokens.report(position, `unknown function with name ${quote(name.text)}`);
    else if (func.experimental && !this.#options.experimentalFunctions) {
      tokens.report(position, `function ${quote(name.text)} is not enabled`);
    }
    const unknown = { name: name.text, args: [], variadic: -1, experimental: false } as const;
    return {
      kind: "call",
      func: func ?? { ...unknown, returns: "none" },
      args,
      position: { start: name.at, end: tokens.lastEnd },
    };
  }

  #aggregate(op: Token): Expr {
    const tokens = this.#tokens;
    let modifier = tokens.accept("by") ?? tokens.accept("without");
    let grouping = modifier ? this.#groupingLabels() : [];
    const args = this.#arguments();
    if (!modifier) {
      modifier = tokens.accept("by") ?? tokens.accept("without");
      if (modifier) grouping = this.#groupingLabels();
    }
    const position = { start: op.at, end: tokens.lastEnd };
    const withParam = AGGREGATORS_WITH_PARAM.has(op.kind);
    const wanted = withParam ? 2 : 1;
    if (args.length === 0) {
      tokens.report(position, "no arguments for aggregate expression provided");
    } else if (AGGREGATORS_EXPERIMENTAL.has(op.kind) && !this.#options.experimentalFunctions) {
      const flag = "must be enabled with --enable-feature=promql-experimental-functions";
      tokens.report(position, `${op.kind}() is experimental and ${flag}`);
    } else if (args.length !== wanted) {
      const counts = `expected ${wanted}, got ${args.length}`;
      const reason = `wrong number of arguments for aggregate expression provided, ${counts}`;
      tokens.report(position, reason);
    }
    const aggregate: AggregateExpr = {
      kind: "aggregate",
      op: op.kind,
      // A stand-in where arguments are missing: the problem above ends the parse.
      expr: args[wanted - 1] ?? { kind: "number", value: 0, duration: false, position },
      param: withParam ? args[0] : undefined,
      grouping,
      without: modifier?.kind === "without",
      position,
    };
    return aggregate;
  }

  #vectorSelector(name: Token | undefined): VectorSelector {
    const tokens = this.#tokens;
    const start = name?.at ?? tokens.peek().at;
    const matchers: Matcher[] = tokens.is("{")
      ? parseSelectorBraces(tokens, this.#options.patterns)
      : [];
    if (name) matchers.push(nameMatcher(name.text));
    return {
      kind: "vectorSelector",
      name: name?.text ?? "",
      matchers,
      anchored: false,
      smoothed: false,
      mayBeEmpty: false,
      ...NO_MODIFIERS,
      position: { start, end: tokens.lastEnd },
    };
  }

  /** Ranges, `offset`, `@`, `anchored` and `smoothed` after `operand`. */
  #postfix(operand: Expr): Expr {
    let expr = operand;
    for (;;) {
      const next = this.#modifiers.take(expr);
      if (!next) return expr;
      if (next !== expr) this.#enter();
      expr = next;
    }
  }
}

function isFunctionName(kind: string): boolean {
  return kind === "IDENTIFIER" || /^(?:start|end|step|range|max_of|min_of)$/.test(kind);
}

function nameMatcher(name: string): Matcher {
  return newMatcher("=", METRIC_NAME, name);
}
