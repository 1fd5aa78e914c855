import { Pacer } from "#pkg/async/mod.ts";
import type { ChunkMeta } from "#pkg/chunks/mod.ts";
import { ByteReader } from "#pkg/encoding/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { type CoalesceOptions, type RandomAccess, readRanges } from "#pkg/fsutil/mod.ts";
import { compareBytes, type Labels, type Matcher } from "#pkg/labels/mod.ts";
import { type IndexHeader, readIndexHeader } from "./header.ts";
import type { PostingsRange } from "./offset-table.ts";
import {
  decodePostings,
  EMPTY_POSTINGS,
  intersect,
  type Postings,
  union,
  without,
} from "./postings.ts";
import { planPostings } from "./select.ts";
import { decodeSeries, type SeriesEntry, type SeriesFilter } from "./series-entry.ts";
import { SERIES_ALIGNMENT } from "./toc.ts";

/** How much to read of a series entry whose end is not known. */
const SERIES_GUESS_BYTES = 512;
/** A chunk that begins this close behind another tells where that one ends. */
const NEIGHBOUR_BYTES = 8192;
/** Series whose labels are looked at between two checks of the signal. */
const SCAN_SERIES = 4096;

/** A series of the index, with its chunks that were wanted, ordered by `mint`. */
export interface IndexedSeries {
  readonly ref: number;
  readonly labels: Labels;
  readonly chunks: ChunkMeta[];
}

/** Reads an index, local or remote, of version 1 or 2. Safe for concurrent use. */
export class IndexReader {
  readonly header: IndexHeader;
  readonly #access: RandomAccess;
  readonly #coalesce: CoalesceOptions;

  /** @param header as `readIndexHeader` gives it for the same bytes. */
  constructor(header: IndexHeader, access: RandomAccess, coalesce: CoalesceOptions) {
    this.header = header;
    this.#access = access;
    this.#coalesce = coalesce;
  }

  /** Reads the header and makes a reader; `access` stays the caller's to close. */
  static async open(
    access: RandomAccess,
    coalesce: CoalesceOptions,
    signal?: AbortSignal,
  ): Promise<IndexReader> {
    return new IndexReader(await readIndexHeader(access, signal), access, coalesce);
  }

  /** All label names, sorted. */
  labelNames(): string[] {
    return this.header.postings.names();
  }

  /** All values of label `name`, sorted. */
  async labelValues(name: string): Promise<string[]> {
    const out: string[] = [];
    const pacer = new Pacer();
    const cursor = this.header.postings.values(name);
    while (cursor.next()) {
      if (!cursor.isEmpty) out.push(cursor.value);
      if (pacer.due()) await pacer.yield();
    }
    return out;
  }

  /** The series that satisfy all `matchers`, in label order. */
  async select(matchers: readonly Matcher[], signal?: AbortSignal): Promise<Postings> {
    const table = this.header.postings;
    const plan = await planPostings(table, matchers);
    if (!plan) return EMPTY_POSTINGS;
    let include = plan.include;
    if (!include) {
      const all = table.lookup("", "");
      if (!all) return EMPTY_POSTINGS;
      include = [[all]];
    }
    const ranges = [...include.flat(), ...plan.exclude];
    const lists = await this.#readPostings(ranges, signal);
    let at = 0;
    const unions = include.map((group) => union(lists.slice(at, (at += group.length))));
    unions.sort((a, b) => a.length - b.length);
    let result = unions[0]!;
    for (let i = 1; i < unions.length && result.length > 0; i++) {
      result = intersect(result, unions[i]!);
    }
    if (result.length > 0 && at < lists.length) result = without(result, union(lists.slice(at)));
    return result;
  }

