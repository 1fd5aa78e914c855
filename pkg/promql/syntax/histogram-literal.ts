import { NarthexError } from "#pkg/errs/mod.ts";
import { CounterReset, FloatHistogram } from "#pkg/histogram/mod.ts";
import { parseNumber } from "./literals.ts";

/** A histogram as a series description writes it. */
export interface HistogramLiteral {
  readonly histogram: FloatHistogram;
  /** `counter_reset_hint` was written. */
  readonly isHintGiven: boolean;
}

const ITEM = /\s*([a-z_]+):(\[[^\]]*\]|[^\s[\]]+)\s*/iy;

const HINTS: Readonly<Record<string, CounterReset>> = {
  unknown: CounterReset.unknown,
  reset: CounterReset.reset,
  not_reset: CounterReset.notReset,
  gauge: CounterReset.gauge,
};

/**
 * Parses `{{schema:1 count:4 sum:3 z_bucket:1 z_bucket_w:0.1 offset:-1 buckets:[1 2] …}}`, all parts
 * of which may be left out. Whether the numbers go together is not looked at. Errors: `bad_data`.
 */
export function parseHistogram(text: string): HistogramLiteral {
  const parts = partsOf(text);
  const histogram = new FloatHistogram();
  const offsets = { positive: 0, negative: 0 };
  for (const [key, value] of parts) setPart(histogram, offsets, key, value);
  histogram.positiveSpans = spanOf(offsets.positive, histogram.positiveBuckets);
  histogram.negativeSpans = spanOf(offsets.negative, histogram.negativeBuckets);
  return { histogram, isHintGiven: parts.has("counter_reset_hint") };
}

function partsOf(text: string): Map<string, string> {
  const body = text.slice(2, -2);
  const parts = new Map<string, string>();
  ITEM.lastIndex = 0;
  for (let at = 0; at < body.length && body.trim() !== ""; at = ITEM.lastIndex) {
    const match = ITEM.exec(body);
    if (!match) throw bad(`unexpected ${JSON.stringify(body.slice(at))}`, text);
    const key = match[1]!.toLowerCase();
    if (parts.has(key)) throw bad(`duplicate key "${key}" in histogram`, text);
    parts.set(key, match[2]!);
  }
  return parts;
}

function bad(problem: string, text: string): NarthexError {
  return new NarthexError("bad_data", `invalid histogram ${text}: ${problem}`);
}

function setPart(
  h: FloatHistogram,
  offsets: { positive: number; negative: number },
  key: string,
  value: string,
): void {
  switch (key) {
    case "schema":
      h.schema = integer(value);
      return;
    case "sum":
      h.sum = number(value);
      return;
    case "count":
      h.count = number(value);
      return;
    case "z_bucket":
      h.zeroCount = number(value);
      return;
    case "z_bucket_w":
      h.zeroThreshold = number(value);
      return;
    case "custom_values":
      h.customValues = numbers(value);
      return;
    case "offset":
      offsets.positive = integer(value);
      return;
    case "n_offset":
      offsets.negative = integer(value);
      return;
    case "buckets":
      h.positiveBuckets = numbers(value);
      return;
    case "n_buckets":
      h.negativeBuckets = numbers(value);
      return;
    case "counter_reset_hint":
      h.counterReset = hint(value);
      return;
    default:
      throw bad(`bad histogram descriptor found: "${key}"`, value);
  }
}

function spanOf(offset: number, buckets: Float64Array): Int32Array {
  return buckets.length === 0 ? new Int32Array(0) : Int32Array.of(offset, buckets.length);
}

function hint(text: string): CounterReset {
  const value = HINTS[text.toLowerCase()];
  if (value === undefined) throw bad("unknown counter_reset_hint", text);
  return value;
}

function integer(text: string): number {
  const value = number(text);
  if (!Number.isInteger(value)) throw bad("not an integer", text);
  return value;
}

function number(text: string): number {
  const value = parseNumber(text.replace(/^-/, ""));
  if (value === undefined) throw bad("not a number", text);
  return text.startsWith("-") ? -value : value;
}

function numbers(text: string): Float64Array {
  if (!text.startsWith("[")) throw bad("not a list", text);
  const items = text
    .slice(1, -1)
    .split(/\s+/)
    .filter((item) => item !== "");
  if (items.length === 0) throw bad("empty list", text);
  return Float64Array.from(items, number);
}
