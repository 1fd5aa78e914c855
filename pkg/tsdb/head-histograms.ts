import { HistogramAppender } from "#pkg/chunkenc/mod.ts";
import { assert } from "#pkg/errs/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import {
  FLAG_HISTOGRAM,
  FULL_BITS,
  HISTOGRAM_ADDRESS,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
  type SeriesRows,
} from "./series-rows.ts";

/** Prometheus's size of a chunk of histograms, and how many are in one all the same. */
const CHUNK_BYTES = 1024;
const SAMPLES_MIN = 10;
const SAMPLES_MAX = 240;
/** With this, one more histogram of the largest size stays below the arena's 1 MiB. */
const CHUNK_BYTES_MAX = 64 * 1024;
/** Numbers that are written anew at most where a histogram brings new buckets into a chunk. */
const NUMBERS_MAX = 128 * 1024;

/** A histogram sample, or a stale marker (`histogram` undefined). */
export interface HistogramPoint {
  readonly t: number;
  /** Shared, and never changed. */
  readonly histogram: FloatHistogram | undefined;
  /** True if all counts are whole numbers below 2^50, to be kept as such. */
  readonly integer: boolean;
}

interface State {
  open: HistogramAppender | undefined;
  /** The newest sample; undefined is a stale marker. */
  last: FloatHistogram | undefined;
}

/**
 * What the head knows of series whose newest sample is a histogram, or a stale marker behind one:
 * those with `FLAG_HISTOGRAM`. Their rows hold times and the list of closed chunks as others do.
 */
export class HeadHistograms {
  readonly #rows: SeriesRows;
  readonly #states = new Map<number, State>();

  constructor(rows: SeriesRows) {
    this.#rows = rows;
  }

  /** How many series there are. */
  get size(): number {
    return this.#states.size;
  }

  /** The open chunk of a series whose row says that it has one of histograms. */
  open(ref: number): HistogramAppender {
    const open = this.#states.get(ref)?.open;
    assert(open !== undefined, "the row says that a chunk is open");
    return open;
  }

  /** The newest sample of a series, if that is a histogram. */
  last(ref: number): FloatHistogram | undefined {
    return this.#states.get(ref)?.last;
  }

  /** Makes `histogram` the newest sample of a series whose row has its time already. */
  restore(ref: number, histogram: FloatHistogram): void {
    this.#enter(ref).last = histogram;
  }

  /** Appends to the open chunk; false if there is none or `point` begins a new one. */
  append(ref: number, point: HistogramPoint): boolean {
    const state = this.#states.get(ref);
    const open = state?.open;
    if (state === undefined || open === undefined) return false;
    const doubles = this.#rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    if (point.t >= doubles[double + ROW.openUntil]! || isFull(open, point)) return false;
    if (!open.continues(point.histogram, point.integer)) return false;
    open.append(point.t, point.histogram);
    this.#setLast(ref, state, point);
    return true;
  }

  /** Opens a chunk, which ends before `until`, with its first sample; none may be open. */
  begin(ref: number, point: HistogramPoint, until: number): void {
    const state = this.#enter(ref);
    state.open = new HistogramAppender(point.t, point.histogram, point.integer);
    const words = this.#rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    words[word + ROW.openAddress] = HISTOGRAM_ADDRESS | 0;
    words[word + ROW.openBits] = FULL_BITS;
    words[word + ROW.openCount] = 0;
    const doubles = this.#rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    doubles[double + ROW.openMint] = point.t;
    doubles[double + ROW.openUntil] = until;
    this.#setLast(ref, state, point);
  }

  /** Takes the open chunk away, which the caller has copied. */
  close(ref: number): void {
    const state = this.#states.get(ref);
    if (state !== undefined) state.open = undefined;
  }

  /** Forgets a series, of which no chunk is open. */
  leave(ref: number): void {
    if (!this.#states.delete(ref)) return;
    const words = this.#rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    words[word + ROW.flags] = words[word + ROW.flags]! & ~FLAG_HISTOGRAM;
  }

  #enter(ref: number): State {
    let state = this.#states.get(ref);
    if (state === undefined) this.#states.set(ref, (state = { open: undefined, last: undefined }));
    const words = this.#rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    words[word + ROW.flags] = words[word + ROW.flags]! | FLAG_HISTOGRAM;
    return state;
  }

  #setLast(ref: number, state: State, { t, histogram }: HistogramPoint): void {
    state.last = histogram;
    const words = this.#rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    words[word + ROW.lastHi] = histogram === undefined ? STALE_HI : 0;
    words[word + ROW.lastLo] = histogram === undefined ? STALE_LO : 0;
    const doubles = this.#rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    doubles[(ref & ROW_MASK) * ROW_DOUBLES + ROW.lastT] = t;
  }
}

function isFull({ count, byteLength }: HistogramAppender, { histogram }: HistogramPoint): boolean {
  if (histogram !== undefined) {
    const { positiveBuckets, negativeBuckets } = histogram;
    if (count * (positiveBuckets.length + negativeBuckets.length) > NUMBERS_MAX) return true;
  }
  if (count >= SAMPLES_MAX || byteLength >= CHUNK_BYTES_MAX) return true;
  return count >= SAMPLES_MIN && byteLength >= CHUNK_BYTES;
}

/** True if both are the same observations; buckets that are empty do not matter. */
export function isSameHistogram(a: FloatHistogram, b: FloatHistogram): boolean {
  return a.equals(b) || a.copy().compact(0).equals(b.copy().compact(0));
}

/** True if all counts are whole numbers that chunks of integers can hold. */
export function isWhole(h: FloatHistogram): boolean {
  return (
    isWholeCount(h.count) &&
    isWholeCount(h.zeroCount) &&
    h.positiveBuckets.every(isWholeCount) &&
    h.negativeBuckets.every(isWholeCount)
  );
}

function isWholeCount(count: number): boolean {
  return Number.isInteger(count) && count >= 0 && count <= 2 ** 50 && !Object.is(count, -0);
}
