import { NarthexError } from "#pkg/errs/mod.ts";
import { EntryKind, type ExpositionFormat, ExpositionParser } from "#pkg/textparse/mod.ts";

/** Bytes parsed at once. */
const WINDOW_BYTES = 1 << 20;
const LINE_BYTES_MAX = 64 << 20;
const NEWLINE = 0x0a;
const EOF_LINE = Buffer.from("# EOF\n");

/**
 * Parses a text of any length, some lines at a time, and calls `visit` for every sample, with the
 * parser at it; where that returns a promise, it is awaited. Errors are `bad_data` with the line.
 */
export async function parseExposition(
  source: AsyncIterable<Uint8Array>,
  format: ExpositionFormat,
  visit: (parser: ExpositionParser) => Promise<void> | undefined,
): Promise<void> {
  const pieces = new Pieces(format, visit);
  let pending: Uint8Array[] = [];
  let length = 0;
  for await (const part of source) {
    if (part.length === 0) continue;
    pending.push(part);
    length += part.length;
    if (length < WINDOW_BYTES) continue;
    const text = Buffer.concat(pending, length);
    // The last byte is kept back, so that the last piece is known to be the last one.
    const cut = text.lastIndexOf(NEWLINE, text.length - 2) + 1;
    if (cut > 0) await pieces.parse(text.subarray(0, cut), false);
    else if (length > LINE_BYTES_MAX) {
      throw new NarthexError("bad_data", `line ${pieces.lines + 1}: longer than 64 MiB`);
    }
    pending = [text.subarray(cut)];
    length = text.length - cut;
  }
  await pieces.parse(Buffer.concat(pending, length), true);
}

/** Hands whole lines to a parser as if they were a body of their own. */
class Pieces {
  readonly #parser = new ExpositionParser();
  readonly #format: ExpositionFormat;
  readonly #visit: (parser: ExpositionParser) => Promise<void> | undefined;
  /** The TYPE line that is in force where a piece begins. */
  #typeLine = Buffer.alloc(0);
  #bytes = 0;
  lines = 0;

  constructor(
    format: ExpositionFormat,
    visit: (parser: ExpositionParser) => Promise<void> | undefined,
  ) {
    this.#format = format;
    this.#visit = visit;
  }

  async parse(piece: Uint8Array, isLast: boolean): Promise<void> {
    const prefix = this.#typeLine;
    const end = isLast || this.#format === "text" ? [] : [EOF_LINE];
    const parser = this.#parser;
    parser.reset(this.#format, Buffer.concat([prefix, piece, ...end]));
    parser.placeAt({
      lines: this.lines - (prefix.length > 0 ? 1 : 0),
      bytes: this.#bytes - prefix.length,
    });
    for (;;) {
      const kind = parser.next();
      if (kind === EntryKind.eof) break;
      if (kind === EntryKind.type) {
        const line = parser.bytes.subarray(parser.seriesStart, parser.seriesEnd);
        this.#typeLine = Buffer.concat([line, Buffer.from("\n")]);
      } else if (kind === EntryKind.series) {
        const work = this.#visit(parser);
        if (work) await work;
      }
    }
    this.#bytes += piece.length;
    for (const byte of piece) if (byte === NEWLINE) this.lines++;
  }
}
