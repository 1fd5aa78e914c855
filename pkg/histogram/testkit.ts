import fc from "fast-check";
import { BucketCursor, BucketOrder, CounterReset, CUSTOM_BUCKETS, FloatHistogram } from "./mod.ts";

/** What a histogram is made of, for tests. */
export interface HistogramShape {
  /** Whole counts, so that sums are exact in any order. @default true */
  readonly integer?: boolean;
  readonly schema?: number;
  /** @default one that lies over no other bucket */
  readonly zeroThreshold?: number;
  readonly customValues?: readonly number[];
}

const COUNT = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 1000 }));

function side(count: fc.Arbitrary<number>, indexMax: number | undefined) {
  const gap = fc.record({ offset: fc.integer({ min: 0, max: 3 }), counts: fc.array(count) });
  return fc
    .tuple(fc.integer({ min: -10, max: 10 }), fc.array(gap, { maxLength: 3 }))
    .map(([first, gaps]) => {
      const spans: number[] = [];
      const buckets: number[] = [];
      let index = indexMax === undefined ? first : 0;
      gaps.forEach(({ offset, counts }, i) => {
        const own = counts.slice(0, 5);
        if (indexMax !== undefined && index + offset + own.length > indexMax + 1) return;
        spans.push(i === 0 && indexMax === undefined ? first + offset : offset, own.length);
        buckets.push(...own);
        index += offset + own.length;
      });
      return { spans: Int32Array.from(spans), buckets: Float64Array.from(buckets) };
    });
}

/** Histograms with gaps, empty buckets and empty spans. */
export function histograms(shape: HistogramShape = {}): fc.Arbitrary<FloatHistogram> {
  const count = shape.integer === false ? COUNT.map((value) => value / 7) : COUNT;
  const custom = shape.customValues;
  return fc
    .record({
      schema: fc.integer({ min: -4, max: 8 }),
      zeroThreshold: fc.constantFrom(0, 0, 0.001, 0.5, 1, 1.7),
      zeroCount: count,
      positive: side(count, custom?.length),
      negative: side(count, undefined),
      sum: fc.integer({ min: -1000, max: 1000 }),
      extra: fc.integer({ min: 0, max: 2 }),
      hint: fc.constantFrom(CounterReset.unknown, CounterReset.gauge),
    })
    .map(({ schema, zeroThreshold, zeroCount, positive, negative, sum, extra, hint }) => {
      const h = new FloatHistogram();
      h.counterReset = hint;
      h.schema = shape.schema ?? schema;
      h.sum = sum;
      h.positiveSpans = positive.spans;
      h.positiveBuckets = positive.buckets;
      if (custom) {
        h.schema = CUSTOM_BUCKETS;
        h.customValues = Float64Array.from(custom);
      } else {
        h.zeroCount = zeroCount;
        h.negativeSpans = negative.spans;
        h.negativeBuckets = negative.buckets;
        h.zeroThreshold = shape.zeroThreshold ?? Math.min(zeroThreshold, innermostBound(h));
      }
      h.count = bucketTotal(h) + extra;
      return h;
    });
}

/** Up to where a zero bucket can reach without lying over another bucket. */
function innermostBound(h: FloatHistogram): number {
  let bound = Number.POSITIVE_INFINITY;
  const positive = new BucketCursor(h, BucketOrder.positive);
  if (positive.next()) bound = positive.lower;
  const negative = new BucketCursor(h, BucketOrder.negative);
  if (negative.next()) bound = Math.min(bound, -negative.upper);
  return bound;
}

/** Observations in all buckets. */
export function bucketTotal(h: FloatHistogram): number {
  let total = h.zeroCount;
  for (const count of h.positiveBuckets) total += count;
  for (const count of h.negativeBuckets) total += count;
  return total;
}

/** The filled buckets by sign and index. */
export function bucketMap(h: FloatHistogram): Map<string, number> {
  const out = new Map<string, number>();
  if (h.zeroCount !== 0) out.set("zero", h.zeroCount);
  for (const order of [BucketOrder.positive, BucketOrder.negative]) {
    const bucket = new BucketCursor(h, order);
    while (bucket.next()) if (bucket.count !== 0) out.set(`${order}:${bucket.index}`, bucket.count);
  }
  return out;
}
