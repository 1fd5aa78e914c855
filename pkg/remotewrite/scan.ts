// Hot path: one pass over a remote-write 1.0 body; about 0.1 µs a known series, no allocation.
import { NarthexError } from "#pkg/errs/mod.ts";
import type { LabelHasher } from "./hash.ts";

/** A sample with a time of our days, tag and length included. */
const SAMPLE_FIELD_BYTES = 18;

/**
 * Series that are known by their label bytes. A scan asks it, series by series, in the order of the
 * request.
 */
export interface KnownLabels {
  /** Number of the series of the last `follow` that found one. */
  readonly ref: number;
  /** Begins a request. */
  restart(): void;
  /**
   * If `view[at]` begins with the label bytes of the series that is expected next, their count, and
   * `ref` is set; else 0. Reads nothing at or behind `end`.
   */
  follow(view: DataView, at: number, end: number): number;
  /** The series with exactly the label bytes `view[start, end)`, which have this hash, or -1. */
  findHash(lo: number, hi: number, view: DataView, start: number, end: number): number;
}

/**
 * The parts of one remote-write 1.0 `WriteRequest`, as columns over its bytes: nothing is decoded
 * that a known series does not need. Reused from request to request; what it points to is borrowed
 * from the body.
 *
 *     series i: label bytes  [labelsStart[i], labelsEnd[i])   (repeated Label fields, tags included)
 *               samples      sampleFrom[i] … sampleFrom[i + 1] of `timestamps` and `bits`
 *     native histogram k, in order of series: of series histogramSeries[k],
 *               message      [histogramStart[k], histogramEnd[k])   see `decodeHistogramMessage`
 *     exemplar k, likewise: of series exemplarAt[3k], message [exemplarAt[3k + 1], exemplarAt[3k + 2])
 *
 * Source: Prometheus prompb/remote.proto and types.proto.
 */
export class ScannedRequest {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** The body within `bytes`. */
  bodyStart = 0;
  bodyEnd = 0;
  seriesCount = 0;
  sampleCount = 0;
  exemplarCount = 0;
  exemplarAt: Uint32Array = new Uint32Array(0);
  /** Samples with a start timestamp (of remote write 2.0); where it is 0, `starts` means nothing. */
  startCount = 0;
  /** Start timestamp of sample i, ms; 0 for none. */
  starts: Float64Array = new Float64Array(0);
  /** Native histograms; see `histogramSeries`. */
  histogramCount = 0;
  labelsStart: Uint32Array = new Uint32Array(256);
  labelsEnd: Uint32Array = new Uint32Array(256);
  sampleFrom: Uint32Array = new Uint32Array(257);
  /** Start and end of the whole TimeSeries field, tag and length included. */
  fieldStart: Uint32Array = new Uint32Array(256);
  fieldEnd: Uint32Array = new Uint32Array(256);
  /**
   * Number of the series in the `KnownLabels` that the scan was given, -1 for one that is new, until
   * a head has made it. It holds until the head is changed by another request.
   */
  refs: Int32Array = new Int32Array(256);
  /** Hash of the label bytes; only where `refs` is -1. */
  hashLo: Int32Array = new Int32Array(256);
  hashHi: Int32Array = new Int32Array(256);
  timestamps: Float64Array = new Float64Array(512);
  /** Bits of value i: low half at `2 * i`, high half at `2 * i + 1`. */
  bits: Uint32Array = new Uint32Array(1024);
  histogramSeries: Uint32Array = new Uint32Array(0);
  histogramStart: Uint32Array = new Uint32Array(0);
  histogramEnd: Uint32Array = new Uint32Array(0);
  /** Byte ranges of MetricMetadata messages, `[start, end]` in turn. */
  metadataRanges: number[] = [];

  #at = 0;
  #known: KnownLabels | undefined;

