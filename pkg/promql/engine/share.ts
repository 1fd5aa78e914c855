import { METRIC_NAME } from "#pkg/labels/mod.ts";
import type { AggregateExpr, BinaryExpr, Expr, VectorSelector } from "../syntax/ast.ts";
import { childrenOf, typeOf } from "../syntax/ast.ts";
import { hasMatcher } from "./aligned.ts";
import { isRowWise, vectorArgument } from "./label-flow.ts";
import { hasOneName } from "./names.ts";
import { ExprIds, matchersKey } from "./same-expr.ts";

/** Aggregations that take in their vectors together. */
export interface SharedInput {
  readonly members: readonly AggregateExpr[];
  /** Where their vectors differ: a selector of all series that they are made of, each by itself. */
  readonly base: VectorSelector | undefined;
}

/** What an evaluation can do once for several parts of an expression. */
export interface Sharing {
  /** Aggregations that take in their vector together, by each of them. */
  readonly aggregates: ReadonlyMap<Expr, SharedInput>;
  /**
   * Operators that only ever bring a series together with itself, of whose selectors all ask for
   * the same series, as the one that is given here: these need selecting once, and can be dealt with
   * batch by batch.
   */
  readonly aligned: ReadonlyMap<Expr, VectorSelector>;
}

export const NO_SHARING: Sharing = { aggregates: new Map(), aligned: new Map() };

/** Finds what `expr` asks for several times. `invariants` are evaluated at times of their own. */
export function findSharing(expr: Expr, invariants: ReadonlySet<Expr>): Sharing {
  return { aggregates: sharedInputs(expr, invariants), aligned: alignedOperators(expr) };
}

/** Aggregations that hold groups, not series, so that it costs little to have several at once. */
const ACCUMULATING: ReadonlySet<string> = new Set([
  "avg",
  "count",
  "group",
  "max",
  "min",
  "stddev",
  "stdvar",
  "sum",
]);

function sharedInputs(root: Expr, invariants: ReadonlySet<Expr>): Map<Expr, SharedInput> {
  const collector = new Collector(root, invariants);
  const all = collector.collect(() => true);
  // The inputs of all but the last are not evaluated, so what is in them counts for nothing.
  const visited = collector.collect((node, key) => all.get(key)!.at(-1) === node);
  const shared = new Map<Expr, SharedInput>();
  const share = (members: readonly AggregateExpr[], base: VectorSelector | undefined): void => {
    for (const member of members) shared.set(member, { members, base });
  };
  const byMetric = new Map<string, AggregateExpr[][]>();
  for (const [key, members] of visited) {
    const metric = metricOf(members[0]!.expr);
    if (metric === undefined) {
      if (members.length > 1) share(members, undefined);
      continue;
    }
    const scoped = `${scopeOf(key)} ${metric}`;
    const others = byMetric.get(scoped);
    if (others) others.push(members);
    else byMetric.set(scoped, [members]);
  }
  for (const groups of byMetric.values()) {
    const base = baseOf(groups);
    if (groups.length > 1 && base !== undefined) share(groups.flat(), base);
    else for (const members of groups) if (members.length > 1) share(members, undefined);
  }
  return shared;
}

/** The metric that a vector is made of, if it is made of one and the same series throughout. */
function metricOf(input: Expr): string | undefined {
  if (findKey(input, new Map()) === undefined) return undefined;
  const { matchers } = selectorsOf(input)[0]!;
  return matchers.find(({ name }) => name === METRIC_NAME)!.value;
}

/** Of all selectors the one that selects what any of them does, if there is one. */
function baseOf(groups: readonly (readonly AggregateExpr[])[]): VectorSelector | undefined {
  const selectors = groups.map((members) => selectorsOf(members[0]!.expr)[0]!);
  return selectors.find((base) =>
    selectors.every((other) => base.matchers.every((matcher) => hasMatcher(other, matcher))),
  );
}

/** The scope that a key of `collect` begins with. */
function scopeOf(key: string): string {
  return key.slice(0, key.indexOf(" "));
}

