import { NarthexError } from "#pkg/errs/mod.ts";

/** A part of the query text: UTF-16 indices, `end` exclusive. */
export interface PositionRange {
  readonly start: number;
  readonly end: number;
}

/** `line:column` of the range's start, columns in bytes from 1, as Prometheus prints it. */
export function formatPosition(query: string, position: PositionRange): string {
  if (query === "") return "unknown position";
  const at = position.start;
  if (at < 0 || at > query.length) return "invalid position";
  let line = 1;
  let column = 1;
  for (let i = 0; i < at; i++) {
    const code = query.charCodeAt(i);
    if (code === 10) {
      line++;
      column = 1;
    } else {
      // Each half of a surrogate pair stands for two of the four bytes.
      column += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
    }
  }
  return `${line}:${column}`;
}

/** A query that is not PromQL, or of the wrong types: `bad_data`, with where it is wrong. */
export class ParseError extends NarthexError {
  readonly position: PositionRange;
  readonly query: string;
  /** The message without its position. */
  readonly reason: string;

  constructor(query: string, position: PositionRange, reason: string) {
    super("bad_data", `${formatPosition(query, position)}: parse error: ${reason}`);
    this.name = "ParseError";
    this.position = position;
    this.query = query;
    this.reason = reason;
  }
}
