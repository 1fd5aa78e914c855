import type { AggregateExpr } from "../syntax/ast.ts";
import { positionOf } from "../syntax/ast.ts";
import { type Accumulator, makeAccumulator } from "./accumulators.ts";
import type { Evaluator, Frame } from "./context.ts";
import { Groups } from "./groups.ts";
import { HistogramGroups } from "./histogram-groups.ts";
import { HistogramNotes } from "./histogram-notes.ts";
import { Row, type RowSink, StepKind } from "./row.ts";

/** An aggregation that holds groups: takes in rows, then gives one for each group. */
export class Aggregation implements RowSink {
  readonly #groups: Groups;
  readonly #accumulator: Accumulator;
  readonly #histograms: HistogramPart;
  readonly #evaluator: Evaluator;
  readonly #steps: number;
  #held = 0;

  constructor(expr: AggregateExpr, frame: Frame, evaluator: Evaluator) {
    this.#groups = new Groups(expr);
    this.#accumulator = makeAccumulator(expr.op, frame.steps);
    this.#histograms = histogramPart(expr, evaluator);
    this.#evaluator = evaluator;
    this.#steps = frame.steps;
  }

  /** Adds a row to its group. Changes the row only if it has histograms. */
  push(row: Row): void {
    if (row.histograms !== undefined && this.#histograms.ignores(row)) return;
    const group = this.#groups.of(row);
    if (group === this.#held) {
      this.#held++;
      this.#evaluator.context.budget.take(this.#steps);
    }
    if (row.histograms !== undefined) this.#histograms.take(group, row, this.#accumulator);
    this.#accumulator.add(group, row);
  }

  /** Pushes the groups; the aggregation is not used after. */
  async finish(sink: RowSink): Promise<void> {
    const { budget, pace } = this.#evaluator.context;
    const groups = this.#groups;
    const row = new Row(this.#steps);
    for (let group = 0; group < groups.length; group++) {
      row.histograms = undefined;
      this.#accumulator.emit(group, row);
      this.#histograms.emit(group, row);
      row.labels = groups.labels[group]!;
      row.dropName = groups.dropNames[group]!;
      if (row.hasSamples()) sink.push(row);
      if (pace.due()) await pace.rest();
    }
    this.#histograms.release();
    budget.give(this.#held * this.#steps);
  }
}

/** Several aggregations of the same rows. */
export class AggregationTee implements RowSink {
  readonly #parts: readonly Aggregation[];
  readonly #copy: Row;

  constructor(parts: readonly Aggregation[], frame: Frame) {
    this.#parts = parts;
    this.#copy = new Row(frame.steps);
  }

  push(row: Row): void {
    const last = this.#parts.length - 1;
    for (let i = 0; i < last; i++) {
      // Without histograms rows are not changed.
      if (row.histograms === undefined) this.#parts[i]!.push(row);
      else this.#parts[i]!.push(this.#copyOf(row));
    }
    this.#parts[last]!.push(row);
  }

  #copyOf(row: Row): Row {
    const copy = this.#copy;
    copy.labels = row.labels;
    copy.dropName = row.dropName;
    copy.values.set(row.values);
    copy.kinds.set(row.kinds);
    copy.histograms = row.histograms?.slice();
    return copy;
  }
}

/** What an aggregation does with histograms. */
interface HistogramPart {
  /** Takes out histograms if the aggregation has no use for them; true if nothing else was there. */
  ignores(row: Row): boolean;
  /** Takes histograms into a group and out of the row. */
  take(group: number, row: Row, floats: Accumulator): void;
  emit(group: number, row: Row): void;
  release(): void;
}

function histogramPart(expr: AggregateExpr, evaluator: Evaluator): HistogramPart {
  const { annotations, budget } = evaluator.context;
  const notes = new HistogramNotes(annotations, positionOf(expr.expr));
  const nothing = (): void => undefined;
  if (expr.op === "sum" || expr.op === "avg") {
    const groups = new HistogramGroups(expr.op, { notes, budget });
    return {
      ignores: () => false,
      take: (group, row, floats) => groups.take(group, row, (i) => floats.has(group, i)),
      emit: (group, row) => groups.emit(group, row),
      release: () => groups.release(),
    };
  }
  const ignoring = { take: nothing, emit: nothing, release: nothing };
  // `count` and `group` take any sample for what it is: one.
  if (expr.op === "count" || expr.op === "group") return { ignores: () => false, ...ignoring };
  return { ignores: (row) => ignoreHistograms(row, expr.op, notes), ...ignoring };
}

/** Takes out histograms with a note. Returns true if the row has nothing left. */
export function ignoreHistograms(row: Row, op: string, notes: HistogramNotes): boolean {
  if (!row.dropHistograms()) return false;
  notes.ignoredIn(op);
  return row.kinds.indexOf(StepKind.float) < 0;
}
