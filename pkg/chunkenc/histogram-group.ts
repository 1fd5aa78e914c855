import {
  bucketsShrank,
  CounterReset,
  type FloatHistogram,
  sameBounds,
  uniteSpans,
} from "#pkg/histogram/mod.ts";
import { CounterResetFlags, type HistogramLayout } from "./histogram-layout.ts";

/** Begin a new chunk with these flags; undefined: go on with the one at hand. */
export type Cut = { readonly flags: CounterResetFlags } | undefined;

const UNKNOWN: Cut = { flags: CounterResetFlags.unknown };

/** What the flags of a chunk say that begins with `h`, of which nothing before is known. */
export function firstFlags(h: FloatHistogram | undefined): CounterResetFlags {
  if (h?.counterReset === CounterReset.gauge) return CounterResetFlags.gauge;
  if (h?.counterReset === CounterReset.reset) return CounterResetFlags.reset;
  return CounterResetFlags.unknown;
}

/** The histograms of one chunk as they come. */
export class HistogramGroup {
  readonly flags: CounterResetFlags;
  layout: HistogramLayout | undefined;
  #last: FloatHistogram | undefined;

  constructor(flags: CounterResetFlags) {
    this.flags = flags;
  }

  /** Whether, and how, a new chunk begins at `h` (undefined: a stale marker). */
  cutBefore(h: FloatHistogram | undefined): Cut {
    // A stale marker is no gauge.
    if (h === undefined) return this.flags === CounterResetFlags.gauge ? UNKNOWN : undefined;
    const flags = firstFlags(h);
    const last = this.#last;
    const { layout } = this;
    const isGauge = flags === CounterResetFlags.gauge;
    if (isGauge !== (this.flags === CounterResetFlags.gauge)) return { flags };
    if (flags === CounterResetFlags.reset || last === undefined || layout === undefined) {
      return { flags };
    }
    if (!isGauge && h.count < last.count) return { flags: CounterResetFlags.reset };
    if (h.schema !== layout.schema || h.zeroThreshold !== layout.zeroThreshold) return { flags };
    if (!sameBounds(h.customValues, layout.customValues)) {
      return { flags: isGauge ? flags : CounterResetFlags.reset };
    }
    if (!isGauge && bucketsShrank(h, last)) return { flags: CounterResetFlags.reset };
    return undefined;
  }

  /** Adds `h`. The layout is another object only if buckets were added to it. */
  take(h: FloatHistogram | undefined): void {
    this.#last = h;
    if (h === undefined) return;
    const { layout } = this;
    if (layout === undefined) {
      this.layout = h;
      return;
    }
    const positiveSpans = united(layout.positiveSpans, h.positiveSpans);
    const negativeSpans = united(layout.negativeSpans, h.negativeSpans);
    if (positiveSpans === layout.positiveSpans && negativeSpans === layout.negativeSpans) return;
    const { schema, zeroThreshold, customValues } = layout;
    this.layout = { schema, zeroThreshold, customValues, positiveSpans, negativeSpans };
  }
}

/** The spans of all buckets; `a` itself if it has those of `b`. */
function united(a: Int32Array, b: Int32Array): Int32Array {
  if (sameSpans(a, b)) return a;
  const both = uniteSpans(a, b);
  return sameSpans(a, both) ? a : both;
}

/** True if both are the same spans, part by part. */
export function sameSpans(a: Int32Array, b: Int32Array): boolean {
  return a === b || (a.length === b.length && a.every((part, i) => part === b[i]));
}
