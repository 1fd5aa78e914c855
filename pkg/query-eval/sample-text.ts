/**
 * A sample value as Prometheus's API writes it: as ECMAScript writes numbers, but for exponents of
 * one digit, which are given two: `1e-07`.
 */
export function sampleText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  if (value === 0) return 1 / value < 0 ? "-0" : "0";
  const text = String(value);
  // Exponents of one digit are -7, -8 and -9.
  if (Math.abs(value) >= 1e-6 || text.at(-3) !== "e") return text;
  return `${text.slice(0, -1)}0${text.slice(-1)}`;
}
