import { ByteWriter } from "#pkg/encoding/mod.ts";
import { messageOf } from "#pkg/errs/mod.ts";
import { EXPONENTIAL_SCHEMA_MIN, type FloatHistogram } from "#pkg/histogram/mod.ts";
import {
  decodeHistogramMessage,
  encodeHistogramMessage,
  type HistogramSample,
} from "#pkg/remotewrite/mod.ts";
import type { MessageRange, Rejection } from "./head-ports.ts";

/** The histogram of a request, as it is to be stored. */
interface ReadMessage {
  readonly sample: HistogramSample;
  /** What the WAL must hold of it. */
  readonly message: MessageRange;
  /** Why it cannot be stored. */
  readonly rejection: Rejection | undefined;
}

/**
 * Reads a histogram of a request; bytes that are none are a problem of this sample alone. One with
 * more than `bucketsMax` buckets (0: no limit) loses resolution until it has no more, if it can.
 */
export function readMessage(range: MessageRange, bucketsMax: number): ReadMessage {
  const sample = decode(range);
  const { t, histogram, integer, problem } = sample;
  if (problem !== undefined) {
    const rejection = { reason: "invalid_native_histogram", message: problem };
    return { sample, message: range, rejection };
  }
  if (histogram === undefined || bucketsMax <= 0 || bucketsOf(histogram) <= bucketsMax) {
    return { sample, message: range, rejection: undefined };
  }
  const before = bucketsOf(histogram);
  while (!histogram.usesCustomBuckets && histogram.schema > EXPONENTIAL_SCHEMA_MIN) {
    // Nobody else has it yet.
    histogram.reduceResolution(histogram.schema - 1);
    if (bucketsOf(histogram) > bucketsMax) continue;
    return { sample, message: messageFor(t, histogram, integer), rejection: undefined };
  }
  const message = `native histogram has ${before} buckets, and ${bucketsOf(histogram)} at the lowest resolution; the limit is ${bucketsMax} (max_native_histogram_buckets)`;
  const rejection = { reason: "max_native_histogram_buckets", message };
  return { sample, message: range, rejection };
}

function decode({ bytes, start, end }: MessageRange): HistogramSample {
  try {
    return decodeHistogramMessage(bytes, start, end);
  } catch (error) {
    return { t: 0, integer: false, histogram: undefined, problem: messageOf(error) };
  }
}

function bucketsOf(h: FloatHistogram): number {
  return h.positiveBuckets.length + h.negativeBuckets.length;
}

/** The message of a stale marker. */
export function staleMessage(t: number): MessageRange {
  return messageFor(t, undefined, false);
}

/** A message that holds a histogram exactly. As one of floats, its counts need not add up. */
export function messageFor(
  t: number,
  histogram: FloatHistogram | undefined,
  integer: boolean,
): MessageRange {
  const out = new ByteWriter(64);
  encodeHistogramMessage(t, histogram, integer, out);
  return { bytes: out.bytes, start: 0, end: out.length };
}