  /**
   * Reads the body `bytes[start, end)`. Series that are not in `known` are hashed with `hasher`, by
   * their label bytes. A body that is no WriteRequest raises `bad_data` with the offset, and nothing
   * of it may be used.
   */
  scan(
    bytes: Uint8Array,
    start: number,
    end: number,
    hasher: LabelHasher,
    known?: KnownLabels,
  ): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.bodyStart = start;
    this.bodyEnd = end;
    this.seriesCount = 0;
    this.sampleCount = 0;
    this.exemplarCount = 0;
    this.startCount = 0;
    this.histogramCount = 0;
    this.metadataRanges.length = 0;
    this.#at = start;
    this.#known = known;
    known?.restart();
    let scattered = false;
    while (this.#at < end) {
      const field = this.#at;
      const tag = this.#varint(end);
      if (tag === 0x0a || tag === 0x1a) {
        const length = this.#varint(end);
        const stop = this.#at + length;
        if (stop > end) throw fault(field, `field of ${length} bytes overruns the request`);
        if (tag === 0x1a) {
          this.metadataRanges.push(this.#at, stop);
          this.#at = stop;
        } else if (this.#series(field, stop)) {
          if (this.refs[this.seriesCount]! < 0) this.#identify(this.seriesCount, hasher);
          this.seriesCount++;
        } else {
          scattered = true;
          break;
        }
      } else {
        this.#skip(tag, end);
      }
    }
    this.sampleFrom[this.seriesCount] = this.sampleCount;
    // Labels in several places are legal protobuf that no known sender writes.
    if (scattered) {
      const body = gatherLabels(bytes, start, end);
      this.scan(body, 0, body.length, hasher, known);
    }
  }

  /** Finds series `i`, which does not follow the one before it as usual, by its hash. */
  #identify(i: number, hasher: LabelHasher): void {
    const start = this.labelsStart[i]!;
    const end = this.labelsEnd[i]!;
    hasher.hash(this.view, start, end);
    this.hashLo[i] = hasher.lo;
    this.hashHi[i] = hasher.hi;
    if (this.#known === undefined) return;
    this.refs[i] = this.#known.findHash(hasher.lo, hasher.hi, this.view, start, end);
  }

  /** Reads one TimeSeries up to `end`; false if its labels do not stand together. */
  #series(field: number, end: number): boolean {
    const i = this.seriesCount;
    if (i + 1 >= this.sampleFrom.length) this.#growSeries();
    this.fieldStart[i] = field;
    this.fieldEnd[i] = end;
    this.sampleFrom[i] = this.sampleCount;
    const bytes = this.bytes;
    let labelsStart = this.#at;
    let labelsEnd = this.#at;
    const known = this.#known;
    this.refs[i] = -1;
    if (known !== undefined) {
      const length = known.follow(this.view, labelsStart, end);
      if (length > 0) {
        this.refs[i] = known.ref;
        this.#at = labelsEnd = labelsStart + length;
        if (this.#at + SAMPLE_FIELD_BYTES === end && this.#plainSample(this.#at)) {
          this.labelsStart[i] = labelsStart;
          this.labelsEnd[i] = labelsEnd;
          this.#at = end;
          return true;
        }
      }
    }
    while (this.#at < end) {
      const before = this.#at;
      const tag = this.#varint(end);
      if (tag === 0x0a) {
        this.refs[i] = -1;
        // Lengths below 128 are one byte; the others go the long way.
        let length = bytes[this.#at]!;
        if (length < 0x80 && this.#at < end) this.#at++;
        else length = this.#varint(end);
        if (labelsEnd !== before) {
          if (labelsEnd !== labelsStart) return false;
          labelsStart = before;
        }
        this.#at += length;
        if (this.#at > end) throw fault(before, `label of ${length} bytes overruns its series`);
        labelsEnd = this.#at;
      } else if (tag === 0x12) {
        const length = this.#varint(end);
        const stop = this.#at + length;
        if (stop > end) throw fault(before, `sample of ${length} bytes overruns its series`);
        this.#sample(stop);
      } else {
        const from = this.#at;
        this.#skip(tag, end);
        if (tag === 0x22) this.#histogram(from);
        else if (tag === 0x1a) this.#exemplar(from);
      }
    }
    this.labelsStart[i] = labelsStart;
    this.labelsEnd[i] = labelsEnd;
    return true;
  }

  /** As `#histogram`. */
  #exemplar(from: number): void {
    const at = 3 * this.exemplarCount++;
    if (at >= this.exemplarAt.length) {
      this.exemplarAt = grow(this.exemplarAt, new Uint32Array(Math.max(48, 2 * at)));
    }
    const end = this.#at;
    this.#at = from;
    this.#varint(end);
    this.exemplarAt[at] = this.seriesCount;
    this.exemplarAt[at + 1] = this.#at;
    this.exemplarAt[at + 2] = end;
    this.#at = end;
  }

  /** Notes the length-delimited message at `from`, which ends here. */
  #histogram(from: number): void {
    const k = this.histogramCount++;
    if (k >= this.histogramSeries.length) {
      const count = Math.max(16, 2 * k);
      this.histogramSeries = grow(this.histogramSeries, new Uint32Array(count));
      this.histogramStart = grow(this.histogramStart, new Uint32Array(count));
      this.histogramEnd = grow(this.histogramEnd, new Uint32Array(count));
    }
    const end = this.#at;
    this.#at = from;
    this.#varint(end);
    this.histogramSeries[k] = this.seriesCount;
    this.histogramStart[k] = this.#at;
    this.histogramEnd[k] = end;
    this.#at = end;
  }

