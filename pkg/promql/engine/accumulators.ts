// Hot path: sums and the like per group and step, 2-5 ns a sample, nothing allocated per row.
import { NarthexError } from "#pkg/errs/mod.ts";
import { kahanAddAt } from "#pkg/histogram/mod.ts";
import type { Row } from "./row.ts";

/** State per group and step of one aggregation; group `g` begins at `g * steps`. */
export interface Accumulator {
  /** Adds the samples of `row` to a group; `group` may be one more than there are. */
  add(group: number, row: Row): void;
  /** True if a group has had a sample at step `i`; the group may be one that is not there yet. */
  has(group: number, i: number): boolean;
  /** Fills `row` with the result of a group. */
  emit(group: number, row: Row): void;
}

/** Columns for a number of groups that grows. */
class Columns {
  readonly steps: number;
  a: Float64Array;
  b: Float64Array;
  c: Float64Array;
  seen: Uint8Array;
  readonly #width: number;

  /** @param width how many of the float columns are used. */
  constructor(steps: number, width: 1 | 2 | 3) {
    this.steps = steps;
    this.#width = width;
    const size = steps * 4;
    this.a = new Float64Array(size);
    this.b = new Float64Array(width > 1 ? size : 0);
    this.c = new Float64Array(width > 2 ? size : 0);
    this.seen = new Uint8Array(size);
  }

  reserve(groups: number): void {
    const wanted = groups * this.steps;
    if (wanted <= this.seen.length) return;
    const size = Math.max(wanted, this.seen.length * 2);
    this.a = grow(this.a, size);
    if (this.#width > 1) this.b = grow(this.b, size);
    if (this.#width > 2) this.c = grow(this.c, size);
    const seen = new Uint8Array(size);
    seen.set(this.seen);
    this.seen = seen;
  }
}

function grow(column: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size);
  out.set(column);
  return out;
}

/** The accumulator of an aggregation over floats. */
export function makeAccumulator(op: string, steps: number): Accumulator {
  switch (op) {
    case "sum":
      return new SumAccumulator(steps);
    case "avg":
      return new AverageAccumulator(steps);
    case "min":
      return new ExtremeAccumulator(steps, -1);
    case "max":
      return new ExtremeAccumulator(steps, 1);
    case "count":
      return new CountAccumulator(steps);
    case "group":
      return new GroupAccumulator(steps);
    case "stddev":
      return new VarianceAccumulator(steps, true);
    case "stdvar":
      return new VarianceAccumulator(steps, false);
    default:
      throw new NarthexError("internal", `no accumulator for aggregation ${op}`);
  }
}

/** `a` is the sum, `b` its rounding error (Kahan, Neumaier). */
class SumAccumulator implements Accumulator {
  readonly #columns: Columns;

  constructor(steps: number) {
    this.#columns = new Columns(steps, 2);
  }

  add(group: number, { kinds, values }: Row): void {
    this.#columns.reserve(group + 1);
    const { a, b, seen, steps } = this.#columns;
    let at = group * steps;
    for (let i = 0; i < steps; i++, at++) {
      if (kinds[i] === 0) continue;
      const value = values[i]!;
      if (seen[at] === 0) {
        seen[at] = 1;
        a[at] = value;
        continue;
      }
      const sum = a[at]!;
      const next = sum + value;
      if (next === Infinity || next === -Infinity) b[at] = 0;
      else if (Math.abs(sum) >= Math.abs(value)) b[at] = b[at]! + (sum - next + value);
      else b[at] = b[at]! + (value - next + sum);
      a[at] = next;
    }
  }

  has(group: number, i: number): boolean {
    return (this.#columns.seen[group * this.#columns.steps + i] ?? 0) > 0;
  }

  emit(group: number, row: Row): void {
    const { a, b, seen, steps } = this.#columns;
    const at = group * steps;
    for (let i = 0; i < steps; i++) {
      row.kinds[i] = seen[at + i]!;
      row.values[i] = a[at + i]! + b[at + i]!;
    }
  }
}

/** `a` is the sum or, once that would overflow (`seen` 2), the mean; `b` its error, `c` the count. */
class AverageAccumulator implements Accumulator {
  readonly #columns: Columns;

  constructor(steps: number) {
    this.#columns = new Columns(steps, 3);
  }

  add(group: number, { kinds, values }: Row): void {
    this.#columns.reserve(group + 1);
    const { a, b, c, seen, steps } = this.#columns;
    let at = group * steps;
    for (let i = 0; i < steps; i++, at++) {
      if (kinds[i] === 0) continue;
      const value = values[i]!;
      const count = c[at]! + 1;
      c[at] = count;
      if (seen[at] === 0) {
        seen[at] = 1;
        a[at] = value;
      } else if (seen[at] === 1 && Math.abs(a[at]! + value) !== Infinity) {
        kahanAddAt(a, b, at, value);
      } else {
        if (seen[at] === 1) {
          seen[at] = 2;
          a[at] = a[at]! / (count - 1);
          b[at] = b[at]! / (count - 1);
        }
        const q = (count - 1) / count;
        a[at] = q * a[at]!;
        b[at] = q * b[at]!;
        kahanAddAt(a, b, at, value / count);
      }
    }
  }

