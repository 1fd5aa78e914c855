import type { ChunkMeta } from "#pkg/chunks/mod.ts";
import { ByteReader } from "#pkg/encoding/mod.ts";
import { messageOf } from "#pkg/errs/mod.ts";
import type { RandomAccess } from "#pkg/fsutil/mod.ts";
import { type IndexHeader, sectionEnd } from "./header.ts";
import { decodeSeries } from "./series-entry.ts";
import { SERIES_ALIGNMENT } from "./toc.ts";

/** Bytes read at once. */
const WINDOW_BYTES = 4 << 20;
/** No series entry is longer: a longer one is taken for damage. */
const ENTRY_BYTES_MAX = 64 << 20;
const EVERYTHING = { mint: Number.NEGATIVE_INFINITY, maxt: Number.POSITIVE_INFINITY };

/** One entry of the series section, or what is wrong with it. */
export interface WalkedSeries {
  readonly ref: number;
  /** Where the entry begins in the file. */
  readonly offset: number;
  /** Names and values in turn, as symbol references. Empty where there is an `error`. */
  readonly symbols: readonly number[];
  readonly chunks: readonly ChunkMeta[];
  readonly error: string | undefined;
}

/**
 * All entries of the series section in the order of the file, without the help of postings. An
 * entry that is damaged is given with its error; the walk goes on behind it where its length says
 * so, and ends where that makes no sense.
 */
export async function* walkSeries(
  access: RandomAccess,
  header: IndexHeader,
  signal?: AbortSignal,
): AsyncGenerator<WalkedSeries> {
  const { toc, version } = header;
  if (toc.series === 0) return;
  const alignment = version === 1 ? 1 : SERIES_ALIGNMENT;
  const end = sectionEnd(access, toc, toc.series);
  let window: Uint8Array = new Uint8Array(0);
  let base = 0;
  for (let offset = align(toc.series, alignment); offset < end; ) {
    if (offset + 10 > base + window.length && base + window.length < end) {
      base = offset;
      window = await access.read(base, Math.min(WINDOW_BYTES, end - base), signal);
    }
    const length = lengthAt(access.path, window, offset - base);
    // What is left behind the last entry is padding.
    if (length === undefined || length.value === 0) return;
    const stop = offset + length.bytes + length.value + 4;
    const ref = offset / alignment;
    if (stop > end || length.value > ENTRY_BYTES_MAX) {
      yield { ref, offset, symbols: [], chunks: [], error: `series of ${length.value} bytes` };
      return;
    }
    if (stop > base + window.length) {
      base = offset;
      window = await access.read(base, Math.min(Math.max(WINDOW_BYTES, stop - base), end - base));
    }
    yield entryAt(access.path, window, offset - base, { ref, offset });
    offset = align(stop, alignment);
  }
}

function entryAt(
  path: string,
  window: Uint8Array,
  at: number,
  place: { ref: number; offset: number },
): WalkedSeries {
  try {
    const entry = decodeSeries(path, window, at, place.offset, EVERYTHING);
    if (entry) return { ...place, symbols: entry.symbols, chunks: entry.chunks, error: undefined };
    return { ...place, symbols: [], chunks: [], error: "series entry cut short" };
  } catch (error) {
    return { ...place, symbols: [], chunks: [], error: messageOf(error) };
  }
}

function lengthAt(
  path: string,
  bytes: Uint8Array,
  at: number,
): { value: number; bytes: number } | undefined {
  const reader = new ByteReader(path, bytes, at);
  try {
    const value = reader.uvarint();
    return { value, bytes: reader.at - at };
  } catch {
    return undefined;
  }
}

function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
