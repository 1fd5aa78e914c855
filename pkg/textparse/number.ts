// Hot path: one decimal number of up to 15 digits; about 1 ns a digit, 0 B.
import { formatFloatG, parseFloatText } from "#pkg/model/mod.ts";

/** Powers of ten that a float64 holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** A mantissa up to here takes one more digit and stays below 2^53. */
const MANTISSA_MAX = 900_719_925_474_098;

/** Reads floats from bytes without making strings, but for the rare long ones. */
export class FloatReader {
  value = NaN;
  /** Behind the number. */
  end = 0;

  /**
   * Reads the number at `start`, up to a blank, a line end, an opening brace or `limit`, into
   * `value` and `end`; false if what stands there is no float64 literal that Go's
   * `strconv.ParseFloat` takes (hexadecimal floats and underscores are refused).
   */
  read(bytes: Uint8Array, start: number, limit: number): boolean {
    let at = start;
    let byte = at < limit ? bytes[at]! : 0;
    const negative = byte === 0x2d;
    if (negative || byte === 0x2b) byte = ++at < limit ? bytes[at]! : 0;
    let mantissa = 0;
    let digits = 0;
    let scale = 0;
    let fraction = 0;
    for (;;) {
      if (byte >= 0x30 && byte <= 0x39) {
        if (mantissa > MANTISSA_MAX) return this.#slow(bytes, start, limit);
        mantissa = mantissa * 10 + (byte - 0x30);
        digits++;
        scale -= fraction;
      } else if (byte === 0x2e && fraction === 0) fraction = 1;
      else break;
      byte = ++at < limit ? bytes[at]! : 0;
    }
    if (digits === 0) return this.#slow(bytes, start, limit);
    if (at < limit && !isTerminator(byte)) {
      if ((byte | 0x20) !== 0x65) return this.#slow(bytes, start, limit);
      byte = ++at < limit ? bytes[at]! : 0;
      const down = byte === 0x2d;
      if (down || byte === 0x2b) byte = ++at < limit ? bytes[at]! : 0;
      const from = at;
      let exponent = 0;
      for (; byte >= 0x30 && byte <= 0x39 && at - from < 4; byte = at < limit ? bytes[at]! : 0) {
        exponent = exponent * 10 + (byte - 0x30);
        at++;
      }
      if (at === from || (at < limit && !isTerminator(byte))) {
        return this.#slow(bytes, start, limit);
      }
      scale += down ? -exponent : exponent;
    }
    if (scale < -22 || scale > 22) return this.#slow(bytes, start, limit);
    // Both operands are exact, so the one rounding is the right one (Clinger 1990).
    const value = scale < 0 ? mantissa / POWERS[-scale]! : mantissa * POWERS[scale]!;
    this.value = negative ? -value : value;
    this.end = at;
    return true;
  }

  #slow(bytes: Uint8Array, start: number, limit: number): boolean {
    let end = start;
    while (end < limit && !isTerminator(bytes[end]!)) end++;
    this.end = end;
    return this.#text(bytes, start, end);
  }

  #text(bytes: Uint8Array, start: number, end: number): boolean {
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

/** A space, a tab, the end of the line, or the brace that may not follow a value. */
function isTerminator(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x09 || byte === 0x7b;
}

/**
 * A float as OpenMetrics writes the values of `le` and `quantile`: shortest digits with a point or
 * an exponent, `1.0`, `0.005`, `1e+06`, `+Inf`.
 */
export function formatOpenMetricsFloat(value: number): string {
  const text = formatFloatG(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
