import { encodeFloats, encodeHistograms } from "#pkg/chunkenc/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Chunk, SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { isWhole } from "./head-histograms.ts";

const SAMPLES_PER_CHUNK = 120;

/** Samples of a part, above which it is split; an insert moves at most so many. */
const PART_SAMPLES_MAX = 512;

/**
 * Out-of-order samples of one series: sorted, each timestamp once; the first value stays, but for a stale marker. They lie
 * in parts, none empty, so that samples which come backwards do not move all others each time.
 */
export class OooSamples {
  readonly #parts: SampleColumns[] = [];
  length = 0;
  /** Samples that inserts have moved, for tests. */
  movedSamples = 0;

  /** Oldest time, ms; `Infinity` where there are no samples. */
  get mint(): number {
    return this.#parts[0]?.timestamps[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Newest time, ms; `-Infinity` where there are no samples. */
  get maxt(): number {
    const last = this.#parts[this.#parts.length - 1];
    return last?.timestamps[last.length - 1] ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Inserts a sample, of which the bits mean nothing if it is a histogram; false if the timestamp is
   * there already, with a value.
   */
  insert(t: number, hi: number, lo: number, histogram?: FloatHistogram): boolean {
    const index = this.#partOf(t);
    const part = this.#parts[index];
    if (part === undefined) {
      this.#parts.push(new SampleColumns(8));
      return this.insert(t, hi, lo, histogram);
    }
    const at = firstFrom(part, t);
    if (at < part.length && part.timestamps[at] === t) {
      // As where chunks overlap: a value comes before a stale marker.
      if (part.isHistogram(at) || !part.isStale(at) || isStaleMarker(hi, lo)) return false;
      part.bits[2 * at] = lo;
      part.bits[2 * at + 1] = hi;
      if (histogram !== undefined) putHistogram(part, at, 1, histogram);
      return true;
    }
    if (part.length === PART_SAMPLES_MAX) {
      this.#split(index, part);
      return this.insert(t, hi, lo, histogram);
    }
    part.reserve(part.length + 1);
    part.timestamps.copyWithin(at + 1, at, part.length);
    part.bits.copyWithin(2 * at + 2, 2 * at, 2 * part.length);
    this.movedSamples += part.length - at;
    part.timestamps[at] = t;
    part.bits[2 * at] = lo;
    part.bits[2 * at + 1] = hi;
    if (histogram !== undefined || part.histograms !== undefined) {
      putHistogram(part, at, 0, histogram);
    }
    part.length++;
    this.length++;
    return true;
  }

  /** The part that a sample belongs to: the last that begins at or before it, or the first. */
  #partOf(t: number): number {
    let low = 0;
    let high = this.#parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#parts[middle]!.timestamps[0]! <= t) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Moves the upper half to a new part; nothing of the last one, which mostly grows at its end. */
  #split(index: number, part: SampleColumns): void {
    const keep = index === this.#parts.length - 1 ? part.length - 1 : part.length >>> 1;
    const upper = new SampleColumns(PART_SAMPLES_MAX >>> 1);
    copyInto(part, keep, part.length, upper);
    part.truncate(keep);
    this.#parts.splice(index + 1, 0, upper);
    this.movedSamples += upper.length;
  }

  /** Appends the samples with `mint <= t <= maxt` to `into`, which must end before them. */
  copy(mint: number, maxt: number, into: SampleColumns): void {
    for (let i = this.#partOf(mint); i < this.#parts.length; i++) {
      const part = this.#parts[i]!;
      if (part.timestamps[0]! > maxt) return;
      copyInto(part, firstFrom(part, mint), lastTo(part, maxt), into);
    }
  }

  /** Calls `each` with every sample in order of time. */
  visit(
    each: (t: number, hi: number, lo: number, histogram: FloatHistogram | undefined) => void,
  ): void {
    for (const { timestamps, bits, histograms, length } of this.#parts) {
      for (let i = 0; i < length; i++) {
        each(timestamps[i]!, bits[2 * i + 1]!, bits[2 * i]!, histograms?.[i]);
      }
    }
  }
}

/** Puts an entry into the column of histograms at `at`, in the place of `replaced` others. */
function putHistogram(
  part: SampleColumns,
  at: number,
  replaced: number,
  histogram: FloatHistogram | undefined,
): void {
  part.histograms ??= [];
  if (part.histograms.length < part.length) part.histograms.length = part.length;
  part.histograms.splice(at, replaced, histogram);
}

/** True if these are the bits of the stale marker. */
export function isStaleMarker(hi: number, lo: number): boolean {
  return hi >>> 0 === STALE_HI && lo >>> 0 === STALE_LO;
}

/** The index of the first sample at or after `t`. */
function firstFrom({ timestamps, length }: SampleColumns, t: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamps[middle]! < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index after the last sample at or before `t`. */
function lastTo(columns: SampleColumns, t: number): number {
  const at = firstFrom(columns, t);
  return at < columns.length && columns.timestamps[at] === t ? at + 1 : at;
}

function copyInto(source: SampleColumns, from: number, to: number, into: SampleColumns): void {
  if (to <= from) return;
  const at = into.length;
  into.reserve(at + to - from);
  into.timestamps.set(source.timestamps.subarray(from, to), at);
  into.bits.set(source.bits.subarray(2 * from, 2 * to), 2 * at);
  into.length = at + to - from;
  const { histograms } = source;
  if (histograms === undefined) return;
  for (let i = from; i < to; i++) {
    if (histograms[i] !== undefined) (into.histograms ??= [])[at + i - from] = histograms[i];
  }
}

/** Entries `[from, to)` of `columns` as full chunks and a rest. */
export function encodeChunks(columns: SampleColumns, from: number, to: number): Chunk[] {
  const out: Chunk[] = [];
  if (columns.histograms === undefined) pushFloats(columns, from, to, out);
  else {
    for (let start = from; start < to; ) {
      const kind = kindOf(columns, start);
      let end = start + 1;
      const isPartOf = (i: number): boolean =>
        kindOf(columns, i) === kind || (!columns.isHistogram(i) && columns.isStale(i));
      while (end < to && isPartOf(end)) end++;
      if (kind === Kind.float) pushFloats(columns, start, end, out);
      else pushHistograms(columns, start, end, out);
      start = end;
    }
  }
  return out;
}

const Kind = { float: 0, integers: 1, floats: 2 } as const;

function kindOf(columns: SampleColumns, i: number): number {
  const h = columns.histograms?.[i];
  if (h === undefined) return Kind.float;
  return isWhole(h) ? Kind.integers : Kind.floats;
}

/** Histograms of one kind, and stale markers behind them. */
function pushHistograms(columns: SampleColumns, from: number, to: number, out: Chunk[]): void {
  const integer = kindOf(columns, from) === Kind.integers;
  for (let start = from; start < to; start += SAMPLES_PER_CHUNK) {
    const end = Math.min(to, start + SAMPLES_PER_CHUNK);
    for (const chunk of encodeHistograms(columns, start, end, integer)) out.push(chunk);
  }
}

function pushFloats(columns: SampleColumns, from: number, to: number, out: Chunk[]): void {
  for (let start = from; start < to; start += SAMPLES_PER_CHUNK) {
    const end = Math.min(to, start + SAMPLES_PER_CHUNK);
    out.push(encodeFloats(columns, start, end, "xor"));
  }
}

/** Appends the samples with `mint <= t <= maxt` to `out`, as chunks. */
export function addOutOfOrder(
  samples: OooSamples | undefined,
  mint: number,
  maxt: number,
  out: Chunk[],
): void {
  if (samples === undefined) return;
  const columns = new SampleColumns();
  samples.copy(mint, maxt, columns);
  out.push(...encodeChunks(columns, 0, columns.length));
}
