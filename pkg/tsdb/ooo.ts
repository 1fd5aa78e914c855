import { encodeXor } from "#pkg/chunkenc/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";

const SAMPLES_PER_CHUNK = 120;

/** Out-of-order samples of one series: sorted, each timestamp once; the first value stays. */
export class OooSamples {
  readonly columns = new SampleColumns(8);

  /** Inserts a sample; false if the timestamp is there already. Cost: the samples after it. */
  insert(t: number, hi: number, lo: number): boolean {
    const columns = this.columns;
    let low = 0;
    let high = columns.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (columns.timestamps[middle]! < t) low = middle + 1;
      else high = middle;
    }
    if (low < columns.length && columns.timestamps[low] === t) return false;
    columns.reserve(columns.length + 1);
    columns.timestamps.copyWithin(low + 1, low, columns.length);
    columns.bits.copyWithin(2 * low + 2, 2 * low, 2 * columns.length);
    columns.timestamps[low] = t;
    columns.bits[2 * low] = lo;
    columns.bits[2 * low + 1] = hi;
    columns.length++;
    return true;
  }

  /** The index of the first sample at or after `t`. */
  firstFrom(t: number): number {
    let i = 0;
    while (i < this.columns.length && this.columns.timestamps[i]! < t) i++;
    return i;
  }
}

/** An XOR chunk that owns `bytes`. */
export function xorChunk(mint: number, maxt: number, bytes: Uint8Array): Chunk {
  return { encoding: ChunkEncoding.xor, mint, maxt, bytes, start: 0, end: bytes.length };
}

/** Entries `[from, to)` of `columns` as full XOR chunks and a rest. */
export function encodeChunks(columns: SampleColumns, from: number, to: number): Chunk[] {
  const out: Chunk[] = [];
  for (let start = from; start < to; start += SAMPLES_PER_CHUNK) {
    const end = Math.min(to, start + SAMPLES_PER_CHUNK);
    const { timestamps } = columns;
    out.push(xorChunk(timestamps[start]!, timestamps[end - 1]!, encodeXor(columns, start, end)));
  }
  return out;
}

/** Appends the samples with `mint <= t <= maxt` to `out`, as chunks. */
export function addOutOfOrder(
  samples: OooSamples | undefined,
  mint: number,
  maxt: number,
  out: Chunk[],
): void {
  if (samples === undefined) return;
  const from = samples.firstFrom(mint);
  let to = from;
  while (to < samples.columns.length && samples.columns.timestamps[to]! <= maxt) to++;
  out.push(...encodeChunks(samples.columns, from, to));
}
