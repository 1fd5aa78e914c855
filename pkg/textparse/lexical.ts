import { decodeUtf8 } from "#pkg/encoding/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";

const NAME_START = new Uint8Array(256);
const NAME = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789") {
  const byte = char.charCodeAt(0);
  NAME[byte] = 1;
  if (byte < 0x30 || byte > 0x39) NAME_START[byte] = 1;
}

/** True for a byte that may begin a metric name without quotes. */
export function isNameStart(byte: number): boolean {
  return NAME_START[byte] === 1;
}

/** True for a byte that may stand in a metric name without quotes. */
export function isNameByte(byte: number): boolean {
  return NAME[byte] === 1;
}

/** A label value or quoted name without its escapes `\"`, `\\` and `\n`; others stay. */
export function unescapeLabel(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeUtf8(bytes, start, end);
  if (!text.includes("\\")) return text;
  return text.replace(/\\["\\n]/g, (pair) => (pair === "\\n" ? "\n" : pair[1]!));
}

/** A help text without its escapes: `\\` and `\n`, and in OpenMetrics `\"` too. */
export function unescapeHelp(
  bytes: Uint8Array,
  start: number,
  end: number,
  openMetrics: boolean,
): string {
  if (openMetrics) return unescapeLabel(bytes, start, end);
  const text = decodeUtf8(bytes, start, end);
  if (!text.includes("\\")) return text;
  return text.replace(/\\[\\n]/g, (pair) => (pair === "\\n" ? "\n" : "\\"));
}

/** Where a body that is a piece of a longer text begins in it. */
export interface BodyPlace {
  /** Lines before the body; below zero where it begins with lines that the text does not have. */
  readonly lines: number;
  /** Bytes before it. */
  readonly bytes: number;
}

/** `bad_data` at offset `at` of the body: its line, and what stands there. */
export function expositionError(
  body: { bytes: Uint8Array; start: number; end: number; place: BodyPlace },
  at: number,
  message: string,
): NarthexError {
  const { bytes, start, end, place } = body;
  const line = lineAt(body, at);
  const offset = at - start + place.bytes;
  const newline = bytes.indexOf(0x0a, at);
  const stop = Math.min(end, at + 40, newline < 0 ? end : newline);
  const got = at >= end ? "the end" : stop <= at ? "the end of the line" : quoted(bytes, at, stop);
  return new NarthexError("bad_data", `line ${line}, offset ${offset}: ${message}, got ${got}`);
}

/** The line, counted from 1, of offset `at`. */
export function lineAt(
  body: { bytes: Uint8Array; start: number; end: number; place: BodyPlace },
  at: number,
): number {
  let line = 1 + body.place.lines;
  const end = Math.min(at, body.end);
  for (let i = body.start; i < end; i++) if (body.bytes[i] === 0x0a) line++;
  return line;
}

function quoted(bytes: Uint8Array, start: number, end: number): string {
  return JSON.stringify(decodeUtf8(bytes, start, end));
}
