import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { labelValue, METRIC_NAME } from "#pkg/labels/mod.ts";
import {
  HistogramMean,
  HistogramSum,
  type HistogramTotal,
  resetsCollide,
  SumNote,
} from "./functions/histogram-over-time.ts";
import type { HistogramNotes } from "./histogram-notes.ts";
import { histogramWeight, type Row, type SampleBudget, StepKind } from "./row.ts";

/** One group at one step. */
interface Entry {
  readonly total: HistogramTotal;
  /** Floats were there when the histograms proved incompatible; later ones do not count. */
  floatsBefore: boolean;
}

/**
 * The histograms of `sum` and `avg`, by group and step, beside the accumulator of the floats. A
 * group with both at a step has no result there.
 */
export class HistogramGroups {
  readonly #isMean: boolean;
  readonly #notes: HistogramNotes;
  readonly #budget: SampleBudget;
  readonly #entries: ((Entry | undefined)[] | undefined)[] = [];
  #weight = 0;

  constructor(
    op: "sum" | "avg",
    { notes, budget }: { readonly notes: HistogramNotes; readonly budget: SampleBudget },
  ) {
    this.#isMean = op === "avg";
    this.#notes = notes;
    this.#budget = budget;
  }

  /**
   * Adds the histograms of `row` to a group and takes them out of it.
   * @param hasFloat whether the group has had a float at a step.
   */
  take(group: number, row: Row, hasFloat: (step: number) => boolean): void {
    const { kinds, histograms } = row;
    const entries = (this.#entries[group] ??= new Array<Entry | undefined>(kinds.length));
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== StepKind.histogram) continue;
      const histogram = histograms![i]!;
      const entry = entries[i];
      if (entry === undefined) entries[i] = this.#begin(histogram);
      else if ((entry.total.notes & SumNote.incompatible) === 0) {
        entry.total.add(histogram);
        if ((entry.total.notes & SumNote.incompatible) === 0) continue;
        entry.floatsBefore = hasFloat(i);
        this.#notes.mixedSchemas(labelValue(row.labels, METRIC_NAME));
      }
    }
    row.dropHistograms();
  }

  /** Fills the steps of `row` at which the group has histograms; it holds the floats' result. */
  emit(group: number, row: Row): void {
    const entries = this.#entries[group];
    if (entries === undefined) return;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry === undefined) continue;
      const { notes } = entry.total;
      if ((notes & SumNote.reconciled) !== 0) this.#notes.boundsReconciled("aggregation");
      const hasFloat = row.kinds[i] !== StepKind.none;
      row.kinds[i] = StepKind.none;
      if ((notes & SumNote.incompatible) !== 0) {
        if (entry.floatsBefore) this.#notes.mixedGroup();
      } else if (hasFloat) this.#notes.mixedGroup();
      else {
        row.setHistogram(i, entry.total.finish()!.compact(0));
        if (resetsCollide(notes)) this.#notes.resetCollision("aggregation");
      }
    }
    this.#entries[group] = undefined;
  }

  /** Gives back what the groups took of the budget. */
  release(): void {
    this.#budget.give(this.#weight);
    this.#weight = 0;
  }

  #begin(first: FloatHistogram): Entry {
    const weight = 2 * histogramWeight(first);
    this.#budget.take(weight);
    this.#weight += weight;
    const total = this.#isMean ? new HistogramMean(first) : new HistogramSum(first);
    return { total, floatsBefore: false };
  }
}