  /** The number after that of the last histogram of the series that histogram `k` belongs to. */
  histogramsEnd(k: number): number {
    const series = this.histogramSeries[k];
    let end = k + 1;
    while (end < this.histogramCount && this.histogramSeries[end] === series) end++;
    return end;
  }

  /** Samples of series `i`, histograms among them. */
  samplesOf(i: number): number {
    let low = 0;
    let high = this.histogramCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.histogramSeries[middle]! < i) low = middle + 1;
      else high = middle;
    }
    const hasSome = low < this.histogramCount && this.histogramSeries[low] === i;
    const histograms = hasSome ? this.histogramsEnd(low) - low : 0;
    return this.sampleFrom[i + 1]! - this.sampleFrom[i]! + histograms;
  }

  /**
   * Reads the sample field at `at` if it is spelled as senders do for the times from 1970 + 1.1 to
   * 1970 + 139 years: value, then a timestamp of six bytes. False, and nothing is read, otherwise.
   */
  #plainSample(at: number): boolean {
    const { bytes, view } = this;
    // Tag 0x12, length 16, tag 0x09; and the tag 0x10 of the timestamp.
    if (bytes[at + 2] !== 0x09 || view.getUint16(at) !== 0x1210 || bytes[at + 11] !== 0x10) {
      return false;
    }
    const low = view.getInt32(at + 12, true);
    const fifth = bytes[at + 16]!;
    const sixth = bytes[at + 17]!;
    if ((low & 0x80808080) !== (0x80808080 | 0) || fifth < 0x80 || sixth >= 0x80) return false;
    const i = this.sampleCount;
    if (i >= this.timestamps.length) this.#growSamples();
    const low28 =
      (low & 0x7f) | ((low >>> 1) & 0x3f80) | ((low >>> 2) & 0x1fc000) | ((low >>> 3) & 0xfe00000);
    this.timestamps[i] = low28 + ((fifth & 0x7f) | (sixth << 7)) * 0x10000000;
    this.bits[2 * i] = view.getUint32(at + 3, true);
    this.bits[2 * i + 1] = view.getUint32(at + 7, true);
    this.sampleCount = i + 1;
    return true;
  }

  #sample(end: number): void {
    const i = this.sampleCount;
    if (i >= this.timestamps.length) this.#growSamples();
    let timestamp = 0;
    let start = 0;
    let lo = 0;
    let hi = 0;
    while (this.#at < end) {
      const before = this.#at;
      const tag = this.#varint(end);
      if (tag === 0x09) {
        if (this.#at + 8 > end) throw fault(before, "sample value cut short");
        lo = this.view.getUint32(this.#at, true);
        hi = this.view.getUint32(this.#at + 4, true);
        this.#at += 8;
      } else if (tag === 0x10) {
        timestamp = this.#int64(end);
      } else if (tag === 0x18) {
        start = this.#int64(end);
      } else {
        this.#skip(tag, end);
      }
    }
    this.timestamps[i] = timestamp;
    this.bits[2 * i] = lo;
    this.bits[2 * i + 1] = hi;
    this.sampleCount = i + 1;
    if (start === 0) return;
    if (this.startCount++ === 0) {
      const { length } = this.timestamps;
      if (this.starts.length < length) this.starts = new Float64Array(length);
      else this.starts.fill(0);
    }
    this.starts[i] = start;
  }

  /** An unsigned varint below 2^32: a tag or a length. */
  #varint(end: number): number {
    const bytes = this.bytes;
    let at = this.#at;
    let byte = at < end ? bytes[at++]! : 0x80;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (at >= end) throw fault(at, "varint cut short");
      if (shift > 28) throw fault(at, "varint of more than 32 bits");
      byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
    }
    this.#at = at;
    return value;
  }

  /** A timestamp: int64 as a varint of up to 10 bytes, two's complement. */
  #int64(end: number): number {
    const bytes = this.bytes;
    let at = this.#at;
    let lo = 0;
    let hi = 0;
    for (let i = 0; ; i++) {
      if (at >= end) throw fault(at, "timestamp cut short");
      if (i === 10) throw fault(at, "timestamp longer than 10 bytes");
      const byte = bytes[at++]!;
      const seven = byte & 0x7f;
      if (i < 4) lo |= seven << (7 * i);
      else if (i === 4) {
        lo |= seven << 28;
        hi = seven >>> 4;
      } else if (i < 9) hi |= seven << (7 * i - 32);
      else hi |= seven << 31;
      if (byte < 0x80) break;
    }
    this.#at = at;
    const value = (hi | 0) * 0x100000000 + (lo >>> 0);
    if (!Number.isSafeInteger(value)) throw fault(at, "timestamp beyond ±2^53 ms");
    return value;
  }

  #skip(tag: number, end: number): void {
    const before = this.#at;
    if (tag >>> 3 === 0) throw fault(before, "field number 0");
    switch (tag & 7) {
      case 0:
        for (let i = 0; ; i++) {
          if (this.#at >= end || i === 10) throw fault(before, "varint cut short");
          if (this.bytes[this.#at++]! < 0x80) return;
        }
      case 1:
        this.#at += 8;
        break;
      case 2: {
        const length = this.#varint(end);
        this.#at += length;
        break;
      }
      case 5:
        this.#at += 4;
        break;
      default:
        throw fault(before, `wire type ${tag & 7}`);
    }
    if (this.#at > end) throw fault(before, "field overruns its message");
  }

  #growSeries(): void {
    const count = this.labelsStart.length * 2;
    this.labelsStart = grow(this.labelsStart, new Uint32Array(count));
    this.labelsEnd = grow(this.labelsEnd, new Uint32Array(count));
    this.fieldStart = grow(this.fieldStart, new Uint32Array(count));
    this.fieldEnd = grow(this.fieldEnd, new Uint32Array(count));
    this.refs = grow(this.refs, new Int32Array(count));
    this.hashLo = grow(this.hashLo, new Int32Array(count));
    this.hashHi = grow(this.hashHi, new Int32Array(count));
    this.sampleFrom = grow(this.sampleFrom, new Uint32Array(count + 1));
  }

  #growSamples(): void {
    const count = this.timestamps.length * 2;
    this.timestamps = grow(this.timestamps, new Float64Array(count));
    this.bits = grow(this.bits, new Uint32Array(2 * count));
    if (this.startCount > 0) this.starts = grow(this.starts, new Float64Array(count));
  }
}