/** Finds aggregations by input and by the part of the expression that is evaluated at the same times. */
class Collector {
  readonly #root: Expr;
  readonly #invariants: ReadonlySet<Expr>;
  readonly #inputs = new ExprIds();
  /** Parts that are evaluated at times of their own. */
  readonly #scopes = new Map<Expr, number>();

  constructor(root: Expr, invariants: ReadonlySet<Expr>) {
    this.#root = root;
    this.#invariants = invariants;
  }

  /** By a key that begins with the scope; below an aggregation only if `enters` says so. */
  collect(enters: (node: AggregateExpr, key: string) => boolean): Map<string, AggregateExpr[]> {
    const found = new Map<string, AggregateExpr[]>();
    const visit = (node: Expr, outer: number): void => {
      const scope = this.#invariants.has(node) ? this.#scopeOf(node) : outer;
      if (node.kind === "aggregate" && ACCUMULATING.has(node.op)) {
        const key = `${scope} ${this.#inputs.of(node.expr)}`;
        const members = found.get(key);
        if (members) members.push(node);
        else found.set(key, [node]);
        if (!enters(node, key)) return;
      }
      const inner = node.kind === "subquery" ? this.#scopeOf(node.expr) : scope;
      for (const child of childrenOf(node)) visit(child, inner);
    };
    visit(this.#root, 0);
    return found;
  }

  #scopeOf(node: Expr): number {
    let scope = this.#scopes.get(node);
    if (scope === undefined) {
      scope = this.#scopes.size + 1;
      this.#scopes.set(node, scope);
    }
    return scope;
  }
}

function alignedOperators(root: Expr): Map<Expr, VectorSelector> {
  const aligned = new Map<Expr, string>();
  findKey(root, aligned);
  const found = new Map<Expr, VectorSelector>();
  const visit = (node: Expr): void => {
    if (!aligned.has(node)) childrenOf(node).forEach(visit);
    else found.set(node, selectorsOf(node)[0]!);
  };
  visit(root);
  return found;
}

/**
 * The key of the series of which `expr` is made throughout, each by itself; undefined if it is made
 * of several. Operators between vectors for which there is one are put into `aligned`.
 */
function findKey(expr: Expr, aligned: Map<Expr, string>): string | undefined {
  switch (expr.kind) {
    case "vectorSelector":
      // With one name, labels without the name tell series apart.
      return hasOneName(expr) ? matchersKey(expr) : undefined;
    case "matrixSelector":
      return findKey(expr.selector, aligned);
    case "paren":
    case "subquery":
    case "unary":
      return findKey(expr.expr, aligned);
    case "binary":
      return findOperatorKey(expr, aligned);
    case "call": {
      const inner = vectorArgument(expr);
      const keys = expr.args.map((arg) => findKey(arg, aligned));
      if (inner === undefined || !isRowWise(expr)) return undefined;
      if (expr.args.some((arg) => arg !== inner && selects(arg))) return undefined;
      return keys[expr.args.indexOf(inner)];
    }
    case "aggregate":
      findKey(expr.expr, aligned);
      if (expr.param) findKey(expr.param, aligned);
      return undefined;
    default:
      return undefined;
  }
}

function findOperatorKey(expr: BinaryExpr, aligned: Map<Expr, string>): string | undefined {
  const { matching, lhs, rhs, op } = expr;
  const left = findKey(lhs, aligned);
  const right = findKey(rhs, aligned);
  if (matching === undefined) {
    const [key, scalar] = typeOf(lhs) === "vector" ? [left, rhs] : [right, lhs];
    return selects(scalar) ? undefined : key;
  }
  // The order of an instant result of `or` is not that of the series.
  if (left === undefined || left !== right || op === "or") return undefined;
  if (matching.on || matching.labels.length > 0) return undefined;
  if (matching.card !== "one-to-one" && matching.card !== "many-to-many") return undefined;
  aligned.set(expr, left);
  return left;
}

function selectorsOf(expr: Expr): VectorSelector[] {
  return expr.kind === "vectorSelector" ? [expr] : childrenOf(expr).flatMap(selectorsOf);
}

/** True if any series are read for `expr`. */
function selects(expr: Expr): boolean {
  return expr.kind === "vectorSelector" || childrenOf(expr).some(selects);
}
