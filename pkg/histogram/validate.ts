import { formatFloatG } from "#pkg/model/mod.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import type { IntegerHistogram } from "./integer-histogram.ts";
import {
  CUSTOM_BUCKETS,
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  isExponentialSchema,
} from "./schema.ts";

const NEGATIVE_BUCKET = "histogram has a bucket whose observation count is negative";
const NEGATIVE_OFFSET = "histogram has a span whose offset is negative";
const MISMATCH = "histogram spans specify different number of buckets than provided";

/** The parts that both kinds of histograms have. */
type Layout = Pick<
  FloatHistogram,
  "schema" | "zeroThreshold" | "zeroCount" | "positiveSpans" | "negativeSpans" | "customValues"
>;

/** Number of buckets by sign. */
interface Sizes {
  readonly positive: number;
  readonly negative: number;
}

/**
 * What is wrong with a histogram, in Prometheus's words; undefined if nothing is. That the count
 * is that of the buckets is not asked: sums of floats need not be equal.
 */
export function validateHistogram(h: FloatHistogram): string | undefined {
  const sizes = { positive: h.positiveBuckets.length, negative: h.negativeBuckets.length };
  const layout = validateLayout(h, sizes);
  if (layout !== undefined) return layout;
  if (h.schema !== CUSTOM_BUCKETS) {
    const negative = validateCounts(h.negativeBuckets);
    if (negative !== undefined) return `negative side: ${negative}`;
    if (h.zeroCount < 0) {
      const count = formatFloatG(h.zeroCount);
      return `zero bucket has observation count of ${count}: ${NEGATIVE_BUCKET}`;
    }
    if (h.customValues.length > 0) return EXPONENTIAL_BOUNDS;
  }
  if (h.count < 0) {
    const count = formatFloatG(h.count);
    return `observation count is  ${count}: histogram's observation count is negative`;
  }
  const positive = validateCounts(h.positiveBuckets);
  return positive && `positive side: ${positive}`;
}

/**
 * What is wrong with an integer histogram, in Prometheus's words; undefined if nothing is. The
 * buckets must hold as many observations as the histogram counts; NaN observations, of which there
 * are some if the sum is NaN, are in no bucket.
 */
export function validateIntegerHistogram(h: IntegerHistogram): string | undefined {
  const negativeBuckets = absoluteCounts(h.negativeDeltas);
  const positiveBuckets = absoluteCounts(h.positiveDeltas);
  const sizes = { positive: positiveBuckets.length, negative: negativeBuckets.length };
  const layout = validateLayout(h, sizes);
  if (layout !== undefined) return layout;
  let total = h.zeroCount;
  if (h.schema !== CUSTOM_BUCKETS) {
    const negative = validateCounts(negativeBuckets);
    if (negative !== undefined) return `negative side: ${negative}`;
    if (h.customValues.length > 0) return EXPONENTIAL_BOUNDS;
    for (const count of negativeBuckets) total += count;
  }
  const positive = validateCounts(positiveBuckets);
  if (positive !== undefined) return `positive side: ${positive}`;
  for (const count of positiveBuckets) total += count;
  const hasNaN = Number.isNaN(h.sum);
  if (hasNaN ? total <= h.count : total === h.count) return undefined;
  const found = `${total} observations found in buckets, but the Count field is ${h.count}`;
  return hasNaN
    ? `${found}: histogram's observation count should be at least the number of observations found in the buckets`
    : `${found}: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)`;
}

const EXPONENTIAL_BOUNDS = "histogram with exponential schema must not have custom bounds";

function absoluteCounts(deltas: Float64Array): Float64Array {
  const out = new Float64Array(deltas.length);
  let count = 0;
  for (let i = 0; i < deltas.length; i++) out[i] = count += deltas[i]!;
  return out;
}

function validateLayout(h: Layout, sizes: Sizes): string | undefined {
  if (h.schema === CUSTOM_BUCKETS) return validateCustom(h, sizes);
  if (!isExponentialSchema(h.schema)) {
    return `histogram has an invalid schema, which must be between ${EXPONENTIAL_SCHEMA_MIN} and ${EXPONENTIAL_SCHEMA_MAX} for exponential buckets, or ${CUSTOM_BUCKETS} for custom buckets, got schema ${h.schema}`;
  }
  const positive = validateSpans(h.positiveSpans, sizes.positive, 1);
  if (positive !== undefined) return `positive side: ${positive}`;
  const negative = validateSpans(h.negativeSpans, sizes.negative, 1);
  return negative && `negative side: ${negative}`;
}

/** Offsets of spans from number `first` on (counted from 0) must not be negative. */
function validateSpans(spans: Int32Array, buckets: number, first: number): string | undefined {
  let needed = 0;
  for (let i = 0; 2 * i < spans.length; i++) {
    const offset = spans[2 * i]!;
    if (i >= first && offset < 0) {
      return `span number ${i + 1} with offset ${offset}: ${NEGATIVE_OFFSET}`;
    }
    needed += spans[2 * i + 1]! >>> 0;
  }
  if (needed === buckets) return undefined;
  return `spans need ${needed} buckets, have ${buckets} buckets: ${MISMATCH}`;
}

function validateCounts(buckets: Float64Array): string | undefined {
  for (let i = 0; i < buckets.length; i++) {
    if (buckets[i]! < 0) {
      const count = formatFloatG(buckets[i]!);
      return `bucket number ${i + 1} has observation count of ${count}: ${NEGATIVE_BUCKET}`;
    }
  }
  return undefined;
}

function validateCustom(h: Layout, sizes: Sizes): string | undefined {
  const problem =
    validateBounds(h.customValues) ??
    validateSpans(h.positiveSpans, sizes.positive, 0) ??
    validateCoverage(h);
  if (problem !== undefined) return `custom buckets: ${problem}`;
  if (h.zeroCount !== 0) return "custom buckets: must have zero count of 0";
  if (h.zeroThreshold !== 0) return "custom buckets: must have zero threshold of 0";
  if (h.negativeSpans.length > 0) return "custom buckets: must not have negative spans";
  if (sizes.negative > 0) return "custom buckets: must not have negative buckets";
  return undefined;
}

function validateBounds(bounds: Float64Array): string | undefined {
  let previous = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < bounds.length; i++) {
    const bound = bounds[i]!;
    if (Number.isNaN(bound)) return "histogram custom bounds must not be NaN";
    if (i > 0 && bound <= previous) {
      return `previous bound is ${fixed(previous)} and current is ${fixed(bound)}: histogram custom bounds must be in strictly increasing order`;
    }
    previous = bound;
  }
  if (previous !== Number.POSITIVE_INFINITY) return undefined;
  return "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite";
}

function fixed(value: number): string {
  if (Number.isFinite(value)) return value.toFixed(6);
  return value > 0 ? "+Inf" : "-Inf";
}

function validateCoverage(h: Layout): string | undefined {
  let length = 0;
  for (const part of h.positiveSpans) length += part;
  if (h.customValues.length + 1 >= length) return undefined;
  return `only ${h.customValues.length} custom bounds defined which is insufficient to cover total span length of ${length}: histogram custom bounds are too few`;
}
