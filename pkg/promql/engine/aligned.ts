import { type Labels, labelValue, type Matcher } from "#pkg/labels/mod.ts";
import type { Querier, SelectHints, SelectParams, Series } from "#pkg/storage/mod.ts";
import type { Expr, VectorSelector } from "../syntax/ast.ts";
import { childrenOf } from "../syntax/ast.ts";
import type { EvalContext, Frame } from "./context.ts";
import { hasTypeOrUnit } from "./label-sets.ts";
import { lookTimes } from "./look-times.ts";
import { selectBatches, selectParams } from "./select.ts";
import { subqueryFrame } from "./subquery.ts";

/** Series that are dealt with at once: enough that the evaluation around them costs little. */
const BATCH_SERIES = 512;

/** One selection instead of several. */
export interface CommonSelection {
  /** Its matchers are those of all selectors that it stands for, or fewer. */
  readonly base: VectorSelector;
  readonly mint: number;
  readonly maxt: number;
  readonly hints: SelectHints;
}

/**
 * One selection for all selectors in `exprs`, or undefined if it would read more than they do by
 * themselves, as where one looks at times long before those of another.
 */
export function commonSelection(
  exprs: readonly Expr[],
  base: VectorSelector,
  { frame, context }: { readonly frame: Frame; readonly context: EvalContext },
): CommonSelection | undefined {
  const needs = new Needs(context, base);
  for (const expr of exprs) needs.add(expr, frame);
  const { mint, maxt, lastOnly } = needs;
  if (!(maxt - mint <= needs.span)) return undefined;
  return { base, mint, maxt, hints: { step: frame.stepMs, ...(lastOnly ? { lastOnly } : {}) } };
}

/**
 * Selects series once, and calls `evaluate` for batches of them with a querier that gives these to
 * whoever selects some of them.
 * @returns false if it did nothing, as series may have to be refused for becoming alike, which can
 * only be found out with all of them at hand.
 */
export async function eachBatch(
  { base, mint, maxt, hints }: CommonSelection,
  context: EvalContext,
  evaluate: (querier: Querier) => Promise<void>,
): Promise<boolean> {
  const mayBecomeAlike = context.features.delayedNameRemoval !== true;
  const params = { ...selectParams(base, context, { mint, maxt }), hints };
  let batch: Series[] = [];
  let isFirst = true;
  let isTogether = false;
  const flush = async (): Promise<void> => {
    await evaluate(new BatchQuerier(context.querier, batch, base));
    batch = [];
    isFirst = false;
  };
  for await (const series of selectBatches(params, context)) {
    batch.push(...series);
    // Series that differ in type or unit only, which are dropped. They come before those without,
    // but for labels that are in order before these two: then all that follow stay together.
    isTogether ||= mayBecomeAlike && series.some(({ labels }) => hasTypeOrUnit(labels));
    if (isTogether && isFirst) return false;
    if (!isTogether && batch.length >= BATCH_SERIES) await flush();
  }
  if (batch.length > 0) await flush();
  return true;
}

/** Gives what matches of a batch. */
class BatchQuerier implements Querier {
  readonly #batch: readonly Series[];
  readonly #base: VectorSelector;
  readonly labelNames: Querier["labelNames"];
  readonly labelValues: Querier["labelValues"];

  constructor(querier: Querier, batch: readonly Series[], base: VectorSelector) {
    this.#batch = batch;
    this.#base = base;
    this.labelNames = querier.labelNames.bind(querier);
    this.labelValues = querier.labelValues.bind(querier);
  }

  async *select({ matchers }: SelectParams): AsyncGenerator<readonly Series[]> {
    const more = matchers.filter((matcher) => !hasMatcher(this.#base, matcher));
    if (more.length === 0) yield this.#batch;
    else yield this.#batch.filter(({ labels }) => matchesAll(labels, more));
  }
}

function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name)));
}

/** True if the selector has this matcher, or one that means the same. */
export function hasMatcher({ matchers }: VectorSelector, { name, type, value }: Matcher): boolean {
  return matchers.some((m) => m.name === name && m.type === type && m.value === value);
}

/** The times for which the selectors of an expression need samples. */
class Needs {
  mint = Infinity;
  maxt = -Infinity;
  /**
   * Ms that the selectors look at in all. Of those with more matchers than the base, which may
   * select few series, nothing counts: for them the base must not have to read more.
   */
  span = 0;
  /** All look back to one and the same sample. */
  lastOnly = true;
  readonly #context: EvalContext;
  readonly #base: VectorSelector;
  #time = NaN;

  constructor(context: EvalContext, base: VectorSelector) {
    this.#context = context;
    this.#base = base;
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
    const mint = firstMs - before + 1;
    const maxt = last + after;
    this.mint = Math.min(this.mint, mint);
    this.maxt = Math.max(this.maxt, maxt);
    if (selector.matchers.length === this.#base.matchers.length) this.span += maxt - mint + 1;
    if (Number.isNaN(this.#time)) this.#time = last;
    const isOne = last === firstMs && last === this.#time && !isRange && after === 0;
    if (!isOne || this.#context.statsOnly.has(selector)) this.lastOnly = false;
  }
}
