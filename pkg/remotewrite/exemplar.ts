import { ByteWriter } from "#pkg/encoding/mod.ts";
import type { Exemplar } from "#pkg/exemplar/mod.ts";
import { writeInt64 } from "./histogram-encode.ts";
import { canonicalLabelBytes, decodeLabels } from "./labels.ts";
import { FieldReader } from "./scan.ts";

/** An exemplar of a request, checked no further than that it can be read. */
export interface DecodedExemplar extends Exemplar {
  /** What is wrong with the labels, if anything. */
  readonly problem: string | undefined;
}

/** Most bytes of a varint of 64 bits. */
const INT64_BYTES = 10;

/** Reads one `Exemplar` message. Bytes that are none raise `bad_data`. */
export function decodeExemplar(bytes: Uint8Array, start: number, end: number): DecodedExemplar {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new FieldReader(bytes, start, end);
  const pieces: Uint8Array[] = [];
  let value = 0;
  let timestamp = 0;
  while (fields.next()) {
    if (fields.tag === 0x0a) pieces.push(bytes.subarray(fields.fieldStart, fields.fieldEnd));
    else if (fields.tag === 0x11) value = view.getFloat64(fields.bodyStart, true);
    else if (fields.tag === 0x18) timestamp = int64(bytes, fields.bodyStart, fields);
  }
  const labelBytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  const { labels, duplicate, invalidUtf8 } = decodeLabels(labelBytes, 0, labelBytes.length);
  let problem: string | undefined;
  if (duplicate !== undefined) problem = `duplicate label name: got "${duplicate}" twice`;
  else if (invalidUtf8) problem = "label name or value is not valid UTF-8";
  else if (!Number.isSafeInteger(timestamp)) problem = "timestamp beyond ±2^53 ms";
  return { labels, value, timestamp, problem };
}

/** The signed value of the varint at `at`. */
function int64(bytes: Uint8Array, at: number, fields: FieldReader): number {
  // Only negative ones have ten bytes, which the reader does not hold exactly.
  if (fields.fieldEnd - at < INT64_BYTES) return fields.value;
  let lo = 0;
  let hi = 0;
  for (let i = 0; i < INT64_BYTES; i++) {
    const seven = bytes[at + i]! & 0x7f;
    if (i < 4) lo |= seven << (7 * i);
    else if (i === 4) {
      lo |= seven << 28;
      hi = seven >>> 4;
    } else if (i < 9) hi |= seven << (7 * i - 32);
    else hi |= seven << 31;
  }
  return (hi | 0) * 0x100000000 + (lo >>> 0);
}

/** Appends one `Exemplar` message, without tag and length, as Prometheus's sender writes it. */
export function encodeExemplar(exemplar: Exemplar, into: ByteWriter): void {
  encodeExemplarOfBytes(canonicalLabelBytes(exemplar.labels), exemplar, into);
}

/** As `encodeExemplar`, with labels that are encoded already. */
export function encodeExemplarOfBytes(
  labelBytes: Uint8Array,
  { value, timestamp }: Omit<Exemplar, "labels">,
  into: ByteWriter,
): void {
  into.raw(labelBytes);
  if (value !== 0 || Object.is(value, -0)) {
    bits.setFloat64(0, value, true);
    into.u8(0x11);
    into.raw(bitBytes);
  }
  if (timestamp !== 0) {
    into.u8(0x18);
    writeInt64(into, timestamp);
  }
}

const bits = new DataView(new ArrayBuffer(8));
const bitBytes = new Uint8Array(bits.buffer);

/** Appends the `exemplars` fields of a TimeSeries. */
export function encodeExemplarFields(exemplars: readonly Exemplar[], into: ByteWriter): void {
  const message = new ByteWriter(128);
  for (const exemplar of exemplars) {
    message.clear();
    encodeExemplar(exemplar, message);
    into.u8(0x1a);
    into.uvarint(message.length);
    into.raw(message.bytes, 0, message.length);
  }
}