  /**
   * Reads the series `refs`, in their order, with the chunks that `filter` wants. References are
   * those of this index; others are `corruption`.
   */
  async readSeries(
    refs: Postings,
    filter: SeriesFilter,
    signal?: AbortSignal,
  ): Promise<IndexedSeries[]> {
    const entries = await this.#readEntries(refs, filter, signal);
    const { symbols } = this.header;
    const out = new Array<IndexedSeries>(entries.length);
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      const labels = new Array<string>(entry.symbols.length);
      for (let k = 0; k < labels.length; k++) labels[k] = symbols.lookup(entry.symbols[k]!);
      boundLast(entry, entries[i + 1]);
      out[i] = { ref: refs[i]!, labels, chunks: entry.chunks };
    }
    return out;
  }

  /** The label names of the series that satisfy all `matchers`, sorted. */
  async labelNamesOf(matchers: readonly Matcher[], signal?: AbortSignal): Promise<string[]> {
    const names = new Set<number>();
    await this.#scanSymbols(await this.select(matchers, signal), signal, (symbols) => {
      for (let i = 0; i < symbols.length; i += 2) names.add(symbols[i]!);
    });
    return [...names].map((ref) => this.header.symbols.lookup(ref)).sort(compareBytes);
  }

  /** The values of label `name` on the series that satisfy all `matchers`, sorted. */
  async labelValuesOf(
    name: string,
    matchers: readonly Matcher[],
    signal?: AbortSignal,
  ): Promise<string[]> {
    const values = new Set<number>();
    const isName = new Map<number, boolean>();
    const { symbols } = this.header;
    await this.#scanSymbols(await this.select(matchers, signal), signal, (pairs) => {
      for (let i = 0; i < pairs.length; i += 2) {
        let wanted = isName.get(pairs[i]!);
        if (wanted === undefined) {
          wanted = symbols.lookup(pairs[i]!) === name;
          isName.set(pairs[i]!, wanted);
        }
        if (wanted) {
          values.add(pairs[i + 1]!);
          return;
        }
      }
    });
    return [...values].map((ref) => symbols.lookup(ref)).sort(compareBytes);
  }

  async #scanSymbols(
    refs: Postings,
    signal: AbortSignal | undefined,
    visit: (symbols: readonly number[]) => void,
  ): Promise<void> {
    // A range that no chunk overlaps: chunks are not needed.
    const filter = { mint: Number.POSITIVE_INFINITY, maxt: Number.NEGATIVE_INFINITY };
    for (let at = 0; at < refs.length; at += SCAN_SERIES) {
      const batch = refs.subarray(at, at + SCAN_SERIES);
      for (const entry of await this.#readEntries(batch, filter, signal)) visit(entry.symbols);
    }
  }

  async #readPostings(
    ranges: readonly PostingsRange[],
    signal: AbortSignal | undefined,
  ): Promise<Postings[]> {
    const starts = Float64Array.from(ranges, (range) => range.start);
    const ends = Float64Array.from(ranges, (range) => range.end);
    const read = await readRanges(this.#access, starts, ends, this.#coalesce, signal);
    const out: Postings[] = [];
    for (let i = 0; i < ranges.length; i++) {
      const { bytes, start } = read[i]!;
      const list = decodePostings(this.#access.path, bytes, start, starts[i]!);
      out.push(list ?? (await this.#readPostingsAlone(starts[i]!, signal)));
    }
    return out;
  }

  async #readPostingsAlone(offset: number, signal: AbortSignal | undefined): Promise<Postings> {
    const head = await this.#access.read(offset, 4, signal);
    const length = new ByteReader(this.#access.path, head, 0, 4, offset).u32() + 8;
    const bytes = await this.#access.read(offset, length, signal);
    const list = decodePostings(this.#access.path, bytes, 0, offset);
    if (!list) throw new CorruptionError(this.#access.path, offset, "postings cut short");
    return list;
  }

  async #readEntries(
    refs: Postings,
    filter: SeriesFilter,
    signal: AbortSignal | undefined,
  ): Promise<SeriesEntry[]> {
    const scale = this.header.version === 1 ? 1 : SERIES_ALIGNMENT;
    const starts = new Float64Array(refs.length);
    const ends = new Float64Array(refs.length);
    const path = this.#access.path;
    for (let i = 0; i < refs.length; i++) {
      starts[i] = refs[i]! * scale;
      ends[i] = starts[i]! + SERIES_GUESS_BYTES;
      if (starts[i]! >= this.#access.size) {
        throw new CorruptionError(path, starts[i]!, "series reference behind the end");
      }
    }
    const read = await readRanges(this.#access, starts, ends, this.#coalesce, signal);
    const out: SeriesEntry[] = [];
    for (let i = 0; i < refs.length; i++) {
      const { bytes, start } = read[i]!;
      const entry = decodeSeries(path, bytes, start, starts[i]!, filter);
      out.push(entry ?? (await this.#readEntryAlone(starts[i]!, filter, signal)));
    }
    return out;
  }

  async #readEntryAlone(
    offset: number,
    filter: SeriesFilter,
    signal: AbortSignal | undefined,
  ): Promise<SeriesEntry> {
    const { path, size } = this.#access;
    const head = await this.#access.read(offset, Math.min(10, size - offset), signal);
    const reader = new ByteReader(path, head, 0, head.length, offset);
    const length = reader.uvarint() + reader.at + 4;
    const bytes = await this.#access.read(offset, length, signal);
    const entry = decodeSeries(path, bytes, 0, offset, filter);
    if (!entry) throw new CorruptionError(path, offset, "series entry cut short");
    return entry;
  }
}

/** Where a series' last chunk is followed closely by the next series' first, that bounds it. */
function boundLast(entry: SeriesEntry, next: SeriesEntry | undefined): void {
  const last = entry.chunks[entry.chunks.length - 1];
  if (last?.bound !== 0 || !next) return;
  const distance = next.firstRef - last.ref;
  if (distance > 0 && distance <= NEIGHBOUR_BYTES) {
    entry.chunks[entry.chunks.length - 1] = { ...last, bound: next.firstRef };
  }
}
