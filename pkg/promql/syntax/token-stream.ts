import { Lexer } from "./lexer.ts";
import { ParseError, type PositionRange } from "./position.ts";
import { describeToken, type Token } from "./tokens.ts";

/** What the parser is in the middle of, for the message about a token that does not fit. */
export interface Context {
  readonly name: string;
  readonly expected: string;
}

const NO_CONTEXT: Context = { name: "", expected: "" };

/** The tokens of a query with one token of look-ahead, and the errors found so far. */
export class TokenStream {
  readonly text: string;
  readonly #lexer: Lexer;
  #ahead: Token | undefined;
  /** End of the token that was taken last. */
  lastEnd = 0;
  /** The first error of meaning, if there is one; it is thrown unless the syntax is wrong first. */
  readonly problems: ParseError[] = [];
  #context: Context = NO_CONTEXT;

  constructor(text: string) {
    this.text = text;
    this.#lexer = new Lexer(text);
  }

  peek(): Token {
    if (this.#ahead) return this.#ahead;
    const token = this.#lexer.next();
    if (token.kind === "ERROR") {
      this.report({ start: token.at, end: this.text.length }, token.text);
      throw this.problems[0]!;
    }
    this.#ahead = token;
    return token;
  }

  take(): Token {
    const token = this.peek();
    this.#ahead = undefined;
    this.lastEnd = token.at + token.text.length;
    return token;
  }

  is(kind: string): boolean {
    return this.peek().kind === kind;
  }

  /** Takes the next token if it is of `kind`. */
  accept(kind: string): Token | undefined {
    return this.is(kind) ? this.take() : undefined;
  }

  /** Takes a token of `kind`, or fails as `unexpected` does. */
  expect(kind: string, name?: string, expected?: string): Token {
    return this.accept(kind) ?? this.unexpected(name, expected);
  }

  /** Notes an error of meaning and goes on. Only the first counts: there may be very many. */
  report(position: PositionRange, reason: string): void {
    if (this.problems.length > 0) return;
    this.problems.push(new ParseError(this.text, position, reason));
  }

  /** Ends parsing at the next token, which does not fit. */
  unexpected(name = this.#context.name, expected = this.#context.expected): never {
    const token = this.peek();
    let reason = `unexpected ${describeToken(token)}`;
    if (name !== "") reason += ` in ${name}`;
    if (expected !== "") reason += `, expected ${expected}`;
    this.report({ start: token.at, end: token.at + token.text.length }, reason);
    throw this.problems[0]!;
  }

  /** Runs `parse` with `context` for the tokens that do not fit. */
  within<T>(context: Context, parse: () => T): T {
    const outer = this.#context;
    this.#context = context;
    const result = parse();
    this.#context = outer;
    return result;
  }
}
