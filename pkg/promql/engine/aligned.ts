import type { Querier, Series } from "#pkg/storage/mod.ts";
import type { Expr, VectorSelector } from "../syntax/ast.ts";
import { childrenOf } from "../syntax/ast.ts";
import type { EvalContext, Frame } from "./context.ts";
import { hasTypeOrUnit } from "./label-sets.ts";
import { lookTimes } from "./look-times.ts";
import { selectBatches, selectParams } from "./select.ts";
import { subqueryFrame } from "./subquery.ts";

/** Series that are dealt with at once: enough that the evaluation around them costs little. */
const BATCH_SERIES = 512;

/**
 * Selects the series that all selectors of `expr` ask for, once, and calls `evaluate` for batches of
 * them with a querier that gives these.
 */
export async function eachBatch(
  expr: Expr,
  selectors: readonly VectorSelector[],
  options: {
    readonly frame: Frame;
    readonly context: EvalContext;
    readonly evaluate: (querier: Querier) => Promise<void>;
  },
): Promise<void> {
  const { frame, context, evaluate } = options;
  const needs = new Needs(context);
  needs.add(expr, frame);
  const { mint, maxt, lastOnly } = needs;
  const params = selectParams(selectors[0]!, context, { mint, maxt });
  const hints = { step: frame.stepMs, ...(lastOnly ? { lastOnly } : {}) };
  let batch: Series[] = [];
  let isTogether = false;
  for await (const series of selectBatches({ ...params, hints }, context)) {
    batch.push(...series);
    // Series that differ in type or unit only may have to be refused for being alike: they come
    // before those without, so from them on all stay together.
    isTogether ||= series.some(({ labels }) => hasTypeOrUnit(labels));
    if (isTogether || batch.length < BATCH_SERIES) continue;
    await evaluate(new BatchQuerier(context.querier, batch));
    batch = [];
  }
  if (batch.length > 0) await evaluate(new BatchQuerier(context.querier, batch));
}

/** Gives the same series to whoever selects. */
class BatchQuerier implements Querier {
  readonly #batch: readonly Series[];
  readonly labelNames: Querier["labelNames"];
  readonly labelValues: Querier["labelValues"];

  constructor(querier: Querier, batch: readonly Series[]) {
    this.#batch = batch;
    this.labelNames = querier.labelNames.bind(querier);
    this.labelValues = querier.labelValues.bind(querier);
  }

  async *select(): AsyncGenerator<readonly Series[]> {
    yield this.#batch;
  }
}

/** The times for which the selectors of an expression need samples. */
class Needs {
  mint = Infinity;
  maxt = -Infinity;
  /** All look back to one and the same sample. */
  lastOnly = true;
  readonly #context: EvalContext;
  #time = NaN;

  constructor(context: EvalContext) {
    this.#context = context;
  }

  add(expr: Expr, frame: Frame): void {
    const { lookbackDeltaMs, defaultSubqueryStepMs } = this.#context;
    switch (expr.kind) {
      case "vectorSelector":
        this.#addSelector(expr, frame, { before: lookbackDeltaMs, isRange: false });
        return;
      case "matrixSelector": {
        const { anchored, smoothed } = expr.selector;
        const before = expr.rangeMs + (anchored || smoothed ? lookbackDeltaMs : 0);
        this.#addSelector(expr.selector, frame, { before, isRange: true });
        return;
      }
      case "subquery": {
        const inner = subqueryFrame(expr, frame, defaultSubqueryStepMs);
        if (inner.steps > 0) this.add(expr.expr, inner);
        return;
      }
      default:
        for (const child of childrenOf(expr)) this.add(child, frame);
    }
  }

  #addSelector(
    selector: VectorSelector,
    frame: Frame,
    { before, isRange }: { readonly before: number; readonly isRange: boolean },
  ): void {
    const { firstMs, stepMs } = lookTimes(selector, frame);
    const last = firstMs + (frame.steps - 1) * stepMs;
    const after = selector.smoothed ? this.#context.lookbackDeltaMs : 0;
    this.mint = Math.min(this.mint, firstMs - before + 1);
    this.maxt = Math.max(this.maxt, last + after);
    if (Number.isNaN(this.#time)) this.#time = last;
    const isOne = last === firstMs && last === this.#time && !isRange && after === 0;
    if (!isOne || this.#context.statsOnly.has(selector)) this.lastOnly = false;
  }
}
