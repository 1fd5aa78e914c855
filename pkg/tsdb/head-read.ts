import { abortError, yieldNow } from "#pkg/async/mod.ts";
import { encodeXorSingle, xorSingleBytes } from "#pkg/chunkenc/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { compareBytes, type Matcher } from "#pkg/labels/mod.ts";
import {
  type Chunk,
  ChunkEncoding,
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  PackedBatch,
  PackedBatchBuilder,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import { PAGE_BITS, PAGE_MASK } from "./arena.ts";
import type { Head } from "./head.ts";
import { sortBytes } from "./head-postings.ts";
import { addOutOfOrder } from "./ooo.ts";
import {
  FLAG_DEAD,
  FLAG_OOO,
  HISTOGRAM_ADDRESS,
  NO_ADDRESS,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
} from "./series-rows.ts";

/** Series of one batch of an answer. */
const BATCH_SERIES = 256;
/** Comparisons between two looks at the clock while sorting. */
const SORT_SLICE = 20_000;
/** Selections below this share of the head are sorted by themselves, without ranking the head. */
const RANK_SHARE = 1 / 16;

/** Bytes of chunks beyond which the scratch memory of a batch is not kept. */
const SCRATCH_BYTES_MAX = 4 * 1024 * 1024;
let scratch = new PackedBatchBuilder(BATCH_SERIES);

/** The builder that all heads share: a batch is built without a pause, and copied at its end. */
function takeScratch(): PackedBatchBuilder {
  if (scratch.bytes.length > SCRATCH_BYTES_MAX) scratch = new PackedBatchBuilder(BATCH_SERIES);
  scratch.clear();
  return scratch;
}

/** Reads of a head. Several may run while samples are appended. */
export class HeadReader implements ChunkQuerier {
  readonly #head: Head;
  /** Position of each ranked series in label order. */
  #rank: Uint32Array = new Uint32Array(0);
  #ranked: Uint32Array = new Uint32Array(0);
  /** Series below this number are ranked, or dead. */
  #rankedTo = 0;
  #ranking: Promise<void> | undefined;

  constructor(head: Head) {
    this.#head = head;
  }

  async *selectChunks(
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]> {
    const head = this.#head;
    if (params.mint > head.maxt || params.maxt < head.mint) return;
    const found = this.#inRange(
      head.postings.select(params.matchers, head.rows.length),
      params.mint,
      params.maxt,
    );
    const refs = await this.#sorted(found, signal);
    const limit =
      params.limit && params.limit > 0 ? Math.min(params.limit, refs.length) : refs.length;
    for (let from = 0; from < limit; from += BATCH_SERIES) {
      if (signal.aborted) throw abortError(signal);
      const part = refs.subarray(from, Math.min(limit, from + BATCH_SERIES));
      const batch = this.#batch(part, params);
      if (batch.length > 0) yield batch;
      await yieldNow();
    }
  }

  /** The live ones of `refs` that have chunks in the range, as a batch of copies. */
  #batch(refs: Uint32Array, params: SelectParams): readonly ChunkSeries[] {
    const head = this.#head;
    const { rows, labelArena } = head;
    const skipChunks = params.hints?.skipChunks === true;
    const out = takeScratch();
    for (let i = 0; i < refs.length; i++) {
      const ref = refs[i]!;
      const words = rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
      const word = (ref & ROW_MASK) * ROW_WORDS;
      const flags = words[word + ROW.flags]!;
      if ((flags & FLAG_DEAD) !== 0) continue;
      if (!skipChunks) {
        if ((flags & FLAG_OOO) !== 0) {
          for (const chunk of this.chunksOf(ref, params.mint, params.maxt)) out.addChunk(chunk);
        } else this.#packChunks(ref, params, out);
        if (!out.hasChunks) continue;
      }
      const address = words[word + ROW.labelsAt]! >>> 0;
      const ids = labelArena.words[address >>> PAGE_BITS]!;
      out.symbols(ids, (address & PAGE_MASK) >>> 2, words[word + ROW.labelCount]!);
      out.endSeries();
    }
    return new PackedBatch(out.finish(), head.symbols.strings).series;
  }

  /** As `inOrderChunks`, into `out`. */
  #packChunks(
    ref: number,
    { mint, maxt, hints }: Pick<SelectParams, "mint" | "maxt" | "hints">,
    out: PackedBatchBuilder,
  ): void {
    const { rows, chunks, chunkArena, histograms } = this.#head;
    const words = rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    if (hints?.lastOnly === true && this.#packLast(ref, { mint, maxt }, out)) return;
    for (let id = words[word + ROW.firstChunk]!; id >= 0; id = chunks.next(id)) {
      const from = chunks.mint(id);
      const to = chunks.maxt(id);
      if (to < mint || from > maxt) continue;
      const at = out.chunk(chunks.encoding(id), from, to, chunks.byteCount(id));
      chunks.copy(id, out.bytes, at);
    }
    const open = words[word + ROW.openAddress]!;
    if (open === (NO_ADDRESS | 0)) return;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    const doubles = rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const openMint = doubles[double + ROW.openMint]!;
    const lastT = doubles[double + ROW.lastT]!;
    if (lastT < mint || openMint > maxt) return;
    if (this.#head.starts.has(ref)) {
      for (const { encoding, bytes, ...chunk } of this.#openChunks(ref)) {
        const at = out.chunk(encoding, chunk.mint, chunk.maxt, chunk.end - chunk.start);
        out.bytes.set(bytes.subarray(chunk.start, chunk.end), at);
      }
      return;
    }
    if (open === (HISTOGRAM_ADDRESS | 0)) {
      const appender = histograms.open(ref);
      const chunk = appender.view();
      const at = out.chunk(appender.encoding, openMint, lastT, chunk.length);
      out.bytes.set(chunk, at);
      return;
    }
    const count = (words[word + ROW.openBits]! + 7) >>> 3;
    const to = out.chunk(ChunkEncoding.xor, openMint, lastT, count);
    const from = open & PAGE_MASK;
    const page = chunkArena.pages[open >>> PAGE_BITS]!;
    const { bytes } = out;
    for (let i = 0; i < count; i++) bytes[to + i] = page[from + i]!;
  }

  /**
   * Adds the series' newest sample as a chunk of its own, without a look at its chunks.
   * @returns false if it is not the last one of the range, or no float.
   */
  #packLast(
    ref: number,
    { mint, maxt }: { readonly mint: number; readonly maxt: number },
    out: PackedBatchBuilder,
  ): boolean {
    const { rows } = this.#head;
    const words = rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const doubles = rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const lastT = doubles[(ref & ROW_MASK) * ROW_DOUBLES + ROW.lastT]!;
    const open = words[word + ROW.openAddress]! >>> 0;
    if (open === NO_ADDRESS || open === HISTOGRAM_ADDRESS || lastT > maxt || lastT < mint)
      return false;
    const at = out.chunk(ChunkEncoding.xor, lastT, lastT, xorSingleBytes(lastT));
    encodeXorSingle(lastT, words[word + ROW.lastLo]!, words[word + ROW.lastHi]!, out.bytes, at);
    return true;
  }

  async labelNames(params: LabelParams, _signal: AbortSignal): Promise<string[]> {
    if (params.matchers.length === 0)
      return limited(sortBytes(this.#head.postings.labelNames()), params);
    const names = new Set<string>();
    for (const ref of this.#matching(params)) {
      const labels = this.#head.labelsOf(ref);
      for (let i = 0; i < labels.length; i += 2) names.add(labels[i]!);
    }
    return limited(sortBytes([...names]), params);
  }

  async labelValues(name: string, params: LabelParams, _signal: AbortSignal): Promise<string[]> {
    if (params.matchers.length === 0) {
      return limited(sortBytes(this.#head.postings.labelValues(name)), params);
    }
    const values = new Set<string>();
    for (const ref of this.#matching(params)) {
      const labels = this.#head.labelsOf(ref);
      for (let i = 0; i < labels.length; i += 2) {
        if (labels[i] === name) values.add(labels[i + 1]!);
      }
    }
    return limited(sortBytes([...values]), params);
  }

  #matching(params: { mint: number; maxt: number; matchers: readonly Matcher[] }): Uint32Array {
    const refs = this.#head.postings.select(params.matchers, this.#head.rows.length);
    return this.#inRange(refs, params.mint, params.maxt);
  }

  /** Keeps the series that live and may have samples in the range; in place. */
  #inRange(refs: Uint32Array, mint: number, maxt: number): Uint32Array {
    const { rows, chunks } = this.#head;
    let kept = 0;
    for (let i = 0; i < refs.length; i++) {
      const ref = refs[i]!;
      const words = rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
      const word = (ref & ROW_MASK) * ROW_WORDS;
      const flags = words[word + ROW.flags]!;
      if ((flags & FLAG_DEAD) !== 0) continue;
      if ((flags & FLAG_OOO) === 0) {
        const doubles = rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
        const double = (ref & ROW_MASK) * ROW_DOUBLES;
        if (doubles[double + ROW.lastT]! < mint) continue;
        const first = words[word + ROW.firstChunk]!;
        const open = words[word + ROW.openAddress] !== (NO_ADDRESS | 0);
        if (first < 0 && !open) continue;
        const start = first >= 0 ? chunks.mint(first) : doubles[double + ROW.openMint]!;
        if (start > maxt) continue;
      }
      refs[kept++] = ref;
    }
    return refs.subarray(0, kept);
  }

  /** Owned copies of the chunks of `ref` that touch the range, by first timestamp. */
  chunksOf(ref: number, mint: number, maxt: number): Chunk[] {
    const out = this.inOrderChunks(ref, mint, maxt);
    const { rows, ooo, cutOoo } = this.#head;
    const words = rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    if ((words[(ref & ROW_MASK) * ROW_WORDS + ROW.flags]! & FLAG_OOO) === 0) return out;
    const before = out.length;
    addOutOfOrder(ooo.get(ref), mint, maxt, out);
    addOutOfOrder(cutOoo.get(ref), mint, maxt, out);
    return out.length > before ? out.sort((a, b) => a.mint - b.mint) : out;
  }

  /** As `chunksOf`, without out-of-order samples. */
  inOrderChunks(
    ref: number,
    mint = Number.NEGATIVE_INFINITY,
    maxt = Number.POSITIVE_INFINITY,
  ): Chunk[] {
    const { rows, chunks } = this.#head;
    const words = rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const doubles = rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    const out: Chunk[] = [];
    for (let id = words[word + ROW.firstChunk]!; id >= 0; id = chunks.next(id)) {
      if (chunks.maxt(id) < mint || chunks.mint(id) > maxt) continue;
      out.push(this.copyChunk(id));
    }
    if (words[word + ROW.openAddress] === (NO_ADDRESS | 0)) return out;
    if (doubles[double + ROW.lastT]! >= mint && doubles[double + ROW.openMint]! <= maxt) {
      out.push(...this.#openChunks(ref));
    }
    return out;
  }

  /** An owned copy of the open chunk of a series that has one, with its start timestamps. */
  #openChunks(ref: number): readonly Chunk[] {
    const { rows, chunkArena, histograms, starts } = this.#head;
    const words = rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const doubles = rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    const address = words[word + ROW.openAddress]! >>> 0;
    const times = { mint: doubles[double + ROW.openMint]!, maxt: doubles[double + ROW.lastT]! };
    let chunk: Chunk;
    if (address === HISTOGRAM_ADDRESS) {
      const open = histograms.open(ref);
      chunk = ownChunk(open.encoding, times, open.view().slice());
    } else {
      const start = address & PAGE_MASK;
      const count = (words[word + ROW.openBits]! + 7) >>> 3;
      const bytes = chunkArena.pages[address >>> PAGE_BITS]!.slice(start, start + count);
      chunk = ownChunk(ChunkEncoding.xor, times, bytes);
    }
    return starts.has(ref) ? starts.apply(ref, chunk) : [chunk];
  }

  /** An owned copy of closed chunk `id`. */
  copyChunk(id: number): Chunk {
    const { chunks } = this.#head;
    const bytes = new Uint8Array(chunks.byteCount(id));
    chunks.copy(id, bytes, 0);
    const times = { mint: chunks.mint(id), maxt: chunks.maxt(id) };
    return ownChunk(chunks.encoding(id), times, bytes);
  }

  /** All live series in label order. */
  async ordered(signal: AbortSignal): Promise<Uint32Array> {
    await this.#rankAll(signal);
    return this.#living();
  }

  /** The ranked series that live, in order. */
  #living(): Uint32Array {
    const ranked = this.#ranked;
    const out = new Uint32Array(ranked.length);
    let count = 0;
    for (let i = 0; i < ranked.length; i++) {
      if (!this.#head.isDead(ranked[i]!)) out[count++] = ranked[i]!;
    }
    return out.subarray(0, count);
  }

  /** `refs`, which are given away, in label order; those that die meanwhile may be missing. */
  async #sorted(refs: Uint32Array, signal: AbortSignal): Promise<Uint32Array> {
    if (refs.length < 2) return refs;
    if (refs.length < this.#head.rows.length * RANK_SHARE || refs.length < 256) {
      return this.#sortByLabels(refs, signal);
    }
    await this.#rankAll(signal);
    // Series may have been created, though none of these, since the ranking was made.
    if (refs[refs.length - 1]! >= this.#rankedTo) return this.#sortByLabels(refs, signal);
    return this.#byRank(refs);
  }

  /** Puts ranked series in order, in place: marked by rank, then read off rank by rank. */
  #byRank(refs: Uint32Array): Uint32Array {
    const rank = this.#rank;
    const ranked = this.#ranked;
    const marks = new Uint8Array((ranked.length + 7) >>> 3);
    for (let i = 0; i < refs.length; i++) {
      // Series that died since have no rank any more.
      if (this.#head.isDead(refs[i]!)) continue;
      const at = rank[refs[i]!]!;
      marks[at >>> 3]! |= 1 << (at & 7);
    }
    let count = 0;
    for (let byte = 0; byte < marks.length; byte++) {
      for (let bits = marks[byte]!; bits !== 0; bits &= bits - 1) {
        refs[count++] = ranked[(byte << 3) + 31 - Math.clz32(bits & -bits)]!;
      }
    }
    return refs.subarray(0, count);
  }

  /** Brings the ranking up to all series there are; new ones are merged into the old order. */
  async #rankAll(signal: AbortSignal): Promise<void> {
    const isBehind = (): boolean =>
      this.#rankedTo < this.#head.rows.length || this.#head.reusedRefs.length > 0;
    // One under way has taken the rows that are used again, and does not have them in order yet.
    while (this.#ranking !== undefined || isBehind()) {
      this.#ranking ??= this.#extendRanking().finally(() => {
        this.#ranking = undefined;
      });
      await this.#ranking;
      if (signal.aborted) throw new NarthexError("canceled", "select of the head was canceled");
    }
  }

  /** Drops dead series from the ranking; what it compares no longer needs their labels then. */
  async forgetDead(): Promise<void> {
    // Another one may begin as one ends.
    while (this.#ranking !== undefined) await this.#ranking;
    this.#setRanking(this.#living(), this.#rankedTo);
  }

  #setRanking(ranked: Uint32Array, rankedTo: number): void {
    const rank = new Uint32Array(rankedTo);
    for (let i = 0; i < ranked.length; i++) rank[ranked[i]!] = i;
    this.#ranked = ranked;
    this.#rank = rank;
    this.#rankedTo = rankedTo;
  }

  async #extendRanking(): Promise<void> {
    const known = this.#ranked.length;
    const head = this.#head;
    const rankedTo = head.rows.length;
    const refs = new Set(head.reusedRefs);
    head.reusedRefs = [];
    for (let ref = this.#rankedTo; ref < rankedTo; ref++) refs.add(ref);
    const fresh = Uint32Array.from(refs).filter((ref) => !head.isDead(ref));
    const sorted = await this.#sortByLabels(fresh, new AbortController().signal);
    if (known === 0) {
      this.#setRanking(sorted, rankedTo);
      return;
    }
    const total = known + sorted.length;
    const merged = new Uint32Array(total);
    let count = 0;
    for (let i = 0, j = 0; i < known || j < sorted.length; ) {
      const takeOld =
        j >= sorted.length || (i < known && this.#compare(this.#ranked[i]!, sorted[j]!) < 0);
      merged[count++] = takeOld ? this.#ranked[i++]! : sorted[j++]!;
      if (count % SORT_SLICE === 0) await yieldNow();
    }
    this.#setRanking(merged, rankedTo);
  }

  /** Bottom-up merge sort, of `refs` which are given away, that lets others run in between. */
  async #sortByLabels(refs: Uint32Array, signal: AbortSignal): Promise<Uint32Array> {
    const count = refs.length;
    let from = refs;
    let to: Uint32Array = new Uint32Array(count);
    let work = 0;
    for (let width = 1; width < count; width *= 2) {
      for (let start = 0; start < count; start += 2 * width) {
        const middle = Math.min(start + width, count);
        const end = Math.min(start + 2 * width, count);
        let out = start;
        for (let i = start, j = middle; i < middle || j < end; ) {
          const left = j >= end || (i < middle && this.#compare(from[i]!, from[j]!) <= 0);
          to[out++] = left ? from[i++]! : from[j++]!;
          if (++work % SORT_SLICE === 0) {
            await yieldNow();
            if (signal.aborted)
              throw new NarthexError("canceled", "select of the head was canceled");
          }
        }
      }
      [from, to] = [to, from];
    }
    return from;
  }

  /** Label order of two series, by interned ids as far as they agree. */
  #compare(a: number, b: number): number {
    const head = this.#head;
    const rowsA = head.rows.words[a >>> ROWS_PER_PAGE_BITS]!;
    const rowsB = head.rows.words[b >>> ROWS_PER_PAGE_BITS]!;
    const wordA = (a & ROW_MASK) * ROW_WORDS;
    const wordB = (b & ROW_MASK) * ROW_WORDS;
    const addressA = rowsA[wordA + ROW.labelsAt]! >>> 0;
    const addressB = rowsB[wordB + ROW.labelsAt]! >>> 0;
    const idsA = head.labelArena.words[addressA >>> PAGE_BITS]!;
    const idsB = head.labelArena.words[addressB >>> PAGE_BITS]!;
    const atA = (addressA & PAGE_MASK) >>> 2;
    const atB = (addressB & PAGE_MASK) >>> 2;
    const countA = rowsA[wordA + ROW.labelCount]!;
    const countB = rowsB[wordB + ROW.labelCount]!;
    const count = Math.min(countA, countB);
    const strings = head.symbols.strings;
    for (let i = 0; i < count; i++) {
      const x = idsA[atA + i]!;
      const y = idsB[atB + i]!;
      if (x !== y) return compareBytes(strings[x]!, strings[y]!);
    }
    return countA - countB;
  }
}

function ownChunk(
  encoding: number,
  { mint, maxt }: { readonly mint: number; readonly maxt: number },
  bytes: Uint8Array,
): Chunk {
  return { encoding, mint, maxt, bytes, start: 0, end: bytes.length };
}

function limited(values: string[], params: LabelParams): string[] {
  return params.limit && params.limit > 0 ? values.slice(0, params.limit) : values;
}