  has(group: number, i: number): boolean {
    return (this.#columns.seen[group * this.#columns.steps + i] ?? 0) > 0;
  }

  emit(group: number, row: Row): void {
    const { a, b, c, seen, steps } = this.#columns;
    const from = group * steps;
    for (let i = 0; i < steps; i++) {
      const at = from + i;
      row.kinds[i] = seen[at] === 0 ? 0 : 1;
      row.values[i] = seen[at] === 2 ? a[at]! + b[at]! : a[at]! / c[at]! + b[at]! / c[at]!;
    }
  }
}

/** The largest (`sign` 1) or smallest value; NaN gives way to anything. */
class ExtremeAccumulator implements Accumulator {
  readonly #columns: Columns;
  readonly #sign: 1 | -1;

  constructor(steps: number, sign: 1 | -1) {
    this.#columns = new Columns(steps, 1);
    this.#sign = sign;
  }

  add(group: number, { kinds, values }: Row): void {
    this.#columns.reserve(group + 1);
    const { a, seen, steps } = this.#columns;
    const sign = this.#sign;
    let at = group * steps;
    for (let i = 0; i < steps; i++, at++) {
      if (kinds[i] === 0) continue;
      const value = values[i]!;
      const held = a[at]!;
      if (seen[at] === 0 || held * sign < value * sign || Number.isNaN(held)) a[at] = value;
      seen[at] = 1;
    }
  }

  has(group: number, i: number): boolean {
    return (this.#columns.seen[group * this.#columns.steps + i] ?? 0) > 0;
  }

  emit(group: number, row: Row): void {
    const { a, seen, steps } = this.#columns;
    const at = group * steps;
    for (let i = 0; i < steps; i++) {
      row.kinds[i] = seen[at + i]!;
      row.values[i] = a[at + i]!;
    }
  }
}

class CountAccumulator implements Accumulator {
  readonly #columns: Columns;

  constructor(steps: number) {
    this.#columns = new Columns(steps, 1);
  }

  add(group: number, { kinds }: Row): void {
    this.#columns.reserve(group + 1);
    const { a, steps } = this.#columns;
    const at = group * steps;
    for (let i = 0; i < steps; i++) if (kinds[i] !== 0) a[at + i] = a[at + i]! + 1;
  }

  has(group: number, i: number): boolean {
    return (this.#columns.a[group * this.#columns.steps + i] ?? 0) > 0;
  }

  emit(group: number, row: Row): void {
    const { a, steps } = this.#columns;
    const at = group * steps;
    for (let i = 0; i < steps; i++) {
      row.values[i] = a[at + i]!;
      row.kinds[i] = row.values[i]! > 0 ? 1 : 0;
    }
  }
}

class GroupAccumulator implements Accumulator {
  readonly #counts: CountAccumulator;

  constructor(steps: number) {
    this.#counts = new CountAccumulator(steps);
  }

  add(group: number, row: Row): void {
    this.#counts.add(group, row);
  }

  has(group: number, i: number): boolean {
    return this.#counts.has(group, i);
  }

  emit(group: number, row: Row): void {
    this.#counts.emit(group, row);
    row.values.fill(1);
  }
}

/** `a` is the sum of squared distances, `b` the mean, `c` the count (Welford). */
class VarianceAccumulator implements Accumulator {
  readonly #columns: Columns;
  readonly #deviation: boolean;

  constructor(steps: number, deviation: boolean) {
    this.#columns = new Columns(steps, 3);
    this.#deviation = deviation;
  }

  add(group: number, { kinds, values }: Row): void {
    this.#columns.reserve(group + 1);
    const { a, b, c, steps } = this.#columns;
    let at = group * steps;
    for (let i = 0; i < steps; i++, at++) {
      if (kinds[i] === 0) continue;
      const value = values[i]!;
      const count = c[at]! + 1;
      c[at] = count;
      if (count === 1) {
        b[at] = value;
        // A first value that is not finite makes all of it NaN.
        a[at] = Number.isFinite(value) ? 0 : NaN;
        continue;
      }
      const delta = value - b[at]!;
      b[at] = b[at]! + delta / count;
      a[at] = a[at]! + delta * (value - b[at]!);
    }
  }

  has(group: number, i: number): boolean {
    return (this.#columns.c[group * this.#columns.steps + i] ?? 0) > 0;
  }

  emit(group: number, row: Row): void {
    const { a, c, steps } = this.#columns;
    const from = group * steps;
    for (let i = 0; i < steps; i++) {
      const at = from + i;
      row.kinds[i] = c[at]! > 0 ? 1 : 0;
      const variance = a[at]! / c[at]!;
      row.values[i] = this.#deviation ? Math.sqrt(variance) : variance;
    }
  }
}
