// Hot path: `append` of a scanned request; per known series one hash look-up and one bit append.
import { assert } from "#pkg/errs/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { formatSeries, type Labels } from "#pkg/labels/mod.ts";
import type { LabelHasher, ScannedRequest } from "#pkg/remotewrite/mod.ts";
import { type Chunk, ChunkEncoding, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { ByteArena, PAGE_BITS, PAGE_MASK } from "./arena.ts";
import { ChunkTable } from "./chunk-table.ts";
import { HeadExemplars } from "./exemplar-ring.ts";
import { HeadHistograms, type HistogramPoint, isSameHistogram } from "./head-histograms.ts";
import { readMessage, staleMessage } from "./head-messages.ts";
import {
  AppendStatus,
  type HeadLog,
  type HeadOptions,
  type PushContext,
  type RejectionSink,
  type SeriesAdmission,
} from "./head-ports.ts";
import { HeadPostings } from "./head-postings.ts";
import { asHistograms, refuseSample } from "./head-refusals.ts";
import { HeadStarts } from "./head-starts.ts";
import { resolveSeries } from "./new-series.ts";
import { isStaleMarker, OooSamples } from "./ooo.ts";
import { PlainLabels } from "./plain-labels.ts";
import { SeriesIndex } from "./series-index.ts";
import {
  FLAG_DEAD,
  FLAG_HISTOGRAM,
  FLAG_NEWEST_DELETED,
  FLAG_OOO,
  HISTOGRAM_ADDRESS,
  NO_ADDRESS,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
  SeriesRows,
} from "./series-rows.ts";
import { Symbols } from "./symbols.ts";
import { hasOpenChunk, XorAppender } from "./xor-append.ts";

/** Upstream's limits of a chunk: a quarter of 120 samples decides its length; at most 240. */
const SAMPLES_TO_ESTIMATE = 30;
const SAMPLES_MAX = 240;
const CHUNK_BYTES_MAX = 1024 - 20;
/** What the late samples of a series take, at least. */
const OOO_BYTES = 1024;
/** Differences of times in the log are exact from here on; nobody has samples from so long ago. */
const TIME_MIN = -(2 ** 51);

/**
 * The recent samples of one tenant, in memory. Per-series state lies in typed arrays indexed by
 * series number; the methods here write, `HeadReader` reads, `DurableHead` adds the WAL.
 */
export class Head {
  readonly options: HeadOptions;
  readonly rows = new SeriesRows();
  readonly symbols = new Symbols();
  readonly postings = new HeadPostings(this.symbols);
  readonly chunks: ChunkTable;
  readonly histograms = new HeadHistograms(this.rows);
  readonly exemplars: HeadExemplars;
  readonly starts = new HeadStarts();
  readonly ooo = new Map<number, OooSamples>();
  /** Out-of-order samples that a cut in progress has taken; still read until it is published. */
  readonly cutOoo = new Map<number, OooSamples>();
  readonly index = new SeriesIndex();
  readonly hasher: LabelHasher;
  readonly chunkArena = new ByteArena();
  readonly labelArena = new ByteArena("words");
  /** Reads the labels of new series; used from one request to the next. */
  readonly plainLabels = new PlainLabels();
  /** Rows that were given to new series since the reader ranked all; it takes them. */
  reusedRefs: number[] = [];
  /** Series that are not dead. */
  liveSeries = 0;
  /** Newest and oldest sample ever appended, ms. */
  maxt: number = Number.NEGATIVE_INFINITY;
  mint: number = Number.POSITIVE_INFINITY;
  /** As `mint`, of the samples since a cut last set it to `Infinity`. */
  mintSinceCut: number = Number.POSITIVE_INFINITY;
  samplesAppended = 0;
  seriesCreated = 0;
  readonly #appender: XorAppender;

  constructor(options: HeadOptions, hasher: LabelHasher) {
    this.options = options;
    this.hasher = hasher;
    this.chunks = new ChunkTable(this.chunkArena);
    this.exemplars = new HeadExemplars(options.exemplarsMax ?? 0);
    this.#appender = new XorAppender(this.chunkArena);
  }

  /**
   * Appends all series of `request`, which was scanned with this head's hasher and index, and without
   * a change of the head since. Valid samples are
   * kept when others are refused. Returns how many were accepted, silent duplicates included.
   */
  append(
    request: ScannedRequest,
    nowMs: number,
    admission: SeriesAdmission,
    log: HeadLog,
    sink: RejectionSink,
  ): number {
    let accepted = 0;
    this.plainLabels.reset();
    const futureLimit = nowMs + this.options.creationGraceMs;
    const oldLimit = Math.min(nowMs, this.maxt) - this.options.outOfOrderWindowMs;
    const { refs, sampleFrom, timestamps, bits } = request;
    const hasStarts = request.startCount > 0 || this.starts.size > 0;
    let message = 0;
    let messageSeries = request.histogramCount > 0 ? request.histogramSeries[0]! : -1;
    for (let i = 0; i < request.seriesCount; i++) {
      const first = sampleFrom[i]!;
      const last = sampleFrom[i + 1]!;
      const firstMessage = message;
      if (i === messageSeries) {
        message = request.histogramsEnd(firstMessage);
        messageSeries = message < request.histogramCount ? request.histogramSeries[message]! : -1;
      }
      if (first === last && firstMessage === message) continue;
      let ref = refs[i]!;
      if (ref < 0) {
        const histograms = message - firstMessage;
        const samples = last - first + histograms;
        ref = resolveSeries(this, request, i, { admission, log, sink, samples, histograms });
        if (ref < 0) continue;
        refs[i] = ref;
      }
      // Before the samples, of which one may close the chunk.
      if (hasStarts && first < last) this.#noteStarts(request, i, ref, { futureLimit, log });
      for (let s = first; s < last; s++) {
        const t = timestamps[s]!;
        const lo = bits[2 * s]!;
        const hi = bits[2 * s + 1]!;
        let status: AppendStatus = AppendStatus.tooFarInFuture;
        if (t < TIME_MIN) status = AppendStatus.tooOld;
        else if (t <= futureLimit) status = this.appendSample(ref, t, hi, lo, oldLimit);
        if (status === AppendStatus.appended) {
          log.sample(ref, t, hi, lo);
          accepted++;
        } else if (status === AppendStatus.outOfOrder) {
          log.outOfOrder(ref, t, hi, lo);
          accepted++;
        } else if (status === AppendStatus.duplicate) accepted++;
        else if (status >= AppendStatus.turned) {
          if (status === AppendStatus.turned) {
            log.turn();
            log.sample(ref, t, hi, lo);
          } else log.histogram(ref, staleMessage(t), false);
          accepted++;
        } else refuseSample(this, ref, t, status, sink);
      }
      if (firstMessage < message) {
        const push = { oldLimit, futureLimit, admission, log, sink };
        for (let k = firstMessage; k < message; k++) {
          if (this.#appendMessage(request, k, ref, push)) accepted++;
        }
      }
    }
    // Of a request that nobody needs any more, a copy may be all that this tenant holds.
    this.plainLabels.reset();
    return accepted;
  }

  /** Notes the start timestamps of the samples of entry `i` that will be accepted in order. */
  #noteStarts(
    request: ScannedRequest,
    i: number,
    ref: number,
    { futureLimit, log }: Pick<PushContext, "futureLimit" | "log">,
  ): void {
    const { sampleFrom, timestamps, starts, startCount } = request;
    let newest = Math.max(this.newestTime(ref), TIME_MIN - 1);
    for (let s = sampleFrom[i]!; s < sampleFrom[i + 1]!; s++) {
      const t = timestamps[s]!;
      if (t <= newest || t > futureLimit) continue;
      newest = t;
      const start = startCount > 0 ? starts[s]! : 0;
      if (this.starts.note(ref, t, start)) log.start?.(ref, t, start);
    }
  }

  /** Appends histogram `k` of the request to series `ref`; false if it is refused. */
  #appendMessage(
    request: ScannedRequest,
    k: number,
    ref: number,
    { oldLimit, futureLimit, admission, log, sink }: PushContext,
  ): boolean {
    const start = request.histogramStart[k]!;
    const range = { bytes: request.bytes, start, end: request.histogramEnd[k]! };
    const { sample, message, rejection } = readMessage(range, admission.histogramBucketsMax ?? 0);
    if (rejection !== undefined) {
      const series = (): string => formatSeries(this.labelsOf(ref));
      sink.reject(rejection.reason, 1, () => `${rejection.message}, series: ${series()}`, 1);
      return false;
    }
    const { t } = sample;
    let status: AppendStatus = AppendStatus.tooFarInFuture;
    if (t < TIME_MIN) status = AppendStatus.tooOld;
    else if (t <= futureLimit) status = this.appendHistogram(ref, sample, oldLimit);
    if (status === AppendStatus.duplicate) return true;
    const { start: begun = 0 } = sample;
    const isNewest = status === AppendStatus.appended || status === AppendStatus.turned;
    if (isNewest && this.starts.note(ref, t, begun)) log.start?.(ref, t, begun);
    if (status === AppendStatus.turned) log.turn();
    else if (status !== AppendStatus.appended && status !== AppendStatus.outOfOrder) {
      refuseSample(this, ref, t, status, asHistograms(sink));
      return false;
    }
    if (sample.histogram === undefined && !this.#hasHistograms(ref)) {
      if (status === AppendStatus.outOfOrder) log.outOfOrder(ref, t, STALE_HI, STALE_LO);
      else log.sample(ref, t, STALE_HI, STALE_LO);
    } else log.histogram(ref, message, status === AppendStatus.outOfOrder);
    return true;
  }

  /**
   * Appends a histogram or a stale marker, which becomes one of floats where the series has those;
   * as `appendSample`.
   */
  appendHistogram(ref: number, point: HistogramPoint, oldLimit: number): AppendStatus {
    const { t, histogram } = point;
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const isFloat = !this.#hasHistograms(ref);
    if (histogram === undefined && isFloat) {
      return this.appendSample(ref, t, STALE_HI, STALE_LO, oldLimit);
    }
    const lastT = this.newestTime(ref);
    if (t === lastT && (words[word + ROW.flags]! & FLAG_NEWEST_DELETED) === 0) {
      return this.#isNewest(ref, histogram) ? AppendStatus.duplicate : AppendStatus.conflict;
    }
    if (t <= lastT) {
      if (t < oldLimit) return AppendStatus.tooOld;
      if (histogram !== undefined)
        return this.#appendOutOfOrder(ref, t, 0, 0, words, word, histogram);
      return this.#appendOutOfOrder(ref, t, STALE_HI, STALE_LO, words, word);
    }
    if (!this.histograms.append(ref, point)) {
      this.closeChunk(ref);
      this.histograms.begin(ref, point, this.#rangeEnd(t));
      words[word + ROW.flags] = words[word + ROW.flags]! & ~FLAG_NEWEST_DELETED;
      this.#lowerMint(t);
    }
    if (t > this.maxt) this.maxt = t;
    this.samplesAppended++;
    const isFirst = lastT === Number.NEGATIVE_INFINITY;
    return isFloat && !isFirst ? AppendStatus.turned : AppendStatus.appended;
  }

  #hasHistograms(ref: number): boolean {
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    return (words[(ref & ROW_MASK) * ROW_WORDS + ROW.flags]! & FLAG_HISTOGRAM) !== 0;
  }

  /** True if the series' newest sample is this histogram, or this stale marker (undefined). */
  #isNewest(ref: number, histogram: FloatHistogram | undefined): boolean {
    const last = this.histograms.last(ref);
    if (last !== undefined) return histogram !== undefined && isSameHistogram(last, histogram);
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    return (
      histogram === undefined && isStaleMarker(words[word + ROW.lastHi]!, words[word + ROW.lastLo]!)
    );
  }

  /** Time of the series' newest sample, ms; `-Infinity` where there was none. */
  newestTime(ref: number): number {
    const doubles = this.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    return doubles[(ref & ROW_MASK) * ROW_DOUBLES + ROW.lastT]!;
  }

  /**
   * A late sample of time `t` comes from the log: if that is the time of the newest one, that one was
   * deleted before.
   */
  expectLate(ref: number, t: number): void {
    if (t !== this.newestTime(ref)) return;
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    words[word + ROW.flags] = words[word + ROW.flags]! | FLAG_NEWEST_DELETED;
  }

  /** Where the block range of `t` ends. */
  #rangeEnd(t: number): number {
    const duration = this.options.blockDurationMs;
    return (Math.floor(t / duration) + 1) * duration;
  }

  /** Appends one sample to series `ref`; `oldLimit` is the oldest out-of-order time accepted. */
  appendSample(ref: number, t: number, hi: number, lo: number, oldLimit: number): AppendStatus {
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const doubles = this.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    const lastT = doubles[double + ROW.lastT]!;
    if (t <= lastT) {
      if (t === lastT && (words[word + ROW.flags]! & FLAG_NEWEST_DELETED) === 0) {
        return words[word + ROW.lastHi] === (hi | 0) &&
          words[word + ROW.lastLo] === (lo | 0) &&
          ((words[word + ROW.flags]! & FLAG_HISTOGRAM) === 0 || this.#isNewest(ref, undefined))
          ? AppendStatus.duplicate
          : AppendStatus.conflict;
      }
      if (t < oldLimit) return AppendStatus.tooOld;
      return this.#appendOutOfOrder(ref, t, hi, lo, words, word);
    }
    if (words[word + ROW.openAddress] !== (NO_ADDRESS | 0)) {
      const count = words[word + ROW.openCount]! & 0xffff;
      if (count === SAMPLES_TO_ESTIMATE) this.#estimateEnd(doubles, double, lastT);
      if (
        t < doubles[double + ROW.openUntil]! &&
        count < SAMPLES_MAX &&
        words[word + ROW.openBits]! < CHUNK_BYTES_MAX * 8
      ) {
        this.#appender.append(words, doubles, word, t, hi, lo);
        if (t > this.maxt) this.maxt = t;
        this.samplesAppended++;
        return AppendStatus.appended;
      }
    }
    const turned = (words[word + ROW.flags]! & FLAG_HISTOGRAM) !== 0;
    if (turned && isStaleMarker(hi, lo)) {
      this.appendHistogram(ref, { t, histogram: undefined, integer: true }, oldLimit);
      return AppendStatus.staleHistogram;
    }
    this.closeChunk(ref);
    if (turned) this.histograms.leave(ref);
    this.#appender.open(words, doubles, word, { t, hi, lo });
    doubles[double + ROW.openUntil] = this.#rangeEnd(t);
    words[word + ROW.flags] = words[word + ROW.flags]! & ~FLAG_NEWEST_DELETED;
    if (t > this.maxt) this.maxt = t;
    this.#lowerMint(t);
    this.samplesAppended++;
    return turned ? AppendStatus.turned : AppendStatus.appended;
  }

  #lowerMint(t: number): void {
    if (t < this.mint) this.mint = t;
    if (t < this.mintSinceCut) this.mintSinceCut = t;
  }

  /** Spreads the chunks evenly over the rest of the range, as upstream's computeChunkEndTime. */
  #estimateEnd(doubles: Float64Array, double: number, lastT: number): void {
    const start = doubles[double + ROW.openMint]!;
    const until = doubles[double + ROW.openUntil]!;
    const chunks = Math.floor((until - start) / ((lastT - start + 1) * 4));
    if (chunks > 1) doubles[double + ROW.openUntil] = start + Math.floor((until - start) / chunks);
  }

  #appendOutOfOrder(
    ref: number,
    t: number,
    hi: number,
    lo: number,
    words: Int32Array,
    word: number,
    histogram?: FloatHistogram,
  ): AppendStatus {
    let samples = this.ooo.get(ref);
    if (samples === undefined) {
      this.ooo.set(ref, (samples = new OooSamples()));
      words[word + ROW.flags] = words[word + ROW.flags]! | FLAG_OOO;
    }
    if (!samples.insert(t, hi, lo, histogram)) return AppendStatus.duplicate;
    this.#lowerMint(t);
    this.samplesAppended++;
    return AppendStatus.outOfOrder;
  }

  /** Moves the open chunk of a series, if any, to the closed ones. */
  closeChunk(ref: number): void {
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    if (!hasOpenChunk(words, word)) return;
    const doubles = this.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
    const double = (ref & ROW_MASK) * ROW_DOUBLES;
    const address = words[word + ROW.openAddress]! >>> 0;
    const mint = doubles[double + ROW.openMint]!;
    const maxt = doubles[double + ROW.lastT]!;
    if (address === HISTOGRAM_ADDRESS) {
      const open = this.histograms.open(ref);
      const bytes = open.view();
      const { encoding } = open;
      this.#addClosed(ref, { mint, maxt, encoding, bytes, start: 0, end: bytes.length });
      this.histograms.close(ref);
    } else {
      const start = address & PAGE_MASK;
      const end = start + ((words[word + ROW.openBits]! + 7) >>> 3);
      const bytes = this.chunkArena.pages[address >>> PAGE_BITS]!;
      this.#addClosed(ref, { mint, maxt, encoding: ChunkEncoding.xor, bytes, start, end });
      this.chunkArena.free(address, words[word + ROW.openCapacity]!);
    }
    words[word + ROW.openAddress] = NO_ADDRESS | 0;
  }

  /** Adds a chunk behind the closed ones of a series, with its start timestamps if it has some. */
  #addClosed(ref: number, chunk: Chunk): void {
    if (this.starts.has(ref)) {
      for (const piece of this.starts.take(ref, chunk)) this.#link(ref, piece);
    } else this.#link(ref, chunk);
  }

  #link(ref: number, chunk: Chunk): void {
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const id = this.chunks.add(chunk, chunk.bytes, chunk.start, chunk.end);
    const last = words[word + ROW.lastChunk]!;
    if (last < 0) words[word + ROW.firstChunk] = id;
    else this.chunks.setNext(last, id);
    words[word + ROW.lastChunk] = id;
  }

  /** The series with these canonical label bytes, or -1. */
  findLabels(canonical: Uint8Array): number {
    const view = new DataView(canonical.buffer, canonical.byteOffset, canonical.byteLength);
    this.hasher.hash(view, 0, canonical.length);
    return this.index.find(this.hasher, view, 0, canonical.length);
  }

  /**
   * Creates a series that does not exist; `bytes[range)` are its canonical label bytes.
   * @param row where a replay wants it: the number of a row that no series has.
   */
  addSeries(
    labels: Labels,
    bytes: Uint8Array,
    range: { start: number; end: number },
    row?: number,
  ): number {
    assert(labels.length > 0, "a series has labels");
    const before = this.rows.length;
    const ref = row ?? this.rows.add();
    if (row !== undefined) this.rows.clear(row);
    if (ref < before) this.reusedRefs.push(ref);
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const [ids, at] = this.allocLabels(ref, labels.length);
    for (let i = 0; i < labels.length; i += 2) {
      const nameId = this.symbols.intern(labels[i]!);
      const valueId = this.symbols.intern(labels[i + 1]!);
      ids[at + i] = nameId;
      ids[at + i + 1] = valueId;
      this.postings.add(nameId, valueId, ref);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.hasher.hash(view, range.start, range.end);
    words[word + ROW.entry] = this.index.add(this.hasher, bytes, range, ref);
    this.liveSeries++;
    this.seriesCreated++;
    return ref;
  }

  /** Room for the label ids of a new series: an array, and where in it. */
  allocLabels(ref: number, count: number): [Uint32Array, number] {
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const address = this.labelArena.alloc(count * 4);
    words[word + ROW.labelsAt] = address | 0;
    words[word + ROW.labelCount] = count;
    return [this.labelArena.words[address >>> PAGE_BITS]!, (address & PAGE_MASK) >>> 2];
  }

  /** The label set of a series, owned. */
  labelsOf(ref: number): Labels {
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const address = words[word + ROW.labelsAt]! >>> 0;
    const ids = this.labelArena.words[address >>> PAGE_BITS]!;
    const at = (address & PAGE_MASK) >>> 2;
    const count = words[word + ROW.labelCount]!;
    const strings = this.symbols.strings;
    const labels = new Array<string>(count);
    for (let i = 0; i < count; i++) labels[i] = strings[ids[at + i]!]!;
    return labels;
  }

  /** Memory of samples, which a cut can take; late ones are estimated. */
  get sampleBytes(): number {
    return this.chunkArena.bytesUsed + this.ooo.size * OOO_BYTES;
  }

  /** Memory of series. */
  get seriesBytes(): number {
    const rows = this.rows.length * ROW_WORDS * 4;
    return rows + this.labelArena.bytesUsed + this.index.bytesReserved;
  }

  isDead(ref: number): boolean {
    const words = this.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    return (words[(ref & ROW_MASK) * ROW_WORDS + ROW.flags]! & FLAG_DEAD) !== 0;
  }
}
