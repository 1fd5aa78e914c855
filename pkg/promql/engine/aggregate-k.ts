import { NarthexError } from "#pkg/errs/mod.ts";
import { formatFloatG } from "#pkg/model/mod.ts";
import type { AggregateExpr } from "../syntax/ast.ts";
import { BestHeaps, Offer } from "./best-heaps.ts";
import type { Evaluator, Frame, Pace } from "./context.ts";
import { Groups } from "./groups.ts";
import { HistogramNotes } from "./histogram-notes.ts";
import { Row, type RowSink, RowStore, type SampleBudget, StepKind } from "./row.ts";

/** Counts beyond what an int64 holds are errors, as in Prometheus. */
const COUNT_LIMIT = 2 ** 63 - 1024;
const COUNT_FLOOR = -(2 ** 63);

/** Checks the counts of `topk`, `bottomk` or `limitk`. Returns false if no step wants any series. */
export function checkCounts(counts: Float64Array): boolean {
  let most = -Infinity;
  for (const count of counts) {
    if (Number.isNaN(count)) throw new NarthexError("execution", "Parameter value is NaN");
    if (count > most) most = count;
  }
  if (most < 1) return false;
  for (const count of counts) {
    if (count > COUNT_FLOOR && count < COUNT_LIMIT) continue;
    const problem = count < 0 ? "underflows" : "overflows";
    const reason = `Scalar value ${formatFloatG(count)} ${problem} int64`;
    throw new NarthexError("execution", reason);
  }
  return true;
}

/** `topk` and `bottomk`: of each group, at each step, the rows with the best values. */
export async function keepBest(
  expr: AggregateExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { annotations, budget, pace } = evaluator.context;
  const counts = await evaluator.scalar(expr.param!, frame);
  const wanted = checkCounts(counts);
  const best = new BestRows(expr, { counts, steps: frame.steps, budget });
  const notes = new HistogramNotes(annotations, expr.position);
  // Also where no series is wanted: errors and notes of the argument are to be seen.
  await evaluator.rows(expr.expr, frame, {
    push(row) {
      if (!wanted) return;
      if (row.histograms !== undefined && ignoreWanted(row, { counts, op: expr.op, notes })) return;
      best.push(row);
    },
  });
  await best.finish(sink, pace);
}

/** The rows that are among the best of their group at some step; no others are held. */
class BestRows implements RowSink {
  readonly #groups: Groups;
  readonly #sign: 1 | -1;
  readonly #counts: Float64Array;
  readonly #steps: number;
  readonly #budget: SampleBudget;
  readonly #heaps: BestHeaps[] = [];
  readonly #store: RowStore;
  /** At how many steps each held row is among the best. */
  readonly #uses: number[] = [];
  /** Places in the store of rows that are among the best no more. */
  readonly #free: number[] = [];
  /** When each held row came. */
  readonly #arrivals: number[] = [];
  readonly #offered = { value: 0, member: 0 };
  #arrival = 0;
  #reserved = 0;

  constructor(
    expr: AggregateExpr,
    options: {
      readonly counts: Float64Array;
      readonly steps: number;
      readonly budget: SampleBudget;
    },
  ) {
    this.#groups = new Groups(expr);
    this.#sign = expr.op === "topk" ? 1 : -1;
    this.#counts = options.counts;
    this.#steps = options.steps;
    this.#budget = options.budget;
    this.#store = new RowStore(options.steps, options.budget);
  }

  push(row: Row): void {
    const heaps = (this.#heaps[this.#groups.of(row)] ??= new BestHeaps(this.#steps, this.#sign));
    const before = heaps.capacity;
    const place = this.#free.at(-1) ?? this.#store.length;
    const offered = this.#offered;
    offered.member = place;
    let uses = 0;
    for (let i = 0; i < this.#steps; i++) {
      if (row.kinds[i] === StepKind.none) continue;
      offered.value = row.values[i]!;
      const evicted = heaps.offer(i, Math.trunc(this.#counts[i]!), offered);
      if (evicted === Offer.refused) continue;
      uses++;
      if (evicted >= 0 && --this.#uses[evicted]! === 0) this.#free.unshift(evicted);
    }
    this.#reserve(heaps.capacity - before);
    if (uses === 0) return;
    if (place === this.#store.length) this.#store.push(row);
    else {
      this.#free.pop();
      this.#store.replace(place, row);
    }
    this.#uses[place] = uses;
    this.#arrivals[place] = this.#arrival++;
  }

  async finish(sink: RowSink, pace: Pace): Promise<void> {
    const row = new Row(this.#steps);
    if (this.#steps === 1) this.#pushRanked(row, sink);
    else {
      const kept = this.#keptSteps();
      // In order of arrival, whichever places the rows have taken.
      const held = [...this.#arrivals.keys()].filter((place) => this.#uses[place]! > 0);
      held.sort((a, b) => this.#arrivals[a]! - this.#arrivals[b]!);
      for (const place of held) {
        this.#store.load(place, row);
        for (let i = 0; i < this.#steps; i++) {
          if (kept[place * this.#steps + i] === 0) row.kinds[i] = StepKind.none;
        }
        sink.push(row);
        if (pace.due()) await pace.rest();
      }
    }
    this.#store.release();
    this.#budget.give(this.#reserved);
  }

  /** An instant result is in order of rank. */
  #pushRanked(row: Row, sink: RowSink): void {
    for (const heaps of this.#heaps) {
      for (const place of heaps.ranked(0, (member) => this.#arrivals[member]!)) {
        this.#store.load(place, row);
        sink.push(row);
      }
    }
  }

  #keptSteps(): Uint8Array {
    const kept = new Uint8Array(this.#store.length * this.#steps);
    for (const heaps of this.#heaps) {
      for (let i = 0; i < this.#steps; i++) {
        for (const place of heaps.members(i)) kept[place * this.#steps + i] = 1;
      }
    }
    return kept;
  }

  #reserve(entries: number): void {
    if (entries === 0) return;
    this.#budget.take(entries);
    this.#reserved += entries;
  }
}

/** Takes out histograms, with a note where a step wants series. True if nothing else was there. */
function ignoreWanted(
  row: Row,
  options: { readonly counts: Float64Array; readonly op: string; readonly notes: HistogramNotes },
): boolean {
  const { counts, op, notes } = options;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! >= 1 && row.kinds[i] === StepKind.histogram) notes.ignoredIn(op);
  }
  row.dropHistograms();
  return !row.hasSamples();
}
