import { combine } from "./combine.ts";
import { FloatHistogram } from "./float-histogram.ts";

/**
 * A growing sum of histograms with what rounding has taken from it, so that the order of adding
 * hardly matters.
 */
export class CompensatedHistogram {
  /** The sum without compensations; owned. */
  readonly value: FloatHistogram;
  #compensations: FloatHistogram | undefined;

  /** Begins with a copy of `first`. */
  constructor(first: FloatHistogram) {
    this.value = first.copy();
  }

  /** Adds `other`, which stays as it is. Returns `CombineNote` bits; `incompatible` adds nothing. */
  add(other: FloatHistogram): number {
    if (other.usesCustomBuckets === this.value.usesCustomBuckets) {
      this.#compensations ??= emptyOf(this.value);
    }
    return combine(this.value, other, false, this.#compensations);
  }

  copy(): CompensatedHistogram {
    const to = new CompensatedHistogram(this.value);
    to.#compensations = this.#compensations?.copy();
    return to;
  }

  /** Multiplies all counts and the sum. */
  mul(factor: number): void {
    this.value.mul(factor);
    this.#compensations?.mul(factor);
  }

  /** Divides all counts and the sum. */
  div(divisor: number): void {
    this.value.div(divisor);
    this.#compensations?.div(divisor);
  }

  /** Ends the sum: adds the compensations to `value`, which is returned. */
  total(): FloatHistogram {
    if (this.#compensations) this.value.add(this.#compensations);
    this.#compensations = undefined;
    return this.value;
  }
}

/** A histogram of the layout of `h` in which all is zero. */
function emptyOf(h: FloatHistogram): FloatHistogram {
  const to = new FloatHistogram();
  to.counterReset = h.counterReset;
  to.schema = h.schema;
  to.zeroThreshold = h.zeroThreshold;
  to.customValues = h.customValues;
  to.positiveSpans = h.positiveSpans;
  to.negativeSpans = h.negativeSpans;
  to.positiveBuckets = new Float64Array(h.positiveBuckets.length);
  to.negativeBuckets = new Float64Array(h.negativeBuckets.length);
  return to;
}
