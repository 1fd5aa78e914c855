import { yieldNow } from "#pkg/async/mod.ts";
import { ByteReader, decodeUtf8 } from "#pkg/encoding/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";

/** Every so many symbols the place of one is kept. */
const SAMPLE_EVERY = 32;
/** Symbols read between two yields; a few ms. */
const YIELD_EVERY = 1 << 16;
/** Decoded strings kept; they are forgotten all at once. */
const CACHE_STRINGS = 1 << 16;

/**
 * The strings of an index by reference, kept as the bytes of the file: a string is made when it is
 * looked up, and remembered for a while. References count symbols (version 2) or are offsets in
 * the file (version 1).
 */
export class SymbolTable {
  readonly count: number = 0;
  readonly #path: string;
  readonly #bytes: Uint8Array;
  readonly #samples: Uint32Array;
  /** Offset in the file of `#bytes[0]` for version 1, else -1. */
  readonly #offsetBase: number = -1;
  readonly #strings = new Map<number, string>();

  private constructor(
    path: string,
    section: Uint8Array,
    parts: { count: number; samples: Uint32Array; offsetBase: number },
  ) {
    this.#path = path;
    this.#bytes = section;
    this.count = parts.count;
    this.#samples = parts.samples;
    this.#offsetBase = parts.offsetBase;
  }

  /**
   * Reads through the section once, yielding to the event loop now and then.
   * @param section symbol count and strings, without length and checksum; kept, not copied.
   */
  static async build(
    path: string,
    section: Uint8Array,
    version: number,
    sectionOffset: number,
  ): Promise<SymbolTable> {
    const reader = new ByteReader(path, section, 0, section.length, sectionOffset);
    const count = reader.u32();
    if (count > section.length) reader.fail(`${count} symbols in too few bytes`);
    const samples = new Uint32Array(version === 1 ? 0 : Math.ceil(count / SAMPLE_EVERY));
    for (let i = 0; i < count; i++) {
      if (i % SAMPLE_EVERY === 0 && version !== 1) samples[i / SAMPLE_EVERY] = reader.at;
      reader.skip(reader.uvarint());
      if (i % YIELD_EVERY === YIELD_EVERY - 1) await yieldNow();
    }
    return new SymbolTable(path, section, {
      count,
      samples,
      offsetBase: version === 1 ? sectionOffset : -1,
    });
  }

  /** Memory held, the remembered strings aside. */
  get byteLength(): number {
    return this.#bytes.length + this.#samples.byteLength;
  }

  /** The symbol `ref`; `corruption` where there is none. */
  lookup(ref: number): string {
    const known = this.#strings.get(ref);
    if (known !== undefined) return known;
    const text = this.#read(ref);
    if (this.#strings.size >= CACHE_STRINGS) this.#strings.clear();
    this.#strings.set(ref, text);
    return text;
  }

  /** All symbols in the order of the file. */
  *all(): Generator<string> {
    let at = 4;
    for (let i = 0; i < this.count; i++) {
      const reader = new ByteReader(this.#path, this.#bytes, at);
      yield reader.uvarintString();
      at = reader.at;
    }
  }

  #read(ref: number): string {
    const reader = new ByteReader(this.#path, this.#bytes);
    if (this.#offsetBase >= 0) {
      reader.at = ref - this.#offsetBase;
      if (reader.at < 4 || reader.at >= this.#bytes.length) this.#missing(ref);
    } else {
      if (ref >= this.count) this.#missing(ref);
      reader.at = this.#samples[Math.floor(ref / SAMPLE_EVERY)]!;
      for (let i = ref % SAMPLE_EVERY; i > 0; i--) reader.skip(reader.uvarint());
    }
    const length = reader.uvarint();
    reader.need(length);
    return decodeUtf8(this.#bytes, reader.at, reader.at + length);
  }

  #missing(ref: number): never {
    throw new CorruptionError(this.#path, 0, `symbol ${ref} of ${this.count} does not exist`);
  }
}
