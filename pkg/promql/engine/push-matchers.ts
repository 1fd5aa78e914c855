import { type Matcher, METRIC_NAME } from "#pkg/labels/mod.ts";
import type {
  AggregateExpr,
  BinaryExpr,
  Expr,
  VectorMatching,
  VectorSelector,
} from "../syntax/ast.ts";
import { typeOf } from "../syntax/ast.ts";
import { SET_OPERATORS } from "../syntax/tokens.ts";
import { changesLabels, vectorArgument } from "./label-flow.ts";
import { hasOneName } from "./names.ts";

/**
 * `expr` with matchers of one side of binary operators given to the other as well, where a series
 * without them could match nothing: of `a{job="x"} * on (job) b`, `b` need only be read for that
 * job. The query gives and refuses what it did: where several series of one match could be an error,
 * matched or not, both sides are left alone, and so is what may fail by itself on series that would
 * not be read any more.
 */
export function pushMatchers(expr: Expr): Expr {
  return new Pusher().push(expr, []);
}

/** Of more matchers the others are left where they are: a query of many parts stays cheap to plan. */
const MATCHERS_MAX = 8;

class Pusher {
  readonly #guaranteed = new Map<Expr, readonly Matcher[]>();
  readonly #safe = new Map<Expr, boolean>();

  /**
   * `expr` without series that do not fulfil `required`, as far as that is exact. Only what is safe
   * is given any that are required.
   */
  push(expr: Expr, required: readonly Matcher[]): Expr {
    switch (expr.kind) {
      case "vectorSelector":
        return required.length === 0 ? expr : restrict(expr, required);
      case "matrixSelector": {
        const { selector } = expr;
        return required.length === 0 ? expr : { ...expr, selector: restrict(selector, required) };
      }
      case "paren":
      case "subquery":
      case "unary":
        return { ...expr, expr: this.push(expr.expr, required) };
      case "aggregate": {
        const own = valueLabel(expr);
        const kept = required.filter(({ name }) => isGrouped(name, expr) && name !== own);
        const param = expr.param && this.push(expr.param, []);
        return { ...expr, expr: this.push(expr.expr, kept), param };
      }
      case "binary":
        return this.#pushOperator(expr, required);
      case "call": {
        const inner = vectorArgument(expr);
        const kept = required.filter(({ name }) => !changesLabels(expr, name));
        const args = expr.args.map((arg) => this.push(arg, arg === inner ? kept : []));
        return { ...expr, args };
      }
      default:
        return expr;
    }
  }

