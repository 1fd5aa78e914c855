import { yieldNow } from "#pkg/async/mod.ts";
import { ByteReader, decodeUtf8 } from "#pkg/encoding/mod.ts";
import { compareBytes } from "#pkg/labels/mod.ts";

/** Every so many values of a name the place of one is kept. */
const SAMPLE_EVERY = 32;

/** Entries read between two yields; a few ms. */
const YIELD_EVERY = 1 << 15;

/** Where a postings list stands in the index: it begins at `start`, and ends by `end`. */
export interface PostingsRange {
  readonly start: number;
  readonly end: number;
}

/** The values of one name: where some of them stand in the table, and how many there are. */
interface NameEntries {
  readonly samples: number[];
  count: number;
  end: number;
}

/**
 * The postings offset table of an index, kept as the bytes of the file with the place of every
 * 32nd value. Entries that are not sorted (version 1 has such) are sorted into a copy when the
 * table is made.
 */
export class PostingsTable {
  readonly #path: string;
  readonly #bytes: Uint8Array;
  readonly #postingsEnd: number = 0;
  /** Where the section stands in the file, for errors. */
  readonly #base: number = 0;
  readonly #names = new Map<string, NameEntries>();
  #sampleCount = 0;

  private constructor(path: string, bytes: Uint8Array, postingsEnd: number, base: number) {
    this.#path = path;
    this.#base = base;
    this.#postingsEnd = postingsEnd;
    this.#bytes = bytes;
  }

  /**
   * Reads through the section once, yielding to the event loop now and then.
   * @param section entry count and entries, without length and checksum; kept, not copied.
   * @param bounds where the last postings list ends at most, and where the section stands in the file.
   */
  static async build(
    path: string,
    section: Uint8Array,
    version: number,
    bounds: { readonly postingsEnd: number; readonly offset: number },
  ): Promise<PostingsTable> {
    const bytes = version === 1 ? sortEntries(path, section, bounds.offset) : section;
    const table = new PostingsTable(path, bytes, bounds.postingsEnd, bounds.offset);
    await table.#scan();
    return table;
  }

  /** Memory held. */
  get byteLength(): number {
    return this.#bytes.length + 8 * this.#sampleCount + 100 * this.#names.size;
  }

