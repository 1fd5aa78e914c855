import type { Labels } from "#pkg/labels/mod.ts";
import type { AggregateExpr } from "../syntax/ast.ts";
import { type Grouper, makeGrouper } from "./label-sets.ts";
import type { Row } from "./row.ts";

/** The groups of an aggregation, numbered as they appear. */
export class Groups {
  readonly labels: Labels[] = [];
  readonly dropNames: boolean[] = [];
  readonly #grouper: Grouper;
  readonly #numbers = new Map<string, number>();

  constructor(expr: AggregateExpr) {
    this.#grouper = makeGrouper(expr.grouping, expr.without);
  }

  get length(): number {
    return this.labels.length;
  }

  /** The number of the group that `row` is in. */
  of(row: Row): number {
    const key = this.#grouper.key(row.labels);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.labels.length;
      this.#numbers.set(key, number);
      this.labels.push(this.#grouper.labels(row.labels));
      this.dropNames.push(false);
    }
    if (row.dropName) this.dropNames[number] = true;
    return number;
  }
}
