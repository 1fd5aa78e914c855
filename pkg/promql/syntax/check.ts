import { METRIC_NAME, quote } from "#pkg/labels/mod.ts";
import {
  type AggregateExpr,
  type BinaryExpr,
  type Call,
  type Expr,
  positionOf,
  typeOf,
  type ValueType,
  type VectorSelector,
} from "./ast.ts";
import type { PositionRange } from "./position.ts";
import type { TokenStream } from "./token-stream.ts";
import { COMPARISON_OPERATORS, SET_OPERATORS } from "./tokens.ts";

/**
 * Checks types and what else needs the whole expression; problems go to `tokens`. Settles the
 * matching of binary expressions on the way: set operators are many-to-many, operands that are not
 * both vectors have none.
 */
export function checkTypes(expr: Expr, tokens: TokenStream): ValueType {
  const report = (node: Expr, reason: string): void => tokens.report(positionOf(node), reason);
  switch (expr.kind) {
    case "aggregate":
      checkAggregate(expr, tokens);
      break;
    case "binary":
      checkBinary(expr, tokens);
      break;
    case "call":
      checkCall(expr, tokens);
      break;
    case "paren":
      checkTypes(expr.expr, tokens);
      break;
    case "unary": {
      const type = checkTypes(expr.expr, tokens);
      if (type !== "scalar" && type !== "vector") {
        const wanted =
          "unary expression only allowed on expressions of type scalar or instant vector";
        report(expr, `${wanted}, got ${quote(documentedType(type))}`);
      }
      break;
    }
    case "subquery": {
      const type = checkTypes(expr.expr, tokens);
      if (type !== "vector") {
        report(expr, `subquery is only allowed on instant vector, got ${type} instead`);
      }
      break;
    }
    case "matrixSelector":
      checkTypes(expr.selector, tokens);
      break;
    case "vectorSelector":
      checkSelector(expr, tokens);
      break;
  }
  return typeOf(expr);
}

/** A type as messages name it. */
export function documentedType(type: ValueType): string {
  if (type === "vector") return "instant vector";
  return type === "matrix" ? "range vector" : type;
}

function expectType(
  expr: Expr,
  { want, where }: { want: ValueType; where: string },
  tokens: TokenStream,
): void {
  const type = checkTypes(expr, tokens);
  if (type === want) return;
  const reason = `expected type ${documentedType(want)} in ${where}, got ${documentedType(type)}`;
  tokens.report(positionOf(expr), reason);
}

function checkAggregate(expr: AggregateExpr, tokens: TokenStream): void {
  expectType(expr.expr, { want: "vector", where: "aggregation expression" }, tokens);
  if (!expr.param) return;
  const want = expr.op === "count_values" ? "string" : "scalar";
  expectType(expr.param, { want, where: "aggregation parameter" }, tokens);
}

function checkBinary(expr: BinaryExpr, tokens: TokenStream): void {
  const left = checkTypes(expr.lhs, tokens);
  const right = checkTypes(expr.rhs, tokens);
  const matching = expr.matching!;
  const isSet = SET_OPERATORS.has(expr.op);
  const isComparison = COMPARISON_OPERATORS.has(expr.op);
  const atOperator = (reason: string): void =>
    tokens.report(operatorPosition(expr, tokens.text), reason);
  const report = (reason: string): void => tokens.report(positionOf(expr), reason);
  if (expr.returnBool && !isComparison) {
    atOperator("bool modifier can only be used on comparison operators");
  }
  if (isComparison && !expr.returnBool && left === "scalar" && right === "scalar") {
    atOperator("comparisons between scalars must use BOOL modifier");
  }
  if (isSet && matching.card === "one-to-one") matching.card = "many-to-many";
  if (matching.on) {
    for (const label of matching.labels) {
      if (!matching.include.includes(label)) continue;
      atOperator(`label ${quote(label)} must not occur in ON and GROUP clause at once`);
    }
  }
  for (const [side, type] of [
    [expr.lhs, left],
    [expr.rhs, right],
  ] as const) {
    if (type === "scalar" || type === "vector") continue;
    const reason = "binary expression must contain only scalar and instant vector types";
    tokens.report(positionOf(side), reason);
  }
  const fills = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (left !== "vector" || right !== "vector") {
    if (matching.labels.length > 0) report("vector matching only allowed between instant vectors");
    if (fills) report("filling in missing series only allowed between instant vectors");
    expr.matching = undefined;
  } else if (isSet) {
    if (matching.card !== "many-to-many") {
      report(`no grouping allowed for ${quote(expr.op)} operation`);
      report("set operations must always be many-to-many");
    }
    if (fills) report("filling in missing series not allowed for set operators");
  }
  if (isSet && (left === "scalar" || right === "scalar")) {
    report(`set operator ${quote(expr.op)} not allowed in binary scalar expression`);
  }
}

