import { type ByteReader, ByteWriter } from "#pkg/encoding/mod.ts";
import { encodeExemplarOfBytes } from "#pkg/remotewrite/mod.ts";
import type { MessageRange } from "./head-ports.ts";

/** Exemplars are numbered up to here; a record with a larger number is damaged. */
const SEQUENCE_MAX = 2 ** 48;

/** An exemplar as the WAL keeps it. */
export interface LoggedExemplar {
  /** Canonical label bytes. */
  readonly labelBytes: Uint8Array;
  readonly value: number;
  readonly timestamp: number;
}

/**
 * A record of exemplars with successive numbers:
 *
 *     u8 kind, uvarint number of the first, n × { series, uvarint len, Exemplar message }
 *     series: uvarint ref + 1; or 0, uvarint len, label bytes of one that has left the head
 */
export class ExemplarRecord {
  readonly #kind: number;
  readonly #out = new ByteWriter(16);
  readonly #message = new ByteWriter(64);

  constructor(kind: number) {
    this.#kind = kind;
  }

  get bytes(): Uint8Array {
    return this.#out.bytes;
  }

  get length(): number {
    return this.#out.length;
  }

  set length(length: number) {
    this.#out.length = length;
  }

  /** Adds the exemplar that follows the one before; `series` is a number or label bytes. */
  add(sequence: number, series: number | Uint8Array, exemplar: LoggedExemplar): void {
    const out = this.#out;
    const message = this.#message;
    if (out.length === 0) {
      out.u8(this.#kind);
      out.uvarint(sequence);
    }
    if (typeof series === "number") out.uvarint(series + 1);
    else {
      out.u8(0);
      out.uvarint(series.length);
      out.raw(series);
    }
    message.clear();
    encodeExemplarOfBytes(exemplar.labelBytes, exemplar, message);
    out.uvarint(message.length);
    out.raw(message.bytes, 0, message.length);
  }
}

/** Receives exemplars; `series` is the number of one, or the label bytes of one without. */
export interface ExemplarHandler {
  exemplar(sequence: number, series: number | MessageRange, message: MessageRange): void;
}

/** Reads a record behind its kind. */
export function readExemplars(reader: ByteReader, handler: ExemplarHandler): void {
  let sequence = reader.uvarint();
  if (sequence > SEQUENCE_MAX) reader.fail(`exemplar number ${sequence}`);
  while (reader.remaining > 0) {
    const ref = reader.uvarint();
    const series = ref === 0 ? readRange(reader) : ref - 1;
    handler.exemplar(sequence++, series, readRange(reader));
  }
}

function readRange(reader: ByteReader): MessageRange {
  const length = reader.uvarint();
  reader.need(length);
  const start = reader.at;
  reader.at += length;
  return { bytes: reader.bytes, start, end: reader.at };
}
