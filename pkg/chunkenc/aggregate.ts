import { ByteReader } from "#pkg/encoding/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { type Chunk, ChunkEncoding } from "#pkg/storage/mod.ts";

/** The aggregates of a downsampled chunk, in the order in which it holds them. */
export const AGGREGATES = ["count", "sum", "min", "max", "counter"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** The chunks of a downsampled chunk; not every one has all. */
export type AggregateChunks = Readonly<Partial<Record<Aggregate, Chunk>>>;

/**
 * The chunks that a chunk downsampled by Thanos (encoding 0xff) is made of: ordinary ones, but for that
 * of the counter, see `aggregateSeries`. They share its bytes and times. Errors: `corruption`, naming
 * `path`. Source: docs/format/chunks.md#aggregates.
 */
export function splitAggrChunk(chunk: Chunk, path = "chunk"): AggregateChunks {
  const { bytes, start, end, mint, maxt } = chunk;
  const reader = new ByteReader(path, bytes, start, end);
  const out: Partial<Record<Aggregate, Chunk>> = {};
  for (const name of AGGREGATES) {
    const length = reader.uvarint();
    if (length === 0) continue;
    const encoding = reader.u8();
    if (encoding === ChunkEncoding.aggregate) reader.fail("aggregate within an aggregate");
    const from = reader.at;
    reader.skip(length);
    out[name] = { encoding, mint, maxt, bytes, start: from, end: reader.at };
  }
  if (reader.remaining > 0) reader.fail(`${reader.remaining} bytes behind the aggregates`);
  return out;
}

/** True if the chunk is a downsampled one. */
export function isAggregate({ encoding }: Pick<Chunk, "encoding">): boolean {
  return encoding === ChunkEncoding.aggregate;
}

/** The chunk of `aggregate`; `execution` where a downsampled chunk does not have it. */
export function aggregateChunk(chunks: AggregateChunks, aggregate: Aggregate): Chunk {
  const chunk = chunks[aggregate];
  if (chunk !== undefined) return chunk;
  throw new NarthexError("execution", `read downsampled block: aggregate ${aggregate} needed`, {
    detail: { aggregate },
  });
}
