// Hot path: one batch of series to and from bytes; about 50 ns a chunk besides copying its bytes,
// no allocation per chunk when encoding, one object per series and chunk when decoding.
import { ByteReader, ByteWriter } from "#pkg/encoding/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import type { Chunk, ChunkSeries } from "#pkg/storage/mod.ts";

/** First byte of a batch. Source: docs/format/series-batch.md. */
const VERSION = 2;
const PATH = "series batch";
/** A table of symbols that has grown beyond this is given up, so that both ends stay small. */
const SYMBOLS_MAX = 16_384;

/**
 * Builds the batches of one stream, one after the other. They must be decoded in this order, by one
 * `SeriesBatchDecoder`. Format: docs/format/series-batch.md.
 */
export class SeriesBatchEncoder {
  readonly #symbolIds = new Map<string, number>();
  readonly #symbols = new ByteWriter(4096);
  #symbolsBefore = 0;
  #isFresh = true;
  readonly #heads = new ByteWriter(4096);
  readonly #head = new ByteWriter(32);
  #chunks: Chunk[] = [];
  #chunkBytes = 0;
  #seriesCount = 0;

  /** Series added since the last `take`. */
  get seriesCount(): number {
    return this.#seriesCount;
  }

  /** Bytes that `take` would give, within a few. */
  get bytes(): number {
    return this.#symbols.length + this.#heads.length + this.#chunkBytes + 16;
  }

  /** Adds a series; its chunks' bytes are read at `take`, so they must stay as they are. */
  add(series: ChunkSeries): void {
    const { labels, chunks } = series;
    const heads = this.#heads;
    heads.uvarint(labels.length / 2);
    for (let i = 0; i < labels.length; i++) heads.uvarint(this.#symbolId(labels[i]!));
    heads.uvarint(chunks.length);
    let before = 0;
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i]!;
      heads.u8(chunk.encoding);
      heads.varint(chunk.mint - before);
      heads.uvarint(chunk.maxt - chunk.mint);
      heads.uvarint(chunk.end - chunk.start);
      before = chunk.maxt;
      this.#chunkBytes += chunk.end - chunk.start;
      this.#chunks.push(chunk);
    }
    this.#seriesCount++;
  }

  /** The batch as owned bytes; the encoder is ready for the next one. */
  take(): Uint8Array<ArrayBuffer> {
    const head = this.#head;
    head.clear();
    head.u8(VERSION);
    head.u8(this.#isFresh ? 1 : 0);
    head.uvarint(this.#symbolIds.size - this.#symbolsBefore);
    const symbols = this.#symbols.view();
    const middle = new ByteWriter(16);
    middle.uvarint(this.#seriesCount);
    const heads = this.#heads.view();
    const out = new Uint8Array(
      head.length + symbols.length + middle.length + heads.length + this.#chunkBytes,
    );
    let at = 0;
    for (const part of [head.view(), symbols, middle.view(), heads]) {
      out.set(part, at);
      at += part.length;
    }
    for (const { bytes, start, end } of this.#chunks) {
      out.set(bytes.subarray(start, end), at);
      at += end - start;
    }
    this.#next();
    return out;
  }

  #next(): void {
    this.#isFresh = this.#symbolIds.size > SYMBOLS_MAX;
    if (this.#isFresh) this.#symbolIds.clear();
    this.#symbolsBefore = this.#symbolIds.size;
    this.#symbols.clear();
    this.#heads.clear();
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#seriesCount = 0;
  }

  #symbolId(symbol: string): number {
    let id = this.#symbolIds.get(symbol);
    if (id === undefined) {
      id = this.#symbolIds.size;
      this.#symbolIds.set(symbol, id);
      this.#symbols.uvarintString(symbol);
    }
    return id;
  }
}

/** One batch, which begins and ends its stream, as owned bytes. */
export function encodeSeriesBatch(batch: readonly ChunkSeries[]): Uint8Array<ArrayBuffer> {
  const encoder = new SeriesBatchEncoder();
  for (const series of batch) encoder.add(series);
  return encoder.take();
}

/** Reads the batches of one stream, in order. */
export class SeriesBatchDecoder {
  readonly #symbols: string[] = [];

  /**
   * The series of the next batch. Chunks point into `bytes`, which the result thereby owns: do not
   * reuse it. Equal strings are one string. Raises `corruption` on anything but a whole, valid
   * batch; the content of chunks is not looked at.
   */
  decode(bytes: Uint8Array): ChunkSeries[] {
    const reader = new ByteReader(PATH, bytes);
    const version = reader.u8();
    if (version !== VERSION) reader.fail(`version ${version}, want ${VERSION}`);
    const fresh = reader.u8();
    if (fresh > 1) reader.fail(`flags ${fresh}, want 0 or 1`);
    const symbols = this.#symbols;
    if (fresh === 1) symbols.length = 0;
    for (let left = count(reader, 1); left > 0; left--) symbols.push(reader.uvarintString());
    return readSeries(reader, symbols);
  }
}

/** The series of a batch that is a stream of its own; see `SeriesBatchDecoder`. */
export function decodeSeriesBatch(bytes: Uint8Array): ChunkSeries[] {
  return new SeriesBatchDecoder().decode(bytes);
}

function readSeries(reader: ByteReader, symbols: readonly string[]): ChunkSeries[] {
  const seriesCount = count(reader, 2);
  const out = new Array<ChunkSeries>(seriesCount);
  // Offsets are first counted from where the chunk bytes will turn out to begin.
  let at = 0;
  const chunks: MutableChunk[] = [];
  for (let i = 0; i < seriesCount; i++) {
    const labels = readLabels(reader, symbols);
    const own: MutableChunk[] = [];
    let before = 0;
    for (let left = count(reader, 4); left > 0; left--) {
      const chunk = readChunk(reader, before, at);
      before = chunk.maxt;
      at = chunk.end;
      own.push(chunk);
      chunks.push(chunk);
    }
    out[i] = { labels, chunks: own };
  }
  if (reader.remaining !== at) {
    reader.fail(`want ${at} bytes of chunks, got ${reader.remaining}`);
  }
  for (const chunk of chunks) {
    chunk.start += reader.at;
    chunk.end += reader.at;
  }
  return out;
}

type MutableChunk = { -readonly [K in keyof Chunk]: Chunk[K] };

/** A number of things that take at least `least` bytes each, so that it cannot be absurd. */
function count(reader: ByteReader, least: number): number {
  const value = reader.uvarint();
  if (value * least > reader.remaining) {
    reader.fail(`count ${value} in ${reader.remaining} bytes`);
  }
  return value;
}

function readLabels(reader: ByteReader, symbols: readonly string[]): Labels {
  const length = 2 * count(reader, 2);
  const labels = new Array<string>(length);
  for (let i = 0; i < length; i++) {
    const id = reader.uvarint();
    if (id >= symbols.length) reader.fail(`symbol ${id} of ${symbols.length}`);
    labels[i] = symbols[id]!;
  }
  return labels;
}

function readChunk(reader: ByteReader, before: number, start: number): MutableChunk {
  const encoding = reader.u8();
  const mint = before + reader.varint();
  const maxt = mint + reader.uvarint();
  if (!Number.isSafeInteger(mint) || !Number.isSafeInteger(maxt)) {
    reader.fail("time beyond 2^53");
  }
  const end = start + reader.uvarint();
  if (end > reader.remaining) reader.fail(`chunks of ${end} bytes in ${reader.remaining}`);
  return { encoding, mint, maxt, bytes: reader.bytes, start, end };
}
