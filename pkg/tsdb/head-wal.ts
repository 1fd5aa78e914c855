import { ByteReader, ByteWriter } from "#pkg/encoding/mod.ts";
import {
  type ExemplarHandler,
  ExemplarRecord,
  type LoggedExemplar,
  readExemplars,
} from "./exemplar-records.ts";
import type { HeadLog, MessageRange } from "./head-ports.ts";

/**
 * Kinds of WAL and checkpoint records, the first byte of each payload; see docs/format/wal.md.
 *
 *     series     uvarint n, n × { uvarint ref, uvarint len, label bytes }
 *     samples    n × { u8 head, [varint Δref], [varint Δt], first bytes of the value }
 *     outOfOrder the same, for samples behind the newest of their series
 *     state      uvarint ref, i64 t, u64 value bits of the newest sample
 *     chunk      uvarint ref, u8 encoding, chunk data
 *     metadata   the MetricMetadata fields of a write request, verbatim
 *     histograms, lateHistograms   n × { varint Δref, uvarint len, Histogram message }
 *     histogramState               uvarint ref, Histogram message of the newest sample
 *     deletions  n × { uvarint ref, i64 mint, i64 maxt }
 *     starts     n × { uvarint ref, i64 t, i64 start }
 *     exemplars  see `ExemplarRecord`
 */
export const RecordKind = {
  series: 1,
  samples: 2,
  outOfOrder: 3,
  state: 4,
  chunk: 5,
  metadata: 6,
  histograms: 7,
  lateHistograms: 8,
  histogramState: 9,
  deletions: 10,
  exemplars: 11,
  starts: 12,
} as const;

/** Most bytes that one sample takes in a record: the head, two varints of 10, 8 of the value. */
const SAMPLE_BYTES_MAX = 29;
/**
 * The head of a sample: how many bytes of the value's bits follow, from the highest on (the others
 * are 0: whole numbers have few), and which differences are as usual and left out.
 */
const VALUE_BYTES = 0x0f;
const NEXT_REF = 0x10;
const SAME_TIME = 0x20;

/** A samples record that grows sample by sample. Hot path: about 10 ns a sample, 0 B. */
class SampleRecord {
  readonly #kind: number;
  bytes: Uint8Array = new Uint8Array(4096);
  length = 0;
  #view: DataView = new DataView(this.bytes.buffer);
  #lastRef = 0;
  #lastT = 0;

  constructor(kind: number) {
    this.#kind = kind;
  }

  add(ref: number, t: number, hi: number, lo: number): void {
    if (this.length + SAMPLE_BYTES_MAX + 16 > this.bytes.length) this.#grow();
    if (this.length === 0) {
      this.bytes[0] = this.#kind;
      this.length = 1;
      this.#lastRef = 0;
      this.#lastT = 0;
    }
    const valueBytes =
      lo !== 0 ? 8 - (trailingZeros(lo) >>> 3) : hi !== 0 ? 4 - (trailingZeros(hi) >>> 3) : 0;
    const isNext = ref - this.#lastRef === 1;
    const isSame = t === this.#lastT;
    const head = valueBytes | (isNext ? NEXT_REF : 0) | (isSame ? SAME_TIME : 0);
    this.bytes[this.length++] = head;
    if (!isNext) this.#varint(ref - this.#lastRef);
    if (!isSame) this.#varint(t - this.#lastT);
    this.#view.setUint32(this.length, hi);
    this.#view.setUint32(this.length + 4, lo);
    this.length += valueBytes;
    this.#lastRef = ref;
    this.#lastT = t;
  }

  #varint(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    const bytes = this.bytes;
    let at = this.length;
    while (rest >= 0x80) {
      bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[at++] = rest;
    this.length = at;
  }

  #grow(): void {
    const grown = new Uint8Array(this.bytes.length * 2);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** A record of histograms that grows by one at a time. */
class HistogramRecord {
  readonly #kind: number;
  readonly #out = new ByteWriter(16);
  #lastRef = 0;

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

