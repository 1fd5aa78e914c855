import { type Chunk, ChunkEncoding, type SampleColumns } from "#pkg/storage/mod.ts";
import { encodeHistograms } from "./histogram-encode.ts";
import { hasStarts } from "./start-times.ts";
import { encodeXor } from "./xor-encode.ts";
import { encodeXor2 } from "./xor2-encode.ts";

/**
 * How floats are written that have no start timestamps; those that have some are always XOR2.
 * Prometheus before 3.14 reads XOR only.
 */
export type FloatEncoding = "xor" | "xor2";

/** How `encodeColumns` writes. */
export interface EncodeColumnsOptions {
  /** Floats in a chunk at most. */
  readonly samplesMax: number;
  /** Whether all counts of histograms are whole numbers. */
  readonly integer: boolean;
  /** @default "xor" */
  readonly floatEncoding?: FloatEncoding;
}

/**
 * The chunks of entries `[from, to)` of `columns`, whatever they are: floats as chunks of about equal
 * length, histograms as `encodeHistograms` cuts them. A stale marker goes with what is before it.
 * Start timestamps are kept.
 */
export function encodeColumns(
  columns: SampleColumns,
  from: number,
  to: number,
  options: EncodeColumnsOptions,
): Chunk[] {
  const out: Chunk[] = [];
  for (let start = from; start < to; ) {
    const isHistogram = columns.isHistogram(start);
    let end = start + 1;
    while (end < to && (columns.isHistogram(end) === isHistogram || isStale(columns, end))) end++;
    if (isHistogram) out.push(...encodeHistograms(columns, start, end, options.integer));
    else pushFloats(columns, start, end, options, out);
    start = end;
  }
  return out;
}

/**
 * The one chunk of entries `[from, to)`, at least one and at most 65,535, all floats: of the encoding
 * asked for, or XOR2 where there are start timestamps.
 */
export function encodeFloats(
  columns: SampleColumns,
  from: number,
  to: number,
  encoding: FloatEncoding,
): Chunk {
  const isXor2 = encoding === "xor2" || hasStarts(columns, from, to);
  const bytes = isXor2 ? encodeXor2(columns, from, to) : encodeXor(columns, from, to);
  return {
    encoding: isXor2 ? ChunkEncoding.xor2 : ChunkEncoding.xor,
    mint: columns.timestamps[from]!,
    maxt: columns.timestamps[to - 1]!,
    bytes,
    start: 0,
    end: bytes.length,
  };
}

function isStale(columns: SampleColumns, i: number): boolean {
  return !columns.isHistogram(i) && columns.isStale(i);
}

function pushFloats(
  columns: SampleColumns,
  from: number,
  to: number,
  options: EncodeColumnsOptions,
  out: Chunk[],
): void {
  const { samplesMax, floatEncoding = "xor" } = options;
  const count = Math.ceil((to - from) / samplesMax);
  for (let i = 0; i < count; i++) {
    const first = from + Math.floor(((to - from) * i) / count);
    const end = from + Math.floor(((to - from) * (i + 1)) / count);
    out.push(encodeFloats(columns, first, end, floatEncoding));
  }
}
