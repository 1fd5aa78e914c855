import { commonBounds, mergeMismatched, sameBounds } from "./custom-bounds.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { KahanSum } from "./kahan.ts";
import { mergeSides, reduceSide } from "./merge-sides.ts";
import { CounterReset } from "./schema.ts";
import type { BucketSide } from "./spans.ts";
import { reconcileZeroBuckets } from "./zero-bucket.ts";

/** What is to be said about an addition or subtraction; bits that may come together. */
export const CombineNote = {
  none: 0,
  /** One histogram says that there was a counter reset, the other that there was none. */
  counterResetCollision: 1,
  /** Custom bounds differed: the result has those that both had. */
  boundsReconciled: 2,
  /** Exponential and custom buckets do not go together: nothing was changed. */
  incompatible: 4,
} as const;

/**
 * Adds `other` to `h`, or takes it away. Where `compensations` (of the layout of `h`) is given,
 * sums are compensated; `subtract` is false then. Changes `h` and `compensations`, never `other`. Returns `CombineNote` bits.
 */
export function combine(
  h: FloatHistogram,
  other: FloatHistogram,
  subtract: boolean,
  compensations: FloatHistogram | undefined,
): number {
  if (h.usesCustomBuckets !== other.usesCustomBuckets) return CombineNote.incompatible;
  const note = adoptCounterReset(h, other) ? CombineNote.counterResetCollision : CombineNote.none;
  if (!h.usesCustomBuckets) addZeroBucket(h, other, subtract, compensations);
  addTotals(h, other, subtract, compensations);
  if (h.usesCustomBuckets) return note | addCustom(h, other, subtract, compensations);
  addExponential(h, other, subtract, compensations);
  return note;
}

/** Sets the hint of a sum; true if the two contradict each other. */
function adoptCounterReset(h: FloatHistogram, other: FloatHistogram): boolean {
  const ours = h.counterReset;
  const theirs = other.counterReset;
  if (ours === theirs || ours === CounterReset.gauge) return false;
  if (theirs === CounterReset.gauge) {
    h.counterReset = CounterReset.gauge;
    return false;
  }
  h.counterReset = CounterReset.unknown;
  return ours !== CounterReset.unknown && theirs !== CounterReset.unknown;
}

function addZeroBucket(
  h: FloatHistogram,
  other: FloatHistogram,
  subtract: boolean,
  compensations: FloatHistogram | undefined,
): void {
  const theirs = reconcileZeroBuckets(h, other, compensations);
  if (!compensations) {
    h.zeroCount += subtract ? -theirs.count : theirs.count;
    return;
  }
  const sum = new KahanSum(h.zeroCount, compensations.zeroCount);
  sum.add(theirs.count);
  sum.add(theirs.compensation);
  h.zeroCount = sum.sum;
  compensations.zeroCount = sum.compensation;
}

function addTotals(
  h: FloatHistogram,
  other: FloatHistogram,
  subtract: boolean,
  compensations: FloatHistogram | undefined,
): void {
  if (!compensations) {
    h.count += subtract ? -other.count : other.count;
    h.sum += subtract ? -other.sum : other.sum;
    return;
  }
  const count = new KahanSum(h.count, compensations.count);
  count.add(other.count);
  h.count = count.sum;
  compensations.count = count.compensation;
  const sum = new KahanSum(h.sum, compensations.sum);
  sum.add(other.sum);
  h.sum = sum.sum;
  compensations.sum = sum.compensation;
}

function addCustom(
  h: FloatHistogram,
  other: FloatHistogram,
  subtract: boolean,
  compensations: FloatHistogram | undefined,
): number {
  const ours = positiveSide(h, compensations);
  const theirs = positiveSide(other, undefined);
  if (sameBounds(h.customValues, other.customValues)) {
    setPositive(h, compensations, mergeSides(ours, theirs, optionsOf(h, subtract)));
    return CombineNote.none;
  }
  const bounds = commonBounds(h.customValues, other.customValues);
  const merged = mergeMismatched(
    { ...ours, bounds: h.customValues },
    { ...theirs, bounds: other.customValues },
    bounds,
    subtract,
  );
  setPositive(h, compensations, merged);
  h.customValues = bounds;
  if (compensations) compensations.customValues = bounds;
  return CombineNote.boundsReconciled;
}

function addExponential(
  h: FloatHistogram,
  other: FloatHistogram,
  subtract: boolean,
  compensations: FloatHistogram | undefined,
): void {
  let ourPositive = positiveSide(h, compensations);
  let ourNegative = negativeSide(h, compensations);
  let theirPositive = positiveSide(other, undefined);
  let theirNegative = negativeSide(other, undefined);
  if (other.schema < h.schema) {
    ourPositive = reduceSide(ourPositive, h.schema, other.schema);
    ourNegative = reduceSide(ourNegative, h.schema, other.schema);
    h.schema = other.schema;
  } else if (other.schema > h.schema) {
    theirPositive = reduceSide(
      withCompensations(theirPositive, compensations),
      other.schema,
      h.schema,
    );
    theirNegative = reduceSide(
      withCompensations(theirNegative, compensations),
      other.schema,
      h.schema,
    );
  }
  const options = optionsOf(h, subtract);
  setPositive(h, compensations, mergeSides(ourPositive, theirPositive, options));
  setNegative(h, compensations, mergeSides(ourNegative, theirNegative, options));
  if (!compensations) return;
  compensations.schema = h.schema;
  compensations.zeroThreshold = h.zeroThreshold;
}

function optionsOf(h: FloatHistogram, subtract: boolean) {
  return { schema: h.schema, zeroThreshold: h.zeroThreshold, subtract };
}

/** Uniting buckets loses bits too: they are kept where sums are compensated. */
function withCompensations(
  side: BucketSide,
  compensations: FloatHistogram | undefined,
): BucketSide {
  if (!compensations) return side;
  return { ...side, compensations: new Float64Array(side.buckets.length) };
}

/** The positive buckets of `h`. */
export function positiveSide(
  h: FloatHistogram,
  compensations: FloatHistogram | undefined,
): BucketSide {
  return {
    spans: h.positiveSpans,
    buckets: h.positiveBuckets,
    compensations: compensations?.positiveBuckets,
  };
}

/** The negative buckets of `h`. */
export function negativeSide(
  h: FloatHistogram,
  compensations: FloatHistogram | undefined,
): BucketSide {
  return {
    spans: h.negativeSpans,
    buckets: h.negativeBuckets,
    compensations: compensations?.negativeBuckets,
  };
}

function setPositive(
  h: FloatHistogram,
  compensations: FloatHistogram | undefined,
  side: BucketSide,
): void {
  h.positiveSpans = side.spans;
  h.positiveBuckets = side.buckets;
  if (!compensations) return;
  compensations.positiveSpans = side.spans;
  compensations.positiveBuckets = side.compensations!;
}

function setNegative(
  h: FloatHistogram,
  compensations: FloatHistogram | undefined,
  side: BucketSide,
): void {
  h.negativeSpans = side.spans;
  h.negativeBuckets = side.buckets;
  if (!compensations) return;
  compensations.negativeSpans = side.spans;
  compensations.negativeBuckets = side.compensations!;
}
