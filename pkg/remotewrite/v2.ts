// Hot path: one pass over a remote-write 2.0 body; its labels cost a copy of their bytes, 0.1 µs each.
import { ByteWriter, decodeUtf8 } from "#pkg/encoding/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { METRIC_NAME } from "#pkg/labels/mod.ts";
import { encodeMetadata, METRIC_TYPES } from "./encode.ts";
import { FieldReader } from "./scan.ts";

/** A request in the form of version 1.0; borrowed until the next one is translated. */
export interface TranslatedRequest {
  readonly body: Uint8Array;
  /** Samples and histograms of series that point to symbols which are not there. */
  readonly invalid: { samples: number; histograms: number; message: string } | undefined;
}

/** What a larger request took is given back at the next one. */
const BODY_BYTES_KEPT = 16 * 1024 * 1024;

/** Fields of the messages of version 2.0, as tags. */
const SYMBOLS = 0x22;
const TIME_SERIES = 0x2a;
const LABELS_REFS = 0x0a;
const LABELS_REF = 0x08;
const SAMPLES = 0x12;
const HISTOGRAMS = 0x1a;
const EXEMPLARS = 0x22;
const METADATA = 0x2a;

/**
 * Rewrites remote-write 2.0 requests as those of 1.0: labels, exemplars and metadata get their
 * symbols, labels in the canonical form; samples and histograms stand in it as they came.
 *
 * Source: Prometheus prompb/io/prometheus/write/v2/types.proto.
 */
export class RequestTranslator {
  #out = new ByteWriter(64 * 1024);
  readonly #series = new ByteWriter(4096);
  readonly #message = new ByteWriter(256);
  /** Start and end of each symbol in turn. */
  #symbols = new Uint32Array(512);
  #symbolCount = 0;
  #refs = new Uint32Array(128);
  #refCount = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Metadata of this request that was written, by the symbol of the metric's name. */
  readonly #described = new Map<number, string>();

