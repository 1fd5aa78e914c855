/**
 * The `q` quantile of the first `count` values, which are sorted in place; between two values it is
 * interpolated. NaN sorts first. Source: Prometheus promql/quantile.go.
 */
export function quantile(q: number, values: Float64Array, count: number): number {
  if (q >= 0 && q <= 1) sortNanFirst(values, count);
  return quantileOfSorted(q, values, count);
}

/** As `quantile`, of values that are sorted already. */
export function quantileOfSorted(q: number, values: Float64Array, count: number): number {
  if (count === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * (count - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(count - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return values[lower]! * (1 - weight) + values[upper]! * weight;
}

function sortNanFirst(values: Float64Array, count: number): void {
  let nans = 0;
  for (let i = 0; i < count; i++) {
    if (!Number.isNaN(values[i]!)) continue;
    values[i] = values[nans]!;
    values[nans++] = NaN;
  }
  values.subarray(nans, count).sort();
}

/** `math.Pow` of Go, which gives 1 for a base of 1 (and -1 with an infinite exponent). */
export function goPow(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1;
  return base ** exponent;
}
