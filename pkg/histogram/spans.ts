/** Walks the bucket indices that spans describe, upwards or downwards. */
export class SpanCursor {
  /** Index of the current bucket, which its schema turns into bounds. */
  index = 0;
  /** Position of the current bucket in the array of counts. */
  at = -1;
  readonly #spans: Int32Array;
  readonly #buckets: number;
  #span = 0;
  #left = 0;

  /** Ends early if there are fewer than `buckets` counts, which only an invalid histogram has. */
  constructor(spans: Int32Array, buckets: number) {
    this.#spans = spans;
    this.#buckets = buckets;
    this.#span = -1;
    this.index = -1;
  }

  next(): boolean {
    if (this.at + 1 >= this.#buckets) return false;
    this.index++;
    while (this.#left <= 0) {
      this.#span++;
      if (2 * this.#span >= this.#spans.length) return false;
      // The cursor starts at -1 and has just stepped to 0, as offsets count from there.
      this.index += this.#spans[2 * this.#span]!;
      this.#left = this.#spans[2 * this.#span + 1]!;
    }
    this.#left--;
    this.at++;
    return true;
  }
}

/** Walks the bucket indices that spans describe, from the last one down. */
export class ReverseSpanCursor {
  index = 0;
  at = 0;
  readonly #spans: Int32Array;
  #span = 0;
  #left = 0;

  constructor(spans: Int32Array, buckets: number) {
    this.#spans = spans;
    this.#span = spans.length / 2 - 1;
    this.#left = this.#span >= 0 ? spans[2 * this.#span + 1]! : 0;
    let end = 0;
    for (let i = 0; i < spans.length; i++) end += spans[i]!;
    this.index = end;
    this.at = buckets;
  }

  next(): boolean {
    this.index--;
    if (this.at <= 0) return false;
    while (this.#left <= 0) {
      if (this.#span <= 0) return false;
      this.index -= this.#spans[2 * this.#span]!;
      this.#span--;
      this.#left = this.#spans[2 * this.#span + 1]!;
    }
    this.#left--;
    this.at--;
    return true;
  }
}

/** Buckets of one sign. */
export interface BucketSide {
  spans: Int32Array;
  buckets: Float64Array;
  /** What rounding has taken from each bucket, where that is kept. */
  compensations: Float64Array | undefined;
}

/** Makes spans and counts of buckets that come in ascending order. */
export class SideBuilder {
  readonly #spans: Int32Array;
  readonly #buckets: Float64Array;
  readonly #compensations: Float64Array | undefined;
  #spanCount = 0;
  #count = 0;
  #last = 0;

  /** Room for `capacity` buckets. */
  constructor(capacity: number, compensated: boolean) {
    this.#spans = new Int32Array(2 * capacity);
    this.#buckets = new Float64Array(capacity);
    this.#compensations = compensated ? new Float64Array(capacity) : undefined;
  }

  /** Appends a bucket; `index` is above the last one. */
  push(index: number, count: number, compensation: number): void {
    if (this.#spanCount > 0 && index === this.#last + 1) {
      this.#spans[2 * this.#spanCount - 1]!++;
    } else {
      this.#spans[2 * this.#spanCount] = this.#spanCount === 0 ? index : index - this.#last - 1;
      this.#spans[2 * this.#spanCount + 1] = 1;
      this.#spanCount++;
    }
    this.#last = index;
    this.#buckets[this.#count] = count;
    if (this.#compensations) this.#compensations[this.#count] = compensation;
    this.#count++;
  }

  finish(): BucketSide {
    return {
      spans: this.#spans.slice(0, 2 * this.#spanCount),
      buckets: this.#buckets.slice(0, this.#count),
      compensations: this.#compensations?.slice(0, this.#count),
    };
  }
}

/** True if both describe the same buckets, spans of no length aside. */
export function spansMatch(a: Int32Array, b: Int32Array): boolean {
  const left = withoutEmptySpans(a);
  const right = withoutEmptySpans(b);
  return left.length === right.length && left.every((value, i) => value === right[i]);
}

function withoutEmptySpans(spans: Int32Array): Int32Array {
  const out = new Int32Array(spans.length);
  let length = 0;
  let carried = 0;
  for (let i = 0; i < spans.length; i += 2) {
    carried += spans[i]!;
    if (spans[i + 1] === 0) continue;
    out[length++] = carried;
    out[length++] = spans[i + 1]!;
    carried = 0;
  }
  return out.subarray(0, length);
}

/** Spans of all buckets that `a` or `b` describe. */
export function uniteSpans(a: Int32Array, b: Int32Array): Int32Array {
  const left = new SpanCursor(a, Number.MAX_SAFE_INTEGER);
  const right = new SpanCursor(b, Number.MAX_SAFE_INTEGER);
  const out: number[] = [];
  let end = 0;
  let hasLeft = left.next();
  let hasRight = right.next();
  while (hasLeft || hasRight) {
    const isLeft = hasLeft && (!hasRight || left.index <= right.index);
    const index = isLeft ? left.index : right.index;
    if (out.length > 0 && index === end) out[out.length - 1]!++;
    else out.push(index - end, 1);
    end = index + 1;
    if (hasRight && right.index === index) hasRight = right.next();
    if (isLeft) hasLeft = left.next();
  }
  return Int32Array.from(out);
}

/** Counts of the buckets that `to` describes, which are those of `from` and empty others. */
export function spreadBuckets(
  from: Int32Array,
  buckets: Float64Array,
  to: Int32Array,
): Float64Array {
  let length = 0;
  for (let i = 1; i < to.length; i += 2) length += to[i]!;
  const out = new Float64Array(length);
  const source = new SpanCursor(from, buckets.length);
  const target = new SpanCursor(to, length);
  let hasSource = source.next();
  while (hasSource && target.next()) {
    if (source.index !== target.index) continue;
    out[target.at] = buckets[source.at]!;
    hasSource = source.next();
  }
  return out;
}
