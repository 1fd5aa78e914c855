import { ByteWriter, decodeUtf8, utf8Length } from "#pkg/encoding/mod.ts";
import type { Exemplar } from "#pkg/exemplar/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { encodeExemplarFields } from "./exemplar.ts";
import { encodeHistogramMessage, writeInt64 } from "./histogram-encode.ts";
import { encodeLabels } from "./labels.ts";
import { FieldReader } from "./scan.ts";

/** Type, help and unit of a metric family, as remote write and `/api/v1/metadata` carry them. */
export interface MetricMetadata {
  readonly metric: string;
  /** `counter`, `gauge`, `histogram`, `gaugehistogram`, `summary`, `info`, `stateset`, `unknown`. */
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** By their numbers on the wire. */
export const METRIC_TYPES = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
] as const;

/** Builds a remote-write 1.0 body, uncompressed. One builder serves many requests. */
export class WriteRequestBuilder {
  readonly #out = new ByteWriter(4096);
  readonly #series = new ByteWriter(512);
  readonly #message = new ByteWriter(64);
  sampleCount = 0;

  /** Size of the body so far, in bytes. */
  get byteLength(): number {
    return this.#out.length;
  }

  clear(): void {
    this.#out.clear();
    this.sampleCount = 0;
  }

  /** Appends a series with one sample; `hi` and `lo` are the value's bits. */
  sample(labels: Labels, timestampMs: number, hi: number, lo: number): void {
    this.#series.clear();
    encodeLabels(labels, this.#series);
    this.#appendSample(timestampMs, hi, lo);
  }

  /** As `sample`, with the start timestamp that remote write 2.0 has. */
  startedSample(
    labels: Labels,
    { t, start }: { readonly t: number; readonly start: number },
    hi: number,
    lo: number,
  ): void {
    const message = this.#message;
    message.clear();
    message.u8(0x09);
    for (const half of [lo, hi]) {
      for (const shift of [0, 8, 16, 24]) message.u8((half >>> shift) & 0xff);
    }
    message.u8(0x10);
    writeInt64(message, t);
    if (start !== 0) {
      message.u8(0x18);
      writeInt64(message, start);
    }
    this.#series.clear();
    encodeLabels(labels, this.#series);
    this.#series.u8(0x12);
    this.#series.uvarint(message.length);
    this.#series.raw(message.bytes, 0, message.length);
    this.#endSeries();
  }

  /** As `sample`, with label bytes that are already in the canonical form. */
  sampleOfBytes(
    labels: Uint8Array,
    range: { start: number; end: number },
    timestampMs: number,
    bits: { hi: number; lo: number },
  ): void {
    this.#series.clear();
    this.#series.raw(labels, range.start, range.end);
    this.#appendSample(timestampMs, bits.hi, bits.lo);
  }

  #appendSample(timestampMs: number, hi: number, lo: number): void {
    const series = this.#series;
    const timestamp = timestampMs < 0 ? 10 : uvarintBytes(timestampMs);
    series.u8(0x12);
    series.u8(10 + timestamp);
    series.u8(0x09);
    for (const half of [lo, hi]) {
      series.u8(half & 0xff);
      series.u8((half >>> 8) & 0xff);
      series.u8((half >>> 16) & 0xff);
      series.u8(half >>> 24);
    }
    series.u8(0x10);
    writeInt64(series, timestampMs);
    this.#endSeries();
  }

  /** Appends a series that has exemplars and no samples, as Prometheus sends them. */
  exemplars(labels: Labels, exemplars: readonly Exemplar[]): void {
    const series = this.#series;
    series.clear();
    encodeLabels(labels, series);
    encodeExemplarFields(exemplars, series);
    this.#endSeries();
    this.sampleCount--;
  }

  /**
   * Appends a series with one native histogram; undefined is a stale marker. Counts of an `integer`
   * one are whole numbers. Its start timestamp is 0 for none.
   */
  histogram(
    labels: Labels,
    timestampMs: number,
    histogram: FloatHistogram | undefined,
    integer: boolean,
    start = 0,
  ): void {
    const series = this.#series;
    const message = this.#message;
    series.clear();
    encodeLabels(labels, series);
    message.clear();
    encodeHistogramMessage(timestampMs, histogram, integer, message);
    if (start !== 0) {
      // Field 17.
      message.u16(0x8801);
      writeInt64(message, start);
    }
    series.u8(0x22);
    series.uvarint(message.length);
    series.raw(message.bytes, 0, message.length);
    this.#endSeries();
  }

  #endSeries(): void {
    const series = this.#series;
    this.#out.u8(0x0a);
    this.#out.uvarint(series.length);
    this.#out.raw(series.bytes, 0, series.length);
    this.sampleCount++;
  }

  /** Appends the metadata of one metric family. */
  metadata(entry: MetricMetadata): void {
    const series = this.#series;
    series.clear();
    encodeMetadata(entry, series);
    this.#out.u8(0x1a);
    this.#out.uvarint(series.length);
    this.#out.raw(series.bytes, 0, series.length);
  }

  /** The body, borrowed until the next call. */
  view(): Uint8Array {
    return this.#out.view();
  }
}

function uvarintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count++;
  return count;
}

/** Appends one MetricMetadata message, without tag and length. */
export function encodeMetadata(entry: MetricMetadata, into: ByteWriter): void {
  into.u8(0x08);
  into.uvarint(Math.max(0, (METRIC_TYPES as readonly string[]).indexOf(entry.type)));
  for (const [tag, text] of [
    [0x12, entry.metric],
    [0x22, entry.help],
    [0x2a, entry.unit],
  ] as const) {
    if (text === "") continue;
    into.u8(tag);
    into.uvarint(utf8Length(text));
    into.utf8(text);
  }
}

/** Decodes one MetricMetadata message of a write request. */
export function decodeMetadata(bytes: Uint8Array, start: number, end: number): MetricMetadata {
  const fields = new FieldReader(bytes, start, end);
  let type = 0;
  let metric = "";
  let help = "";
  let unit = "";
  while (fields.next()) {
    if (fields.tag === 0x08) type = fields.value;
    else if (fields.tag === 0x12) metric = decodeUtf8(bytes, fields.bodyStart, fields.fieldEnd);
    else if (fields.tag === 0x22) help = decodeUtf8(bytes, fields.bodyStart, fields.fieldEnd);
    else if (fields.tag === 0x2a) unit = decodeUtf8(bytes, fields.bodyStart, fields.fieldEnd);
  }
  return { metric, type: METRIC_TYPES[type] ?? "unknown", help, unit };
}
