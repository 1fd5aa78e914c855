import { decodeChunk, encodeColumns } from "#pkg/chunkenc/mod.ts";
import { type Chunk, ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";

/** Floats in a chunk at most, as in the head. */
const SAMPLES_MAX = 240;

/** From when on the samples of a series have which start timestamp; ms, 0 for none. */
interface Runs {
  readonly times: number[];
  readonly starts: number[];
}

/**
 * Start timestamps of the series that have some, beside their rows and open chunks, which are those of
 * all others. A start stays for as long as what is measured runs, so they are kept as runs, of the open
 * chunk and what comes: closed chunks have theirs within (XOR2, or histograms with starts).
 */
export class HeadStarts {
  readonly #runs = new Map<number, Runs>();
  readonly #columns = new SampleColumns();

  /** How many series there are. */
  get size(): number {
    return this.#runs.size;
  }

  has(ref: number): boolean {
    return this.#runs.size > 0 && this.#runs.has(ref);
  }

  /**
   * A sample that is newer than all others of its series has this start, 0 for none. True if that is
   * another one than before, which a log must hold.
   */
  note(ref: number, t: number, start: number): boolean {
    const runs = this.#runs.get(ref);
    if (runs === undefined) {
      if (start === 0) return false;
      this.#runs.set(ref, { times: [t], starts: [start] });
      return true;
    }
    const last = runs.times.length - 1;
    // Older ones come from a log that repeats what a checkpoint holds.
    if (t <= runs.times[last]! || start === runs.starts[last]) return false;
    runs.times.push(t);
    runs.starts.push(start);
    return true;
  }

  /** The newest run of a series, if it has any. */
  newest(ref: number): { readonly t: number; readonly start: number } | undefined {
    const runs = this.#runs.get(ref);
    if (runs === undefined) return undefined;
    return { t: runs.times.at(-1)!, start: runs.starts.at(-1)! };
  }

  /** The chunk with the start timestamps of its samples: as it is where they have none. */
  apply(ref: number, chunk: Chunk): readonly Chunk[] {
    const runs = this.#runs.get(ref);
    if (runs === undefined) return [chunk];
    const columns = this.#columns;
    columns.clear();
    decodeChunk(chunk, columns, "head");
    let run = -1;
    for (let i = 0; i < columns.length; i++) {
      const t = columns.timestamps[i]!;
      while (run + 1 < runs.times.length && runs.times[run + 1]! <= t) run++;
      if (run >= 0) columns.setStart(i, runs.starts[run]!);
    }
    if (columns.starts === undefined) return [chunk];
    const integer = chunk.encoding === ChunkEncoding.histogram;
    return encodeColumns(columns, 0, columns.length, { samplesMax: SAMPLES_MAX, integer });
  }

  /** As `apply`, for a chunk that is closed: what was known of its samples is forgotten. */
  take(ref: number, chunk: Chunk): readonly Chunk[] {
    const runs = this.#runs.get(ref);
    if (runs === undefined) return [chunk];
    const out = this.apply(ref, chunk);
    let first = 0;
    while (first + 1 < runs.times.length && runs.times[first + 1]! <= chunk.maxt) first++;
    runs.times.splice(0, first);
    runs.starts.splice(0, first);
    if (runs.times.length === 1 && runs.starts[0] === 0) this.#runs.delete(ref);
    return out;
  }

  /** Forgets a series, of which no chunk is open. */
  leave(ref: number): void {
    this.#runs.delete(ref);
  }
}
