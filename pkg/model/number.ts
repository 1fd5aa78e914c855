/**
 * A float64 as Go's `strconv.FormatFloat(v, 'f', -1, 64)` writes it: the fewest digits that read
 * back as the same number, never with an exponent; `+Inf`, `-Inf`, `NaN`.
 */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
  const at = text.indexOf("e");
  return at < 0 ? text : plainNotation(text, at);
}

/** `1.5e+22` (exponent mark at `at`) without the exponent. */
function plainNotation(text: string, at: number): string {
  const negative = text.startsWith("-");
  const mantissa = text.slice(negative ? 1 : 0, at);
  const exponent = Number(text.slice(at + 1));
  const dot = mantissa.indexOf(".");
  const digits = dot < 0 ? mantissa : mantissa.slice(0, dot) + mantissa.slice(dot + 1);
  const point = (dot < 0 ? mantissa.length : dot) + exponent;
  const sign = negative ? "-" : "";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + "0".repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * A float64 as Go's `%g` (and `%v`) writes it: shortest digits, an exponent of at least two digits
 * for exponents below -4 or from 6 on.
 */
export function formatFloatG(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatFloat(value);
  const [mantissa, exponentText] = value.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return formatFloat(value);
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
}

const SPECIAL = /^([+-]?)(?:inf|infinity)$/i;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const HEX = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?p([+-]?\d+)$/i;

/**
 * Parses a float64 as Go's `strconv.ParseFloat` does: decimals, exponents, hexadecimal floats,
 * `Inf`, `NaN` in any case. Returns undefined for anything else.
 */
export function parseFloatText(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const special = SPECIAL.exec(text);
  if (special) return special[1] === "-" ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const hex = HEX.exec(text);
  if (hex) {
    const whole = hex[2]!;
    const fraction = hex[3] ?? "";
    if (whole.length + fraction.length === 0) return undefined;
    const mantissa = Number(`0x${whole}${fraction}`) * 2 ** (-4 * fraction.length);
    return (hex[1] === "-" ? -1 : 1) * mantissa * 2 ** Number(hex[4]);
  }
  return undefined;
}
