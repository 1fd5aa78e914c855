import type { AggregateExpr, Expr } from "../syntax/ast.ts";
import { Aggregation, AggregationTee } from "./aggregation.ts";
import { commonSelection, eachBatch } from "./aligned.ts";
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
 * Aggregations of one input, or of inputs that one selection can give: when the first of them is
 * asked for, the input is evaluated once for all, and the results of the others, which are no more than their groups, wait for their turn.
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

  async #evaluate(shared: SharedInput, frame: Frame, evaluator: Evaluator): Promise<void> {
    // Members that are the same altogether are one.
    const groups = groupBy(shared.members, exprKey);
    // The last one, as its place in the query is the one that notes name.
    const parts = groups.map((same) => {
      const expr = same.at(-1)!;
      return { expr, same, aggregation: new Aggregation(expr, frame, evaluator) };
    });
    const inputs = groupBy(parts, ({ expr }) => exprKey(expr.expr)).map((same) => ({
      input: same.at(-1)!.expr.expr,
      tee: new AggregationTee(
        same.map(({ aggregation }) => aggregation),
        frame,
      ),
    }));
    await takeIn(inputs, shared, { frame, evaluator });
    for (const { same, aggregation } of parts) {
      const store = new RowStore(frame.steps, evaluator.context.budget);
      await aggregation.finish(store);
      const held = { frame, store, waiting: new Set<Expr>(same) };
      for (const member of same) this.#held.set(member, held);
    }
  }
}

interface Input {
  readonly input: Expr;
  readonly tee: AggregationTee;
}

/** Evaluates the inputs, over one selection if that is possible and no more work. */
async function takeIn(
  inputs: readonly Input[],
  { base }: SharedInput,
  { frame, evaluator }: { readonly frame: Frame; readonly evaluator: Evaluator },
): Promise<void> {
  const { context } = evaluator;
  const exprs = inputs.map(({ input }) => input);
  const selection = base && commonSelection(exprs, base, { frame, context });
  const allFrom = async (from: Evaluator): Promise<void> => {
    for (const { input, tee } of inputs) await from.rows(input, frame, tee);
  };
  const isDone =
    selection !== undefined &&
    (await eachBatch(selection, context, (querier) => allFrom(evaluator.on(querier))));
  if (!isDone) await allFrom(evaluator);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

function isSameFrame(a: Frame, b: Frame): boolean {
  return a.startMs === b.startMs && a.stepMs === b.stepMs && a.steps === b.steps;
}
