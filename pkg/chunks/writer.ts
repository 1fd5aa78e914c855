import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ByteWriter, crc32c } from "#pkg/encoding/mod.ts";
import { assert } from "#pkg/errs/mod.ts";
import { FileSink, syncDir } from "#pkg/fsutil/mod.ts";
import type { Chunk } from "#pkg/storage/mod.ts";
import {
  CHUNK_OVERHEAD_BYTES_MAX,
  CHUNKS_MAGIC,
  CHUNKS_VERSION,
  chunkRef,
  SEGMENT_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
  segmentName,
} from "./format.ts";

/**
 * Writes chunks to the segment files `000001`, `000002`, … of a folder, front to back, holding
 * about a megabyte. Source: docs/format/chunks.md.
 */
export class ChunkWriter {
  readonly #folder: string;
  readonly #segmentBytesMax: number;
  readonly #scratch = new ByteWriter(64);
  #sink: FileSink | undefined;
  #segments = 0;
  #bytes = 0;

  /** @param segmentBytesMax 512 MiB unless a test wants small segments. */
  constructor(folder: string, segmentBytesMax = SEGMENT_BYTES_MAX) {
    assert(segmentBytesMax <= SEGMENT_BYTES_MAX, "segments are at most 512 MiB");
    this.#folder = folder;
    this.#segmentBytesMax = segmentBytesMax;
  }

  /** Bytes of all segments so far. */
  get byteLength(): number {
    return this.#bytes + (this.#sink?.position ?? 0);
  }

  /** Files begun so far. */
  get segmentCount(): number {
    return this.#segments;
  }

  /** Writes the chunks of one series and appends their references, which ascend, to `refs`. */
  async append(chunks: readonly Chunk[], refs: number[]): Promise<void> {
    for (const chunk of chunks) {
      const size = chunk.end - chunk.start + CHUNK_OVERHEAD_BYTES_MAX;
      let sink = this.#sink;
      if (!sink || sink.position + size > this.#segmentBytesMax) sink = await this.#cut();
      refs.push(chunkRef(this.#segments - 1, sink.position));
      this.#put(sink, chunk);
    }
    if (this.#sink?.isDue) await this.#sink.drain();
  }

  /** Syncs all that was written. Without chunks there is still the (empty) folder. */
  async finish(): Promise<void> {
    await this.#close();
    await mkdir(this.#folder, { recursive: true });
    await syncDir(this.#folder);
  }

  /** Lets go of the open file; what was written is to be deleted by the caller. */
  async abandon(): Promise<void> {
    await this.#sink?.abandon();
    this.#sink = undefined;
  }

  #put(sink: FileSink, chunk: Chunk): void {
    const scratch = this.#scratch;
    scratch.clear();
    scratch.uvarint(chunk.end - chunk.start);
    scratch.u8(chunk.encoding);
    const head = scratch.length;
    const sum = crc32c(scratch.bytes, head - 1, head);
    scratch.u32(crc32c(chunk.bytes, chunk.start, chunk.end, sum));
    sink.append(scratch.bytes, 0, head);
    sink.append(chunk.bytes, chunk.start, chunk.end);
    sink.append(scratch.bytes, head, head + 4);
  }

  async #cut(): Promise<FileSink> {
    await this.#close();
    if (this.#segments === 0) await mkdir(this.#folder, { recursive: true });
    const sink = await FileSink.create(join(this.#folder, segmentName(this.#segments)));
    this.#segments++;
    const header = new ByteWriter(SEGMENT_HEADER_BYTES);
    header.u32(CHUNKS_MAGIC);
    header.u8(CHUNKS_VERSION);
    sink.append(header.view());
    sink.pad(SEGMENT_HEADER_BYTES);
    this.#sink = sink;
    return sink;
  }

  async #close(): Promise<void> {
    const sink = this.#sink;
    if (!sink) return;
    this.#sink = undefined;
    this.#bytes += sink.position;
    await sink.finish();
  }
}
