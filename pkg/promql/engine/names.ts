import { type Labels, labelsKey, METRIC_NAME } from "#pkg/labels/mod.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import type { EngineFeatures } from "./context.ts";
import { sameLabelSet } from "./join-errors.ts";
import { hasTypeOrUnit, withoutMetadata } from "./label-sets.ts";
import { changesMeaning } from "./operators.ts";
import type { Row, RowSink } from "./row.ts";

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
      if (expr.returnBool || changesMeaning(expr.op)) return true;
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

/** Up to this many steps are the bits of a number. */
const MASK_STEPS = 31;

/** Which steps each label set has had a sample at; a second one is refused. */
export class SeenSteps {
  readonly #masks = new Map<string, number>();
  readonly #columns = new Map<string, Uint8Array>();

  /** Adds the steps of a row with these labels. Throws where one of them has been there. */
  add(labels: Labels, { kinds }: Row): void {
    const key = labelsKey(labels);
    if (kinds.length <= MASK_STEPS) this.#addMask(key, kinds);
    else this.#addColumn(key, kinds);
  }

  #addMask(key: string, kinds: Uint8Array): void {
    let mask = 0;
    for (let i = 0; i < kinds.length; i++) if (kinds[i] !== 0) mask |= 1 << i;
    const seen = this.#masks.get(key) ?? 0;
    if ((seen & mask) !== 0) throw sameLabelSet();
    this.#masks.set(key, seen | mask);
  }

  #addColumn(key: string, kinds: Uint8Array): void {
    const seen = this.#columns.get(key);
    if (!seen) {
      this.#columns.set(key, kinds.slice());
      return;
    }
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === 0) continue;
      if (seen[i] !== 0) throw sameLabelSet();
      seen[i] = kinds[i]!;
    }
  }
}
