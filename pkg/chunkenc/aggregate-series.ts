import { type Chunk, ChunkEncoding, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { type Aggregate, aggregateChunk, isAggregate, splitAggrChunk } from "./aggregate.ts";
import { decodeChunk } from "./decode.ts";
import { encodeColumns } from "./encode-columns.ts";
import { decodeXorRepeating } from "./xor-plain.ts";

/** Samples in a chunk that is encoded anew. */
const SAMPLES_PER_CHUNK = 120;

/**
 * One aggregate of a series as ordinary chunks; chunks that are not downsampled stay as they are. The
 * counter is put together over all chunks of the series, so that a reset inside one or between two does
 * not show as one. Errors: `execution` where a chunk does not have the aggregate, `corruption`.
 */
export function aggregateSeries(series: ChunkSeries, aggregate: Aggregate): ChunkSeries {
  const { labels } = series;
  const chunks = series.chunks.map((chunk) => aggregateOf(chunk, aggregate));
  if (aggregate !== "counter") return { labels, chunks };
  if (!series.chunks.some(isAggregate)) return series;
  return { labels, chunks: joinCounters(chunks) };
}

function aggregateOf(chunk: Chunk, aggregate: Aggregate): Chunk {
  if (!isAggregate(chunk)) return chunk;
  return aggregateChunk(splitAggrChunk(chunk), aggregate);
}

/**
 * The counters of chunks in order, as one that never resets. A chunk counts resets inside it up from its
 * first value; its last sample repeats the time before it with the value that the source really had, to
 * which the next chunk is compared. Histograms are passed on.
 */
function joinCounters(chunks: readonly Chunk[]): Chunk[] {
  const out: Chunk[] = [];
  const total = new CounterTotal();
  const flush = (): void => {
    const { columns } = total;
    const options = { samplesMax: SAMPLES_PER_CHUNK, integer: false };
    out.push(...encodeColumns(columns, 0, columns.length, options));
    columns.clear();
  };
  const columns = new SampleColumns();
  for (const chunk of chunks) {
    const { encoding, bytes, start, end } = chunk;
    columns.clear();
    if (encoding === ChunkEncoding.xor) decodeXorRepeating(bytes, start, end, columns, "chunk");
    else decodeChunk(chunk, columns);
    if (columns.histograms === undefined) total.add(columns);
    else {
      flush();
      out.push(chunk);
    }
  }
  flush();
  return out;
}

/** A counter without resets; see `joinCounters`. */
class CounterTotal {
  readonly columns = new SampleColumns();
  #time = Number.NEGATIVE_INFINITY;
  #value = 0;
  #total = 0;

  /** Adds samples in their order; those that are no number, or earlier than the last, are left out. */
  add({ timestamps, values, length }: SampleColumns): void {
    for (let i = 0; i < length; i++) {
      const t = timestamps[i]!;
      const value = values[i]!;
      if (Number.isNaN(value) || t < this.#time) continue;
      if (t > this.#time) {
        this.#total += value >= this.#value ? value - this.#value : value;
        this.#time = t;
        this.columns.push(t, this.#total);
      }
      this.#value = value;
    }
  }
}
