import type { Labels } from "#pkg/labels/mod.ts";
import { xxhash64 } from "./xxhash64.ts";

/** Texts of at least this many bytes have three bytes of length behind this one. */
const LONG = 255;

/**
 * The hash of a label set as a fraction of 2^64, by which `limit_ratio` picks series: the same
 * series as Prometheus picks, which hashes its own layout of the set with XXH64.
 * Source: Prometheus model/labels/labels_stringlabels.go.
 */
export function labelsHashFraction(labels: Labels): number {
  const encoder = new TextEncoder();
  let room = 0;
  for (const text of labels) room += 4 + 3 * text.length;
  const bytes = new Uint8Array(room);
  let at = 0;
  for (const text of labels) {
    // Three bytes of UTF-8 at most for each unit of UTF-16; the text is written where it will be if
    // it is short, and moved if not.
    const { written } = encoder.encodeInto(text, bytes.subarray(at + 1));
    if (written < LONG) bytes[at++] = written;
    else {
      bytes.copyWithin(at + 4, at + 1, at + 1 + written);
      bytes[at] = LONG;
      bytes[at + 1] = written & 0xff;
      bytes[at + 2] = (written >>> 8) & 0xff;
      bytes[at + 3] = written >>> 16;
      at += 4;
    }
    at += written;
  }
  const { hi, lo } = xxhash64(bytes, at);
  return (hi * 2 ** 32 + lo) / 2 ** 64;
}
