import { ByteWriter } from "#pkg/encoding/mod.ts";
import { decodeMetadata, encodeMetadata, type MetricMetadata } from "#pkg/remotewrite/mod.ts";

/** A longer message is not kept: help texts are a line or two, and senders are not trusted. */
const MESSAGE_BYTES_MAX = 4096;

/** Newest metadata of each metric of a tenant; bounded: what comes past the limit is not kept. */
export class MetadataStore {
  readonly #byMetric = new Map<string, MetricMetadata>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Reads one MetricMetadata message; true if it told something new. */
  update(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > MESSAGE_BYTES_MAX) return false;
    const entry = decodeMetadata(bytes, start, end);
    const known = this.#byMetric.get(entry.metric);
    if (entry.metric === "" || (known === undefined && this.#byMetric.size >= this.#limit))
      return false;
    if (
      known !== undefined &&
      known.type === entry.type &&
      known.help === entry.help &&
      known.unit === entry.unit
    ) {
      return false;
    }
    this.#byMetric.set(entry.metric, entry);
    return true;
  }

  /** Hands every entry, as a MetricMetadata message, to `into`. */
  encode(into: { metadata(bytes: Uint8Array, start: number, end: number): void }): void {
    const out = new ByteWriter(256);
    for (const entry of this.#byMetric.values()) {
      out.clear();
      encodeMetadata(entry, out);
      into.metadata(out.bytes, 0, out.length);
    }
  }

  /** All entries, or that of one metric. */
  list(metric?: string): MetricMetadata[] {
    if (metric !== undefined) {
      const entry = this.#byMetric.get(metric);
      return entry === undefined ? [] : [entry];
    }
    return [...this.#byMetric.values()];
  }
}
