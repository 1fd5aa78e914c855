import { DURATION_KEYWORDS, KEYWORDS, type Token } from "./tokens.ts";

const DIGITS = "0123456789";
const HEX_DIGITS = "0123456789abcdefABCDEF";
const END = "";

type Mode = "statements" | "braces" | "duration";

/** Splits a query into tokens; comments and spaces are dropped. After an `ERROR` comes only `EOF`. */
export class Lexer {
  readonly #text: string;
  #at = 0;
  #start = 0;
  #mode: Mode = "statements";
  #parens = 0;
  #bracketOpen = false;
  #gotColon = false;
  #gotDuration = false;
  #failed = false;
  #colonRefused = false;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    for (;;) {
      if (this.#failed) return this.#emit("EOF");
      if (this.#colonRefused) {
        this.#start = this.#at;
        return this.#fail("unexpected colon before duration in duration expression");
      }
      this.#skipBlank();
      this.#start = this.#at;
      const token = this.#scan();
      if (token) return token;
    }
  }

  #scan(): Token | undefined {
    switch (this.#mode) {
      case "braces":
        return this.#insideBraces();
      case "duration":
        return this.#durationExpression();
      default:
        return this.#statement();
    }
  }

  /** Spaces everywhere; comments outside durations, as `#` has no meaning there. */
  #skipBlank(): void {
    const text = this.#text;
    for (;;) {
      const char = text[this.#at];
      if (char === " " || char === "\t" || char === "\n" || char === "\r") this.#at++;
      else if (char === "#" && this.#mode !== "duration") {
        while (this.#at < text.length && text[this.#at] !== "\n" && text[this.#at] !== "\r") {
          this.#at++;
        }
      } else return;
    }
  }

  #emit(kind: string): Token {
    return { kind, text: this.#text.slice(this.#start, this.#at), at: this.#start };
  }

  #fail(message: string): Token {
    this.#failed = true;
    return { kind: "ERROR", text: message, at: this.#start };
  }

  #take(): string {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) return END;
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }

  #peek(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? END : String.fromCodePoint(code);
  }

  /** Takes the next character if it is one of `valid`. */
  #accept(valid: string): boolean {
    const char = this.#text[this.#at];
    if (char === undefined || !valid.includes(char)) return false;
    this.#at++;
    return true;
  }

  #is(valid: string): boolean {
    const char = this.#text[this.#at];
    return char !== undefined && valid.includes(char);
  }

  #statement(): Token {
    const char = this.#take();
    switch (char) {
      case END:
        if (this.#parens !== 0) return this.#fail("unclosed left parenthesis");
        if (this.#bracketOpen) return this.#fail("unclosed left bracket");
        return this.#emit("EOF");
      case ",":
      case "*":
      case "/":
      case "%":
      case "+":
      case "-":
      case "^":
      case "@":
        return this.#emit(char);
      case "=":
        if (this.#accept("=")) return this.#emit("==");
        if (this.#is("~")) return this.#fail("unexpected character after '=': '~'");
        return this.#emit("=");
      case "!": {
        const next = this.#take();
        return next === "="
          ? this.#emit("!=")
          : this.#fail(`unexpected character after '!': ${quoteRune(next)}`);
      }
      case "<":
      case ">":
        if (this.#accept("=")) return this.#emit(`${char}=`);
        return this.#emit(this.#accept("/") ? `${char}/` : char);
      case '"':
      case "'":
        return this.#string(char);
      case "`":
        return this.#rawString();
      case "(":
        this.#parens++;
        return this.#emit("(");
      case ")":
        return this.#closeParen();
      case "{":
        this.#mode = "braces";
        return this.#emit("{");
      case "[":
        if (this.#bracketOpen) return this.#fail("unexpected left bracket '['");
        this.#gotColon = false;
        this.#bracketOpen = true;
        this.#mode = "duration";
        return this.#emit("[");
      case "]":
        if (!this.#bracketOpen) return this.#fail("unexpected right bracket ']'");
        this.#bracketOpen = false;
        return this.#emit("]");
    }
    if (isDigit(char) || (char === "." && isDigit(this.#peek()))) {
      this.#at--;
      return this.#numberOrDuration();
    }
    if (isAlpha(char) || char === ":") {
      if (this.#bracketOpen) return this.#wordInBrackets(char);
      this.#at--;
      return this.#keywordOrIdentifier();
    }
    return this.#fail(`unexpected character: ${quoteRune(char)}`);
  }

  #closeParen(): Token {
    this.#parens--;
    if (this.#parens < 0) {
      this.#start = this.#at;
      return this.#fail("unexpected right parenthesis ')'");
    }
    return this.#emit(")");
  }

  #wordInBrackets(char: string): Token {
    if (char === ":") {
      if (this.#gotColon) return this.#fail("unexpected colon ':'");
      this.#gotColon = true;
      return this.#emit(":");
    }
    return (
      this.#durationKeyword(char) ??
      this.#fail(`unexpected character: ${quoteRune(char)}, expected ':'`)
    );
  }

  /** `step`, `range`, `max_of` or `min_of`, whose first character was taken. */
  #durationKeyword(first: string): Token | undefined {
    if (!"srm".includes(first.toLowerCase())) return undefined;
    while (isAlpha(this.#peek())) this.#at++;
    const word = this.#text.slice(this.#start, this.#at).toLowerCase();
    // As in Prometheus a keyword is no duration yet for a colon: `x[step():]` is refused.
    if (!DURATION_KEYWORDS.has(word)) return undefined;
    return this.#emit(word);
  }

  #insideBraces(): Token {
    const char = this.#take();
    switch (char) {
      case END:
        return this.#fail("unexpected end of input inside braces");
      case ",":
        return this.#emit(",");
      case '"':
      case "'":
        return this.#string(char);
      case "`":
        return this.#rawString();
      case "=":
        return this.#emit(this.#accept("~") ? "=~" : "=");
      case "!": {
        const next = this.#take();
        if (next === "~" || next === "=") return this.#emit(`!${next}`);
        return this.#fail(`unexpected character after '!' inside braces: ${quoteRune(next)}`);
      }
      case "{":
        return this.#fail("unexpected left brace '{'");
      case "}":
        this.#mode = "statements";
        return this.#emit("}");
    }
    if (!isAlpha(char)) {
      return this.#fail(`unexpected character inside braces: ${quoteRune(char)}`);
    }
    while (isAlphaNumeric(this.#peek())) this.#at++;
    return this.#emit("IDENTIFIER");
  }

  /** After `[`, up to the first number: there words are only the keywords of durations. */
  #durationExpression(): Token {
    const char = this.#take();
    switch (char) {
      case END:
        return this.#fail("unexpected end of input in duration expression");
      case "]":
        this.#bracketOpen = false;
        this.#gotColon = false;
        this.#mode = "statements";
        return this.#emit("]");
      case ":":
        if (!this.#gotDuration) {
          // As in Prometheus the colon is a token still, and what is behind it is the error.
          this.#colonRefused = true;
          return this.#emit(":");
        }
        if (this.#gotColon) return this.#fail("unexpected repeated colon in duration expression");
        this.#gotColon = true;
        return this.#emit(":");
      case "(":
        this.#parens++;
        return this.#emit("(");
      case ")":
        return this.#closeParen();
      case "+":
      case "-":
      case "*":
      case "/":
      case "%":
      case "^":
      case ",":
        return this.#emit(char);
    }
    if (isDigit(char) || (char === "." && isDigit(this.#peek()))) {
      this.#at--;
      this.#gotDuration = true;
      this.#mode = "statements";
      return this.#numberOrDuration();
    }
    return (
      this.#durationKeyword(char) ??
      this.#fail(`unexpected character in duration expression: ${quoteRune(char)}`)
    );
  }

  #keywordOrIdentifier(): Token {
    while (isAlphaNumeric(this.#peek()) || this.#is(":")) this.#at++;
    const word = this.#text.slice(this.#start, this.#at);
    const lower = word.toLowerCase();
    if (lower === "inf" || lower === "nan") return this.#emit("NUMBER");
    if (KEYWORDS.has(lower)) {
      // These words came late: they stay names unless a value follows.
      const isFill = lower === "fill" || lower === "fill_left" || lower === "fill_right";
      return this.#emit(isFill && !this.#parenFollows() ? "IDENTIFIER" : lower);
    }
    return this.#emit(word.includes(":") ? "METRIC_IDENTIFIER" : "IDENTIFIER");
  }

  #parenFollows(): boolean {
    let at = this.#at;
    while (at < this.#text.length && " \t\n\r".includes(this.#text[at]!)) at++;
    return this.#text[at] === "(";
  }

  #numberOrDuration(): Token {
    if (this.#scanNumber()) return this.#emit("NUMBER");
    if (this.#scanRestOfDuration()) return this.#emit("DURATION");
    const text = this.#text.slice(this.#start, this.#at);
    return this.#fail(`bad number or duration syntax: ${JSON.stringify(text)}`);
  }

  #scanRestOfDuration(): boolean {
    if (!this.#accept("smhdwy")) return false;
    this.#accept("s");
    while (this.#accept(DIGITS)) {
      while (this.#accept(DIGITS));
      if (!this.#accept("smhdw")) return false;
      this.#accept("s");
    }
    if (!isAlphaNumeric(this.#peek())) return true;
    this.#take();
    return false;
  }

  /** Takes what looks like a number; whether it is one, the parser sees. */
  #scanNumber(): boolean {
    const from = this.#at;
    const hex = this.#accept("0") && this.#accept("xX");
    const digits = hex ? HEX_DIGITS : DIGITS;
    if (hex) this.#accept("_");
    this.#accept(".");
    this.#accept(digits);
    let dot = false;
    let exponent = false;
    while (this.#is(`${digits}._eE`)) {
      if (this.#is(".")) {
        this.#at++;
        if (dot) return false;
        dot = true;
        if (this.#accept("_.") || hex) return false;
      } else if (!hex && this.#is("eE")) {
        this.#at++;
        if (exponent) return false;
        exponent = true;
        this.#accept("+-");
        if (this.#accept("._eE") || this.#peek() === END) return false;
      } else if (this.#accept("_")) {
        if (this.#accept("._eE") || this.#peek() === END) return false;
      } else {
        while (this.#accept(digits));
      }
    }
    return this.#at > from && !isAlphaNumeric(this.#peek());
  }

  #string(open: string): Token {
    for (;;) {
      const char = this.#take();
      if (char === open) return this.#emit("STRING");
      if (char === END || char === "\n") return this.#fail("unterminated quoted string");
      if (isLoneSurrogate(char)) return this.#fail("invalid UTF-8 rune");
      const problem = char === "\\" ? this.#escape(open) : undefined;
      if (problem !== undefined) return this.#fail(problem);
    }
  }

  #rawString(): Token {
    for (;;) {
      const char = this.#take();
      if (char === "`") return this.#emit("STRING");
      if (char === END) return this.#fail("unterminated raw string");
      if (isLoneSurrogate(char)) return this.#fail("invalid UTF-8 rune");
    }
  }

  /** Takes an escape after its backslash; returns what is wrong with it. */
  #escape(open: string): string | undefined {
    const char = this.#take();
    if (char === END) return "escape sequence not terminated";
    if (char === open || "abfnrtv\\".includes(char)) return undefined;
    if (char >= "0" && char <= "7") return this.#escapeDigits(char, 3, 8, 255);
    if (char === "x") return this.#escapeDigits(this.#take(), 2, 16, 255);
    if (char === "u") return this.#escapeDigits(this.#take(), 4, 16, 0x10ffff);
    if (char === "U") return this.#escapeDigits(this.#take(), 8, 16, 0x10ffff);
    return `unknown escape sequence ${describeRune(char)}`;
  }

  #escapeDigits(first: string, count: number, base: number, max: number): string | undefined {
    let value = 0;
    let char = first;
    for (let n = count; n > 0; n--) {
      const digit = char === END ? base : Number.parseInt(char, 36);
      if (!(digit < base)) {
        return char === END
          ? "escape sequence not terminated"
          : `illegal character ${describeRune(char)} in escape sequence`;
      }
      value = value * base + digit;
      if (n > 1) char = this.#take();
    }
    return value > max || (value >= 0xd800 && value < 0xe000)
      ? "escape sequence is an invalid Unicode code point"
      : undefined;
  }
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9" && char.length === 1;
}

function isAlpha(char: string): boolean {
  return /^[A-Za-z_]$/.test(char);
}

function isAlphaNumeric(char: string): boolean {
  return isDigit(char) || isAlpha(char);
}

function isLoneSurrogate(char: string): boolean {
  return char.length === 1 && char >= "\ud800" && char <= "\udfff";
}

/** A character as Go's `%q` prints it. */
function quoteRune(char: string): string {
  if (char === END) return "'\ufffd'";
  if (char === "'") return "'\\''";
  const quoted = JSON.stringify(char).slice(1, -1);
  return `'${quoted === '\\"' ? '"' : quoted}'`;
}

/** A character as Go's `%#U` prints it. */
function describeRune(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")} '${char}'`;
}
