import { FloatHistogram } from "./float-histogram.ts";
import type { CounterReset } from "./schema.ts";

/**
 * A native histogram with integer counts, as instrumented programs expose it: the first count of
 * a sign is absolute, later ones are differences to the one before. Spans are as in
 * `FloatHistogram`.
 */
export interface IntegerHistogram {
  readonly counterReset: CounterReset;
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positiveSpans: Int32Array;
  readonly negativeSpans: Int32Array;
  readonly positiveDeltas: Float64Array;
  readonly negativeDeltas: Float64Array;
  readonly customValues: Float64Array;
}

/** The same histogram with float counts. Spans and custom bounds are shared, not copied. */
export function toFloatHistogram(h: IntegerHistogram): FloatHistogram {
  const to = new FloatHistogram();
  to.counterReset = h.counterReset;
  to.schema = h.schema;
  to.count = h.count;
  to.sum = h.sum;
  to.positiveSpans = h.positiveSpans;
  to.positiveBuckets = runningSums(h.positiveDeltas);
  if (to.usesCustomBuckets) {
    to.customValues = h.customValues;
    return to;
  }
  to.zeroThreshold = h.zeroThreshold;
  to.zeroCount = h.zeroCount;
  to.negativeSpans = h.negativeSpans;
  to.negativeBuckets = runningSums(h.negativeDeltas);
  return to;
}

function runningSums(deltas: Float64Array): Float64Array {
  const out = new Float64Array(deltas.length);
  let count = 0;
  for (let i = 0; i < deltas.length; i++) out[i] = count += deltas[i]!;
  return out;
}
