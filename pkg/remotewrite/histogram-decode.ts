import { NarthexError } from "#pkg/errs/mod.ts";
import {
  CounterReset,
  FloatHistogram,
  type IntegerHistogram,
  toFloatHistogram,
  validateHistogram,
  validateIntegerHistogram,
} from "#pkg/histogram/mod.ts";
import { STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";

/** Buckets, and spans, that a histogram may have of each sign; far beyond what anybody exposes. */
export const HISTOGRAM_BUCKETS_MAX = 8192;
/** Differences of differences of such counts are exact. */
const INTEGER_COUNT_MAX = 2 ** 50;
const INDEX_MAX = 0x7fffffff;
/** A message with all the buckets, spans and bounds that it may have is smaller. */
const MESSAGE_BYTES_MAX = 1024 * 1024;

/** One native histogram sample as a sender gave it. */
export interface HistogramSample {
  /** ms since the epoch. */
  readonly t: number;
  /** Start timestamp (of remote write 2.0), ms; absent: none. */
  readonly start?: number;
  /** True if its counts were sent as integers. */
  readonly integer: boolean;
  /** Undefined: a stale marker, or one that is not valid. */
  readonly histogram: FloatHistogram | undefined;
  /** What is wrong with it, in Prometheus's words where Prometheus has some. */
  readonly problem: string | undefined;
}

/**
 * Decodes the `Histogram` message `bytes[start, end)` of a write request. Bytes that are no message
 * raise `bad_data`; a message that is no valid histogram is told by `problem`. The result owns its
 * memory, of which there is at most twice as much as the message has bytes, and its histogram is
 * immutable. Source: Prometheus prompb/types.proto.
 */
export function decodeHistogramMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
): HistogramSample {
  if (end - start > MESSAGE_BYTES_MAX) {
    return invalid({ t: 0, integer: false }, `histogram of ${end - start} bytes is too large`);
  }
  const raw = new MessageReader(bytes, start, end).read();
  const { t, integer } = raw;
  const begun = raw.start === 0 ? undefined : { start: raw.start };
  if (raw.isStale) return { t, integer, histogram: undefined, problem: undefined, ...begun };
  const excess = checkSize(raw);
  if (excess !== undefined) return invalid(raw, excess);
  const integers = integer ? integerOf(raw) : undefined;
  const histogram = integers ? toFloatHistogram(integers) : floatOf(raw);
  const problem =
    checkNumbers(raw, histogram) ??
    (integers ? validateIntegerHistogram(integers) : validateHistogram(histogram));
  if (problem !== undefined) return invalid(raw, problem);
  return begun === undefined
    ? { t, integer, histogram, problem }
    : { t, integer, histogram, problem, ...begun };
}

function invalid(
  { t, integer }: { readonly t: number; readonly integer: boolean },
  problem: string,
): HistogramSample {
  return { t, integer, histogram: undefined, problem };
}

/** A message as it stands: all that its fields say. */
interface RawHistogram {
  t: number;
  start: number;
  integer: boolean;
  isStale: boolean;
  hint: number;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  count: number;
  sum: number;
  readonly positiveSpans: number[];
  readonly negativeSpans: number[];
  readonly positiveDeltas: number[];
  readonly negativeDeltas: number[];
  readonly positiveCounts: number[];
  readonly negativeCounts: number[];
  readonly customValues: number[];
}

function emptyHistogram(): RawHistogram {
  return {
    t: 0,
    start: 0,
    integer: true,
    isStale: false,
    hint: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans: [],
    negativeSpans: [],
    positiveDeltas: [],
    negativeDeltas: [],
    positiveCounts: [],
    negativeCounts: [],
    customValues: [],
  };
}

function checkSize(raw: RawHistogram): string | undefined {
  const { integer } = raw;
  const excess = (size: number, what: string): string | undefined =>
    size <= HISTOGRAM_BUCKETS_MAX
      ? undefined
      : `histogram has ${size} ${what}, at most ${HISTOGRAM_BUCKETS_MAX} can be stored`;
  return (
    excess((integer ? raw.positiveDeltas : raw.positiveCounts).length, "positive buckets") ??
    excess((integer ? raw.negativeDeltas : raw.negativeCounts).length, "negative buckets") ??
    excess(raw.positiveSpans.length / 2, "positive spans") ??
    excess(raw.negativeSpans.length / 2, "negative spans") ??
    excess(raw.customValues.length, "custom bounds")
  );
}

