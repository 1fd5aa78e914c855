import { formatFloatG } from "#pkg/model/mod.ts";
import { FloatHistogram } from "./float-histogram.ts";
import { CUSTOM_BUCKETS } from "./schema.ts";

interface Bucket {
  readonly le: number;
  readonly count: number;
}

/**
 * Gathers the series of one classic histogram at one time, and makes a native one with custom
 * buckets of them. What is wrong with them is said at the end.
 */
export class ClassicHistogram {
  readonly #buckets: Bucket[] = [];
  #count: number | undefined;
  #sum = 0;
  #problem: string | undefined;

  /** `count` observations are at or below `le`. A bound that is known already changes nothing. */
  setBucket(le: number, count: number): void {
    if (Number.isNaN(le)) this.#problem ??= "bucket boundary must not be NaN";
    else if (count < 0) {
      const what = `le=${formatFloatG(le)}, count=${formatFloatG(count)}`;
      this.#problem ??= `bucket count must be non-negative: ${what}`;
    }
    if (this.#problem !== undefined) return;
    let at = this.#buckets.length;
    while (at > 0 && this.#buckets[at - 1]!.le >= le) at--;
    const below = this.#buckets[at - 1];
    const above = this.#buckets[at];
    if (above?.le === le) return;
    if (below && count < below.count) this.#problem = notCumulative(count, "<", below.count);
    else if (above && count > above.count) this.#problem = notCumulative(count, ">", above.count);
    else this.#buckets.splice(at, 0, { le, count });
  }

  setCount(count: number): void {
    if (count < 0) this.#problem ??= `count must be non-negative: count=${formatFloatG(count)}`;
    this.#count = count;
  }

  setSum(sum: number): void {
    this.#sum = sum;
  }

  /** The native histogram, or what is wrong with the series. */
  toNative(): FloatHistogram | string {
    if (this.#problem !== undefined) return this.#problem;
    const buckets = [...this.#buckets];
    const count = this.#count ?? buckets.at(-1)?.count ?? 0;
    if (buckets.at(-1)?.le !== Number.POSITIVE_INFINITY) {
      buckets.push({ le: Number.POSITIVE_INFINITY, count });
    }
    const total = buckets.at(-1)!.count;
    if (count !== total) {
      const counts = `count=${formatFloatG(count)} != le=+Inf count=${formatFloatG(total)}`;
      return `count mismatch: ${counts}`;
    }
    const h = new FloatHistogram();
    h.schema = CUSTOM_BUCKETS;
    h.count = count;
    h.sum = this.#sum;
    h.customValues = Float64Array.from(buckets.slice(0, -1), ({ le }) => le);
    h.positiveSpans = Int32Array.of(0, buckets.length);
    h.positiveBuckets = Float64Array.from(
      buckets,
      (bucket, i) => bucket.count - (i === 0 ? 0 : buckets[i - 1]!.count),
    );
    // Prometheus makes integer histograms of integer counts, and leaves them a few empty buckets.
    return h.compact(buckets.every((bucket) => Number.isInteger(bucket.count)) ? 2 : 0);
  }
}

function notCumulative(count: number, relation: string, other: number): string {
  return `count is not cumulative: ${formatFloatG(count)} ${relation} ${formatFloatG(other)}`;
}