function grow<T extends { set(source: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

function fault(offset: number, message: string): NarthexError {
  return new NarthexError("bad_data", `decode write request at offset ${offset}: ${message}`, {
    detail: { offset },
  });
}

/** The same request with the labels of each series moved to its front. */
function gatherLabels(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const reader = new FieldReader(bytes, start, end);
  const out: Uint8Array[] = [];
  while (reader.next()) {
    if (reader.tag !== 0x0a) {
      out.push(bytes.subarray(reader.fieldStart, reader.fieldEnd));
      continue;
    }
    const inner = new FieldReader(bytes, reader.bodyStart, reader.fieldEnd);
    const labels: Uint8Array[] = [];
    const others: Uint8Array[] = [];
    while (inner.next()) {
      (inner.tag === 0x0a ? labels : others).push(bytes.subarray(inner.fieldStart, inner.fieldEnd));
    }
    out.push(bytes.subarray(reader.fieldStart, reader.bodyStart), ...labels, ...others);
  }
  return Buffer.concat(out);
}

/** Plain walk over the fields of a protobuf message; slow, for rare cases. */
export class FieldReader {
  tag = 0;
  fieldStart = 0;
  /** First byte after the tag, and after the length of a length-delimited field. */
  bodyStart = 0;
  fieldEnd = 0;
  /** Value of a varint field, exact below 2^53. */
  value = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.fieldEnd = start;
  }

  /** Moves to the next field; false at the end, `bad_data` where the bytes are no message. */
  next(): boolean {
    this.fieldStart = this.fieldEnd;
    if (this.fieldStart >= this.#end) return false;
    this.fieldEnd = this.fieldStart;
    this.tag = this.#varint();
    this.bodyStart = this.fieldEnd;
    switch (this.tag & 7) {
      case 0:
        this.value = this.#varint();
        break;
      case 1:
        this.fieldEnd += 8;
        break;
      case 2: {
        const length = this.#varint();
        this.bodyStart = this.fieldEnd;
        this.fieldEnd += length;
        break;
      }
      case 5:
        this.fieldEnd += 4;
        break;
      default:
        throw fault(this.fieldStart, `wire type ${this.tag & 7}`);
    }
    if (this.fieldEnd > this.#end) throw fault(this.fieldStart, "field overruns its message");
    return true;
  }

  #varint(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (this.fieldEnd >= this.#end) break;
      const byte = this.#bytes[this.fieldEnd++]!;
      value += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) return value;
    }
    throw fault(this.fieldStart, "varint cut short");
  }
}