  #pushOperator(expr: BinaryExpr, required: readonly Matcher[]): BinaryExpr {
    const { matching, lhs, rhs, op } = expr;
    const both = (left: readonly Matcher[], right: readonly Matcher[]): BinaryExpr => {
      return { ...expr, lhs: this.push(lhs, left), rhs: this.push(rhs, right) };
    };
    if (matching === undefined) {
      return typeOf(lhs) === "vector" ? both(required, []) : both([], required);
    }
    if (hasFill(matching)) return both([], []);
    const isJoint = ({ name }: Matcher): boolean => isMatched(name, matching);
    const joint = required.filter(isJoint);
    if (op === "or") return both(joint, joint);
    const { card, include } = matching;
    const isSet = SET_OPERATORS.has(op);
    // Where one side gives one series to a match, two of them are refused, even if none matches, but
    // not while the other side is empty: neither side may lose any, unless two are impossible.
    const isFree = isSet || isUnique(card === "one-to-many" ? lhs : rhs, matching);
    const fromLeft = isFree && this.#isSafe(rhs) ? this.#of(lhs).filter(isJoint) : [];
    const fromRight = isFree && this.#isSafe(lhs) ? this.#of(rhs).filter(isJoint) : [];
    // What `unless` takes away is no condition for what is left.
    if (op === "unless") return both(required, unite(joint, fromLeft));
    if (op === "and") return both(unite(required, fromRight), unite(joint, fromLeft));
    const ofMany = required.filter((m) => isJoint(m) || !include.includes(m.name));
    const left = card === "many-to-one" ? ofMany : joint;
    const right = card === "one-to-many" ? ofMany : joint;
    return both(unite(left, fromRight), unite(right, fromLeft));
  }

  /** True if `expr` cannot fail because of what some series are, whichever are read. */
  #isSafe(expr: Expr): boolean {
    let safe = this.#safe.get(expr);
    if (safe === undefined) {
      safe = this.#findSafe(expr);
      this.#safe.set(expr, safe);
    }
    return safe;
  }

  #findSafe(expr: Expr): boolean {
    switch (expr.kind) {
      case "vectorSelector":
      case "matrixSelector":
        return true;
      case "aggregate":
      case "paren":
      case "subquery":
        return this.#isSafe(expr.expr);
      case "unary":
        return this.#isSafe(expr.expr) && hasOneName(expr.expr);
      case "binary": {
        if (SET_OPERATORS.has(expr.op)) return this.#isSafe(expr.lhs) && this.#isSafe(expr.rhs);
        if (expr.matching) return false;
        const vector = typeOf(expr.lhs) === "vector" ? expr.lhs : expr.rhs;
        return this.#isSafe(vector) && hasOneName(vector);
      }
      case "call": {
        const inner = vectorArgument(expr);
        if (inner === undefined || /^(?:label_|info$)/.test(expr.func.name)) return false;
        return this.#isSafe(inner) && hasOneName(inner);
      }
      default:
        return false;
    }
  }

  /** Matchers on labels that all series fulfil which `expr` gives; not all there may be. */
  #of(expr: Expr): readonly Matcher[] {
    let found = this.#guaranteed.get(expr);
    if (found === undefined) {
      found = this.#find(expr).slice(0, MATCHERS_MAX);
      this.#guaranteed.set(expr, found);
    }
    return found;
  }

  #find(expr: Expr): readonly Matcher[] {
    switch (expr.kind) {
      case "vectorSelector":
        return expr.matchers.filter(({ name }) => name !== METRIC_NAME);
      case "matrixSelector":
        return this.#of(expr.selector);
      case "paren":
      case "subquery":
      case "unary":
        return this.#of(expr.expr);
      case "aggregate": {
        const own = valueLabel(expr);
        return this.#of(expr.expr).filter(({ name }) => keepsLabel(expr, name) && name !== own);
      }
      case "binary":
        return this.#findOperator(expr);
      case "call": {
        const inner = vectorArgument(expr);
        if (inner === undefined) return [];
        return this.#of(inner).filter(({ name }) => !changesLabels(expr, name));
      }
      default:
        return [];
    }
  }

  #findOperator(expr: BinaryExpr): readonly Matcher[] {
    const { matching, op } = expr;
    if (!matching) return this.#of(typeOf(expr.lhs) === "vector" ? expr.lhs : expr.rhs);
    if (op === "or" || hasFill(matching)) return [];
    const left = this.#of(expr.lhs);
    if (op === "unless") return left;
    const right = this.#of(expr.rhs);
    const isJoint = ({ name }: Matcher): boolean => isMatched(name, matching);
    const { card, include } = matching;
    if (SET_OPERATORS.has(op)) return unite(left, right.filter(isJoint));
    if (card === "one-to-one") return unite(left.filter(isJoint), right.filter(isJoint));
    const [many, one] = card === "many-to-one" ? [left, right] : [right, left];
    const own = many.filter(({ name }) => !include.includes(name));
    return unite(
      own,
      one.filter((m) => isJoint(m) && !include.includes(m.name)),
    );
  }
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

function unite(a: readonly Matcher[], b: readonly Matcher[]): readonly Matcher[] {
  const all = [...a, ...b.filter((m) => !a.some((other) => isSame(m, other)))];
  return all.slice(0, MATCHERS_MAX);
}

function isSame(a: Matcher, b: Matcher): boolean {
  return a.name === b.name && a.type === b.type && a.value === b.value;
}

function restrict(selector: VectorSelector, required: readonly Matcher[]): VectorSelector {
  let { matchers } = selector;
  for (const matcher of required) {
    // One value is as narrow as it gets.
    const isNarrow = matchers.some((m) => m.name === matcher.name && m.type === "=");
    if (isNarrow || matchers.some((m) => isSame(m, matcher))) continue;
    matchers = [...matchers, matcher];
  }
  return matchers === selector.matchers ? selector : { ...selector, matchers };
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
