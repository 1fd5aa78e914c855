import { assert } from "#pkg/errs/mod.ts";
import { type FloatHistogram, spreadBuckets } from "#pkg/histogram/mod.ts";
import { STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { BitWriter } from "./bit-writer.ts";
import { sameSpans } from "./histogram-group.ts";
import {
  type CounterResetFlags,
  countBuckets,
  HISTOGRAM_HEADER_BYTES,
  type HistogramLayout,
  writeLayout,
} from "./histogram-layout.ts";
import { StartWriter } from "./start-times.ts";
import { XorValues } from "./xor-values.ts";

/** What a chunk is, beside its layout. */
export interface HistogramWriterOptions {
  readonly flags: CounterResetFlags;
  /** All counts are whole numbers. */
  readonly integer: boolean;
  /** Samples carry start timestamps: the forms 5 and 6 of the chunk, not 2 and 3. */
  readonly starts: boolean;
}

/** Writes one chunk, sample by sample. */
export class HistogramWriter {
  count = 0;
  readonly #flags: CounterResetFlags;
  readonly #out = new BitWriter();
  readonly #encoder: IntegerEncoder | FloatEncoder;
  readonly #starts: StartWriter | undefined;
  #time = 0;
  #delta = 0;

  constructor(layout: HistogramLayout, { flags, integer, starts }: HistogramWriterOptions) {
    this.#flags = flags;
    this.#starts = starts ? new StartWriter() : undefined;
    for (let i = 0; i < HISTOGRAM_HEADER_BYTES; i++) this.#out.bits(0, 8);
    writeLayout(layout, this.#out);
    this.#encoder = integer ? new IntegerEncoder(layout) : new FloatEncoder(layout);
  }

  /**
   * Appends a histogram whose buckets the layout has, or a stale marker; times ascend. `start` is
   * its start timestamp, ms, 0 for unknown; it is lost in chunks without.
   */
  append(t: number, h: FloatHistogram | undefined, start = 0): void {
    const isFirst = this.count === 0;
    const delta = isFirst ? 0 : t - this.#time;
    this.#out.varbitInt(isFirst ? t : delta - this.#delta);
    this.#encoder.write(h, isFirst, this.#out);
    this.#starts?.write(this.count, { start, t, previous: this.#time }, this.#out);
    this.#time = t;
    this.#delta = delta;
    this.count++;
  }

  get byteLength(): number {
    return this.#out.byteLength;
  }

  /** The chunk as it is now, borrowed until the next `append`. */
  view(): Uint8Array {
    const bytes = this.#out.view();
    bytes[0] = this.count >>> 8;
    bytes[1] = this.count & 0xff;
    if (this.#starts === undefined) bytes[2] = this.#flags;
    else {
      bytes[0] |= this.#flags;
      bytes[2] = this.#starts.header;
    }
    return bytes;
  }
}

function bucketsIn(layout: HistogramLayout, h: FloatHistogram): [Float64Array, Float64Array] {
  const { positiveSpans, negativeSpans } = layout;
  return [
    sameSpans(h.positiveSpans, positiveSpans)
      ? h.positiveBuckets
      : spreadBuckets(h.positiveSpans, h.positiveBuckets, positiveSpans),
    sameSpans(h.negativeSpans, negativeSpans)
      ? h.negativeBuckets
      : spreadBuckets(h.negativeSpans, h.negativeBuckets, negativeSpans),
  ];
}

class FloatEncoder {
  readonly #layout: HistogramLayout;
  readonly #xor: XorValues;
  readonly #scratch = new DataView(new ArrayBuffer(8));

  constructor(layout: HistogramLayout) {
    this.#layout = layout;
    const buckets = countBuckets(layout.positiveSpans) + countBuckets(layout.negativeSpans);
    this.#xor = new XorValues(3 + buckets, true);
  }

  write(h: FloatHistogram | undefined, isFirst: boolean, to: BitWriter): void {
    this.#value(0, h?.count ?? 0, isFirst, to);
    this.#value(1, h?.zeroCount ?? 0, isFirst, to);
    if (h === undefined) {
      if (isFirst) this.#xor.writePlain(2, STALE_HI, STALE_LO, to);
      else this.#xor.write(2, STALE_HI, STALE_LO, to);
      return;
    }
    this.#value(2, h.sum, isFirst, to);
    let at = 3;
    for (const side of bucketsIn(this.#layout, h)) {
      for (let i = 0; i < side.length; i++) this.#value(at++, side[i]!, isFirst, to);
    }
  }

  #value(i: number, value: number, isFirst: boolean, to: BitWriter): void {
    this.#scratch.setFloat64(0, value);
    const hi = this.#scratch.getInt32(0);
    const lo = this.#scratch.getInt32(4);
    if (isFirst) this.#xor.writePlain(i, hi, lo, to);
    else this.#xor.write(i, hi, lo, to);
  }
}

class IntegerEncoder {
  readonly #layout: HistogramLayout;
  readonly #sum = new XorValues(1, true);
  readonly #scratch = new DataView(new ArrayBuffer(8));
  readonly #values: Float64Array;
  readonly #deltas: Float64Array;

  constructor(layout: HistogramLayout) {
    this.#layout = layout;
    const buckets = countBuckets(layout.positiveSpans) + countBuckets(layout.negativeSpans);
    this.#values = new Float64Array(2 + buckets);
    this.#deltas = new Float64Array(2 + buckets);
  }

  write(h: FloatHistogram | undefined, isFirst: boolean, to: BitWriter): void {
    if (h === undefined) {
      // The counts of a stale marker mean nothing; no differences are the shortest.
      to.bits(0, 2);
      if (isFirst) this.#sum.writePlain(0, STALE_HI, STALE_LO, to);
      else this.#sum.write(0, STALE_HI, STALE_LO, to);
      return;
    }
    this.#value(0, h.count, isFirst, to);
    this.#value(1, h.zeroCount, isFirst, to);
    this.#scratch.setFloat64(0, h.sum);
    const hi = this.#scratch.getInt32(0);
    const lo = this.#scratch.getInt32(4);
    if (isFirst) this.#sum.writePlain(0, hi, lo, to);
    else this.#sum.write(0, hi, lo, to);
    let at = 2;
    for (const side of bucketsIn(this.#layout, h)) {
      let before = 0;
      for (let i = 0; i < side.length; i++) {
        this.#value(at++, side[i]! - before, isFirst, to);
        before = side[i]!;
      }
    }
  }

  #value(i: number, value: number, isFirst: boolean, to: BitWriter): void {
    assert(Number.isSafeInteger(value), "counts of integer histograms are safe integers");
    if (isFirst) {
      if (i < 2) to.varbitUint(value);
      else to.varbitInt(value);
    } else {
      const delta = value - this.#values[i]!;
      to.varbitInt(delta - this.#deltas[i]!);
      this.#deltas[i] = delta;
    }
    this.#values[i] = value;
  }
}
