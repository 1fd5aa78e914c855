import { assert } from "#pkg/errs/mod.ts";
import {
  bucketsShrank,
  CounterReset,
  type FloatHistogram,
  sameBounds,
  spreadBuckets,
  uniteSpans,
} from "#pkg/histogram/mod.ts";
import {
  type Chunk,
  ChunkEncoding,
  type SampleColumns,
  STALE_HI,
  STALE_LO,
} from "#pkg/storage/mod.ts";
import { BitWriter } from "./bit-writer.ts";
import {
  CounterResetFlags,
  countBuckets,
  EMPTY_LAYOUT,
  HISTOGRAM_HEADER_BYTES,
  type HistogramLayout,
  writeLayout,
} from "./histogram-layout.ts";
import { XorValues } from "./xor-values.ts";

/** The most samples that the count in the header can name. */
const SAMPLES_MAX = 0xffff;

/**
 * The chunks of entries `[from, to)` of `columns`, which are histograms and stale markers in
 * ascending order. A new chunk begins where Prometheus begins one: at a counter reset, where the
 * schema, the zero threshold or the custom bounds change, between counters and gauges, and behind a
 * stale marker. All histograms of a chunk are given the buckets that any of them has. For `integer`
 * chunks all counts are whole numbers. Start timestamps are not kept. The chunks own their bytes.
 */
export function encodeHistograms(
  columns: SampleColumns,
  from: number,
  to: number,
  integer: boolean,
): Chunk[] {
  const out: Chunk[] = [];
  let start = from;
  let group: HistogramGroup | undefined;
  for (let i = from; i < to; i++) {
    const h = columns.histograms?.[i];
    assert(h !== undefined || columns.isStale(i), "entries are histograms or stale markers");
    const cut: Cut =
      group && i - start < SAMPLES_MAX ? group.cutBefore(h) : { flags: firstFlags(h) };
    if (cut === undefined && group) {
      group.take(h);
      continue;
    }
    if (group) out.push(encodeGroup(columns, start, i, group, integer));
    group = new HistogramGroup(cut?.flags ?? firstFlags(h));
    group.take(h);
    start = i;
  }
  if (group) out.push(encodeGroup(columns, start, to, group, integer));
  return out;
}

/**
 * Entries `[from, to)`, at least one, which come from one chunk, as one chunk; whether they continue
 * each other is not asked. Otherwise as `encodeHistograms`.
 */
export function encodeHistogramPart(
  columns: SampleColumns,
  from: number,
  to: number,
  integer: boolean,
): Chunk {
  let first: FloatHistogram | undefined;
  for (let i = from; i < to && first === undefined; i++) first = columns.histograms?.[i];
  const group = new HistogramGroup(firstFlags(first));
  for (let i = from; i < to; i++) group.take(columns.histograms?.[i]);
  return encodeGroup(columns, from, to, group, integer);
}

/** Begin a new chunk with these flags; undefined: go on with the one at hand. */
type Cut = { readonly flags: CounterResetFlags } | undefined;

const UNKNOWN: Cut = { flags: CounterResetFlags.unknown };

function firstFlags(h: FloatHistogram | undefined): CounterResetFlags {
  if (h?.counterReset === CounterReset.gauge) return CounterResetFlags.gauge;
  if (h?.counterReset === CounterReset.reset) return CounterResetFlags.reset;
  return CounterResetFlags.unknown;
}

/** The histograms of one chunk as they come. */
class HistogramGroup {
  readonly flags: CounterResetFlags;
  layout: HistogramLayout | undefined;
  #last: FloatHistogram | undefined;

  constructor(flags: CounterResetFlags) {
    this.flags = flags;
  }

  /** Whether, and how, a new chunk begins at `h` (undefined: a stale marker). */
  cutBefore(h: FloatHistogram | undefined): Cut {
    // A stale marker is no gauge.
    if (h === undefined) return this.flags === CounterResetFlags.gauge ? UNKNOWN : undefined;
    const flags = firstFlags(h);
    const last = this.#last;
    const { layout } = this;
    const isGauge = flags === CounterResetFlags.gauge;
    if (isGauge !== (this.flags === CounterResetFlags.gauge)) return { flags };
    if (flags === CounterResetFlags.reset || last === undefined || layout === undefined) {
      return { flags };
    }
    if (!isGauge && h.count < last.count) return { flags: CounterResetFlags.reset };
    if (h.schema !== layout.schema || h.zeroThreshold !== layout.zeroThreshold) return { flags };
    if (!sameBounds(h.customValues, layout.customValues)) {
      return { flags: isGauge ? flags : CounterResetFlags.reset };
    }
    if (!isGauge && bucketsShrank(h, last)) return { flags: CounterResetFlags.reset };
    return undefined;
  }

  take(h: FloatHistogram | undefined): void {
    this.#last = h;
    if (h === undefined) return;
    const { layout } = this;
    this.layout = {
      schema: h.schema,
      zeroThreshold: h.zeroThreshold,
      customValues: h.customValues,
      positiveSpans: layout ? united(layout.positiveSpans, h.positiveSpans) : h.positiveSpans,
      negativeSpans: layout ? united(layout.negativeSpans, h.negativeSpans) : h.negativeSpans,
    };
  }
}

function united(a: Int32Array, b: Int32Array): Int32Array {
  return sameSpans(a, b) ? a : uniteSpans(a, b);
}

function sameSpans(a: Int32Array, b: Int32Array): boolean {
  return a === b || (a.length === b.length && a.every((part, i) => part === b[i]));
}

function encodeGroup(
  columns: SampleColumns,
  from: number,
  to: number,
  group: HistogramGroup,
  integer: boolean,
): Chunk {
  const layout = group.layout ?? EMPTY_LAYOUT;
  const writer = new BitWriter();
  for (let i = 0; i < HISTOGRAM_HEADER_BYTES; i++) writer.bits(0, 8);
  writeLayout(layout, writer);
  const encoder = integer ? new IntegerEncoder(layout) : new FloatEncoder(layout);
  let time = 0;
  let delta = 0;
  for (let i = from; i < to; i++) {
    const t = columns.timestamps[i]!;
    const grown = i === from ? 0 : t - time;
    writer.varbitInt(i === from ? t : grown - delta);
    encoder.write(columns.histograms?.[i], i === from, writer);
    time = t;
    delta = grown;
  }
  const bytes = writer.finish();
  const count = to - from;
  bytes[0] = count >>> 8;
  bytes[1] = count & 0xff;
  bytes[2] = group.flags;
  const encoding = integer ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram;
  const mint = columns.timestamps[from]!;
  return { encoding, mint, maxt: time, bytes, start: 0, end: bytes.length };
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