  /** Label names, sorted; the name of the list of all series, "", is left out. */
  names(): string[] {
    return [...this.#names.keys()].filter((name) => name !== "").sort(compareBytes);
  }

  /** How many values `name` has. */
  valueCount(name: string): number {
    return this.#names.get(name)?.count ?? 0;
  }

  /** The list of `name="value"`, or undefined where no series has it. */
  lookup(name: string, value: string): PostingsRange | undefined {
    const entries = this.#names.get(name);
    if (!entries) return undefined;
    const wanted = Buffer.from(value);
    const entry = new Entry(this.#path, this.#bytes, this.#base);
    entry.at = this.#seek(entries, wanted, entry);
    while (entry.at < entries.end) {
      entry.read();
      const order = compareRange(this.#bytes, entry.valueStart, entry.valueEnd, wanted);
      if (order === 0) return this.#rangeOf(entry);
      if (order > 0) return undefined;
    }
    return undefined;
  }

  /** A cursor over the values of `name` that begin with `prefix`, in byte order. */
  values(name: string, prefix = ""): ValueCursor {
    const entries = this.#names.get(name);
    const entry = new Entry(this.#path, this.#bytes, this.#base);
    const wanted = Buffer.from(prefix);
    let end = 0;
    if (entries) {
      entry.at = this.#seek(entries, wanted, entry);
      end = entries.end;
    }
    return new ValueCursor(this.#bytes, entry, {
      end,
      prefix: wanted,
      rangeOf: (at) => this.#rangeOf(at),
    });
  }

  /** The place of the last sample whose value is not above `wanted`. */
  #seek(entries: NameEntries, wanted: Uint8Array, entry: Entry): number {
    let low = 0;
    let high = entries.samples.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      entry.at = entries.samples[middle]!;
      entry.read();
      if (compareRange(this.#bytes, entry.valueStart, entry.valueEnd, wanted) <= 0) {
        low = middle + 1;
      } else high = middle;
    }
    return entries.samples[Math.max(0, low - 1)]!;
  }

  /** Lists stand in the order of the table, so the next entry tells where this one ends. */
  #rangeOf(entry: Entry): PostingsRange {
    const start = entry.offset;
    let end = this.#postingsEnd;
    if (entry.at < this.#bytes.length) {
      const next = new Entry(this.#path, this.#bytes, this.#base);
      next.at = entry.at;
      next.read();
      if (next.offset > start) end = next.offset;
    }
    return { start, end };
  }

  async #scan(): Promise<void> {
    const entry = new Entry(this.#path, this.#bytes, this.#base);
    const count = entry.begin();
    let current: NameEntries | undefined;
    let nameStart = 0;
    let nameEnd = -1;
    for (let i = 0; i < count; i++) {
      const at = entry.at;
      entry.read();
      const isSameName =
        current !== undefined &&
        equalRanges(this.#bytes, nameStart, nameEnd, entry.nameStart, entry.nameEnd);
      if (!isSameName) {
        const name = decodeUtf8(this.#bytes, entry.nameStart, entry.nameEnd);
        if (this.#names.has(name)) entry.fail(`label name ${name} in two places`);
        current = { samples: [], count: 0, end: 0 };
        this.#names.set(name, current);
        nameStart = entry.nameStart;
        nameEnd = entry.nameEnd;
      }
      if (current!.count++ % SAMPLE_EVERY === 0) {
        current!.samples.push(at);
        this.#sampleCount++;
      }
      current!.end = entry.at;
      if (i % YIELD_EVERY === YIELD_EVERY - 1) await yieldNow();
    }
  }
}

/** Cursor over values of a name; see `PostingsTable.values`. */
export class ValueCursor {
  readonly #bytes: Uint8Array;
  readonly #entry: Entry;
  readonly #end: number = 0;
  readonly #prefix: Uint8Array;
  readonly #rangeOf: (entry: Entry) => PostingsRange;

  constructor(
    bytes: Uint8Array,
    entry: Entry,
    bounds: { end: number; prefix: Uint8Array; rangeOf: (entry: Entry) => PostingsRange },
  ) {
    this.#bytes = bytes;
    this.#entry = entry;
    this.#end = bounds.end;
    this.#prefix = bounds.prefix;
    this.#rangeOf = bounds.rangeOf;
  }

  /** Goes to the next value; false behind the last one. */
  next(): boolean {
    const entry = this.#entry;
    while (entry.at < this.#end) {
      entry.read();
      const length = Math.min(this.#prefix.length, entry.valueEnd - entry.valueStart);
      const stop = entry.valueStart + length;
      const order = compareRange(this.#bytes, entry.valueStart, stop, this.#prefix);
      if (order === 0) return true;
      if (order > 0) return false;
    }
    return false;
  }

  /** The value at hand; made when it is asked for. */
  get value(): string {
    return decodeUtf8(this.#bytes, this.#entry.valueStart, this.#entry.valueEnd);
  }

  /** True if the value at hand is the empty string. */
  get isEmpty(): boolean {
    return this.#entry.valueStart === this.#entry.valueEnd;
  }

  /** Where the list of the value at hand stands. */
  get range(): PostingsRange {
    return this.#rangeOf(this.#entry);
  }
}

/** Cursor over the entries of the table; names and values as ranges of its bytes. */
class Entry {
  readonly #bytes: Uint8Array;
  readonly #reader: ByteReader;
  nameStart = 0;
  nameEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  offset = 0;

  constructor(path: string, bytes: Uint8Array, base: number) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(path, bytes, 0, bytes.length, base);
  }

  get at(): number {
    return this.#reader.at;
  }

  set at(at: number) {
    this.#reader.at = at;
  }

  /** Goes to the first entry; returns how many there are. */
  begin(): number {
    this.#reader.at = 0;
    return this.#bytes.length === 0 ? 0 : this.#reader.u32();
  }

  read(): void {
    const reader = this.#reader;
    const keys = reader.uvarint();
    if (keys !== 2) reader.fail(`postings entry with ${keys} keys, want 2`);
    let length = reader.uvarint();
    this.nameStart = reader.at;
    reader.skip(length);
    this.nameEnd = reader.at;
    length = reader.uvarint();
    this.valueStart = reader.at;
    reader.skip(length);
    this.valueEnd = reader.at;
    this.offset = reader.uvarint();
  }

  fail(message: string): never {
    this.#reader.fail(message);
  }
}

/** Orders `bytes[start, end)` and `other` as byte strings. */
function compareRange(bytes: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const length = Math.min(end - start, other.length);
  for (let i = 0; i < length; i++) {
    const order = bytes[start + i]! - other[i]!;
    if (order !== 0) return order;
  }
  return end - start - other.length;
}

function equalRanges(
  bytes: Uint8Array,
  aStart: number,
  aEnd: number,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (bytes[i] !== bytes[j]) return false;
  return true;
}

/** The section with its entries in order of name and value. */
function sortEntries(path: string, section: Uint8Array, base: number): Uint8Array {
  const entry = new Entry(path, section, base);
  const count = entry.begin();
  const all: { name: Buffer; value: Buffer; start: number; end: number }[] = [];
  for (let i = 0; i < count; i++) {
    const start = entry.at;
    entry.read();
    all.push({
      name: Buffer.from(section.subarray(entry.nameStart, entry.nameEnd)),
      value: Buffer.from(section.subarray(entry.valueStart, entry.valueEnd)),
      start,
      end: entry.at,
    });
  }
  all.sort((a, b) => a.name.compare(b.name) || a.value.compare(b.value));
  return Buffer.concat([
    section.subarray(0, 4),
    ...all.map(({ start, end }) => section.subarray(start, end)),
  ]);
}