/** What chunks cannot hold, though Prometheus would not refuse it. */
function checkNumbers(raw: RawHistogram, h: FloatHistogram): string | undefined {
  if (!(h.zeroThreshold >= 0)) return `histogram has a zero threshold of ${h.zeroThreshold}`;
  if (spanEnd(raw.positiveSpans) > INDEX_MAX || spanEnd(raw.negativeSpans) > INDEX_MAX) {
    return "histogram has a span whose buckets are beyond 2^31";
  }
  if (!raw.integer) return undefined;
  const largest = Math.max(
    h.count,
    h.zeroCount,
    largestOf(h.positiveBuckets),
    largestOf(h.negativeBuckets),
  );
  return largest > INTEGER_COUNT_MAX ? "histogram has an integer count beyond 2^50" : undefined;
}

function spanEnd(spans: readonly number[]): number {
  let index = 0;
  for (const part of spans) index += part;
  return index;
}

function largestOf(counts: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = Math.abs(counts[i]!);
    if (count > largest) largest = count;
  }
  return largest;
}

function integerOf(raw: RawHistogram): IntegerHistogram {
  return {
    counterReset: hintOf(raw),
    schema: raw.schema,
    zeroThreshold: raw.zeroThreshold,
    zeroCount: raw.zeroCount,
    count: raw.count,
    sum: raw.sum,
    positiveSpans: new Int32Array(raw.positiveSpans),
    negativeSpans: new Int32Array(raw.negativeSpans),
    positiveDeltas: new Float64Array(raw.positiveDeltas),
    negativeDeltas: new Float64Array(raw.negativeDeltas),
    customValues: new Float64Array(raw.customValues),
  };
}

function floatOf(raw: RawHistogram): FloatHistogram {
  const h = new FloatHistogram();
  h.counterReset = hintOf(raw);
  h.schema = raw.schema;
  h.zeroThreshold = raw.zeroThreshold;
  h.zeroCount = raw.zeroCount;
  h.count = raw.count;
  h.sum = raw.sum;
  h.positiveSpans = new Int32Array(raw.positiveSpans);
  h.negativeSpans = new Int32Array(raw.negativeSpans);
  h.positiveBuckets = new Float64Array(raw.positiveCounts);
  h.negativeBuckets = new Float64Array(raw.negativeCounts);
  h.customValues = new Float64Array(raw.customValues);
  return h;
}

function hintOf({ hint }: RawHistogram): CounterReset {
  if (
    hint === CounterReset.reset ||
    hint === CounterReset.notReset ||
    hint === CounterReset.gauge
  ) {
    return hint;
  }
  return CounterReset.unknown;
}

function fault(offset: number, message: string): NarthexError {
  return new NarthexError("bad_data", `decode write request at offset ${offset}: ${message}`, {
    detail: { offset },
  });
}

