import type { AggregateExpr, Expr } from "../syntax/ast.ts";
import { Aggregation, AggregationTee } from "./aggregation.ts";
import { type Evaluator, type Frame, replay } from "./context.ts";
import { type RowSink, RowStore } from "./row.ts";
import { exprKey } from "./same-expr.ts";
import type { SharedInput } from "./share.ts";

/** A result that is held until all who share it have had it. */
interface Held {
  readonly frame: Frame;
  readonly store: RowStore;
  /** The members that are to have it still. */
  readonly waiting: Set<Expr>;
}

/**
 * Aggregations of one input: when the first of them is asked for, the input is evaluated once for
 * all, and the results of the others, which are no more than their groups, wait for their turn.
 */
export class SharedAggregations {
  readonly #held = new Map<Expr, Held>();

  async rows(
    expr: AggregateExpr,
    frame: Frame,
    options: {
      readonly shared: SharedInput;
      readonly evaluator: Evaluator;
      readonly sink: RowSink;
    },
  ): Promise<void> {
    const { shared, evaluator, sink } = options;
    let held = this.#held.get(expr);
    if (held === undefined || !isSameFrame(held.frame, frame)) {
      await this.#evaluate(shared, frame, evaluator);
      held = this.#held.get(expr)!;
    }
    await replay(held.store, sink, evaluator.context.pace);
    this.#held.delete(expr);
    held.waiting.delete(expr);
    if (held.waiting.size === 0) held.store.release();
  }

  async #evaluate(
    { input, members }: SharedInput,
    frame: Frame,
    evaluator: Evaluator,
  ): Promise<void> {
    // Members that are the same altogether are one.
    const byKey = new Map<string, AggregateExpr[]>();
    for (const member of members) {
      const key = exprKey(member);
      const same = byKey.get(key);
      if (same) same.push(member);
      else byKey.set(key, [member]);
    }
    const groups = [...byKey.values()];
    // The last one, as its place in the query is the one that notes name.
    const parts = groups.map((same) => new Aggregation(same.at(-1)!, frame, evaluator));
    await evaluator.rows(input, frame, new AggregationTee(parts, frame));
    for (let i = 0; i < groups.length; i++) {
      const store = new RowStore(frame.steps, evaluator.context.budget);
      await parts[i]!.finish(store);
      const held = { frame, store, waiting: new Set<Expr>(groups[i]!) };
      for (const member of groups[i]!) this.#held.set(member, held);
    }
  }
}

function isSameFrame(a: Frame, b: Frame): boolean {
  return a.startMs === b.startMs && a.stepMs === b.stepMs && a.steps === b.steps;
}
