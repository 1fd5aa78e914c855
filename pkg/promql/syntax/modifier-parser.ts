import type { Expr, MatrixSelector, SubqueryExpr, TimeModifiers, VectorSelector } from "./ast.ts";
import { positionOf } from "./ast.ts";
import { type DurationParser, durationMs } from "./duration-parser.ts";
import type { TokenStream } from "./token-stream.ts";
import type { Token } from "./tokens.ts";

const MAX_TIMESTAMP = 2 ** 63;

/** What may follow an operand: ranges, `offset`, `@`, `anchored`, `smoothed`. */
export class ModifierParser {
  readonly #tokens: TokenStream;
  readonly #durations: DurationParser;
  readonly #extended: boolean;

  /** @param extended whether `anchored` and `smoothed` are enabled. */
  constructor(tokens: TokenStream, durations: DurationParser, extended: boolean) {
    this.#tokens = tokens;
    this.#durations = durations;
    this.#extended = extended;
  }

  /** Takes one modifier after `expr`; returns what it makes of it, undefined if there is none. */
  take(expr: Expr): Expr | undefined {
    const { kind } = this.#tokens.peek();
    switch (kind) {
      case "[":
        return this.#range(expr);
      case "offset":
        this.#tokens.take();
        this.#offset(expr);
        return expr;
      case "@":
        this.#tokens.take();
        this.#at(expr);
        return expr;
      case "anchored":
      case "smoothed":
        this.#tokens.take();
        this.#extend(expr, kind);
        return expr;
      default:
        return undefined;
    }
  }