  add(ref: number, { bytes, start, end }: MessageRange): void {
    const out = this.#out;
    if (out.length === 0) {
      out.u8(this.#kind);
      this.#lastRef = 0;
    }
    out.varint(ref - this.#lastRef);
    out.uvarint(end - start);
    out.raw(bytes, start, end);
    this.#lastRef = ref;
  }
}

/** Gathers what one push changed, as the records that the WAL gets for it. Reused. */
export class PushRecords implements HeadLog {
  readonly #samples = new SampleRecord(RecordKind.samples);
  readonly #outOfOrder = new SampleRecord(RecordKind.outOfOrder);
  readonly #series = new ByteWriter(1024);
  readonly #metadata = new ByteWriter(256);
  readonly #histograms = new HistogramRecord(RecordKind.histograms);
  readonly #lateHistograms = new HistogramRecord(RecordKind.lateHistograms);
  readonly #deletions = new ByteWriter(64);
  readonly #starts = new ByteWriter(64);
  readonly #exemplars = new ExemplarRecord(RecordKind.exemplars);
  /** Whole records that come before all others. */
  readonly #sealed: Uint8Array[] = [];

  series(ref: number, labelBytes: Uint8Array, start: number, end: number): void {
    if (this.#series.length === 0) this.#series.u8(RecordKind.series);
    writeSeries(this.#series, ref, labelBytes, start, end);
  }

  sample(ref: number, t: number, hi: number, lo: number): void {
    this.#samples.add(ref, t, hi, lo);
  }

  outOfOrder(ref: number, t: number, hi: number, lo: number): void {
    this.#outOfOrder.add(ref, t, hi, lo);
  }

  histogram(ref: number, message: MessageRange, isOutOfOrder: boolean): void {
    (isOutOfOrder ? this.#lateHistograms : this.#histograms).add(ref, message);
  }

  /** What comes next stands behind all there is: records of two kinds have no order otherwise. */
  turn(): void {
    this.#drainOpen((bytes, start, end) => this.#sealed.push(bytes.slice(start, end)));
  }

  /** Samples of a series that were deleted; times in ms, safe integers, both ends inclusive. */
  deletion(ref: number, mint: number, maxt: number): void {
    const out = this.#deletions;
    if (out.length === 0) out.u8(RecordKind.deletions);
    out.uvarint(ref);
    out.i64(mint);
    out.i64(maxt);
  }

  /** From its sample at `t` on, a series has start timestamp `start`, ms; 0 is none. */
  start(ref: number, t: number, start: number): void {
    const out = this.#starts;
    if (out.length === 0) out.u8(RecordKind.starts);
    out.uvarint(ref);
    out.i64(t);
    out.i64(start);
  }

  /** Exemplar number `sequence`; `series` is a number, or label bytes where it has left the head. */
  exemplar(sequence: number, series: number | Uint8Array, exemplar: LoggedExemplar): void {
    this.#exemplars.add(sequence, series, exemplar);
  }

  /** One MetricMetadata message of a request. */
  metadata(bytes: Uint8Array, start: number, end: number): void {
    if (this.#metadata.length === 0) this.#metadata.u8(RecordKind.metadata);
    this.#metadata.uvarint(end - start);
    this.#metadata.raw(bytes, start, end);
  }

  /**
   * Hands over the records in the order in which they must be replayed, and starts afresh, also where
   * `append` throws: what is left must not come into the log of another head.
   */
  drain(append: (bytes: Uint8Array, start: number, end: number) => void): void {
    try {
      for (const record of this.#sealed) append(record, 0, record.length);
      this.#drainOpen(append);
    } finally {
      this.#sealed.length = 0;
      for (const part of this.#parts()) part.length = 0;
    }
  }

  /** The open records, in the order in which they must be replayed. */
  #parts(): readonly { bytes: Uint8Array; length: number }[] {
    return [
      this.#series,
      // Before the samples: these may close the chunk that it is about.
      this.#starts,
      this.#samples,
      this.#histograms,
      this.#outOfOrder,
      this.#lateHistograms,
      this.#metadata,
      this.#deletions,
      this.#exemplars,
    ];
  }

  #drainOpen(append: (bytes: Uint8Array, start: number, end: number) => void): void {
    for (const part of this.#parts()) {
      if (part.length > 0) append(part.bytes, 0, part.length);
      part.length = 0;
    }
  }
}

/** Appends one entry of a series record. */
export function writeSeries(
  into: ByteWriter,
  ref: number,
  labelBytes: Uint8Array,
  start: number,
  end: number,
): void {
  into.uvarint(ref);
  into.uvarint(end - start);
  into.raw(labelBytes, start, end);
}

/** Receives the content of records, in order. Byte ranges are borrowed until the call returns. */
export interface RecordHandler extends ExemplarHandler {
  series(ref: number, bytes: Uint8Array, start: number, end: number): void;
  sample(ref: number, t: number, hi: number, lo: number, outOfOrder: boolean): void;
  state(ref: number, lastT: number, hi: number, lo: number): void;
  chunk(ref: number, encoding: number, bytes: Uint8Array, start: number, end: number): void;
  metadata(bytes: Uint8Array, start: number, end: number): void;
  histogram(ref: number, message: MessageRange, isOutOfOrder: boolean): void;
  histogramState(ref: number, message: MessageRange): void;
  deletion(ref: number, mint: number, maxt: number): void;
  start(ref: number, t: number, start: number): void;
}

/** Decodes one record. Bytes that are none raise `corruption`, naming `path`. */
export function readRecord(
  path: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  handler: RecordHandler,
): void {
  const reader = new ByteReader(path, bytes, start, end);
  const kind = reader.u8();
  switch (kind) {
    case RecordKind.series:
      while (reader.remaining > 0) {
        const ref = reader.uvarint();
        const length = reader.uvarint();
        reader.need(length);
        handler.series(ref, bytes, reader.at, reader.at + length);
        reader.at += length;
      }
      return;
    case RecordKind.samples:
    case RecordKind.outOfOrder:
      readSamples(reader, kind === RecordKind.outOfOrder, handler);
      return;
    case RecordKind.state: {
      const ref = reader.uvarint();
      const lastT = reader.i64();
      const hi = reader.u32();
      handler.state(ref, lastT, hi, reader.u32());
      return;
    }
    case RecordKind.chunk: {
      const ref = reader.uvarint();
      const encoding = reader.u8();
      handler.chunk(ref, encoding, bytes, reader.at, end);
      return;
    }
    case RecordKind.histograms:
    case RecordKind.lateHistograms:
      readHistograms(reader, kind === RecordKind.lateHistograms, handler);
      return;
    case RecordKind.histogramState:
      handler.histogramState(reader.uvarint(), { bytes, start: reader.at, end });
      return;
    case RecordKind.deletions:
      while (reader.remaining > 0) {
        const ref = reader.uvarint();
        const mint = reader.i64();
        handler.deletion(ref, mint, reader.i64());
      }
      return;
    case RecordKind.starts:
      while (reader.remaining > 0) {
        const ref = reader.uvarint();
        const t = reader.i64();
        handler.start(ref, t, reader.i64());
      }
      return;
    case RecordKind.exemplars:
      readExemplars(reader, handler);
      return;
    case RecordKind.metadata:
      while (reader.remaining > 0) {
        const length = reader.uvarint();
        reader.need(length);
        handler.metadata(bytes, reader.at, reader.at + length);
        reader.at += length;
      }
      return;
    default:
      reader.fail(`record kind ${kind}`);
  }
}

function readHistograms(reader: ByteReader, outOfOrder: boolean, handler: RecordHandler): void {
  let ref = 0;
  while (reader.remaining > 0) {
    ref += reader.varint();
    const length = reader.uvarint();
    reader.need(length);
    const start = reader.at;
    reader.at += length;
    handler.histogram(ref, { bytes: reader.bytes, start, end: reader.at }, outOfOrder);
  }
}

// Hot path: about 10 ns a sample, 0 B.
function readSamples(reader: ByteReader, outOfOrder: boolean, handler: RecordHandler): void {
  const { bytes, end } = reader;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wideEnd = bytes.byteLength - 8;
  let ref = 0;
  let t = 0;
  while (reader.at < end) {
    const head = bytes[reader.at++]!;
    const count = head & VALUE_BYTES;
    if (count > 8 || head > (VALUE_BYTES | NEXT_REF | SAME_TIME)) {
      reader.at--;
      reader.fail(`sample begins with ${head}`);
    }
    if ((head & NEXT_REF) !== 0) ref++;
    else ref += reader.varint();
    if ((head & SAME_TIME) === 0) t += reader.varint();
    const { at } = reader;
    if (at + count > end) reader.need(count);
    let hi = 0;
    let lo = 0;
    if (at <= wideEnd) {
      hi = view.getUint32(at);
      if (count > 4) lo = (view.getUint32(at + 4) & masked(count - 4)) >>> 0;
      else hi = (hi & masked(count)) >>> 0;
    } else {
      for (let i = 0; i < count; i++) {
        if (i < 4) hi |= bytes[at + i]! << (24 - 8 * i);
        else lo |= bytes[at + i]! << (56 - 8 * i);
      }
    }
    reader.at = at + count;
    handler.sample(ref, t, hi, lo, outOfOrder);
  }
}

/** A mask of the `count` highest of four bytes. */
function masked(count: number): number {
  return count === 0 ? 0 : -1 << (32 - 8 * count);
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