  /**
   * Translates `bytes[start, end)`. Raises `bad_data` for what is no request, and `too_large` where
   * the form of version 1.0, which repeats each symbol, takes more than `bytesMax`.
   */
  translate(bytes: Uint8Array, start: number, end: number, bytesMax: number): TranslatedRequest {
    this.#bytes = bytes;
    if (this.#out.bytes.length > BODY_BYTES_KEPT) this.#out = new ByteWriter(64 * 1024);
    this.#out.clear();
    this.#described.clear();
    this.#readSymbols(start, end);
    let invalid: TranslatedRequest["invalid"];
    const fields = new FieldReader(bytes, start, end);
    while (fields.next()) {
      if (fields.tag !== TIME_SERIES) continue;
      const problem = this.#timeSeries(fields.bodyStart, fields.fieldEnd);
      if (problem !== undefined) {
        invalid ??= { samples: 0, histograms: 0, message: problem };
        countSamples(bytes, fields, invalid);
      }
      if (this.#out.length > bytesMax) throw tooLarge(bytesMax);
    }
    return { body: this.#out.view(), invalid };
  }

  #readSymbols(start: number, end: number): void {
    const fields = new FieldReader(this.#bytes, start, end);
    this.#symbolCount = 0;
    while (fields.next()) {
      if (fields.tag !== SYMBOLS) continue;
      const at = 2 * this.#symbolCount++;
      if (at === this.#symbols.length) this.#symbols = grown(this.#symbols);
      this.#symbols[at] = fields.bodyStart;
      this.#symbols[at + 1] = fields.fieldEnd;
    }
  }

  /** Writes one series; says what is wrong, and writes nothing, where it refers to no symbol. */
  #timeSeries(start: number, end: number): string | undefined {
    const bytes = this.#bytes;
    const series = this.#series;
    series.clear();
    this.#refCount = 0;
    let metadata = -1;
    let metadataEnd = -1;
    const fields = new FieldReader(bytes, start, end);
    while (fields.next()) {
      if (fields.tag === METADATA) {
        metadata = fields.bodyStart;
        metadataEnd = fields.fieldEnd;
      } else this.#readRefs(fields);
    }
    if (!this.#areRefs()) return this.#problem();
    this.#labels(series);
    const parts = new FieldReader(bytes, start, end);
    while (parts.next()) {
      if (parts.tag === SAMPLES) series.raw(bytes, parts.fieldStart, parts.fieldEnd);
      else if (parts.tag === HISTOGRAMS) message(series, 0x22, bytes, parts);
      else if (parts.tag === EXEMPLARS) this.#exemplar(parts.bodyStart, parts.fieldEnd);
    }
    const out = this.#out;
    out.u8(0x0a);
    out.uvarint(series.length);
    out.raw(series.bytes, 0, series.length);
    if (metadata < 0) return undefined;
    // Exemplars have used the place of the series' own.
    this.#refCount = 0;
    const again = new FieldReader(bytes, start, end);
    while (again.next()) this.#readRefs(again);
    this.#metadata(metadata, metadataEnd);
    return undefined;
  }

  /** Adds the `labels_refs` of a field, if it is one: packed, or one by one. */
  #readRefs(fields: FieldReader): void {
    if (fields.tag === LABELS_REF) this.#addRef(fields.value);
    if (fields.tag !== LABELS_REFS) return;
    const bytes = this.#bytes;
    for (let at = fields.bodyStart; at < fields.fieldEnd; ) {
      let byte = bytes[at++]!;
      let value = byte & 0x7f;
      for (let factor = 0x80; byte >= 0x80; factor *= 0x80) {
        if (at >= fields.fieldEnd || factor > 2 ** 63) throw cutShort(at);
        byte = bytes[at++]!;
        value += (byte & 0x7f) * factor;
      }
      this.#addRef(value);
    }
  }

  #addRef(ref: number): void {
    if (this.#refCount === this.#refs.length) this.#refs = grown(this.#refs);
    // The largest there is stands for all that are too large.
    this.#refs[this.#refCount++] = Math.min(ref, 0xffffffff);
  }

  #areRefs(): boolean {
    if (this.#refCount % 2 !== 0) return false;
    for (let i = 0; i < this.#refCount; i++) {
      if (this.#refs[i]! >= this.#symbolCount) return false;
    }
    return true;
  }

  #problem(): string {
    const list = [...this.#refs.subarray(0, Math.min(20, this.#refCount))].join(", ");
    return `labels_refs [${list}]: want pairs of numbers below ${this.#symbolCount}, the count of symbols`;
  }

  /** Appends the labels that the refs stand for, sorted, without those that have no value. */
  #labels(into: ByteWriter): void {
    const refs = this.#refs;
    for (let i = 2; i < this.#refCount; i += 2) {
      if (this.#compare(refs[i - 2]!, refs[i]!) <= 0) continue;
      this.#sortRefs();
      break;
    }
    for (let i = 0; i < this.#refCount; i += 2) {
      const name = 2 * refs[i]!;
      const value = 2 * refs[i + 1]!;
      const nameBytes = this.#symbols[name + 1]! - this.#symbols[name]!;
      const valueBytes = this.#symbols[value + 1]! - this.#symbols[value]!;
      if (valueBytes === 0) continue;
      into.u8(0x0a);
      into.uvarint(2 + varintBytes(nameBytes) + varintBytes(valueBytes) + nameBytes + valueBytes);
      into.u8(0x0a);
      into.uvarint(nameBytes);
      into.raw(this.#bytes, this.#symbols[name], this.#symbols[name + 1]);
      into.u8(0x12);
      into.uvarint(valueBytes);
      into.raw(this.#bytes, this.#symbols[value], this.#symbols[value + 1]);
    }
  }

  #sortRefs(): void {
    const pairs: [number, number][] = [];
    for (let i = 0; i < this.#refCount; i += 2) pairs.push([this.#refs[i]!, this.#refs[i + 1]!]);
    pairs.sort((a, b) => this.#compare(a[0], b[0]));
    this.#refs.set(pairs.flat());
  }

  /** Compares two symbols by their bytes. */
  #compare(a: number, b: number): number {
    if (a === b) return 0;
    const bytes = this.#bytes;
    let at = this.#symbols[2 * a]!;
    let other = this.#symbols[2 * b]!;
    const end = this.#symbols[2 * a + 1]!;
    const otherEnd = this.#symbols[2 * b + 1]!;
    while (at < end && other < otherEnd) {
      const order = bytes[at++]! - bytes[other++]!;
      if (order !== 0) return order;
    }
    return end - at - (otherEnd - other);
  }

  /** Appends an exemplar to the series; one that refers to no symbol is left out. */
  #exemplar(start: number, end: number): void {
    const one = this.#message;
    one.clear();
    this.#refCount = 0;
    const fields = new FieldReader(this.#bytes, start, end);
    while (fields.next()) {
      if (fields.tag === 0x11 || fields.tag === 0x18) {
        one.raw(this.#bytes, fields.fieldStart, fields.fieldEnd);
      } else this.#readRefs(fields);
    }
    if (!this.#areRefs()) return;
    this.#labels(one);
    this.#series.u8(0x1a);
    this.#series.uvarint(one.length);
    this.#series.raw(one.bytes, 0, one.length);
  }

  /** Writes the metadata of the series whose refs were read, once for each metric. */
  #metadata(start: number, end: number): void {
    const fields = new FieldReader(this.#bytes, start, end);
    const refs = { type: 0, help: 0, unit: 0 };
    while (fields.next()) {
      if (fields.tag === 0x08) refs.type = fields.value;
      else if (fields.tag === 0x18) refs.help = fields.value;
      else if (fields.tag === 0x20) refs.unit = fields.value;
    }
    const key = `${refs.type},${refs.help},${refs.unit}`;
    const name = this.#metricName();
    if (name < 0 || this.#described.get(name) === key) return;
    this.#described.set(name, key);
    const help = this.#text(refs.help);
    const unit = this.#text(refs.unit);
    const type = METRIC_TYPES[refs.type] ?? "unknown";
    if (type === "unknown" && help === "" && unit === "") return;
    const one = this.#message;
    one.clear();
    encodeMetadata({ metric: familyOf(this.#text(name), type), type, help, unit }, one);
    this.#out.u8(0x1a);
    this.#out.uvarint(one.length);
    this.#out.raw(one.bytes, 0, one.length);
  }

  /** The symbol of the series' name, or -1. */
  #metricName(): number {
    for (let i = 0; i < this.#refCount; i += 2) {
      const at = 2 * this.#refs[i]!;
      const isAsLong = this.#symbols[at + 1]! - this.#symbols[at]! === METRIC_NAME.length;
      if (isAsLong && this.#text(this.#refs[i]!) === METRIC_NAME) return this.#refs[i + 1]!;
    }
    return -1;
  }

  /** The text of a symbol; empty where there is none. */
  #text(ref: number): string {
    if (ref >= this.#symbolCount) return "";
    return decodeUtf8(this.#bytes, this.#symbols[2 * ref]!, this.#symbols[2 * ref + 1]!);
  }
}

/** The name of the family that a series belongs to, which metadata is kept by. */
function familyOf(name: string, type: string): string {
  if (type === "histogram") return name.replace(/_(bucket|sum|count)$/, "");
  if (type === "gaugehistogram") return name.replace(/_(bucket|gsum|gcount)$/, "");
  return type === "summary" ? name.replace(/_(sum|count)$/, "") : name;
}

/** Appends the message of a field under another tag. */
function message(into: ByteWriter, tag: number, bytes: Uint8Array, fields: FieldReader): void {
  into.u8(tag);
  into.uvarint(fields.fieldEnd - fields.bodyStart);
  into.raw(bytes, fields.bodyStart, fields.fieldEnd);
}

function countSamples(
  bytes: Uint8Array,
  series: FieldReader,
  into: { samples: number; histograms: number },
): void {
  const fields = new FieldReader(bytes, series.bodyStart, series.fieldEnd);
  while (fields.next()) {
    if (fields.tag === SAMPLES) into.samples++;
    else if (fields.tag === HISTOGRAMS) into.histograms++;
  }
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function grown(from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(2 * from.length);
  to.set(from);
  return to;
}

function cutShort(offset: number): NarthexError {
  const message = `decode write request at offset ${offset}: varint cut short`;
  return new NarthexError("bad_data", message, { detail: { offset } });
}

function tooLarge(bytesMax: number): NarthexError {
  return new NarthexError(
    "too_large",
    `write request of more than ${bytesMax} bytes with its symbols in their places exceeds the limit (distributor.max_decoded_bytes)`,
  );
}
