import { CorruptionError, NarthexError } from "#pkg/errs/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { aggregateChunk, splitAggrChunk } from "./aggregate.ts";
import {
  decodeFloatHistogram,
  decodeFloatHistogramSt,
  decodeHistogram,
  decodeHistogramSt,
} from "./histogram-decode.ts";
import { decodeXor } from "./xor-decode.ts";
import { decodeXor2 } from "./xor2-decode.ts";

/**
 * Appends all samples of `chunk` to `into`; of a downsampled one, its averages. Raises `corruption` on
 * bytes that are not what the encoding says, and `execution` naming the encoding where it is unknown,
 * or the aggregate that a downsampled chunk would have to have.
 */
export function decodeChunk(chunk: Chunk, into: SampleColumns, path?: string): void {
  switch (chunk.encoding) {
    case ChunkEncoding.xor:
      decodeXor(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.xor2:
      decodeXor2(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.histogram:
      decodeHistogram(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.floatHistogram:
      decodeFloatHistogram(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.histogramSt:
      decodeHistogramSt(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.floatHistogramSt:
      decodeFloatHistogramSt(chunk.bytes, chunk.start, chunk.end, into, path);
      return;
    case ChunkEncoding.aggregate:
      decodeAverage(chunk, into, path);
      return;
    default:
      throw new NarthexError("execution", `decode chunk: unknown encoding ${chunk.encoding}`, {
        detail: { encoding: chunk.encoding },
      });
  }
}

/**
 * Appends the averages of a downsampled chunk, sums by counts, to `into`: what a query gets that asks
 * for no aggregate, as from Thanos. Errors: `execution` where one of the two is missing, `corruption` also where their times
 * differ; `into` is then as it was.
 */
function decodeAverage(chunk: Chunk, into: SampleColumns, path = "chunk"): void {
  const chunks = splitAggrChunk(chunk, path);
  const counts = new SampleColumns();
  decodeChunk(aggregateChunk(chunks, "count"), counts, path);
  const sum = aggregateChunk(chunks, "sum");
  const before = into.length;
  decodeChunk(sum, into, path);
  if (!isAligned(counts, into, before)) {
    into.truncate(before);
    throw new CorruptionError(path, sum.start, "sums and counts have different times");
  }
  for (let i = 0; i < counts.length; i++) {
    const histogram = into.histograms?.[before + i];
    if (histogram !== undefined) histogram.div(counts.values[i]!);
    else if (!into.isStale(before + i)) into.values[before + i]! /= counts.values[i]!;
  }
}

/** True if `counts` are floats at the times of what `into` has from `from` on. */
function isAligned(counts: SampleColumns, into: SampleColumns, from: number): boolean {
  if (into.length - from !== counts.length || counts.histograms !== undefined) return false;
  for (let i = 0; i < counts.length; i++) {
    if (counts.timestamps[i] !== into.timestamps[from + i]) return false;
  }
  return true;
}
