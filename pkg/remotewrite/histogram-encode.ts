import { ByteWriter } from "#pkg/encoding/mod.ts";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";

/**
 * Appends the `Histogram` message of a sample, without tag and length; `histogram` undefined writes
 * a stale marker. Counts of an `integer` one are whole numbers.
 */
export function encodeHistogramMessage(
  t: number,
  histogram: FloatHistogram | undefined,
  integer: boolean,
  into: ByteWriter,
): void {
  const h = histogram ?? new FloatHistogram();
  if (integer) varintField(into, 1, h.count);
  else double(into, 2, h.count);
  if (histogram === undefined) {
    into.u8(8 * 3 + 1);
    littleEndian(into, STALE_HI, STALE_LO);
  } else double(into, 3, h.sum);
  signedField(into, 4, h.schema);
  double(into, 5, h.zeroThreshold);
  if (integer) varintField(into, 6, h.zeroCount);
  else double(into, 7, h.zeroCount);
  side(into, 8, { spans: h.negativeSpans, buckets: h.negativeBuckets }, integer);
  side(into, 11, { spans: h.positiveSpans, buckets: h.positiveBuckets }, integer);
  varintField(into, 14, h.counterReset);
  timestampField(into, t);
  doubles(into, 16, h.customValues);
}

/** Spans are field `field`, differences the next and counts the one after. */
function side(
  into: ByteWriter,
  field: number,
  { spans, buckets }: { spans: Int32Array; buckets: Float64Array },
  integer: boolean,
): void {
  const part = new ByteWriter(16);
  for (let i = 0; i < spans.length; i += 2) {
    part.clear();
    signedField(part, 1, spans[i]!);
    varintField(part, 2, spans[i + 1]!);
    message(into, field, part);
  }
  if (!integer) {
    doubles(into, field + 2, buckets);
    return;
  }
  part.clear();
  let before = 0;
  for (const count of buckets) {
    zigzag(part, count - before);
    before = count;
  }
  if (buckets.length > 0) message(into, field + 1, part);
}

function tag(into: ByteWriter, field: number, wire: number): void {
  into.uvarint(8 * field + wire);
}

function message(into: ByteWriter, field: number, part: ByteWriter): void {
  tag(into, field, 2);
  into.uvarint(part.length);
  into.raw(part.bytes, 0, part.length);
}

function varintField(into: ByteWriter, field: number, value: number): void {
  tag(into, field, 0);
  into.uvarint(value);
}

function signedField(into: ByteWriter, field: number, value: number): void {
  tag(into, field, 0);
  zigzag(into, value);
}

function zigzag(into: ByteWriter, value: number): void {
  into.uvarint(value < 0 ? -2 * value - 1 : 2 * value);
}

const scratch = new DataView(new ArrayBuffer(8));

function littleEndian(into: ByteWriter, hi: number, lo: number): void {
  scratch.setUint32(0, lo, true);
  scratch.setUint32(4, hi, true);
  for (let i = 0; i < 8; i++) into.u8(scratch.getUint8(i));
}

function float(into: ByteWriter, value: number): void {
  scratch.setFloat64(0, value, true);
  for (let i = 0; i < 8; i++) into.u8(scratch.getUint8(i));
}

function double(into: ByteWriter, field: number, value: number): void {
  tag(into, field, 1);
  float(into, value);
}

function doubles(into: ByteWriter, field: number, values: Float64Array): void {
  if (values.length === 0) return;
  tag(into, field, 2);
  into.uvarint(8 * values.length);
  for (const value of values) float(into, value);
}

function timestampField(into: ByteWriter, t: number): void {
  tag(into, 15, 0);
  writeInt64(into, t);
}

/** An int64 as protobuf writes it; a negative one takes ten bytes of two's complement. */
export function writeInt64(into: ByteWriter, value: number): void {
  if (value >= 0) {
    into.uvarint(value);
    return;
  }
  let lo = value >>> 0;
  let hi = Math.floor(value / 0x100000000) >>> 0;
  for (let i = 0; i < 9; i++) {
    into.u8((lo & 0x7f) | 0x80);
    lo = ((lo >>> 7) | (hi << 25)) >>> 0;
    hi >>>= 7;
  }
  into.u8(lo & 0x7f);
}
