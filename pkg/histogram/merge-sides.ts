import { exponentialBound } from "./bounds.ts";
import { kahanAddAt } from "./kahan.ts";
import { CUSTOM_BUCKETS } from "./schema.ts";
import { type BucketSide, SideBuilder, SpanCursor } from "./spans.ts";

/** Index in schema `to` of the bucket that holds bucket `index` of the finer schema `from`. */
export function coarserIndex(index: number, from: number, to: number): number {
  // A difference of 32 or more (reserved schemas) leaves only the sign.
  return ((index - 1) >> Math.min(from - to, 31)) + 1;
}

/** The buckets of `side`, of schema `from`, united into those of the coarser schema `to`. */
export function reduceSide(side: BucketSide, from: number, to: number): BucketSide {
  const { spans, buckets, compensations } = side;
  const sums = new Float64Array(buckets.length);
  const lost = compensations && new Float64Array(buckets.length);
  const indices = new Int32Array(buckets.length);
  let length = 0;
  const cursor = new SpanCursor(spans, buckets.length);
  while (cursor.next()) {
    const index = coarserIndex(cursor.index, from, to);
    const count = buckets[cursor.at]!;
    if (length === 0 || indices[length - 1] !== index) {
      indices[length] = index;
      sums[length] = count;
      if (lost) lost[length] = compensations[cursor.at]!;
      length++;
    } else if (lost) {
      kahanAddAt(sums, lost, length - 1, count);
      kahanAddAt(sums, lost, length - 1, compensations[cursor.at]!);
    } else {
      sums[length - 1]! += count;
    }
  }
  const builder = new SideBuilder(length, lost !== undefined);
  for (let i = 0; i < length; i++) builder.push(indices[i]!, sums[i]!, lost?.[i] ?? 0);
  return builder.finish();
}

export interface MergeOptions {
  readonly schema: number;
  /** Buckets of the second side that lie below the zero threshold are in its zero count already. */
  readonly zeroThreshold: number;
  /** The second side is taken away instead of added. */
  readonly subtract: boolean;
}

/**
 * Adds `b` to `a` (or takes it away): `a` has all buckets of both then. Where `a` has
 * compensations, sums are compensated. `a` is changed in place if that is enough.
 */
export function mergeSides(a: BucketSide, b: BucketSide, options: MergeOptions): BucketSide {
  const skipped = bucketsBelow(b, options);
  if (skipped === 0 && sameSpans(a.spans, b.spans) && a.buckets.length === b.buckets.length) {
    for (let i = 0; i < b.buckets.length; i++) addAt(a, i, b, i, options.subtract);
    return a;
  }
  if (skipped === b.buckets.length) return a;
  return uniteSides(a, b, skipped, options.subtract);
}

function bucketsBelow(side: BucketSide, { schema, zeroThreshold }: MergeOptions): number {
  if (schema === CUSTOM_BUCKETS) return 0;
  const cursor = new SpanCursor(side.spans, side.buckets.length);
  let count = 0;
  while (cursor.next() && exponentialBound(cursor.index, schema) <= zeroThreshold) count++;
  return count;
}

function sameSpans(a: Int32Array, b: Int32Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function addAt(a: BucketSide, i: number, b: BucketSide, j: number, subtract: boolean): void {
  const count = subtract ? -b.buckets[j]! : b.buckets[j]!;
  if (a.compensations === undefined) {
    a.buckets[i]! += count;
    return;
  }
  kahanAddAt(a.buckets, a.compensations, i, count);
  const compensation = b.compensations?.[j] ?? 0;
  if (compensation !== 0) {
    kahanAddAt(a.buckets, a.compensations, i, subtract ? -compensation : compensation);
  }
}

function uniteSides(a: BucketSide, b: BucketSide, skip: number, subtract: boolean): BucketSide {
  const compensated = a.compensations !== undefined;
  const builder = new SideBuilder(a.buckets.length + b.buckets.length, compensated);
  const ours = new SpanCursor(a.spans, a.buckets.length);
  const theirs = new SpanCursor(b.spans, b.buckets.length);
  for (let i = 0; i < skip; i++) theirs.next();
  let hasOurs = ours.next();
  let hasTheirs = theirs.next();
  while (hasOurs || hasTheirs) {
    if (hasOurs && (!hasTheirs || ours.index <= theirs.index)) {
      const isShared = hasTheirs && ours.index === theirs.index;
      if (isShared) addAt(a, ours.at, b, theirs.at, subtract);
      builder.push(ours.index, a.buckets[ours.at]!, a.compensations?.[ours.at] ?? 0);
      hasOurs = ours.next();
      if (isShared) hasTheirs = theirs.next();
    } else {
      const count = b.buckets[theirs.at]!;
      const compensation = b.compensations?.[theirs.at] ?? 0;
      builder.push(
        theirs.index,
        subtract ? -count : count,
        subtract ? -compensation : compensation,
      );
      hasTheirs = theirs.next();
    }
  }
  return builder.finish();
}
