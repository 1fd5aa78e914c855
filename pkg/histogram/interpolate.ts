/**
 * Which part of a bucket's width, 0 to 1, is below `value`, a number between its finite bounds: on
 * a linear or on a logarithmic scale.
 */
export function fractionBelow(
  bucket: { readonly lower: number; readonly upper: number },
  value: number,
  isLinear: boolean,
): number {
  if (isLinear) return (value - bucket.lower) / (bucket.upper - bucket.lower);
  const lower = log2(Math.abs(bucket.lower));
  const upper = log2(Math.abs(bucket.upper));
  const log = log2(Math.abs(value));
  if (value > 0) return (log - lower) / (upper - lower);
  return 1 - (log - upper) / (lower - upper);
}

const EXPONENT_BIAS = 1022;
const SCRATCH_BYTES = 8;

/**
 * The binary logarithm of a positive number or of 0, computed as exponent plus logarithm of the
 * fraction: results are those of Go's `math.Log2` to the bit or nearly so, which matters since
 * differences of logarithms that lie close together are taken.
 */
export function log2(value: number): number {
  if (!(value > 0) || value === Number.POSITIVE_INFINITY) return Math.log2(value);
  const view = new DataView(new ArrayBuffer(SCRATCH_BYTES));
  // Numbers below the normal range are lifted into it.
  const lifted = value < 2 ** -1021;
  view.setFloat64(0, lifted ? value * 2 ** 60 : value);
  const high = view.getUint32(0);
  const exponent = ((high >>> 20) & 0x7ff) - EXPONENT_BIAS - (lifted ? 60 : 0);
  view.setUint32(0, ((high & 0x000fffff) | (EXPONENT_BIAS << 20)) >>> 0);
  const fraction = view.getFloat64(0);
  if (fraction === 0.5) return exponent - 1;
  return Math.log(fraction) * Math.LOG2E + exponent;
}
