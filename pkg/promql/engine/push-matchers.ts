import { type Matcher, METRIC_NAME } from "#pkg/labels/mod.ts";
import type { AggregateExpr, BinaryExpr, Call, Expr, VectorMatching } from "../syntax/ast.ts";
import { typeOf } from "../syntax/ast.ts";
import { SET_OPERATORS } from "../syntax/tokens.ts";
import { changesLabels, vectorArgument } from "./label-flow.ts";
import { hasOneName } from "./names.ts";

/**
 * `expr` with matchers of one side of binary operators given to the other as well, where a series
 * without them could match nothing: of `a{job="x"} * on (job) b`, `b` need only be read for that
 * job. The query gives and refuses what it did: a side on which several series of a match are an
 * error, matched or not, is left alone, and so is what may fail by itself on series that would not
 * be read any more.
 */
export function pushMatchers(expr: Expr): Expr {
  switch (expr.kind) {
    case "binary": {
      const pushed = expr.matching ? pushAcross(expr, expr.matching) : expr;
      return { ...pushed, lhs: pushMatchers(pushed.lhs), rhs: pushMatchers(pushed.rhs) };
    }
    case "call":
      return { ...expr, args: expr.args.map(pushMatchers) };
    case "aggregate":
      return {
        ...expr,
        expr: pushMatchers(expr.expr),
        param: expr.param && pushMatchers(expr.param),
      };
    case "paren":
    case "subquery":
    case "unary":
      return { ...expr, expr: pushMatchers(expr.expr) };
    default:
      return expr;
  }
}

function pushAcross(expr: BinaryExpr, matching: VectorMatching): BinaryExpr {
  if (expr.op === "or" || hasFill(matching)) return expr;
  const isJoint = ({ name }: Matcher): boolean => isMatched(name, matching);
  const toRight = guaranteed(expr.lhs).filter(isJoint);
  // What `unless` takes away is no condition for what is left.
  const toLeft = expr.op === "unless" ? [] : guaranteed(expr.rhs).filter(isJoint);
  const isSet = SET_OPERATORS.has(expr.op);
  const { card } = matching;
  // Of the side that gives one series to a match, two in one match are refused even if none matches.
  const isRightFree = isSet || card === "one-to-many" || isUnique(expr.rhs, matching);
  const isLeftFree = isSet || card !== "one-to-many" || isUnique(expr.lhs, matching);
  return {
    ...expr,
    lhs: isLeftFree && isSafe(expr.lhs) ? toLeft.reduce(restrict, expr.lhs) : expr.lhs,
    rhs: isRightFree && isSafe(expr.rhs) ? toRight.reduce(restrict, expr.rhs) : expr.rhs,
  };
}

/** True if no two series of `expr` can be in one match. */
function isUnique(expr: Expr, matching: VectorMatching): boolean {
  if (expr.kind === "paren" || expr.kind === "unary") return isUnique(expr.expr, matching);
  const { on, labels } = matching;
  // Series of one name differ in other labels, which all count then.
  if (!on && labels.length === 0 && hasOneName(expr)) return true;
  if (expr.kind !== "aggregate" || expr.without || KEEPS_SERIES.has(expr.op)) return false;
  const told = expr.op === "count_values" ? [...expr.grouping, valueLabel(expr)!] : expr.grouping;
  return told.every((name) => name !== METRIC_NAME && labels.includes(name) === on);
}

/** Aggregations that give series of their argument. */
const KEEPS_SERIES: ReadonlySet<string> = new Set(["topk", "bottomk", "limitk", "limit_ratio"]);

/** True if `expr` cannot fail because of what some series are, whichever are read. */
function isSafe(expr: Expr): boolean {
  switch (expr.kind) {
    case "vectorSelector":
    case "matrixSelector":
      return true;
    case "paren":
    case "subquery":
      return isSafe(expr.expr);
    case "aggregate":
      return isSafe(expr.expr);
    case "unary":
      return isSafe(expr.expr) && hasOneName(expr.expr);
    case "binary": {
      if (SET_OPERATORS.has(expr.op)) return isSafe(expr.lhs) && isSafe(expr.rhs);
      if (expr.matching) return false;
      const vector = typeOf(expr.lhs) === "vector" ? expr.lhs : expr.rhs;
      return isSafe(vector) && hasOneName(vector);
    }
    case "call": {
      const inner = vectorArgument(expr);
      if (inner === undefined || /^(?:label_|info$)/.test(expr.func.name)) return false;
      return isSafe(inner) && hasOneName(inner);
    }
    default:
      return false;
  }
}

function hasFill({ fillLeft, fillRight }: VectorMatching): boolean {
  return fillLeft !== undefined || fillRight !== undefined;
}

/** True if series match only if they have the same value of the label. */
function isMatched(name: string, { on, labels }: VectorMatching): boolean {
  return name !== METRIC_NAME && labels.includes(name) === on;
}

/** True if series of different values of the label never come into the same group. */
function isGrouped(name: string, { grouping, without }: AggregateExpr): boolean {
  return name !== METRIC_NAME && grouping.includes(name) !== without;
}

