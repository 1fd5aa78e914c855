/** Cumulative buckets of a classic histogram at one step, in columns that grow as needed. */
export class Buckets {
  bounds = new Float64Array(16);
  counts = new Float64Array(16);
  length = 0;
  /** What the last call of `quantile` had to repair. */
  repaired = false;
  minRepaired = Infinity;
  maxRepaired = -Infinity;
  maxDiff = 0;

  clear(): void {
    this.length = 0;
  }

  push(bound: number, count: number): void {
    if (this.length === this.bounds.length) {
      const bounds = new Float64Array(this.length * 2);
      const counts = new Float64Array(this.length * 2);
      bounds.set(this.bounds);
      counts.set(this.counts);
      this.bounds = bounds;
      this.counts = counts;
    }
    this.bounds[this.length] = bound;
    this.counts[this.length++] = count;
  }

  /**
   * The `q` quantile, linear within a bucket; NaN without a bucket for +Inf or without observations.
   * Buckets that are not cumulative are repaired first. Source: Prometheus promql/quantile.go.
   */
  quantile(q: number): number {
    this.repaired = false;
    if (Number.isNaN(q)) return NaN;
    if (q < 0) return -Infinity;
    if (q > 1) return Infinity;
    this.#sort();
    if (this.bounds[this.length - 1] !== Infinity) return NaN;
    this.#coalesce();
    this.#repair();
    const { bounds, counts, length } = this;
    if (length < 2) return NaN;
    const observations = counts[length - 1]!;
    if (observations === 0) return NaN;
    let rank = q * observations;
    let b = 0;
    while (b < length - 1 && !(counts[b]! >= rank)) b++;
    if (b === length - 1) return bounds[length - 2]!;
    if (b === 0 && bounds[0]! <= 0) return bounds[0]!;
    let start = 0;
    let count = counts[b]!;
    if (b > 0) {
      start = bounds[b - 1]!;
      count -= counts[b - 1]!;
      rank -= counts[b - 1]!;
    }
    return start + (bounds[b]! - start) * (rank / count);
  }

  /** The part of the observations between `lower` and `upper`. */
  fraction(lower: number, upper: number): number {
    this.#sort();
    if (this.bounds[this.length - 1] !== Infinity) return NaN;
    this.#coalesce();
    const count = this.counts[this.length - 1]!;
    if (count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
    if (lower >= upper) return 0;
    return (this.#rankOf(upper, count) - this.#rankOf(lower, count)) / count;
  }

  /** How many observations are at most `value`, at most `count`. */
  #rankOf(value: number, count: number): number {
    const { bounds, counts, length } = this;
    let rank = 0;
    let lower = bounds[0]! <= 0 ? -Infinity : 0;
    for (let i = 0; i < length; i++) {
      if (i > 0) lower = bounds[i - 1]!;
      const upper = bounds[i]!;
      if (lower >= value) return Math.min(rank, count);
      if (lower < value && upper > value) {
        // A bucket without a lower bound cannot be divided; all of it counts.
        if (lower === -Infinity) return Math.min(counts[i]!, count);
        const part = rank + ((counts[i]! - rank) * (value - lower)) / (upper - lower);
        return part > count ? count : part;
      }
      rank = counts[i]!;
    }
    return count;
  }

  /** By bound; there are few buckets and they mostly come in order. */
  #sort(): void {
    const { bounds, counts } = this;
    for (let i = 1; i < this.length; i++) {
      const bound = bounds[i]!;
      const count = counts[i]!;
      let j = i;
      for (; j > 0 && bounds[j - 1]! > bound; j--) {
        bounds[j] = bounds[j - 1]!;
        counts[j] = counts[j - 1]!;
      }
      bounds[j] = bound;
      counts[j] = count;
    }
  }

  /** Buckets of the same bound become one. */
  #coalesce(): void {
    const { bounds, counts } = this;
    let last = 0;
    for (let i = 1; i < this.length; i++) {
      if (bounds[i] === bounds[last]) counts[last] = counts[last]! + counts[i]!;
      else {
        last++;
        bounds[last] = bounds[i]!;
        counts[last] = counts[i]!;
      }
    }
    this.length = last + 1;
  }

  /** Counts that fall are raised to the one before; differences of rounding are not mentioned. */
  #repair(): void {
    const { bounds, counts } = this;
    this.minRepaired = Infinity;
    this.maxRepaired = -Infinity;
    this.maxDiff = 0;
    let previous = counts[0]!;
    for (let i = 1; i < this.length; i++) {
      const count = counts[i]!;
      if (count === previous) continue;
      if (almostEqual(previous, count, 1e-12)) counts[i] = previous;
      else if (count < previous) {
        counts[i] = previous;
        this.repaired = true;
        this.minRepaired = Math.min(this.minRepaired, bounds[i]!);
        this.maxRepaired = Math.max(this.maxRepaired, bounds[i]!);
        this.maxDiff = Math.max(this.maxDiff, previous - count);
      } else previous = count;
    }
  }
}

const MIN_NORMAL = 2.2250738585072014e-308;

/** Equal up to a relative error. Source: Prometheus util/almost. */
export function almostEqual(a: number, b: number, epsilon: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const diff = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return diff < epsilon * MIN_NORMAL;
  return diff / Math.min(sum, Number.MAX_VALUE) < epsilon;
}
