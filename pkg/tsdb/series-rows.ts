/**
 * State of a series in the head, one row of 96 bytes, so that an append touches two cache lines.
 * Rows lie in pages; the first page starts small and doubles, the others are whole.
 *
 *     word 0   f64  last timestamp (ms)          word 12  open chunk: samples | leading << 16
 *     word 2   f64  first timestamp of the open chunk               | trailing << 24
 *     word 4   f64  the open chunk ends before this time  13  its entry in the series index
 *     word 6   f64  last delta of timestamps          14  first closed chunk, or -1
 *     word 8   u32  last value, low half              15  last closed chunk, or -1
 *     word 9   u32  last value, high half             16  label ids: address in units of a word
 *     word 10  u32  open chunk: address, or NONE      17  number of labels
 *     word 11  u32  open chunk: bits written          18  flags
 *                                                     19  open chunk: capacity in bytes
 */
export const ROW_WORDS = 24;
export const ROW_DOUBLES = 12;
export const ROW = {
  lastT: 0,
  openMint: 1,
  openUntil: 2,
  lastDelta: 3,
  lastLo: 8,
  lastHi: 9,
  openAddress: 10,
  openBits: 11,
  openCount: 12,
  entry: 13,
  firstChunk: 14,
  lastChunk: 15,
  labelsAt: 16,
  labelCount: 17,
  flags: 18,
  openCapacity: 19,
} as const;

/** Bits of `ROW.flags`. */
export const FLAG_DEAD = 1;
export const FLAG_OOO = 2;
/** The newest sample is a histogram, or a stale marker that ends histograms; see `Head.histograms`. */
export const FLAG_HISTOGRAM = 4;
/** The newest sample was deleted: one of its time is no repeat, but a late one. */
export const FLAG_NEWEST_DELETED = 8;
/** `ROW.openAddress` of a series without an open chunk. */
export const NO_ADDRESS = 0xffffffff;
/**
 * `ROW.openAddress` of a series whose open chunk holds histograms, and lies in `Head.histograms`. Its
 * `ROW.openBits` are `FULL_BITS`: for floats it is full, so an append of floats need not ask.
 */
export const HISTOGRAM_ADDRESS = 0xfffffffe;
export const FULL_BITS = 0x7fffffff;

export const ROWS_PER_PAGE_BITS = 12;
const ROWS_PER_PAGE = 1 << ROWS_PER_PAGE_BITS;
const FIRST_PAGE_ROWS = 16;
export const ROW_MASK = ROWS_PER_PAGE - 1;

/** Growable table of series rows; a series' number is its row. */
export class SeriesRows {
  /** The same memory as words and as doubles, by page. */
  readonly words: Int32Array[] = [];
  readonly doubles: Float64Array[] = [];
  length = 0;

  /** Numbers that may be given out again. */
  readonly #free: number[] = [];

  /** A row without chunks: one that was given back, or a new one. Returns its number. */
  add(): number {
    const free = this.#free.pop();
    if (free !== undefined) {
      this.clear(free);
      return free;
    }
    const ref = this.length;
    const page = ref >>> ROWS_PER_PAGE_BITS;
    const row = ref & ROW_MASK;
    const words = this.words[page];
    if (words === undefined) this.#newPage(page === 0 ? FIRST_PAGE_ROWS : ROWS_PER_PAGE);
    else if (row * ROW_WORDS >= words.length) this.#doublePage(page);
    this.length = ref + 1;
    this.clear(ref);
    return ref;
  }

  /** Makes a row what a new one is. */
  clear(ref: number): void {
    const cells = this.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const at = (ref & ROW_MASK) * ROW_WORDS;
    cells.fill(0, at, at + ROW_WORDS);
    this.doubles[ref >>> ROWS_PER_PAGE_BITS]![at / 2 + ROW.lastT] = Number.NEGATIVE_INFINITY;
    cells[at + ROW.openAddress] = NO_ADDRESS | 0;
    cells[at + ROW.firstChunk] = -1;
    cells[at + ROW.lastChunk] = -1;
    cells[at + ROW.entry] = -1;
  }

  /**
   * Gives rows back, which nobody may know any more: readers, nor the log. They should descend, so
   * that they are given out in ascending order.
   */
  release(refs: readonly number[]): void {
    for (const ref of refs) this.#free.push(ref);
  }

  #newPage(rows: number): void {
    const buffer = new ArrayBuffer(rows * ROW_WORDS * 4);
    this.words.push(new Int32Array(buffer));
    this.doubles.push(new Float64Array(buffer));
  }

  #doublePage(page: number): void {
    const before = this.words[page]!;
    const buffer = new ArrayBuffer(before.byteLength * 2);
    const words = new Int32Array(buffer);
    words.set(before);
    this.words[page] = words;
    this.doubles[page] = new Float64Array(buffer);
  }

  get bytesReserved(): number {
    let bytes = 0;
    for (const page of this.words) bytes += page.byteLength;
    return bytes;
  }
}
