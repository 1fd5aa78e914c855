import { ByteReader, crc32c } from "#pkg/encoding/mod.ts";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { type CoalesceOptions, type RandomAccess, readRanges } from "#pkg/fsutil/mod.ts";
import type { Chunk } from "#pkg/storage/mod.ts";
import {
  CHUNK_OVERHEAD_BYTES_MAX,
  CHUNKS_MAGIC,
  CHUNKS_VERSION,
  offsetOf,
  SEGMENT_HEADER_BYTES,
  segmentName,
  segmentOf,
} from "./format.ts";

/** What the index knows of a chunk. Times in ms, both ends inclusive. */
export interface ChunkMeta {
  readonly ref: number;
  readonly mint: number;
  readonly maxt: number;
  /** A reference at or behind the chunk's end, where one is known; else 0. Saves reading. */
  readonly bound: number;
}

/** How a chunk reader reads. */
export interface ChunkReaderOptions extends CoalesceOptions {
  /** How much to read of a chunk whose end is not known; a longer one takes a second read. */
  readonly guessBytes: number;
}

/** A chunk of 120 samples seldom takes more than this. */
export const CHUNK_GUESS_BYTES = 1024;

/** Reads chunks from the segments of a block, checksums verified. */
export class ChunkReader {
  readonly #segments: readonly RandomAccess[];
  readonly #options: ChunkReaderOptions;

  /** @param segments in order; they stay the caller's to close. */
  constructor(segments: readonly RandomAccess[], options: ChunkReaderOptions) {
    this.#segments = segments;
    this.#options = options;
  }

  /** Reads the header of every segment; `corruption` where one is no segment file. */
  async verifyHeaders(signal?: AbortSignal): Promise<void> {
    for (const segment of this.#segments) {
      const bytes = await segment.read(0, Math.min(SEGMENT_HEADER_BYTES, segment.size), signal);
      const reader = new ByteReader(segment.path, bytes);
      const magic = reader.u32();
      if (magic !== CHUNKS_MAGIC) {
        throw new CorruptionError(segment.path, 0, `magic ${magic.toString(16)}, want 85bd40dd`);
      }
      const version = reader.u8();
      if (version !== CHUNKS_VERSION) reader.fail(`chunk format version ${version}, want 1`);
    }
  }

  /**
   * Reads the chunks of `metas`, in their order. Chunks share the buffers they were read into.
   * Errors: `corruption` for a bad checksum or reference.
   */
  async read(metas: readonly ChunkMeta[], signal?: AbortSignal): Promise<Chunk[]> {
    const out = new Array<Chunk>(metas.length);
    const bySegment = new Map<number, number[]>();
    for (let i = 0; i < metas.length; i++) {
      const segment = segmentOf(metas[i]!.ref);
      const list = bySegment.get(segment);
      if (list) list.push(i);
      else bySegment.set(segment, [i]);
    }
    for (const [segment, indexes] of bySegment) {
      await this.#readSegment(segment, indexes, metas, out, signal);
    }
    return out;
  }

  async #readSegment(
    segment: number,
    indexes: readonly number[],
    metas: readonly ChunkMeta[],
    out: Chunk[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const access = this.#segments[segment];
    if (!access) {
      const count = this.#segments.length;
      throw new CorruptionError(segmentName(segment), 0, `no such segment, got ${count}`);
    }
    const starts = new Float64Array(indexes.length);
    const ends = new Float64Array(indexes.length);
    for (let k = 0; k < indexes.length; k++) {
      const { ref, bound } = metas[indexes[k]!]!;
      starts[k] = offsetOf(ref);
      if (starts[k]! >= access.size) {
        throw new CorruptionError(access.path, starts[k]!, "chunk reference behind the end");
      }
      const isBounded = bound > ref && segmentOf(bound) === segment;
      ends[k] = isBounded ? offsetOf(bound) : starts[k]! + this.#options.guessBytes;
    }
    const ranges = await readRanges(access, starts, ends, this.#options, signal);
    for (let k = 0; k < indexes.length; k++) {
      const i = indexes[k]!;
      const { bytes, start } = ranges[k]!;
      out[i] =
        parseChunk(access, bytes, start, starts[k]!, metas[i]!) ??
        (await readAlone(access, starts[k]!, metas[i]!, signal));
    }
  }
}

/** The chunk that begins at `bytes[start]`, or undefined where it goes on behind `bytes`. */
function parseChunk(
  access: RandomAccess,
  bytes: Uint8Array,
  start: number,
  offset: number,
  meta: ChunkMeta,
): Chunk | undefined {
  let at = start;
  let length = 0;
  for (let shift = 1; ; shift *= 128) {
    if (at >= bytes.length) return undefined;
    if (at - start === 5) throw new CorruptionError(access.path, offset, "chunk length too long");
    const byte = bytes[at++]!;
    length += (byte & 0x7f) * shift;
    if (byte < 0x80) break;
  }
  const end = at + 1 + length;
  if (end + 4 > bytes.length) return undefined;
  const want =
    ((bytes[end]! << 24) | (bytes[end + 1]! << 16) | (bytes[end + 2]! << 8) | bytes[end + 3]!) >>>
    0;
  const got = crc32c(bytes, at, end);
  if (got !== want) {
    const sums = `crc ${got.toString(16)}, want ${want.toString(16)}`;
    throw new CorruptionError(access.path, offset, `chunk ${sums}`);
  }
  return {
    encoding: bytes[at]!,
    mint: meta.mint,
    maxt: meta.maxt,
    bytes,
    start: at + 1,
    end,
  };
}

async function readAlone(
  access: RandomAccess,
  offset: number,
  meta: ChunkMeta,
  signal: AbortSignal | undefined,
): Promise<Chunk> {
  const rest = access.size - offset;
  const head = await access.read(offset, Math.min(CHUNK_OVERHEAD_BYTES_MAX, rest), signal);
  const reader = new ByteReader(access.path, head, 0, head.length, offset);
  const length = reader.uvarint() + reader.at + 5;
  if (length > rest) reader.fail(`chunk of ${length} bytes, got ${rest}`);
  const bytes = await access.read(offset, length, signal);
  return parseChunk(access, bytes, 0, offset, meta)!;
}
