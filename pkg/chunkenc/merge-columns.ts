import { type SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";

/**
 * Appends the union of two ascending columns to `into`, which is neither. A timestamp that both
 * have appears once, with the sample of `a`, unless that is a stale marker.
 */
export function mergeColumns(a: SampleColumns, b: SampleColumns, into: SampleColumns): void {
  into.reserve(into.length + a.length + b.length);
  const { timestamps, bits } = into;
  let at = into.length;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const ta = i < a.length ? a.timestamps[i]! : Number.POSITIVE_INFINITY;
    const tb = j < b.length ? b.timestamps[j]! : Number.POSITIVE_INFINITY;
    let source = a;
    let index = i;
    if (ta < tb) i++;
    else if (tb < ta) {
      source = b;
      index = j++;
    } else {
      if (a.bits[2 * i] === STALE_LO && a.bits[2 * i + 1] === STALE_HI) {
        source = b;
        index = j;
      }
      i++;
      j++;
    }
    timestamps[at] = source.timestamps[index]!;
    bits[2 * at] = source.bits[2 * index]!;
    bits[2 * at + 1] = source.bits[2 * index + 1]!;
    at++;
  }
  into.length = at;
}