  #range(expr: Expr): MatrixSelector | SubqueryExpr {
    const tokens = this.#tokens;
    const durations = this.#durations;
    const open = tokens.take();
    const units = "number, duration, step(), or range()";
    const range = tokens.within({ name: "subquery or range selector", expected: units }, () =>
      durations.positive(),
    );
    const start = positionOf(expr).start;
    const rangeParts = {
      rangeMs: range.kind === "number" ? durationMs(range.value) : 0,
      rangeExpr: range.kind === "duration" ? range : undefined,
    };
    if (tokens.accept("]")) return this.#matrix(expr, open, rangeParts);
    tokens.expect(":", "subquery or range", '":" or "]"');
    const subquery: SubqueryExpr = {
      kind: "subquery",
      expr,
      ...rangeParts,
      stepMs: 0,
      stepExpr: undefined,
      ...NO_MODIFIERS,
      position: { start, end: 0 },
    };
    if (tokens.accept("]")) {
      subquery.position = { start, end: tokens.lastEnd };
      return subquery;
    }
    const expected = `${units.replace(", or range()", ", range()")}, or "]"`;
    const step = tokens.within({ name: "subquery selector", expected }, () => durations.positive());
    tokens.expect("]", "subquery selector", '"]"');
    return {
      ...subquery,
      stepMs: step.kind === "number" ? durationMs(step.value) : 0,
      stepExpr: step.kind === "duration" ? step : undefined,
      position: { start, end: tokens.lastEnd },
    };
  }

  #matrix(
    expr: Expr,
    open: Token,
    range: Pick<MatrixSelector, "rangeMs" | "rangeExpr">,
  ): MatrixSelector {
    const end = this.#tokens.lastEnd;
    let problem: string | undefined;
    if (expr.kind !== "vectorSelector") problem = "ranges only allowed for vector selectors";
    else if (hasOffset(expr)) problem = "no offset modifiers allowed before range";
    else if (hasAt(expr)) problem = "no @ modifiers allowed before range";
    if (problem !== undefined) this.#tokens.report({ start: open.at, end }, problem);
    const selector = expr.kind === "vectorSelector" ? expr : EMPTY_SELECTOR;
    const position = { start: positionOf(expr).start, end };
    return { kind: "matrixSelector", selector, ...range, position };
  }

  /** The modifiers of `expr` if it can have any; else reports `problem`. */
  #modifiersOf(expr: Expr, problem: string): TimeModifiers | undefined {
    if (expr.kind === "vectorSelector" || expr.kind === "subquery") return expr;
    if (expr.kind === "matrixSelector") {
      if (expr.selector !== EMPTY_SELECTOR) return expr.selector;
      this.#tokens.report(positionOf(expr), "ranges only allowed for vector selectors");
      return undefined;
    }
    this.#tokens.report(positionOf(expr), problem);
    return undefined;
  }

  #offset(expr: Expr): void {
    const tokens = this.#tokens;
    const context = { name: "offset", expected: "number, duration, step(), or range()" };
    const offset = tokens.within(context, () => this.#durations.offset());
    const problem =
      "offset modifier must be preceded by an instant vector selector or range vector selector " +
      "or a subquery";
    const modifiers = this.#modifiersOf(expr, problem);
    if (!modifiers) return;
    if (hasOffset(modifiers)) {
      tokens.report(positionOf(expr), "offset may not be set multiple times");
    }
    if (offset.kind === "number") modifiers.offsetMs = durationMs(offset.value);
    else modifiers.offsetExpr = offset;
    extendTo(expr, tokens.lastEnd);
  }

  #at(expr: Expr): void {
    const tokens = this.#tokens;
    const problem =
      "@ modifier must be preceded by an instant vector selector or range vector selector or a " +
      "subquery";
    const token = tokens.peek();
    let seconds = 0;
    if (token.kind === "start" || token.kind === "end") {
      tokens.take();
      tokens.expect("(", "@", "timestamp");
      tokens.expect(")", "@", "timestamp");
    } else {
      seconds = tokens.within({ name: "@", expected: "timestamp" }, () =>
        this.#durations.signedNumber(),
      );
      if (!(Math.abs(seconds) < MAX_TIMESTAMP)) {
        const shown = Number.isFinite(seconds) ? seconds.toFixed(6) : formatNonFinite(seconds);
        const reason = `timestamp out of bounds for @ modifier: ${shown}`;
        tokens.report(positionOf(expr), reason);
      }
    }
    const modifiers = this.#modifiersOf(expr, problem);
    if (!modifiers) return;
    if (hasAt(modifiers)) {
      tokens.report(positionOf(expr), "@ <timestamp> may not be set multiple times");
      return;
    }
    if (token.kind === "start" || token.kind === "end") modifiers.startOrEnd = token.kind;
    else modifiers.timestampMs = roundHalfAway(seconds * 1000);
    extendTo(expr, tokens.lastEnd);
  }

  #extend(expr: Expr, modifier: "anchored" | "smoothed"): void {
    const tokens = this.#tokens;
    const report = (reason: string): void => tokens.report(positionOf(expr), reason);
    if (!this.#extended) {
      report(`${modifier} modifier is experimental and not enabled`);
    } else if (expr.kind === "vectorSelector" || expr.kind === "matrixSelector") {
      const selector = expr.kind === "matrixSelector" ? expr.selector : expr;
      selector[modifier] = true;
      if (selector.anchored && selector.smoothed) {
        report("anchored and smoothed modifiers cannot be used together");
      }
    } else if (expr.kind === "subquery") {
      report(`${modifier} modifier is not supported for subqueries`);
    } else report(`${modifier} modifier not implemented`);
  }
}

/** No `offset` and no `@`. */
export const NO_MODIFIERS: TimeModifiers = {
  offsetMs: 0,
  offsetExpr: undefined,
  timestampMs: undefined,
  startOrEnd: undefined,
};

/** Stands where a range follows something that is no selector; never leaves the parser. */
const EMPTY_SELECTOR: VectorSelector = {
  kind: "vectorSelector",
  name: "",
  matchers: [],
  anchored: false,
  smoothed: false,
  mayBeEmpty: false,
  ...NO_MODIFIERS,
  position: { start: 0, end: 0 },
};

function hasOffset(modifiers: TimeModifiers): boolean {
  return modifiers.offsetMs !== 0 || modifiers.offsetExpr !== undefined;
}

function hasAt(modifiers: TimeModifiers): boolean {
  return modifiers.timestampMs !== undefined || modifiers.startOrEnd !== undefined;
}

function extendTo(expr: Expr, end: number): void {
  if (
    expr.kind === "vectorSelector" ||
    expr.kind === "matrixSelector" ||
    expr.kind === "subquery"
  ) {
    expr.position = { start: expr.position.start, end };
  }
}

function formatNonFinite(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function roundHalfAway(value: number): number {
  const rounded = Math.sign(value) * Math.round(Math.abs(value));
  return rounded === 0 ? 0 : rounded;
}