/** Where the operator and its modifiers stand, without the spaces around them. */
function operatorPosition(expr: BinaryExpr, text: string): PositionRange {
  let start = positionOf(expr.lhs).end;
  while (/[ \t\n\r]/.test(text[start] ?? "")) start++;
  let end = positionOf(expr.rhs).start - 1;
  while (/[ \t\n\r]/.test(text[end] ?? "")) end--;
  return { start, end };
}

function checkCall(call: Call, tokens: TokenStream): void {
  const { func, args } = call;
  const name = quote(func.name);
  const count = func.args.length;
  const report = (reason: string): void => tokens.report(call.position, reason);
  if (func.variadic === 0) {
    if (args.length !== count) {
      report(`expected ${count} argument(s) in call to ${name}, got ${args.length}`);
    }
  } else if (args.length < count - 1) {
    report(`expected at least ${count - 1} argument(s) in call to ${name}, got ${args.length}`);
  } else if (func.variadic > 0 && args.length > count - 1 + func.variadic) {
    const most = count - 1 + func.variadic;
    report(`expected at most ${most} argument(s) in call to ${name}, got ${args.length}`);
  }
  if (func.name === "info" && args.length > 1) checkInfoSelector(call, args[1]!, tokens);
  for (let i = 0; i < args.length; i++) {
    if (i >= count && func.variadic === 0) break;
    const want = func.args[Math.min(i, count - 1)]!;
    const type = checkTypes(args[i]!, tokens);
    if (type === want) continue;
    const got = `got ${documentedType(type)}`;
    const reason = `expected type ${documentedType(want)} in call to function ${name}, ${got}`;
    tokens.report(positionOf(args[i]!), reason);
  }
}

/** The second argument of `info` selects labels, not series, and may be empty. */
function checkInfoSelector(call: Call, selector: Expr, tokens: TokenStream): void {
  const type = typeOf(selector);
  if (type !== "vector") {
    const where = `call to function ${quote(call.func.name)}`;
    const reason = `expected type instant vector in ${where}, got ${documentedType(type)}`;
    tokens.report(call.position, reason);
  }
  if (selector.kind !== "vectorSelector") {
    tokens.report(positionOf(selector), "expected label selectors only");
  } else if (selector.name !== "") {
    const reason = "expected label selectors only, got vector selector instead";
    tokens.report(positionOf(selector), reason);
  } else selector.mayBeEmpty = true;
}

function checkSelector(selector: VectorSelector, tokens: TokenStream): void {
  const { name, matchers, position } = selector;
  if (name !== "") {
    for (const matcher of matchers.slice(0, -1)) {
      if (matcher.name !== METRIC_NAME) continue;
      const names = `${quote(name)} or ${quote(matcher.value)}`;
      tokens.report(position, `metric name must not be set twice: ${names}`);
    }
    return;
  }
  if (selector.mayBeEmpty || matchers.some((matcher) => !matcher.matches(""))) return;
  tokens.report(position, "vector selector must contain at least one non-empty matcher");
}
