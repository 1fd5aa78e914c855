import { CUSTOM_BUCKETS, RESERVED_SCHEMA_MAX, RESERVED_SCHEMA_MIN } from "#pkg/histogram/mod.ts";
import type { BitReader } from "./bit-reader.ts";
import type { BitWriter } from "./bit-writer.ts";

/** What all histograms of a chunk have in common. */
export interface HistogramLayout {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly positiveSpans: Int32Array;
  readonly negativeSpans: Int32Array;
  readonly customValues: Float64Array;
}

/** The layout of a chunk that begins with a stale marker. */
export const EMPTY_LAYOUT: HistogramLayout = {
  schema: 0,
  zeroThreshold: 0,
  positiveSpans: new Int32Array(0),
  negativeSpans: new Int32Array(0),
  customValues: new Float64Array(0),
};

/** Sample count, big endian, and flags. */
export const HISTOGRAM_HEADER_BYTES = 3;
/** The most samples that the count in the header can name. */
export const HISTOGRAM_SAMPLES_MAX = 0xffff;
/** As `HISTOGRAM_SAMPLES_MAX`, where the flags share the count's bytes: with start timestamps. */
export const HISTOGRAM_ST_SAMPLES_MAX = 0x3fff;
/** The bits of the flags that tell of counter resets. */
export const COUNTER_RESET_MASK = 0xc0;

/** What the flags of a chunk say of a counter reset at its beginning. */
export const CounterResetFlags = { unknown: 0, notReset: 0x40, reset: 0x80, gauge: 0xc0 } as const;
export type CounterResetFlags = (typeof CounterResetFlags)[keyof typeof CounterResetFlags];

/** Exponent byte of a zero threshold that is written whole. */
const THRESHOLD_WHOLE = 255;
/** Added to the exponent of a power of two. */
const THRESHOLD_BIAS = 243;
/** Custom bounds are written in thousandths up to this many. */
const THOUSANDTHS_MAX = 33554430;

/** Number of buckets that spans describe. */
export function countBuckets(spans: Int32Array): number {
  let count = 0;
  for (let i = 1; i < spans.length; i += 2) count += spans[i]!;
  return count;
}

/**
 * Reads a layout. Refuses one with more buckets than there are bits left, each of which takes
 * `bucketBits` at least: so memory is bounded by the chunk's size.
 */
export function readLayout(from: BitReader, bucketBits: number): HistogramLayout {
  const zeroThreshold = readThreshold(from);
  const schema = from.varbitInt();
  if (
    schema !== CUSTOM_BUCKETS &&
    !(schema >= RESERVED_SCHEMA_MIN && schema <= RESERVED_SCHEMA_MAX)
  ) {
    from.fail(`unknown schema ${schema}`);
  }
  const positiveSpans = readSpans(from, bucketBits);
  const negativeSpans = readSpans(from, bucketBits);
  let customValues = EMPTY_LAYOUT.customValues;
  if (schema === CUSTOM_BUCKETS) {
    customValues = readBounds(from);
    checkCustom(from, positiveSpans, customValues);
  }
  const buckets = countBuckets(positiveSpans) + countBuckets(negativeSpans);
  if (buckets * bucketBits > from.left) from.fail(`${buckets} buckets exceed the chunk`);
  return { schema, zeroThreshold, positiveSpans, negativeSpans, customValues };
}

export function writeLayout(layout: HistogramLayout, to: BitWriter): void {
  writeThreshold(layout.zeroThreshold, to);
  to.varbitInt(layout.schema);
  writeSpans(layout.positiveSpans, to);
  writeSpans(layout.negativeSpans, to);
  if (layout.schema !== CUSTOM_BUCKETS) return;
  to.varbitUint(layout.customValues.length);
  for (const bound of layout.customValues) writeBound(bound, to);
}

function readThreshold(from: BitReader): number {
  const byte = from.bits(8);
  if (byte === 0) return 0;
  if (byte !== THRESHOLD_WHOLE) return 2 ** (byte - THRESHOLD_BIAS - 1);
  const threshold = readFloat(from);
  if (!(threshold >= 0)) from.fail(`zero threshold ${threshold}`);
  return threshold;
}

function writeThreshold(threshold: number, to: BitWriter): void {
  if (threshold === 0) {
    to.bits(0, 8);
    return;
  }
  const exponent = Math.round(Math.log2(threshold));
  const byte = exponent + THRESHOLD_BIAS + 1;
  if (2 ** exponent === threshold && byte >= 1 && byte < THRESHOLD_WHOLE) to.bits(byte, 8);
  else {
    to.bits(THRESHOLD_WHOLE, 8);
    writeFloat(threshold, to);
  }
}

function readSpans(from: BitReader, bucketBits: number): Int32Array {
  const count = from.varbitUint();
  // A span takes two bits at least.
  if (count * 2 > from.left) from.fail(`${count} spans exceed the chunk`);
  const spans = new Int32Array(2 * count);
  let index = 0;
  for (let i = 0; i < count; i++) {
    const length = from.varbitUint();
    const offset = from.varbitInt();
    if (length * bucketBits > from.left) from.fail(`span of ${length} buckets exceeds the chunk`);
    index += offset + length;
    if ((i > 0 && offset < 0) || Math.abs(offset) > 0x7fffffff || Math.abs(index) > 0x7fffffff) {
      from.fail(`span with offset ${offset}`);
    }
    spans[2 * i] = offset;
    spans[2 * i + 1] = length;
  }
  return spans;
}

function writeSpans(spans: Int32Array, to: BitWriter): void {
  to.varbitUint(spans.length / 2);
  for (let i = 0; i < spans.length; i += 2) {
    to.varbitUint(spans[i + 1]!);
    to.varbitInt(spans[i]!);
  }
}

function readBounds(from: BitReader): Float64Array {
  const count = from.varbitUint();
  // A bound takes five bits at least.
  if (count * 5 > from.left) from.fail(`${count} custom bounds exceed the chunk`);
  const bounds = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const thousandths = from.varbitUint();
    bounds[i] = thousandths === 0 ? readFloat(from) : (thousandths - 1) / 1000;
    if (Number.isNaN(bounds[i]) || (i > 0 && bounds[i]! <= bounds[i - 1]!)) {
      from.fail(`custom bound ${bounds[i]} does not ascend`);
    }
  }
  return bounds;
}

function writeBound(bound: number, to: BitWriter): void {
  const thousandths = Math.round(bound * 1000);
  const isShort = bound * 1000 >= 0 && bound * 1000 <= THOUSANDTHS_MAX;
  if (isShort && thousandths / 1000 === bound) to.varbitUint(thousandths + 1);
  else {
    to.bits(0, 1);
    writeFloat(bound, to);
  }
}

function checkCustom(from: BitReader, spans: Int32Array, bounds: Float64Array): void {
  let end = 0;
  for (const part of spans) end += part;
  if ((spans[0] ?? 0) < 0 || end > bounds.length + 1) {
    from.fail(`custom buckets up to ${end} have ${bounds.length} bounds`);
  }
}

function readFloat(from: BitReader): number {
  from.read64();
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, from.hi);
  view.setUint32(4, from.lo);
  return view.getFloat64(0);
}

function writeFloat(value: number, to: BitWriter): void {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  to.write64(view.getUint32(0), view.getUint32(4));
}
