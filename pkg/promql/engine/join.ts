import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Labels, labelsKey, labelValue, METRIC_NAME } from "#pkg/labels/mod.ts";
import type { BinaryExpr, Expr, VectorMatching } from "../syntax/ast.ts";
import { type Evaluator, type Frame, replay } from "./context.ts";
import { HistogramOperator, type Operand } from "./histogram-operators.ts";
import { refuseGrouping, refuseMany, sameLabelSet } from "./join-errors.ts";
import { JoinSide, type Match } from "./join-side.ts";
import { filterLabels, hasTypeOrUnit, withLabel, withoutMetadata } from "./label-sets.ts";
import { matchLabels } from "./matching.ts";
import { hasOneName } from "./names.ts";
import { changesMeaning, type ElementOperator, elementOperator } from "./operators.ts";
import { Row, type RowSink, StepKind } from "./row.ts";
import { sameExpr } from "./same-expr.ts";

/**
 * Arithmetic or a comparison between two vectors. The "one" side is held, the "many" side streams
 * by; between equals the right one is held, as Prometheus takes it for the unique one.
 */
export async function joinVectors(
  expr: BinaryExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const swapped = expr.matching!.card === "one-to-many";
  const one = swapped ? expr.lhs : expr.rhs;
  const many = swapped ? expr.rhs : expr.lhs;
  const side = new JoinSide(expr.matching!, frame.steps, evaluator.context.budget);
  await evaluator.rows(one, frame, side);
  const join = new Join(expr, { side, many, evaluator, frame, sink });
  // The same on both sides is there already.
  if (sameExpr(one, many)) await replay(side.store, join, evaluator.context.pace);
  else await evaluator.rows(many, frame, join);
  await join.finish();
}

/** At which steps a label set of the result was matched, and kept, and by which match. */
interface SeenResult {
  readonly match: Match;
  /** Bit 0: matched; bit 1: kept. */
  readonly bits: Uint8Array;
}

/** Takes the rows of the "many" side. */
class Join implements RowSink {
  readonly #expr: BinaryExpr;
  readonly #matching: VectorMatching;
  readonly #swapped: boolean;
  readonly #side: JoinSide;
  readonly #operator: ElementOperator | undefined;
  readonly #histogramOperator: HistogramOperator;
  readonly #evaluator: Evaluator;
  readonly #sink: RowSink;
  readonly #steps: number;
  readonly #drops: boolean;
  readonly #row: Row;
  /** Which steps of `#row` were matched, whether or not they have a result. */
  readonly #matched: Uint8Array;
  /** What the missing side counts as, by its sidedness after swapping. */
  readonly #fillMany: number | undefined;
  readonly #fillOne: number | undefined;
  /** Rows of the many side have had a type or a unit. */
  #hasType = false;
  /** Results so far, where different rows may give the same labels. */
  #seen: Map<string, SeenResult> | undefined;

  constructor(
    expr: BinaryExpr,
    options: {
      readonly side: JoinSide;
      readonly many: Expr;
      readonly evaluator: Evaluator;
      readonly frame: Frame;
      readonly sink: RowSink;
    },
  ) {
    const matching = expr.matching!;
    this.#expr = expr;
    this.#matching = matching;
    this.#swapped = matching.card === "one-to-many";
    this.#side = options.side;
    this.#operator = elementOperator(expr.op);
    this.#histogramOperator = new HistogramOperator(expr, options.evaluator);
    this.#evaluator = options.evaluator;
    this.#sink = options.sink;
    this.#steps = options.frame.steps;
    this.#row = new Row(this.#steps);
    this.#matched = new Uint8Array(this.#steps);
    // As in Prometheus, the fill values follow the sides as they are after swapping.
    this.#fillMany = matching.fillLeft;
    this.#fillOne = matching.fillRight;
    const { delayedNameRemoval } = options.evaluator.context.features;
    this.#drops = changesMeaning(expr.op) || (expr.returnBool && !delayedNameRemoval);
    this.#seen = this.#mayCollide(options.many) ? new Map() : undefined;
  }

