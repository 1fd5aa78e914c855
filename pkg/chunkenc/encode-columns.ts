import { type Chunk, ChunkEncoding, type SampleColumns } from "#pkg/storage/mod.ts";
import { encodeHistograms } from "./histogram-encode.ts";
import { encodeXor } from "./xor-encode.ts";

/**
 * The chunks of entries `[from, to)` of `columns`, whatever they are: floats as XOR chunks of about
 * equal length and at most `samplesMax` samples, histograms as `encodeHistograms` cuts them. A stale
 * marker goes with what is before it.
 */
export function encodeColumns(
  columns: SampleColumns,
  from: number,
  to: number,
  options: { readonly samplesMax: number; readonly integer: boolean },
): Chunk[] {
  const out: Chunk[] = [];
  for (let start = from; start < to; ) {
    const isHistogram = columns.isHistogram(start);
    let end = start + 1;
    while (end < to && (columns.isHistogram(end) === isHistogram || isStale(columns, end))) end++;
    if (isHistogram) out.push(...encodeHistograms(columns, start, end, options.integer));
    else pushFloats(columns, start, end, options.samplesMax, out);
    start = end;
  }
  return out;
}

function isStale(columns: SampleColumns, i: number): boolean {
  return !columns.isHistogram(i) && columns.isStale(i);
}

function pushFloats(
  columns: SampleColumns,
  from: number,
  to: number,
  samplesMax: number,
  out: Chunk[],
): void {
  const count = Math.ceil((to - from) / samplesMax);
  for (let i = 0; i < count; i++) {
    const first = from + Math.floor(((to - from) * i) / count);
    const end = from + Math.floor(((to - from) * (i + 1)) / count);
    const bytes = encodeXor(columns, first, end);
    out.push({
      encoding: ChunkEncoding.xor,
      mint: columns.timestamps[first]!,
      maxt: columns.timestamps[end - 1]!,
      bytes,
      start: 0,
      end: bytes.length,
    });
  }
}