/** Matchers on labels that all series fulfil which `expr` gives. */
function guaranteed(expr: Expr): Matcher[] {
  switch (expr.kind) {
    case "vectorSelector":
      return expr.matchers.filter(({ name }) => name !== METRIC_NAME);
    case "matrixSelector":
      return guaranteed(expr.selector);
    case "paren":
    case "subquery":
    case "unary":
      return guaranteed(expr.expr);
    case "aggregate":
      return guaranteed(expr.expr).filter(
        ({ name }) => keepsLabel(expr, name) && name !== valueLabel(expr),
      );
    case "binary":
      return guaranteedByOperator(expr);
    case "call": {
      const inner = vectorArgument(expr);
      if (inner === undefined) return [];
      return guaranteed(inner).filter(({ name }) => !changesLabels(expr, name));
    }
    default:
      return [];
  }
}

function guaranteedByOperator(expr: BinaryExpr): Matcher[] {
  const { matching } = expr;
  if (!matching) return guaranteed(typeOf(expr.lhs) === "vector" ? expr.lhs : expr.rhs);
  if (expr.op === "or" || hasFill(matching)) return [];
  const left = guaranteed(expr.lhs);
  const right = guaranteed(expr.rhs);
  const isJoint = ({ name }: Matcher): boolean => isMatched(name, matching);
  const { card, include } = matching;
  if (expr.op === "unless") return left;
  if (SET_OPERATORS.has(expr.op)) return unite(left, right.filter(isJoint));
  if (card === "one-to-one") return unite(left.filter(isJoint), right.filter(isJoint));
  const [many, one] = card === "many-to-one" ? [left, right] : [right, left];
  const own = many.filter(({ name }) => !include.includes(name));
  return unite(
    own,
    one.filter((m) => isJoint(m) && !include.includes(m.name)),
  );
}

function unite(a: readonly Matcher[], b: readonly Matcher[]): Matcher[] {
  return [...a, ...b.filter((m) => !a.some((other) => isSame(m, other)))];
}

function isSame(a: Matcher, b: Matcher): boolean {
  return a.name === b.name && a.type === b.type && a.value === b.value;
}

/** `expr` without the series that do not fulfil `matcher`, or `expr` where that is not exact. */
function restrict(expr: Expr, matcher: Matcher): Expr {
  const { name } = matcher;
  switch (expr.kind) {
    case "vectorSelector": {
      const { matchers } = expr;
      // One value is as narrow as it gets.
      const isNarrow = matchers.some((m) => m.name === name && m.type === "=");
      if (isNarrow || matchers.some((m) => isSame(m, matcher))) return expr;
      return { ...expr, matchers: [...matchers, matcher] };
    }
    case "matrixSelector": {
      const selector = restrict(expr.selector, matcher);
      return selector.kind === "vectorSelector" ? { ...expr, selector } : expr;
    }
    case "paren":
    case "subquery":
    case "unary":
      return { ...expr, expr: restrict(expr.expr, matcher) };
    case "aggregate":
      if (!isGrouped(name, expr) || name === valueLabel(expr)) return expr;
      return { ...expr, expr: restrict(expr.expr, matcher) };
    case "binary":
      return restrictOperator(expr, matcher);
    case "call":
      return restrictCall(expr, matcher);
    default:
      return expr;
  }
}

function restrictCall(call: Call, matcher: Matcher): Expr {
  const inner = vectorArgument(call);
  if (inner === undefined || changesLabels(call, matcher.name)) return call;
  return { ...call, args: call.args.map((arg) => (arg === inner ? restrict(arg, matcher) : arg)) };
}

function restrictOperator(expr: BinaryExpr, matcher: Matcher): Expr {
  const { matching, op } = expr;
  const left = (): Expr => restrict(expr.lhs, matcher);
  const right = (): Expr => restrict(expr.rhs, matcher);
  if (!matching) {
    return typeOf(expr.lhs) === "vector" ? { ...expr, lhs: left() } : { ...expr, rhs: right() };
  }
  if (hasFill(matching)) return expr;
  if (isMatched(matcher.name, matching)) return { ...expr, lhs: left(), rhs: right() };
  if (op === "or") return expr;
  if (SET_OPERATORS.has(op)) return { ...expr, lhs: left() };
  if (matching.card === "one-to-one" || matching.include.includes(matcher.name)) return expr;
  return matching.card === "many-to-one" ? { ...expr, lhs: left() } : { ...expr, rhs: right() };
}

/** The label that `count_values` puts values into. */
function valueLabel(expr: AggregateExpr): string | undefined {
  return expr.op === "count_values" && expr.param?.kind === "string" ? expr.param.value : undefined;
}

const CHOOSING: ReadonlySet<string> = new Set(["bottomk", "limit_ratio", "limitk", "topk"]);

/** True if the series of an aggregation have the label as its input has it. */
function keepsLabel(expr: AggregateExpr, name: string): boolean {
  return CHOOSING.has(expr.op) || isGrouped(name, expr);
}