/** Reads the fields of a message; numbers may be packed or not, as protobuf allows. */
class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #end: number;
  #at: number;
  #hi = 0;
  #lo = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  read(): RawHistogram {
    const raw = emptyHistogram();
    while (this.#at < this.#end) {
      const tag = this.#unsigned();
      const wire = tag % 8;
      const field = (tag - wire) / 8;
      if (field === 0) throw fault(this.#at, "field number 0");
      if (wire === 0) this.#varintField(raw, field);
      else if (wire === 1) this.#doubleField(raw, field);
      else if (wire === 2) this.#lengthField(raw, field);
      else if (wire === 5) this.#need(4);
      else throw fault(this.#at, `wire type ${wire}`);
    }
    return raw;
  }

  #varintField(raw: RawHistogram, field: number): void {
    this.#varint();
    if (field === 1) {
      raw.count = this.#unsignedValue();
      raw.integer = true;
    } else if (field === 4) raw.schema = this.#zigzag();
    else if (field === 6) raw.zeroCount = this.#unsignedValue();
    else if (field === 9) raw.negativeDeltas.push(this.#zigzag());
    else if (field === 12) raw.positiveDeltas.push(this.#zigzag());
    else if (field === 14) raw.hint = this.#unsignedValue();
    else if (field === 15) raw.t = this.#timestamp();
    else if (field === 17) raw.start = this.#timestamp();
  }

  #doubleField(raw: RawHistogram, field: number): void {
    const at = this.#need(8);
    const value = this.#view.getFloat64(at, true);
    if (field === 2) {
      raw.count = value;
      raw.integer = false;
    } else if (field === 3) {
      raw.sum = value;
      raw.isStale =
        this.#view.getUint32(at, true) === STALE_LO &&
        this.#view.getUint32(at + 4, true) === STALE_HI;
    } else if (field === 5) raw.zeroThreshold = value;
    else if (field === 7) raw.zeroCount = value;
    else if (field === 10) raw.negativeCounts.push(value);
    else if (field === 13) raw.positiveCounts.push(value);
    else if (field === 16) raw.customValues.push(value);
  }

  #lengthField(raw: RawHistogram, field: number): void {
    const length = this.#unsigned();
    const from = this.#need(length);
    const end = from + length;
    if (field === 8 || field === 11) {
      const into = field === 8 ? raw.negativeSpans : raw.positiveSpans;
      this.#within(from, end, () => this.#span(into));
    } else if (field === 9 || field === 12) {
      const into = field === 9 ? raw.negativeDeltas : raw.positiveDeltas;
      this.#within(from, end, () => this.#deltas(into));
    } else if (field === 10 || field === 13 || field === 16) {
      const into = field === 10 ? raw.negativeCounts : raw.positiveCounts;
      this.#doubles(from, length, field === 16 ? raw.customValues : into);
    }
  }

  /** Has `read` read the bytes `[from, end)`, and all of them. */
  #within(from: number, end: number, read: () => void): void {
    const outer = this.#end;
    this.#at = from;
    this.#end = end;
    read();
    this.#end = outer;
  }

  #span(into: number[]): void {
    let offset = 0;
    let length = 0;
    while (this.#at < this.#end) {
      const tag = this.#unsigned();
      if (tag % 8 === 0) {
        this.#varint();
        if (tag === 8) offset = this.#zigzag();
        else if (tag === 16) length = this.#unsignedValue();
      } else if (tag % 8 === 1) this.#need(8);
      else if (tag % 8 === 2) this.#need(this.#unsigned());
      else if (tag % 8 === 5) this.#need(4);
      else throw fault(this.#at, `wire type ${tag % 8}`);
    }
    if (Math.abs(offset) > INDEX_MAX || length > INDEX_MAX) {
      throw fault(this.#at, "span of more than 31 bits");
    }
    into.push(offset, length);
  }

  #deltas(into: number[]): void {
    while (this.#at < this.#end) {
      this.#varint();
      into.push(this.#zigzag());
    }
  }

  #doubles(from: number, length: number, into: number[]): void {
    if (length % 8 !== 0) throw fault(from, `${length} bytes of 64-bit numbers`);
    for (let at = from; at < from + length; at += 8) into.push(this.#view.getFloat64(at, true));
  }

  /** Steps over `count` bytes; returns where they begin. */
  #need(count: number): number {
    const at = this.#at;
    if (at + count > this.#end) throw fault(at, "histogram cut short");
    this.#at = at + count;
    return at;
  }

  /** A tag or a length. */
  #unsigned(): number {
    this.#varint();
    if (this.#hi !== 0) throw fault(this.#at, "varint of more than 32 bits");
    return this.#lo;
  }

  /** Reads 64 bits into `#hi` and `#lo`, both unsigned. */
  #varint(): void {
    const first = this.#at < this.#end ? this.#bytes[this.#at]! : 0x80;
    if (first < 0x80) {
      this.#at++;
      this.#hi = 0;
      this.#lo = first;
      return;
    }
    let lo = 0;
    let hi = 0;
    for (let i = 0; ; i++) {
      if (i === 10) throw fault(this.#at, "varint longer than 10 bytes");
      const byte = this.#bytes[this.#need(1)]!;
      const seven = byte & 0x7f;
      if (i < 4) lo |= seven << (7 * i);
      else if (i === 4) {
        lo |= seven << 28;
        hi = seven >>> 4;
      } else if (i < 9) hi |= seven << (7 * i - 32);
      else hi |= seven << 31;
      if (byte < 0x80) break;
    }
    this.#hi = hi >>> 0;
    this.#lo = lo >>> 0;
  }

  /** What `#varint` has read, exact below 2^53. */
  #unsignedValue(): number {
    return this.#hi * 0x100000000 + this.#lo;
  }

  #zigzag(): number {
    // Halved before it is put together, so that it stays exact as far as possible.
    const half = (this.#hi >>> 1) * 0x100000000 + (((this.#lo >>> 1) | (this.#hi << 31)) >>> 0);
    return (this.#lo & 1) === 0 ? half : -half - 1;
  }

  #timestamp(): number {
    const value = (this.#hi | 0) * 0x100000000 + this.#lo;
    if (!Number.isSafeInteger(value)) throw fault(this.#at, "timestamp beyond ±2^53 ms");
    return value;
  }
}
