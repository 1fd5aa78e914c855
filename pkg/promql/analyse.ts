import type { Matcher } from "#pkg/labels/mod.ts";
import { compareBytes, METRIC_NAME } from "#pkg/labels/mod.ts";
import { type Expr, typeOf, type ValueType, walk } from "./syntax/ast.ts";

/** A selector of a query. Times in ms. */
export interface SelectorUse {
  readonly matchers: readonly Matcher[];
  /** 0 for an instant selector, and where the range is an expression that needs the query's times. */
  readonly rangeMs: number;
  readonly offsetMs: number;
  /** The functions and aggregations around it, outermost first. */
  readonly within: readonly string[];
}

/** What a query reads and does. Names are sorted and unique. */
export interface Analysis {
  readonly type: ValueType;
  readonly selectors: readonly SelectorUse[];
  /** Names of metrics that are selected by name. */
  readonly metrics: readonly string[];
  /** Labels that are matched, grouped by or matched on. */
  readonly labels: readonly string[];
  readonly functions: readonly string[];
  readonly aggregations: readonly string[];
}

/** What `expr` reads and does, without evaluating it. */
export function analyse(expr: Expr): Analysis {
  const selectors: SelectorUse[] = [];
  const metrics = new Set<string>();
  const labels = new Set<string>();
  const functions = new Set<string>();
  const aggregations = new Set<string>();
  walk(expr, (node, path) => {
    switch (node.kind) {
      case "vectorSelector": {
        const outer = path.at(-1);
        const within = path.flatMap(nameOf);
        const rangeMs = outer?.kind === "matrixSelector" ? outer.rangeMs : 0;
        selectors.push({ matchers: node.matchers, rangeMs, offsetMs: node.offsetMs, within });
        for (const { type, name, value } of node.matchers) {
          if (name !== METRIC_NAME) labels.add(name);
          else if (type === "=") metrics.add(value);
        }
        break;
      }
      case "aggregate":
        aggregations.add(node.op);
        for (const name of node.grouping) labels.add(name);
        break;
      case "call":
        functions.add(node.func.name);
        break;
      case "binary":
        for (const name of node.matching?.labels ?? []) labels.add(name);
        for (const name of node.matching?.include ?? []) labels.add(name);
        break;
    }
  });
  return {
    type: typeOf(expr),
    selectors,
    metrics: sorted(metrics),
    labels: sorted(labels),
    functions: sorted(functions),
    aggregations: sorted(aggregations),
  };
}

function nameOf(node: Expr): string[] {
  if (node.kind === "call") return [node.func.name];
  return node.kind === "aggregate" ? [node.op] : [];
}

function sorted(names: ReadonlySet<string>): string[] {
  return [...names].sort(compareBytes);
}
