/** A sum with what rounding has taken from it, by the method of Kahan and Neumaier. */
export class KahanSum {
  sum = 0;
  compensation = 0;

  constructor(sum = 0, compensation = 0) {
    this.sum = sum;
    this.compensation = compensation;
  }

  reset(): void {
    this.sum = 0;
    this.compensation = 0;
  }

  add(value: number): void {
    const { sum } = this;
    const total = sum + value;
    this.compensation = nextCompensation(value, sum, total, this.compensation);
    this.sum = total;
  }
}

/** Adds `value` to the sum at `sums[i]`, whose compensation is `compensations[i]`. */
export function kahanAddAt(
  sums: Float64Array,
  compensations: Float64Array,
  i: number,
  value: number,
): void {
  const sum = sums[i]!;
  const total = sum + value;
  compensations[i] = nextCompensation(value, sum, total, compensations[i]!);
  sums[i] = total;
}

function nextCompensation(value: number, sum: number, total: number, before: number): number {
  if (total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY) return 0;
  if (Math.abs(sum) >= Math.abs(value)) return before + (sum - total + value);
  return before + (value - total + sum);
}
