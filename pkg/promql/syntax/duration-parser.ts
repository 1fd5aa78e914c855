import { messageOf } from "#pkg/errs/mod.ts";
import { quote } from "#pkg/labels/mod.ts";
import { parseDuration } from "#pkg/model/mod.ts";
import type { DurationExpr, Expr, NumberLiteral } from "./ast.ts";
import { positionOf } from "./ast.ts";
import { parseNumber } from "./literals.ts";
import { ParseError } from "./position.ts";
import type { TokenStream } from "./token-stream.ts";
import type { Token } from "./tokens.ts";

type Duration = NumberLiteral | DurationExpr;

/** Beyond this many seconds a duration does not fit 63 bits of nanoseconds. */
const SECONDS_MAX = 2 ** 63 / 1e9;
const NESTING_MAX = 200;

const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ["+", 1],
  ["-", 1],
  ["*", 2],
  ["/", 2],
  ["%", 2],
  ["^", 3],
]);
const POW = 3;

/** Seconds as whole ms, by way of whole nanoseconds, as Prometheus converts them. */
export function durationMs(seconds: number): number {
  const ms = Math.trunc(Math.round(seconds * 1e9) / 1e6);
  return ms === 0 ? 0 : ms;
}

/** Parses numbers, durations and, where they are enabled, expressions of durations. */
export class DurationParser {
  readonly #tokens: TokenStream;
  readonly #expressions: boolean;
  #depth = 0;

  constructor(tokens: TokenStream, expressions: boolean) {
    this.#tokens = tokens;
    this.#expressions = expressions;
  }

  /** A number or a duration, without sign; a duration is worth its seconds. */
  number(): NumberLiteral {
    const token = this.#tokens.accept("NUMBER") ?? this.#tokens.expect("DURATION");
    const position = { start: token.at, end: token.at + token.text.length };
    let value = 0;
    if (token.kind === "DURATION") {
      try {
        value = parseDuration(token.text) / 1000;
      } catch (error) {
        this.#tokens.report(position, messageOf(error));
      }
    } else {
      const parsed = parseNumber(token.text);
      const infinite = Math.abs(parsed ?? 0) === Infinity && /^\d|^\./.test(token.text);
      if (parsed === undefined || infinite) {
        const problem = infinite ? "value out of range" : "invalid syntax";
        const reason = `strconv.ParseFloat: parsing ${quote(token.text)}: ${problem}`;
        this.#tokens.report(position, `error parsing number: ${reason}`);
      } else value = parsed;
    }
    return { kind: "number", value, duration: token.kind === "DURATION", position };
  }

  /** A number or duration with an optional sign. */
  signedNumber(): number {
    const sign = this.#sign();
    const { value } = this.number();
    return sign?.kind === "-" ? -value : value;
  }

  /** A range or step, which must be greater than 0 where that is known. */
  positive(): Duration {
    const expr = this.#expression(0);
    if (expr.kind === "number" && expr.value <= 0) {
      this.#tokens.report(expr.position, "duration must be greater than 0");
    }
    return expr;
  }

  /** What follows `offset`: one term with an optional sign, or an expression in parentheses. */
  offset(): Duration {
    if (this.#tokens.is("(")) return this.#expression(0);
    const sign = this.#sign();
    const term = this.#term();
    return sign ? this.#signed(sign, term) : term;
  }

  #sign(): Token | undefined {
    return this.#tokens.accept("+") ?? this.#tokens.accept("-");
  }

  #expression(minPrecedence: number): Duration {
    if (++this.#depth > NESTING_MAX) {
      const { at } = this.#tokens.peek();
      const reason = `duration expression is nested deeper than ${NESTING_MAX} levels`;
      throw new ParseError(this.#tokens.text, { start: at, end: at }, reason);
    }
    const depth = this.#depth;
    const sign = this.#sign();
    let lhs = sign ? this.#signed(sign, this.#expression(POW)) : this.#term();
    for (;;) {
      const op = this.#tokens.peek();
      const precedence = PRECEDENCE.get(op.kind);
      if (precedence === undefined || precedence < minPrecedence) break;
      this.#tokens.take();
      this.#depth++;
      const rhs = this.#expression(precedence === POW ? precedence : precedence + 1);
      lhs = this.#combine(op, lhs, rhs);
    }
    this.#depth = depth - 1;
    return lhs;
  }

  #combine(op: Token, lhs: Duration, rhs: Duration): Duration {
    this.#experimental(lhs);
    const position = { start: positionOf(lhs).start, end: positionOf(rhs).end };
    if ((op.kind === "/" || op.kind === "%") && rhs.kind === "number" && rhs.value === 0) {
      const reason = op.kind === "/" ? "division by zero" : "modulo by zero";
      this.#tokens.report({ start: op.at, end: op.at + 1 }, reason);
    }
    return { kind: "duration", op: op.kind, lhs, rhs, wrapped: false, position };
  }

  #term(): Duration {
    const tokens = this.#tokens;
    const token = tokens.peek();
    switch (token.kind) {
      case "step":
      case "range":
        tokens.take();
        tokens.expect("(");
        tokens.expect(")");
        return this.#call(token, undefined, undefined);
      case "min_of":
      case "max_of": {
        tokens.take();
        tokens.expect("(");
        const lhs = this.#expression(0);
        tokens.expect(",");
        const rhs = this.#expression(0);
        tokens.expect(")");
        return this.#call(token, lhs, rhs);
      }
      case "(": {
        tokens.take();
        const inner = this.#expression(0);
        tokens.expect(")");
        this.#experimental(inner);
        return wrap(inner, token.at, tokens.lastEnd);
      }
    }
    return this.#checked(this.number(), token);
  }

  #call(token: Token, lhs: Duration | undefined, rhs: Duration | undefined): DurationExpr {
    const position = { start: token.at, end: this.#tokens.lastEnd };
    const expr: DurationExpr = {
      kind: "duration",
      op: token.kind,
      lhs,
      rhs,
      wrapped: false,
      position,
    };
    this.#experimental(expr);
    return expr;
  }

  #signed(sign: Token, term: Duration): Duration {
    if (term.kind === "number") {
      if (sign.kind === "-") term.value = -term.value;
      term.position = { start: sign.at, end: term.position.end };
      return this.#checked(term, sign);
    }
    if (sign.kind === "+") return term;
    const position = { start: sign.at, end: term.position.end };
    return { kind: "duration", op: "-", lhs: undefined, rhs: term, wrapped: false, position };
  }

  #checked(literal: NumberLiteral, token: Token): NumberLiteral {
    if (Math.abs(literal.value) > SECONDS_MAX) {
      const position = { start: token.at, end: token.at + token.text.length };
      this.#tokens.report(position, "duration out of range");
    }
    return literal;
  }

  #experimental(expr: Expr): void {
    if (this.#expressions) return;
    this.#tokens.report(positionOf(expr), "experimental duration expression is not enabled");
  }
}

/** Marks parentheses, so that they are printed again; a number gets them as a unary plus. */
function wrap(expr: Duration, start: number, end: number): DurationExpr {
  if (expr.kind === "duration") {
    expr.wrapped = true;
    return expr;
  }
  const position = { start, end };
  return { kind: "duration", op: "+", lhs: undefined, rhs: expr, wrapped: true, position };
}
