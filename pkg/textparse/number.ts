// Hot path: one decimal number of up to 15 digits; about 1 ns a digit, 0 B.
import { parseFloatText } from "#pkg/model/mod.ts";

/** Powers of ten that a float64 holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** A mantissa up to here takes one more digit and stays below 2^53. */
const MANTISSA_MAX = 900_719_925_474_098;

/** Reads floats from bytes without making strings, but for the rare long ones. */
export class FloatReader {
  value = NaN;

  /** Reads the whole of `bytes[start, end)` into `value`; false if it is no float64 literal that
   * Go's `strconv.ParseFloat` takes (hexadecimal floats and underscores are refused). */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    const first = at < end ? bytes[at]! : 0;
    const negative = first === 0x2d;
    if (negative || first === 0x2b) at++;
    let mantissa = 0;
    let digits = 0;
    let scale = 0;
    let dot = false;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte >= 0x30 && byte <= 0x39) {
        if (mantissa > MANTISSA_MAX) return this.#slow(bytes, start, end);
        mantissa = mantissa * 10 + (byte - 0x30);
        digits++;
        if (dot) scale--;
      } else if (byte === 0x2e && !dot) dot = true;
      else break;
    }
    if (digits === 0) return this.#slow(bytes, start, end);
    if (at < end) {
      if ((bytes[at]! | 0x20) !== 0x65) return this.#slow(bytes, start, end);
      at++;
      const sign = at < end ? bytes[at]! : 0;
      if (sign === 0x2d || sign === 0x2b) at++;
      const from = at;
      let exponent = 0;
      for (; at < end && at - from < 4; at++) {
        const byte = bytes[at]!;
        if (byte < 0x30 || byte > 0x39) break;
        exponent = exponent * 10 + (byte - 0x30);
      }
      if (at === from || at < end) return this.#slow(bytes, start, end);
      scale += sign === 0x2d ? -exponent : exponent;
    }
    if (scale < -22 || scale > 22) return this.#slow(bytes, start, end);
    // Both operands are exact, so the one rounding is the right one (Clinger 1990).
    const value = scale < 0 ? mantissa / POWERS[-scale]! : mantissa * POWERS[scale]!;
    this.value = negative ? -value : value;
    return true;
  }

  #slow(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > 512 || start >= end) return false;
    let text = "";
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      // p, P and _ : hexadecimal floats and digit separators are no part of the formats.
      if (byte === 0x70 || byte === 0x50 || byte === 0x5f) return false;
      text += String.fromCharCode(byte);
    }
    const value = parseFloatText(text);
    if (value === undefined) return false;
    // Out of range is an error in Go; an infinity has to be written as one.
    if (!Number.isFinite(value) && /\d/.test(text)) return false;
    this.value = value;
    return true;
  }
}

/**
 * A float as OpenMetrics writes the values of `le` and `quantile`: shortest digits with a point or
 * an exponent, `1.0`, `0.005`, `1e+06`, `+Inf`.
 */
export function formatOpenMetricsFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa, exponentText] = value.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  // Go's 'g' format with shortest digits changes to exponents below -4 and from 6 on.
  if (exponent >= -4 && exponent < 6) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
}
