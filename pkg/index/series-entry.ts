import type { ChunkMeta } from "#pkg/chunks/mod.ts";
import { ByteReader, type ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";

/** A chunk as the index lists it. Times in ms, both ends inclusive. */
export interface ChunkEntry {
  readonly ref: number;
  readonly mint: number;
  readonly maxt: number;
}

/** Which chunks of a series are wanted. */
export interface SeriesFilter {
  /** Chunks that overlap `[mint, maxt]`. */
  readonly mint: number;
  readonly maxt: number;
}

/** The labels of a series as symbol references, and the chunks that were wanted. */
export interface SeriesEntry {
  /** Name and value in turn. */
  readonly symbols: number[];
  readonly chunks: ChunkMeta[];
  /** The first chunk's reference, wanted or not; 0 where there is none. */
  readonly firstRef: number;
}

/**
 * Decodes the entry at `bytes[start]`, or returns undefined where it goes on behind `bytes`.
 * Errors: `corruption`.
 */
export function decodeSeries(
  path: string,
  bytes: Uint8Array,
  start: number,
  offset: number,
  filter: SeriesFilter,
): SeriesEntry | undefined {
  let at = start;
  let length = 0;
  for (let scale = 1; ; scale *= 128) {
    if (at >= bytes.length) return undefined;
    if (at - start === 8) throw new CorruptionError(path, offset, "series length too long");
    const byte = bytes[at++]!;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  const end = at + length;
  if (end + 4 > bytes.length) return undefined;
  const reader = new ByteReader(path, bytes, end, end + 4, offset - start);
  const want = reader.u32();
  const got = crc32c(bytes, at, end);
  if (got !== want) {
    const sums = `crc ${got.toString(16)}, want ${want.toString(16)}`;
    throw new CorruptionError(path, offset, `series ${sums}`);
  }
  reader.at = at;
  reader.end = end;
  const labelCount = reader.uvarint();
  if (labelCount * 2 > length) reader.fail(`series with ${labelCount} labels in ${length} bytes`);
  const symbols: number[] = [];
  for (let i = 0; i < labelCount * 2; i++) symbols.push(reader.uvarint());
  const chunks: ChunkMeta[] = [];
  const firstRef = decodeChunkEntries(reader, filter, chunks);
  return { symbols, chunks, firstRef };
}

function decodeChunkEntries(reader: ByteReader, filter: SeriesFilter, out: ChunkMeta[]): number {
  const count = reader.uvarint();
  if (count === 0) return 0;
  let mint = reader.varint();
  let maxt = mint + reader.uvarint();
  let ref = reader.uvarint();
  const firstRef = ref;
  for (let i = 1; ; i++) {
    const isLast = i === count;
    const nextMint = isLast ? 0 : maxt + reader.uvarint();
    const nextMaxt = isLast ? 0 : nextMint + reader.uvarint();
    const nextRef = isLast ? 0 : ref + reader.varint();
    if (mint <= filter.maxt && maxt >= filter.mint) out.push({ ref, mint, maxt, bound: nextRef });
    if (isLast) return firstRef;
    mint = nextMint;
    maxt = nextMaxt;
    ref = nextRef;
  }
}

/** Appends the chunk list of a series entry: the count, then times and references as deltas. */
export function encodeChunkEntries(chunks: readonly ChunkEntry[], into: ByteWriter): void {
  into.uvarint(chunks.length);
  let maxt = 0;
  let ref = 0;
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i]!;
    if (i === 0) into.varint(chunk.mint);
    else into.uvarint(chunk.mint - maxt);
    into.uvarint(chunk.maxt - chunk.mint);
    if (i === 0) into.uvarint(chunk.ref);
    else into.varint(chunk.ref - ref);
    maxt = chunk.maxt;
    ref = chunk.ref;
  }
}
