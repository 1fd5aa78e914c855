import { NarthexError } from "#pkg/errs/mod.ts";
import { compareBytes, formatLabels, type Labels, labelValue } from "#pkg/labels/mod.ts";
import type { BinaryExpr, VectorMatching } from "../syntax/ast.ts";
import { type Evaluator, type Frame, replay } from "./context.ts";
import { HistogramOperator, type Operand } from "./histogram-operators.ts";
import { filterLabels, withLabel, withoutMetadata } from "./label-sets.ts";
import { matchLabels, signatureOf } from "./matching.ts";
import { changesMeaning, type ElementOperator, elementOperator } from "./operators.ts";
import { Row, type RowSink, RowStore, StepKind } from "./row.ts";
import { MergedRows } from "./subquery.ts";

/** Rows of both sides that match each other. Many only on the left; sides are swapped for that. */
interface Match {
  readonly many: number[];
  readonly one: number[];
}

/** Arithmetic or a comparison between two vectors. */
export async function joinVectors(
  expr: BinaryExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { pace } = evaluator.context;
  const join = new Join(expr, { operator: elementOperator(expr.op), evaluator, frame, sink });
  await evaluator.rows(expr.lhs, frame, join.left);
  await evaluator.rows(expr.rhs, frame, join.right);
  for (const match of join.matches()) {
    join.run(match);
    if (pace.due()) await pace.rest();
  }
  await join.finish();
}

/** Keeps the rows of one side, each with those that it matches. */
class Side implements RowSink {
  readonly store: RowStore;
  readonly #matches: Map<string, Match>;
  readonly #signature: (labels: Labels) => string;
  readonly #part: "many" | "one";

  constructor(options: {
    readonly store: RowStore;
    readonly matches: Map<string, Match>;
    readonly signature: (labels: Labels) => string;
    readonly part: "many" | "one";
  }) {
    this.store = options.store;
    this.#matches = options.matches;
    this.#signature = options.signature;
    this.#part = options.part;
  }

  push(row: Row): void {
    const key = this.#signature(row.labels);
    let match = this.#matches.get(key);
    if (!match) {
      match = { many: [], one: [] };
      this.#matches.set(key, match);
    }
    match[this.#part].push(this.store.length);
    this.store.push(row);
  }
}

class Join {
  readonly left: Side;
  readonly right: Side;
  readonly #matches = new Map<string, Match>();
  readonly #expr: BinaryExpr;
  readonly #matching: VectorMatching;
  readonly #swapped: boolean;
  readonly #many: RowStore;
  readonly #one: RowStore;
  readonly #operator: ElementOperator | undefined;
  readonly #evaluator: Evaluator;
  readonly #sink: RowSink;
  readonly #row: Row;
  readonly #steps: number;
  /** Where results of different matches may have the same labels, they meet here. */
  readonly #merged: MergedRows | undefined;
  /** Which row of the one side each step has; -1 for none. */
  readonly #oneAt: Int32Array;
  readonly #used: Uint8Array;
  readonly #histogramOperator: HistogramOperator;
  /** What the missing side counts as, by its sidedness after swapping. */
  readonly #fillMany: number | undefined;
  readonly #fillOne: number | undefined;

