import { CorruptionError } from "#pkg/errs/mod.ts";
import {
  CounterReset,
  EXPONENTIAL_SCHEMA_MAX,
  FloatHistogram,
  isExponentialSchema,
} from "#pkg/histogram/mod.ts";
import { type SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { BitReader } from "./bit-reader.ts";
import {
  COUNTER_RESET_MASK,
  CounterResetFlags,
  countBuckets,
  HISTOGRAM_HEADER_BYTES,
  HISTOGRAM_ST_SAMPLES_MAX,
  type HistogramLayout,
  readLayout,
} from "./histogram-layout.ts";
import { StartReader } from "./start-times.ts";
import { XorValues } from "./xor-values.ts";

/** Bits that a sample takes at least: time, count, zero count and sum, or a stale marker's. */
const SAMPLE_BITS_MIN = 4;

/**
 * Appends all samples of the integer histogram chunk `bytes[start, end)` to `into`, as float
 * histograms. Of a counter reset before the first one nothing is known, later ones follow without
 * one; a chunk of gauges holds gauges. Raises `corruption`, naming `path` and the byte offset in the
 * chunk's buffer, where the bytes are not what the format says; `into` is then as it was. Source:
 * docs/format/chunks.md#histogram.
 */
export function decodeHistogram(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: SampleColumns,
  path = "chunk",
): void {
  decode({ bytes, start, end, path, bucketBits: 1, starts: false }, into, integerDecoder);
}

/**
 * As `decodeHistogram`, of an integer histogram chunk with start timestamps. Source:
 * docs/format/chunks.md#histogram.
 */
export function decodeHistogramSt(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: SampleColumns,
  path = "chunk",
): void {
  decode({ bytes, start, end, path, bucketBits: 1, starts: true }, into, integerDecoder);
}

/** As `decodeHistogram`, of a float histogram chunk. Source: docs/format/chunks.md#histogram. */
export function decodeFloatHistogram(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: SampleColumns,
  path = "chunk",
): void {
  decode({ bytes, start, end, path, bucketBits: 64, starts: false }, into, floatDecoder);
}

/**
 * As `decodeHistogram`, of a float histogram chunk with start timestamps. Source:
 * docs/format/chunks.md#histogram.
 */
export function decodeFloatHistogramSt(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: SampleColumns,
  path = "chunk",
): void {
  decode({ bytes, start, end, path, bucketBits: 64, starts: true }, into, floatDecoder);
}

interface Source {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly path: string;
  readonly bucketBits: number;
  /** Samples carry start timestamps. */
  readonly starts: boolean;
}

const integerDecoder = (layout: HistogramLayout): SampleDecoder => new IntegerDecoder(layout);
const floatDecoder = (layout: HistogramLayout): SampleDecoder => new FloatDecoder(layout);

/** What differs between the two encodings. */
interface SampleDecoder {
  /** Reads the numbers of the first sample, behind its time; false if it is a stale marker. */
  first(from: BitReader): boolean;
  /** Reads the numbers of a later sample. */
  next(from: BitReader): boolean;
  /** Puts the numbers last read into `h`. */
  fill(h: FloatHistogram): void;
}

function decode(
  source: Source,
  into: SampleColumns,
  decoderOf: (layout: HistogramLayout) => SampleDecoder,
): void {
  const { bytes, start, end, path } = source;
  if (end - start < HISTOGRAM_HEADER_BYTES) {
    throw new CorruptionError(path, start, "chunk shorter than its header");
  }
  const word = (bytes[start]! << 8) | bytes[start + 1]!;
  const count = source.starts ? word & HISTOGRAM_ST_SAMPLES_MAX : word;
  const flags = bytes[source.starts ? start : start + 2]! & COUNTER_RESET_MASK;
  if (count === 0) return;
  const reader = new BitReader(bytes, start + HISTOGRAM_HEADER_BYTES, end, path);
  if (count * SAMPLE_BITS_MIN > reader.left) {
    throw new CorruptionError(path, start, `want ${count} samples, got ${end - start} bytes`);
  }
  const before = into.length;
  try {
    const layout = readLayout(reader, source.bucketBits);
    const starts = source.starts ? new StartReader(bytes[start + 2]!) : undefined;
    readSamples(reader, into, { layout, flags, count, starts, decoder: decoderOf(layout) });
  } catch (error) {
    into.truncate(before);
    throw error;
  }
}

interface ChunkContent {
  readonly layout: HistogramLayout;
  readonly flags: number;
  readonly count: number;
  readonly starts: StartReader | undefined;
  readonly decoder: SampleDecoder;
}

function readSamples(reader: BitReader, into: SampleColumns, content: ChunkContent): void {
  const { layout, flags, count, starts, decoder } = content;
  let time = 0;
  let delta = 0;
  for (let i = 0; i < count; i++) {
    const previous = time;
    if (i === 0) time = reader.varbitInt();
    else {
      delta += reader.varbitInt();
      time += delta;
      if (!(delta > 0)) reader.fail("time does not ascend");
    }
    if (!Number.isSafeInteger(time)) reader.fail("time is beyond 2^53");
    const isStale = !(i === 0 ? decoder.first(reader) : decoder.next(reader));
    if (isStale) into.pushStale(time);
    else into.pushHistogram(time, histogramOf(decoder, layout, hintOf(flags, i)));
    starts?.read(i, time, previous, reader);
    if (starts !== undefined) into.setStart(into.length - 1, starts.start);
  }
}

/** Prometheus trusts no flag about the first histogram: the chunk before may be another by now. */
function hintOf(flags: number, i: number): CounterReset {
  if (flags === CounterResetFlags.gauge) return CounterReset.gauge;
  return i === 0 ? CounterReset.unknown : CounterReset.notReset;
}

function histogramOf(
  decoder: SampleDecoder,
  layout: HistogramLayout,
  hint: CounterReset,
): FloatHistogram {
  const h = new FloatHistogram();
  h.counterReset = hint;
  h.schema = layout.schema;
  h.zeroThreshold = layout.zeroThreshold;
  h.positiveSpans = layout.positiveSpans;
  h.negativeSpans = layout.negativeSpans;
  h.customValues = layout.customValues;
  decoder.fill(h);
  // Finer schemas than are known may come from the future.
  const isTooFine = layout.schema > EXPONENTIAL_SCHEMA_MAX && !isExponentialSchema(layout.schema);
  return isTooFine ? h.reduceResolution(EXPONENTIAL_SCHEMA_MAX) : h;
}

/** Places of the numbers that stand before the buckets of a float histogram. */
const Place = { count: 0, zeroCount: 1, sum: 2, buckets: 3 } as const;

function isStaleSum(xor: XorValues, at: number): boolean {
  return xor.bits[2 * at] === STALE_LO && xor.bits[2 * at + 1] === STALE_HI;
}

class FloatDecoder implements SampleDecoder {
  readonly #xor: XorValues;
  readonly #positiveEnd: number;
  readonly #end: number;

  constructor({ positiveSpans, negativeSpans }: HistogramLayout) {
    this.#positiveEnd = Place.buckets + countBuckets(positiveSpans);
    this.#end = this.#positiveEnd + countBuckets(negativeSpans);
    this.#xor = new XorValues(this.#end, false);
  }

  first(from: BitReader): boolean {
    for (let i = 0; i < this.#end; i++) this.#xor.readPlain(i, from);
    return !isStaleSum(this.#xor, Place.sum);
  }

  next(from: BitReader): boolean {
    for (let i = 0; i < Place.buckets; i++) this.#xor.read(i, from);
    if (isStaleSum(this.#xor, Place.sum)) return false;
    for (let i = Place.buckets; i < this.#end; i++) this.#xor.read(i, from);
    return true;
  }

  fill(h: FloatHistogram): void {
    const { values } = this.#xor;
    h.count = values[Place.count]!;
    h.zeroCount = values[Place.zeroCount]!;
    h.sum = values[Place.sum]!;
    h.positiveBuckets = values.slice(Place.buckets, this.#positiveEnd);
    h.negativeBuckets = values.slice(this.#positiveEnd, this.#end);
  }
}

/** Places of the integers of an integer histogram. */
const IntegerPlace = { count: 0, zeroCount: 1, buckets: 2 } as const;

class IntegerDecoder implements SampleDecoder {
  /** Count, zero count, and per bucket the difference to the bucket before. */
  readonly #values: Float64Array;
  /** By how much each of them grew last. */
  readonly #deltas: Float64Array;
  readonly #sum = new XorValues(1, false);
  readonly #positiveEnd: number;
  readonly #end: number;

  constructor({ positiveSpans, negativeSpans }: HistogramLayout) {
    this.#positiveEnd = IntegerPlace.buckets + countBuckets(positiveSpans);
    this.#end = this.#positiveEnd + countBuckets(negativeSpans);
    this.#values = new Float64Array(this.#end);
    this.#deltas = new Float64Array(this.#end);
  }

  first(from: BitReader): boolean {
    const values = this.#values;
    values[IntegerPlace.count] = from.varbitUint();
    values[IntegerPlace.zeroCount] = from.varbitUint();
    this.#sum.readPlain(0, from);
    for (let i = IntegerPlace.buckets; i < this.#end; i++) values[i] = from.varbitInt();
    this.#check(from);
    return !isStaleSum(this.#sum, 0);
  }

  next(from: BitReader): boolean {
    for (let i = 0; i < IntegerPlace.buckets; i++) this.#step(i, from);
    this.#sum.read(0, from);
    // The counts of a stale marker mean nothing.
    if (isStaleSum(this.#sum, 0)) return false;
    for (let i = IntegerPlace.buckets; i < this.#end; i++) this.#step(i, from);
    this.#check(from);
    return true;
  }

  #step(i: number, from: BitReader): void {
    this.#deltas[i]! += from.varbitInt();
    this.#values[i]! += this.#deltas[i]!;
  }

  #check(from: BitReader): void {
    const values = this.#values;
    for (let i = 0; i < values.length; i++) {
      if (!Number.isSafeInteger(values[i])) from.fail("count is beyond 2^53");
    }
    if (values[IntegerPlace.count]! < 0 || values[IntegerPlace.zeroCount]! < 0) {
      from.fail("count is negative");
    }
  }

  fill(h: FloatHistogram): void {
    h.count = this.#values[IntegerPlace.count]!;
    h.zeroCount = this.#values[IntegerPlace.zeroCount]!;
    h.sum = this.#sum.values[0]!;
    h.positiveBuckets = this.#absolute(IntegerPlace.buckets, this.#positiveEnd);
    h.negativeBuckets = this.#absolute(this.#positiveEnd, this.#end);
  }

  #absolute(from: number, to: number): Float64Array {
    const out = new Float64Array(to - from);
    let count = 0;
    for (let i = from; i < to; i++) out[i - from] = count += this.#values[i]!;
    return out;
  }
}
