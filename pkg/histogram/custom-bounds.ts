import { kahanAddAt } from "./kahan.ts";
import { type BucketSide, SideBuilder, SpanCursor } from "./spans.ts";

/** True if both have the same bounds. */
export function sameBounds(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The bounds that both have. */
export function commonBounds(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(Math.min(a.length, b.length));
  let length = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      out[length++] = a[i]!;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  return out.slice(0, length);
}

/** Buckets of one side together with the bounds they are about. */
export interface CustomSide extends BucketSide {
  readonly bounds: Float64Array;
}

/**
 * Adds up buckets with different custom bounds in the buckets of `bounds`, which both have; with
 * `subtract`, the second one is taken away. Empty buckets are left out. The sums are compensated
 * and the compensations returned beside them, also where the caller has no use for them.
 */
export function mergeMismatched(
  a: CustomSide,
  b: CustomSide,
  bounds: Float64Array,
  subtract: boolean,
): BucketSide {
  const sums = new Float64Array(bounds.length + 1);
  const compensations = new Float64Array(bounds.length + 1);
  mapInto({ sums, compensations, bounds }, a, false);
  mapInto({ sums, compensations, bounds }, { ...b, compensations: undefined }, subtract);
  const builder = new SideBuilder(sums.length, true);
  for (let i = 0; i < sums.length; i++) {
    if (sums[i] !== 0 || compensations[i] !== 0) builder.push(i, sums[i]!, compensations[i]!);
  }
  return builder.finish();
}

interface Target {
  readonly sums: Float64Array;
  readonly compensations: Float64Array;
  readonly bounds: Float64Array;
}

function mapInto(target: Target, side: CustomSide, subtract: boolean): void {
  const cursor = new SpanCursor(side.spans, side.buckets.length);
  let at = 0;
  while (cursor.next()) {
    at = targetOf(cursor.index, side.bounds, target.bounds, at);
    const count = side.buckets[cursor.at]!;
    kahanAddAt(target.sums, target.compensations, at, subtract ? -count : count);
    if (side.compensations) {
      kahanAddAt(target.sums, target.compensations, at, side.compensations[cursor.at]!);
    }
  }
}

/** Index of the first of `targets` that covers bucket `index` of `bounds`; it is not below `from`.
 */
function targetOf(
  index: number,
  bounds: Float64Array,
  targets: Float64Array,
  from: number,
): number {
  if (index >= bounds.length) return targets.length;
  const bound = bounds[index]!;
  let at = from;
  while (at < targets.length && targets[at]! < bound) at++;
  return at;
}

/** Plain sums of the buckets of `side` in the buckets of `bounds`. */
export function rollUp(side: CustomSide, bounds: Float64Array): Float64Array {
  const sums = new Float64Array(bounds.length + 1);
  const cursor = new SpanCursor(side.spans, side.buckets.length);
  let at = 0;
  while (cursor.next()) {
    at = targetOf(cursor.index, side.bounds, bounds, at);
    sums[at]! += side.buckets[cursor.at]!;
  }
  return sums;
}
