import { formatFloatG } from "#pkg/model/mod.ts";
import { BucketCursor, BucketOrder } from "./bucket-cursor.ts";
import { negativeSide, positiveSide } from "./combine.ts";
import { compactSide } from "./compact.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { CounterReset } from "./schema.ts";
import type { BucketSide } from "./spans.ts";

/** For people: `{count:3, sum:2.5, [-0.1,0.1]:1, (1,2]:2}`; empty buckets are left out. */
export function formatHistogram(h: FloatHistogram): string {
  let text = `{count:${formatFloatG(h.count)}, sum:${formatFloatG(h.sum)}`;
  const bucket = new BucketCursor(h, BucketOrder.negative);
  const negative: string[] = [];
  while (bucket.next()) if (bucket.count !== 0) negative.push(formatBucket(bucket));
  for (const part of negative.reverse()) text += `, ${part}`;
  if (h.zeroCount !== 0) {
    const bound = formatFloatG(h.zeroThreshold);
    text += `, [${formatFloatG(-h.zeroThreshold)},${bound}]:${formatFloatG(h.zeroCount)}`;
  }
  const positive = new BucketCursor(h, BucketOrder.positive);
  while (positive.next()) if (positive.count !== 0) text += `, ${formatBucket(positive)}`;
  return `${text}}`;
}

function formatBucket(bucket: BucketCursor): string {
  const open = bucket.lowerInclusive ? "[" : "(";
  const close = bucket.upperInclusive ? "]" : ")";
  const bounds = `${formatFloatG(bucket.lower)},${formatFloatG(bucket.upper)}`;
  return `${open}${bounds}${close}:${formatFloatG(bucket.count)}`;
}

const RESET_NAMES = {
  [CounterReset.unknown]: undefined,
  [CounterReset.reset]: "reset",
  [CounterReset.notReset]: "not_reset",
  [CounterReset.gauge]: "gauge",
} as const;

/** As a series of a test script writes it: `{{schema:1 count:4 sum:3 buckets:[1 2 1]}}`. */
export function formatTestHistogram(h: FloatHistogram): string {
  const parts: string[] = [];
  const number = (name: string, value: number): void => {
    if (value !== 0) parts.push(`${name}:${formatFloatG(value)}`);
  };
  if (h.schema !== 0) parts.push(`schema:${h.schema}`);
  number("count", h.count);
  number("sum", h.sum);
  number("z_bucket", h.zeroCount);
  number("z_bucket_w", h.zeroThreshold);
  if (h.usesCustomBuckets) parts.push(`custom_values:[${formatList(h.customValues)}]`);
  const hint = RESET_NAMES[h.counterReset];
  if (hint !== undefined) parts.push(`counter_reset_hint:${hint}`);
  pushSide(parts, "", positiveSide(h, undefined));
  pushSide(parts, "n_", negativeSide(h, undefined));
  return `{{${parts.join(" ")}}}`;
}

function pushSide(parts: string[], prefix: string, side: BucketSide): void {
  const { spans, buckets } = compactSide(side, Number.MAX_SAFE_INTEGER);
  const offset = spans[0] ?? 0;
  if (offset !== 0) parts.push(`${prefix}offset:${offset}`);
  if (buckets.length > 0) parts.push(`${prefix}buckets:[${formatList(buckets)}]`);
}

function formatList(values: Float64Array): string {
  return Array.from(values, formatFloatG).join(" ");
}

/** The filled buckets in ascending order, as the query API of Prometheus gives them. */
export interface JsonBucket {
  /** 0 open on the left, 1 open on the right, 2 open on both sides, 3 closed on both. */
  readonly boundaries: number;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Which bounds belong to the bucket that `bucket` is at, as the query API says it. */
export function boundaryRule(bucket: BucketCursor): number {
  if (bucket.lowerInclusive) return bucket.upperInclusive ? 3 : 1;
  return bucket.upperInclusive ? 0 : 2;
}

/** See `JsonBucket`. */
export function jsonBuckets(h: FloatHistogram): JsonBucket[] {
  const out: JsonBucket[] = [];
  const bucket = new BucketCursor(h, BucketOrder.ascending);
  while (bucket.next()) {
    if (bucket.count === 0) continue;
    const { lower, upper, count } = bucket;
    out.push({ boundaries: boundaryRule(bucket), lower, upper, count });
  }
  return out;
}
