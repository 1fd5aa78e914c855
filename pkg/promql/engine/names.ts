import { type Labels, labelsKey, METRIC_NAME } from "#pkg/labels/mod.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import { COMPARISON_OPERATORS } from "../syntax/tokens.ts";
import type { EngineFeatures } from "./context.ts";
import { hasTypeOrUnit, withoutMetadata } from "./label-sets.ts";
import type { Row, RowSink } from "./row.ts";
import { sameLabelSet } from "./subquery.ts";

/** True if all series of `expr` have the same name, or none; then dropping it keeps them apart. */
export function hasOneName(expr: Expr): boolean {
  switch (expr.kind) {
    case "vectorSelector":
      return expr.matchers.some((m) => m.name === METRIC_NAME && m.type === "=" && m.value !== "");
    case "matrixSelector":
      return hasOneName(expr.selector);
    case "subquery":
    case "paren":
      return hasOneName(expr.expr);
    case "unary":
      return expr.op === "-" || hasOneName(expr.expr);
    case "aggregate":
      if (/^(?:topk|bottomk|limitk|limit_ratio)$/.test(expr.op)) return hasOneName(expr.expr);
      return expr.without || !expr.grouping.includes(METRIC_NAME);
    case "binary":
      if (expr.op === "or") return false;
      if (expr.op === "and" || expr.op === "unless") return hasOneName(expr.lhs);
      if (expr.returnBool || !COMPARISON_OPERATORS.has(expr.op)) return true;
      return hasOneName(expr.lhs) && hasOneName(expr.rhs);
    case "call":
      return callHasOneName(expr);
    default:
      return true;
  }
}

function callHasOneName(call: Call): boolean {
  const { name } = call.func;
  if (name === "label_replace" || name === "label_join") return false;
  if (/^(?:sort|last_over_time$|first_over_time$|info$)/.test(name)) {
    return call.args.every((arg) => hasOneName(arg));
  }
  return true;
}

/**
 * Drops the names of rows that say so, or leaves that to the end, as `features` wants it. Where
 * series may become alike by it, a step that two of them have is an error.
 */
export function nameDropper(
  expr: Expr,
  features: EngineFeatures,
  sink: RowSink,
  dropFrom: (labels: Labels) => Labels = withoutMetadata,
): RowSink {
  if (features.delayedNameRemoval) return sink;
  let steps = hasOneName(expr) ? undefined : new SeenSteps();
  return {
    push(row) {
      if (row.dropName) {
        // With one name only, series that differ in type or unit may become alike. Those with either
        // come before those without, as rows come in order of labels where it matters.
        if (steps === undefined && hasTypeOrUnit(row.labels)) steps = new SeenSteps();
        row.labels = dropFrom(row.labels);
        row.dropName = false;
        steps?.add(row.labels, row);
      }
      sink.push(row);
    },
  };
}

/** Which steps each label set has had a sample at. */
export class SeenSteps {
  readonly #seen = new Map<string, Uint8Array>();

  add(labels: Labels, { kinds }: Row): void {
    const key = labelsKey(labels);
    const seen = this.#seen.get(key);
    if (!seen) {
      this.#seen.set(key, kinds.slice());
      return;
    }
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === 0) continue;
      if (seen[i] !== 0) throw sameLabelSet();
      seen[i] = kinds[i]!;
    }
  }
}
