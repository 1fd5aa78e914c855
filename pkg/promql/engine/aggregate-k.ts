import { NarthexError } from "#pkg/errs/mod.ts";
import { formatFloatG } from "#pkg/model/mod.ts";
import type { AggregateExpr } from "../syntax/ast.ts";
import type { Evaluator, Frame } from "./context.ts";
import { Groups } from "./groups.ts";
import { HistogramNotes } from "./histogram-notes.ts";
import { Row, type RowSink, RowStore, StepKind } from "./row.ts";

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
  const { budget, pace } = evaluator.context;
  const counts = await evaluator.scalar(expr.param!, frame);
  const groups = new Groups(expr);
  const store = new RowStore(frame.steps, budget);
  const members: number[][] = [];
  const wanted = checkCounts(counts);
  const notes = new HistogramNotes(evaluator.context.annotations, expr.position);
  // Also where no series is wanted: errors and notes of the argument are to be seen.
  await evaluator.rows(expr.expr, frame, {
    push(row) {
      if (!wanted) return;
      if (row.histograms !== undefined && ignoreWanted(row, { counts, op: expr.op, notes })) return;
      (members[groups.of(row)] ??= []).push(store.length);
      store.push(row);
    },
  });
  const kept = new Uint8Array(frame.steps === 1 ? 0 : store.length * frame.steps);
  const row = new Row(frame.steps);
  const heap = new BestHeap(expr.op === "topk" ? 1 : -1);
  for (const group of members) {
    for (let i = 0; i < frame.steps; i++) {
      heap.reset(Math.min(Math.trunc(counts[i]!), store.length));
      for (const member of group) {
        const at = store.offset(member) + i;
        if (store.kinds(member)[at] !== 0) heap.offer(store.values(member)[at]!, member);
      }
      if (frame.steps === 1) pushRanked(heap, { store, row, sink });
      else for (const member of heap.members()) kept[member * frame.steps + i] = 1;
    }
    if (pace.due()) await pace.rest();
  }
  if (frame.steps > 1) pushKept(kept, { store, row, sink });
  store.release();
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

interface Output {
  readonly store: RowStore;
  readonly row: Row;
  readonly sink: RowSink;
}

/** An instant result is in order of rank. */
function pushRanked(heap: BestHeap, { store, row, sink }: Output): void {
  for (const member of heap.ranked()) {
    store.load(member, row);
    sink.push(row);
  }
}

function pushKept(kept: Uint8Array, { store, row, sink }: Output): void {
  for (let member = 0; member < store.length; member++) {
    store.load(member, row);
    let any = false;
    for (let i = 0; i < store.steps; i++) {
      if (kept[member * store.steps + i] === 0) row.kinds[i] = 0;
      else any = true;
    }
    if (any) sink.push(row);
  }
}

/** The best few of many values; the worst kept one is on top. NaN is worse than anything. */
class BestHeap {
  readonly #sign: 1 | -1;
  #capacity = 0;
  #size = 0;
  #values = new Float64Array(16);
  #members = new Int32Array(16);

  /** @param sign 1 to keep the largest, -1 to keep the smallest. */
  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  reset(capacity: number): void {
    this.#capacity = Math.max(0, capacity);
    this.#size = 0;
    if (this.#capacity <= this.#values.length) return;
    this.#values = new Float64Array(this.#capacity * 2);
    this.#members = new Int32Array(this.#capacity * 2);
  }

  offer(value: number, member: number): void {
    if (this.#size < this.#capacity) {
      const at = this.#size++;
      this.#values[at] = value;
      this.#members[at] = member;
      this.#up(at);
    } else if (this.#capacity > 0) {
      const worst = this.#values[0]!;
      const better = this.#sign > 0 ? worst < value : worst > value;
      if (!better && !(Number.isNaN(worst) && !Number.isNaN(value))) return;
      this.#values[0] = value;
      this.#members[0] = member;
      this.#down(0);
    }
  }

  /** The rows kept, in no order. */
  members(): Int32Array {
    return this.#members.subarray(0, this.#size);
  }

  /** The rows kept, best first. */
  ranked(): number[] {
    const order = Array.from({ length: this.#size }, (_, i) => i);
    order.sort((a, b) => {
      const x = this.#values[a]!;
      const y = this.#values[b]!;
      if (Number.isNaN(x) || Number.isNaN(y))
        return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return (y - x) * this.#sign || this.#members[a]! - this.#members[b]!;
    });
    return order.map((i) => this.#members[i]!);
  }

  #worse(a: number, b: number): boolean {
    const x = this.#values[a]!;
    const y = this.#values[b]!;
    if (Number.isNaN(x)) return true;
    return this.#sign > 0 ? x < y : x > y;
  }

  #swap(a: number, b: number): void {
    const value = this.#values[a]!;
    const member = this.#members[a]!;
    this.#values[a] = this.#values[b]!;
    this.#members[a] = this.#members[b]!;
    this.#values[b] = value;
    this.#members[b] = member;
  }

  #up(from: number): void {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#worse(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #down(from: number): void {
    for (let i = from; ; ) {
      let child = 2 * i + 1;
      if (child >= this.#size) return;
      if (child + 1 < this.#size && this.#worse(child + 1, child)) child++;
      if (!this.#worse(child, i)) return;
      this.#swap(i, child);
      i = child;
    }
  }
}