  constructor(
    expr: BinaryExpr,
    options: {
      readonly operator: ElementOperator | undefined;
      readonly evaluator: Evaluator;
      readonly frame: Frame;
      readonly sink: RowSink;
    },
  ) {
    const matching = expr.matching!;
    const { evaluator, frame } = options;
    const { budget } = evaluator.context;
    this.#expr = expr;
    this.#matching = matching;
    this.#swapped = matching.card === "one-to-many";
    this.#many = new RowStore(frame.steps, budget);
    this.#one = new RowStore(frame.steps, budget);
    const shared = { matches: this.#matches, signature: signatureOf(matching) };
    const many = new Side({ store: this.#many, part: "many", ...shared });
    const one = new Side({ store: this.#one, part: "one", ...shared });
    this.left = this.#swapped ? one : many;
    this.right = this.#swapped ? many : one;
    // As in Prometheus, the fill values follow the sides as they are after swapping.
    this.#fillMany = matching.fillLeft;
    this.#fillOne = matching.fillRight;
    this.#operator = options.operator;
    this.#histogramOperator = new HistogramOperator(expr, evaluator);
    this.#evaluator = evaluator;
    this.#sink = options.sink;
    this.#steps = frame.steps;
    this.#row = new Row(frame.steps);
    this.#oneAt = new Int32Array(frame.steps);
    this.#used = new Uint8Array(frame.steps);
    this.#merged = matching.card === "one-to-one" ? undefined : new MergedRows(frame.steps, budget);
  }

  matches(): Iterable<Match> {
    return this.#matches.values();
  }

  run(match: Match): void {
    const filled = this.#fillMany !== undefined || this.#fillOne !== undefined;
    if (match.one.length === 0 && match.many.length === 0) return;
    if (!filled && (match.many.length === 0 || match.one.length === 0)) {
      this.#checkOne(match);
      return;
    }
    this.#placeOne(match);
    this.#used.fill(0);
    for (const row of match.many) this.#joinRow(row);
    if (this.#fillMany !== undefined) for (const row of match.one) this.#fillLeftOf(row);
  }

  get #mayBeHistogram(): boolean {
    return this.#many.hasHistograms || this.#one.hasHistograms;
  }

  async finish(): Promise<void> {
    this.#many.release();
    this.#one.release();
    if (!this.#merged) return;
    await replay(this.#merged.store, this.#sink, this.#evaluator.context.pace);
    this.#merged.store.release();
  }

  /** Two rows of the one side at a step are an error, but only where the other side has any. */
  #checkOne(match: Match): void {
    if (match.one.length > 1) this.#placeOne(match);
  }

  #placeOne(match: Match): void {
    const at = this.#oneAt;
    at.fill(-1);
    for (const row of match.one) {
      const kinds = this.#one.kinds(row);
      const offset = this.#one.offset(row);
      for (let i = 0; i < this.#steps; i++) {
        if (kinds[offset + i] === 0) continue;
        if (at[i] !== -1 && this.#manyHas(i)) this.#refuseDuplicate(row, at[i]!);
        at[i] = row;
      }
    }
  }

  /** True if the many side has anything at step `i`; without it nothing is matched there. */
  #manyHas(i: number): boolean {
    const store = this.#many;
    if (this.#fillMany !== undefined || this.#fillOne !== undefined) return true;
    for (let r = 0; r < store.length; r++)
      if (store.kinds(r)[store.offset(r) + i] !== 0) return true;
    return false;
  }

  #refuseDuplicate(a: number, b: number): never {
    const store = this.#one;
    const group = formatLabels(matchLabels(store.labels[a]!, this.#matching));
    const pair = [formatLabels(store.labels[a]!), formatLabels(store.labels[b]!)].sort(
      compareBytes,
    );
    const side = this.#swapped ? "left" : "right";
    throw new NarthexError(
      "execution",
      `found duplicate series for the match group ${group} on the ${side} hand-side of the ` +
        `operation: [${pair.join(", ")}];many-to-many matching not allowed: matching labels must ` +
        "be unique on one side",
    );
  }

  /** One row of the many side against whatever the one side has at each step. */
  #joinRow(many: number): void {
    const fromKinds = this.#many.kinds(many);
    const fromValues = this.#many.values(many);
    const offset = this.#many.offset(many);
    let previous = -2;
    this.#row.clear();
    for (let i = 0; i < this.#steps; i++) {
      if (fromKinds[offset + i] === 0) continue;
      const one = this.#oneAt[i]!;
      if (one < 0 && this.#fillOne === undefined) continue;
      // Rows of the one side may take turns; each has labels of its own to give.
      if (one !== previous && previous !== -2) this.#flush(this.#resultOf(many, previous));
      previous = one;
      const right = one < 0 ? this.#fillOne! : this.#valueOfOne(one, i);
      const matched = this.#mayBeHistogram
        ? this.#computeMixed(i, this.#sampleOf(this.#many, many, i), this.#oneSample(one, i))
        : this.#compute(i, fromValues[offset + i]!, right);
      if (!matched) continue;
      if (this.#used[i] !== 0 && this.#matching.card === "one-to-one") refuseMany();
      this.#used[i] = 1;
    }
    if (previous !== -2) this.#flush(this.#resultOf(many, previous));
  }

  #valueOfOne(one: number, i: number): number {
    return this.#one.values(one)[this.#one.offset(one) + i]!;
  }

  /** A row of the one side with the fill value in place of what is missing on the many side. */
  #fillLeftOf(one: number): void {
    const kinds = this.#one.kinds(one);
    const offset = this.#one.offset(one);
    this.#row.clear();
    let any = false;
    for (let i = 0; i < this.#steps; i++) {
      if (kinds[offset + i] === 0 || this.#used[i] !== 0) continue;
      any = true;
      if (this.#mayBeHistogram) {
        const fill = { float: this.#fillMany!, histogram: undefined };
        this.#computeMixed(i, fill, this.#oneSample(one, i));
      } else this.#compute(i, this.#fillMany!, this.#valueOfOne(one, i));
    }
    if (!any) return;
    const labels = this.#one.labels[one]!;
    this.#flush(this.#resultLabels(matchLabels(labels, this.#matching), labels));
  }

  #sampleOf(store: RowStore, r: number, i: number): Operand {
    const at = store.offset(r) + i;
    if (store.kinds(r)[at] !== StepKind.histogram) {
      return { float: store.values(r)[at]!, histogram: undefined };
    }
    return { float: 0, histogram: store.histograms(r)![i] };
  }

  #oneSample(one: number, i: number): Operand {
    if (one < 0) return { float: this.#fillOne!, histogram: undefined };
    return this.#sampleOf(this.#one, one, i);
  }

  /** Fills step `i` of the row. Returns false if the operator does not go with the operands. */
  #compute(i: number, many: number, one: number): boolean {
    const operator = this.#operator;
    if (!operator) {
      this.#histogramOperator.refuseFloats();
      return false;
    }
    const left = this.#swapped ? one : many;
    const right = this.#swapped ? many : one;
    const keep = operator.keeps ? operator.keeps(left, right) : true;
    if (this.#expr.returnBool) this.#row.values[i] = keep ? 1 : 0;
    else if (!keep) return true;
    else this.#row.values[i] = operator.apply(left, right);
    this.#row.kinds[i] = 1;
    return true;
  }

  /** The same where operands may be histograms. */
  #computeMixed(i: number, many: Operand, one: Operand): boolean {
    if (many.histogram === undefined && one.histogram === undefined) {
      return this.#compute(i, many.float, one.float);
    }
    const result = this.#swapped
      ? this.#histogramOperator.apply(one, many)
      : this.#histogramOperator.apply(many, one);
    if (result === undefined) return false;
    if (this.#expr.returnBool) {
      this.#row.values[i] = result.keep ? 1 : 0;
      this.#row.kinds[i] = StepKind.float;
    } else if (result.keep) this.#row.setHistogram(i, result.histogram);
    return true;
  }

  #flush(labels: Labels): void {
    const row = this.#row;
    if (row.hasSamples()) {
      row.labels = labels;
      row.dropName = this.#expr.returnBool;
      if (this.#merged) this.#pushMerged(this.#merged);
      else this.#sink.push(row);
    }
    row.clear();
  }

  #pushMerged(merged: MergedRows): void {
    try {
      merged.push(this.#row);
    } catch {
      throw new NarthexError(
        "execution",
        "multiple matches for labels: grouping labels must ensure unique matches",
      );
    }
  }

  #resultOf(many: number, one: number): Labels {
    const labels = this.#many.labels[many]!;
    const other = one < 0 ? matchLabels(labels, this.#matching) : this.#one.labels[one]!;
    return this.#resultLabels(labels, other);
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { card, on, labels: names, include } = this.#matching;
    const { delayedNameRemoval } = this.#evaluator.context.features;
    const drops = changesMeaning(this.#expr.op) || (this.#expr.returnBool && !delayedNameRemoval);
    let out = drops ? withoutMetadata(many) : many;
    if (card === "one-to-one") {
      const set = new Set(names);
      if (on || set.size > 0) out = filterLabels(out, (name) => set.has(name) === on);
    }
    for (const name of include) out = withLabel(out, name, labelValue(one, name));
    return out;
  }
}

function refuseMany(): never {
  throw new NarthexError(
    "execution",
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
  );
}
