import { type BucketSide, SideBuilder, SpanCursor } from "./spans.ts";

/**
 * The same buckets with spans that begin and end with filled ones, and hold at most `emptyMax`
 * empty ones in a row. A bucket with a compensation counts as filled.
 */
export function compactSide(side: BucketSide, emptyMax: number): BucketSide {
  const { buckets, compensations } = side;
  if (isCompact(side, emptyMax)) return side;
  const capacity = compactedLength(side, emptyMax);
  const builder = new SideBuilder(capacity, compensations !== undefined);
  const cursor = new SpanCursor(side.spans, buckets.length);
  let last = Number.NEGATIVE_INFINITY;
  while (cursor.next()) {
    const count = buckets[cursor.at]!;
    const compensation = compensations?.[cursor.at] ?? 0;
    if (count === 0 && compensation === 0) continue;
    if (cursor.index - last - 1 <= emptyMax) {
      for (let index = last + 1; index < cursor.index; index++) builder.push(index, 0, 0);
    }
    builder.push(cursor.index, count, compensation);
    last = cursor.index;
  }
  return builder.finish();
}

/** Cheap, and the common case: no empty bucket and nothing to unite. */
function isCompact({ spans, buckets }: BucketSide, emptyMax: number): boolean {
  for (let i = 0; i < buckets.length; i++) if (buckets[i] === 0) return false;
  for (let i = 0; i < spans.length; i += 2) {
    if ((i > 0 && spans[i]! <= emptyMax) || spans[i + 1] === 0) return false;
  }
  return true;
}

function compactedLength({ spans, buckets, compensations }: BucketSide, emptyMax: number): number {
  const cursor = new SpanCursor(spans, buckets.length);
  let last = Number.NEGATIVE_INFINITY;
  let length = 0;
  while (cursor.next()) {
    if (buckets[cursor.at] === 0 && (compensations?.[cursor.at] ?? 0) === 0) continue;
    const empty = cursor.index - last - 1;
    length += empty <= emptyMax ? empty + 1 : 1;
    last = cursor.index;
  }
  return length;
}
