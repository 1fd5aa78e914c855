import { quote } from "#pkg/labels/mod.ts";
import { parseFloatText } from "#pkg/model/mod.ts";

const INTEGER = /^[+-]?(?:0[xX]_?[0-9a-fA-F]|0[bB]_?[01]|0[oO]_?[0-7]|\d)(?:_?[0-9a-fA-F])*$/;

/** A number as PromQL writes it, or undefined. `0755` is octal, `1_000` has a separator. */
export function parseNumber(text: string): number | undefined {
  return parseInteger(text) ?? parseFloatText(stripUnderscores(text) ?? "");
}

/** An integer with an optional base prefix, as Go's `ParseInt(text, 0, 64)` reads it. */
function parseInteger(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const negative = text.startsWith("-");
  const plain = text.replace(/^[+-]/, "").replaceAll("_", "");
  const prefixed = /^0[xXbBoO]/.test(plain);
  const octal = !prefixed && plain.length > 1 && plain.startsWith("0");
  if (!prefixed && !(octal ? /^[0-7]+$/ : /^\d+$/).test(plain)) return undefined;
  const value = Number(octal ? `0o${plain}` : plain);
  if (Number.isNaN(value) || value >= 2 ** 63) return undefined;
  return negative ? -value : value;
}

/** The text without digit separators, undefined where one stands beside anything but digits. */
function stripUnderscores(text: string): string | undefined {
  if (!text.includes("_")) return text;
  return /[^0-9a-fA-FxX]_|_[^0-9a-fA-F]|_$|^_/.test(text) ? undefined : text.replaceAll("_", "");
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * The value of a quoted string whose form the lexer has checked. Escapes of single bytes (`\xff`,
 * `\377`) form UTF-8 together; a byte that is part of no character becomes the lone surrogate
 * U+DC00 + byte, which no valid name or value contains.
 */
export function unquote(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1).replaceAll("\r", "");
  const body = text.slice(1, -1);
  if (!body.includes("\\")) return body;
  let out = "";
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) out += decodeBytes(bytes);
    bytes = [];
  };
  for (let i = 0; i < body.length; ) {
    const match =
      /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|[^\\]+/suy;
    match.lastIndex = i;
    const found = match.exec(body)!;
    i += found[0].length;
    const [all, hex, octal, short, long, simple] = found;
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else {
      flush();
      if (short ?? long) out += String.fromCodePoint(Number.parseInt((short ?? long)!, 16));
      else if (simple !== undefined) out += SIMPLE_ESCAPES[simple] ?? simple;
      else out += all;
    }
  }
  flush();
  return out;
}

function decodeBytes(bytes: readonly number[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let out = "";
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    try {
      out += decoder.decode(Uint8Array.from(bytes.slice(i, i + length)));
      i += length;
    } catch {
      out += String.fromCharCode(0xdc00 + first);
      i++;
    }
  }
  return out;
}

const LONE_SURROGATE = /\p{Cs}/u;

/** True for what may name a label: any text of whole characters that is not empty. */
export function isValidLabelName(name: string): boolean {
  return name !== "" && !LONE_SURROGATE.test(name);
}

/** `text` with the bytes that are no UTF-8 as `\xNN`, in quotes. */
export function quoteBytes(text: string): string {
  return quote(text).replace(
    /\p{Cs}/gu,
    (unit) => `\\x${(unit.charCodeAt(0) - 0xdc00).toString(16).padStart(2, "0")}`,
  );
}
