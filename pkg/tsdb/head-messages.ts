import { ByteWriter } from "#pkg/encoding/mod.ts";
import { messageOf } from "#pkg/errs/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import {
  decodeHistogramMessage,
  encodeHistogramMessage,
  type HistogramSample,
} from "#pkg/remotewrite/mod.ts";
import type { MessageRange } from "./head-ports.ts";

/** The histogram of a request; bytes that are none are a problem of this sample alone. */
export function decodeMessage({ bytes, start, end }: MessageRange): HistogramSample {
  try {
    return decodeHistogramMessage(bytes, start, end);
  } catch (error) {
    return { t: 0, integer: false, histogram: undefined, problem: messageOf(error) };
  }
}

/** The message of a stale marker. */
export function staleMessage(t: number): MessageRange {
  return messageFor(t, undefined);
}

/** A message that holds a histogram exactly; as one of floats, whose counts need not add up. */
export function messageFor(t: number, histogram: FloatHistogram | undefined): MessageRange {
  const out = new ByteWriter(64);
  encodeHistogramMessage(t, histogram, false, out);
  return { bytes: out.bytes, start: 0, end: out.length };
}
