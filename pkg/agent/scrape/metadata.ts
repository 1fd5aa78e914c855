import type { MetricMetadata } from "#pkg/remotewrite/mod.ts";
import { EntryKind, type ExpositionParser } from "#pkg/textparse/mod.ts";
import { ByteTable } from "./byte-table.ts";

/** More lines than any honest job has: beyond it the store starts over. */
const LINES_MAX = 50_000;

/**
 * Types, helps and units that the targets of one job expose. A line that was seen before is found
 * by its bytes and costs no string.
 */
export class MetadataStore {
  #lines = new ByteTable();
  readonly #families = new Map<string, MetricMetadata>();

  /** Names the bytes that the parser reads from. */
  source(bytes: Uint8Array): void {
    this.#lines.source(bytes);
  }

  /** Takes note of the parser's TYPE, HELP or UNIT entry. */
  see(parser: ExpositionParser, kind: EntryKind): void {
    if (this.#lines.find(parser.seriesStart, parser.seriesEnd) >= 0) return;
    if (this.#lines.count >= LINES_MAX) {
      this.#lines = new ByteTable();
      this.#lines.source(parser.bytes);
      this.#lines.find(parser.seriesStart, parser.seriesEnd);
      this.#families.clear();
    }
    this.#lines.add(parser.seriesStart, parser.seriesEnd);
    const metric = parser.family();
    const known = this.#families.get(metric) ?? { metric, type: "unknown", help: "", unit: "" };
    if (kind === EntryKind.type) this.#families.set(metric, { ...known, type: parser.type });
    else if (kind === EntryKind.help) this.#families.set(metric, { ...known, help: parser.text() });
    else if (kind === EntryKind.unit) this.#families.set(metric, { ...known, unit: parser.text() });
  }

  /** All families, borrowed until the next `see`. */
  families(): Iterable<MetricMetadata> {
    return this.#families.values();
  }
}