  push(row: Row): void {
    if (this.#drops && !this.#hasType) this.#hasType = hasTypeOrUnit(row.labels);
    this.#side.refuseDuplicates(row, this.#swapped ? "left" : "right");
    const match = this.#side.matchOf(row.labels, this.#fillOne !== undefined);
    if (match === undefined || (match.rows.length === 0 && this.#fillOne === undefined)) return;
    if (match.rows.length > 1) this.#joinTurns(row, match);
    else this.#joinOne(row, match, match.rows[0] ?? -1);
  }

  async finish(): Promise<void> {
    const { store, matches } = this.#side;
    this.#side.refuseUnmatchedDuplicates(this.#swapped ? "left" : "right");
    if (this.#fillMany !== undefined) {
      const { pace } = this.#evaluator.context;
      for (const match of matches()) {
        for (const one of match.rows) this.#fillManyOf(one, match);
        if (pace.due()) await pace.rest();
      }
    }
    store.release();
  }

  /** True if rows that differ may give results with the same labels. */
  #mayCollide(many: Expr): boolean {
    const { card, include, on, labels } = this.#matching;
    if (card === "one-to-one") {
      // The labels are those of the match, unless what is matched by is dropped.
      return this.#drops && on && labels.includes(METRIC_NAME);
    }
    return include.length > 0 || (this.#drops && !hasOneName(many));
  }

  /** A row of the many side where one row, or none (-1), stands on the one side. */
  #joinOne(row: Row, match: Match, one: number): void {
    const isPlain = row.histograms === undefined && !this.#side.store.hasHistograms;
    if (isPlain && one >= 0 && this.#fillOne === undefined) {
      this.#joinFloats(row, match, one);
      return;
    }
    for (let i = 0; i < this.#steps; i++) {
      if (row.kinds[i] === StepKind.none) continue;
      const other = one >= 0 && this.#side.has(one, i) ? one : -1;
      if (other >= 0 || this.#fillOne !== undefined) this.#step(row, match, other, i);
    }
    if (this.#fillOne === undefined || one < 0) this.#flush(row, match, one);
    // Labels of the one side are given where it has a sample; elsewhere there are none to give.
    else this.#flushParts(row, match, one);
  }

  /** The same for floats only, without fill values: the common case. */
  #joinFloats(row: Row, match: Match, one: number): void {
    const { kinds, values } = row;
    const { store } = this.#side;
    const oneKinds = store.kinds(one);
    const oneValues = store.values(one);
    const offset = store.offset(one);
    const matched = this.#matched;
    let any = false;
    for (let i = 0; i < this.#steps; i++) {
      if (kinds[i] === StepKind.none || oneKinds[offset + i] === StepKind.none) continue;
      if (!this.#compute(i, values[i]!, oneValues[offset + i]!)) continue;
      matched[i] = 1;
      any = true;
    }
    if (!any) return;
    if (this.#matching.card === "one-to-one") {
      if (match.collides(matched)) refuseMany();
      match.useAll(matched);
    } else if (this.#fillMany !== undefined) match.useAll(matched);
    this.#flush(row, match, one);
  }

  /** The same where several rows of the one side take turns; each has labels of its own to give. */
  #joinTurns(row: Row, match: Match): void {
    const at = this.#side.place(match);
    let previous = -2;
    for (let i = 0; i < this.#steps; i++) {
      if (row.kinds[i] === StepKind.none) continue;
      const one = at[i]!;
      if (one < 0 && this.#fillOne === undefined) continue;
      if (one !== previous && previous !== -2) this.#flush(row, match, previous);
      previous = one;
      this.#step(row, match, one, i);
    }
    if (previous !== -2) this.#flush(row, match, previous);
  }

  /** Fills step `i` of the result, where both sides have a sample or a fill value. */
  #step(row: Row, match: Match, one: number, i: number): void {
    const { store } = this.#side;
    const isMixed = row.histograms !== undefined || store.hasHistograms;
    const matched = isMixed
      ? this.#computeMixed(i, operandOf(row, i), this.#oneOperand(one, i))
      : this.#compute(i, row.values[i]!, one < 0 ? this.#fillOne! : this.#side.value(one, i));
    if (!matched) return;
    this.#matched[i] = 1;
    if (this.#matching.card === "one-to-one") {
      if (match.isUsed(i)) refuseMany();
      match.use(i, this.#steps);
    } else if (this.#fillMany !== undefined) match.use(i, this.#steps);
  }

  /** A row of the one side with the fill value in place of what is missing on the many side. */
  #fillManyOf(one: number, match: Match): void {
    const { store } = this.#side;
    let any = false;
    for (let i = 0; i < this.#steps; i++) {
      if (!this.#side.has(one, i) || match.isUsed(i)) continue;
      any = true;
      const fill = { float: this.#fillMany!, histogram: undefined };
      if (this.#computeMixed(i, fill, this.#oneOperand(one, i))) this.#matched[i] = 1;
    }
    if (!any) return;
    const labels = store.labels[one]!;
    this.#emit(match, this.#resultLabels(matchLabels(labels, this.#matching), labels));
  }

  #oneOperand(one: number, i: number): Operand {
    if (one < 0) return { float: this.#fillOne!, histogram: undefined };
    const histogram = this.#side.histogram(one, i);
    return { float: histogram ? 0 : this.#side.value(one, i), histogram };
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
    this.#row.kinds[i] = StepKind.float;
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

  /** Emits what there is for a row of the many side with row `one`, or with none. */
  #flush(row: Row, match: Match, one: number): void {
    const { labels } = row;
    const other = one < 0 ? matchLabels(labels, this.#matching) : this.#side.store.labels[one]!;
    this.#emit(match, this.#resultLabels(labels, other));
  }

  /** Emits the steps at which the one side has a sample, and those at which it is filled, apart. */
  #flushParts(row: Row, match: Match, one: number): void {
    const own = this.#resultLabels(row.labels, this.#side.store.labels[one]!);
    const bare = this.#resultLabels(row.labels, matchLabels(row.labels, this.#matching));
    const isSame = labelsKey(own) === labelsKey(bare);
    if (isSame) {
      this.#emit(match, own);
      return;
    }
    const kinds = this.#row.kinds.slice();
    const matched = this.#matched.slice();
    const { histograms } = this.#row;
    for (const [labels, wanted] of [
      [own, true],
      [bare, false],
    ] as const) {
      this.#row.histograms = histograms;
      for (let i = 0; i < this.#steps; i++) {
        const isPart = this.#side.has(one, i) === wanted;
        this.#row.kinds[i] = isPart ? kinds[i]! : StepKind.none;
        this.#matched[i] = isPart ? matched[i]! : 0;
      }
      this.#emit(match, labels);
    }
  }

  #emit(match: Match, labels: Labels): void {
    const row = this.#row;
    // With a type or a unit dropped, rows that differ in nothing else become alike.
    if (this.#drops && this.#seen === undefined && (match.hasType || this.#hasType)) {
      this.#seen = new Map();
    }
    if (this.#seen !== undefined) this.#check(this.#seen, match, labels);
    if (row.hasSamples()) {
      row.labels = labels;
      row.dropName = this.#expr.returnBool;
      this.#sink.push(row);
    }
    row.clear();
    this.#matched.fill(0);
  }

  /** Refuses a step that two rows have given to the same labels. */
  #check(seen: Map<string, SeenResult>, match: Match, labels: Labels): void {
    const key = labelsKey(labels);
    const known = seen.get(key);
    const result = known ?? { match, bits: new Uint8Array(this.#steps) };
    if (!known) seen.set(key, result);
    const { bits } = result;
    for (let i = 0; i < this.#steps; i++) {
      if (this.#matched[i] === 0) continue;
      const isKept = this.#row.kinds[i] !== StepKind.none;
      if (bits[i] !== 0 && result.match === match) refuseGrouping();
      if ((bits[i]! & 2) !== 0 && isKept) throw sameLabelSet();
      bits[i] = bits[i]! | (isKept ? 3 : 1);
    }
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { card, on, labels: names, include } = this.#matching;
    let out = this.#drops ? withoutMetadata(many) : many;
    if (card === "one-to-one") {
      const set = new Set(names);
      if (on || set.size > 0) out = filterLabels(out, (name) => set.has(name) === on);
    }
    for (const name of include) out = withLabel(out, name, labelValue(one, name));
    return out;
  }
}

function operandOf(row: Row, i: number): Operand {
  if (row.kinds[i] !== StepKind.histogram) return { float: row.values[i]!, histogram: undefined };
  return { float: 0, histogram: row.histograms![i] as FloatHistogram };
}
