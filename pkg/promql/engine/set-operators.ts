import type { BinaryExpr } from "../syntax/ast.ts";
import type { Evaluator, Frame } from "./context.ts";
import { signatureOf } from "./matching.ts";
import type { Row, RowSink } from "./row.ts";

/** `and`, `or` and `unless`: rows pass whole, step by step, by whether the other side matches. */
export async function setOperation(
  expr: BinaryExpr,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const seen = new SeenSignatures(signatureOf(expr.matching!), frame.steps);
  if (expr.op === "or") {
    await evaluator.rows(expr.lhs, frame, {
      push(row) {
        seen.add(row);
        sink.push(row);
      },
    });
    await evaluator.rows(expr.rhs, frame, new Filter(seen, false, sink));
    return;
  }
  await evaluator.rows(expr.rhs, frame, { push: (row) => seen.add(row) });
  await evaluator.rows(expr.lhs, frame, new Filter(seen, expr.op === "and", sink));
}

/** At which steps a side has had rows of each signature. */
class SeenSignatures {
  readonly #signature: (labels: Row["labels"]) => string;
  readonly #steps: number;
  readonly #seen = new Map<string, Uint8Array>();

  constructor(signature: (labels: Row["labels"]) => string, steps: number) {
    this.#signature = signature;
    this.#steps = steps;
  }

  add(row: Row): void {
    const key = this.#signature(row.labels);
    let steps = this.#seen.get(key);
    if (!steps) {
      steps = new Uint8Array(this.#steps);
      this.#seen.set(key, steps);
    }
    for (let i = 0; i < steps.length; i++) if (row.kinds[i] !== 0) steps[i] = 1;
  }

  of(row: Row): Uint8Array | undefined {
    return this.#seen.get(this.#signature(row.labels));
  }
}

/** Lets through the steps whose signature was seen (`wanted`) or was not. */
class Filter implements RowSink {
  readonly #seen: SeenSignatures;
  readonly #wanted: boolean;
  readonly #sink: RowSink;

  constructor(seen: SeenSignatures, wanted: boolean, sink: RowSink) {
    this.#seen = seen;
    this.#wanted = wanted;
    this.#sink = sink;
  }

  push(row: Row): void {
    const steps = this.#seen.of(row);
    if (!steps) {
      if (!this.#wanted) this.#sink.push(row);
      return;
    }
    let any = false;
    for (let i = 0; i < steps.length; i++) {
      if (row.kinds[i] === 0) continue;
      if ((steps[i] !== 0) === this.#wanted) any = true;
      else row.kinds[i] = 0;
    }
    if (any) this.#sink.push(row);
  }
}
