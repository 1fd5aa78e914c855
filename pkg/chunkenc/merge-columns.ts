import { CounterReset, type FloatHistogram } from "#pkg/histogram/mod.ts";
import { type SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";

/**
 * Appends the union of two ascending columns to `into`, which is neither. A timestamp that both
 * have appears once, with the sample of `a`, unless that is a stale marker. A histogram that comes
 * after a sample of the other source loses what it says of a counter reset. Where one of two equal
 * samples has a start timestamp, as one that came late has none, that is kept.
 */
export function mergeColumns(a: SampleColumns, b: SampleColumns, into: SampleColumns): void {
  into.reserve(into.length + a.length + b.length);
  const mixed = isMixed(a) || isMixed(b) ? new MixedMerge(into) : undefined;
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
      if (a.bits[2 * i] === STALE_LO && a.bits[2 * i + 1] === STALE_HI && !a.isHistogram(i)) {
        source = b;
        index = j;
      }
      mixed?.meet(a, i, b, j);
      i++;
      j++;
    }
    timestamps[at] = source.timestamps[index]!;
    bits[2 * at] = source.bits[2 * index]!;
    bits[2 * at + 1] = source.bits[2 * index + 1]!;
    at++;
    mixed?.take(source, index, at);
  }
  into.length = at;
}

function isMixed(columns: SampleColumns): boolean {
  return columns.histograms !== undefined || columns.starts !== undefined;
}

/** Carries along what only some columns have. */
class MixedMerge {
  readonly #into: SampleColumns;
  #previous: SampleColumns | undefined;
  #previousIndex = -1;
  /** Start timestamp of the sample that was met twice and is taken next; 0: its own. */
  #start = 0;

  constructor(into: SampleColumns) {
    this.#into = into;
  }

  /** Two samples of one time, of which one will be taken. */
  meet(a: SampleColumns, i: number, b: SampleColumns, j: number): void {
    if (isSameSample(a, i, b, j)) this.#start = a.starts?.[i] || b.starts?.[j] || 0;
  }

  /** Entry `index` of `source` has become the last of `length` entries. */
  take(source: SampleColumns, index: number, length: number): void {
    const into = this.#into;
    const histogram = source.histograms?.[index];
    if (histogram !== undefined) {
      const follows = source === this.#previous && index === this.#previousIndex + 1;
      into.histograms ??= [];
      into.histograms[length - 1] = follows ? histogram : withoutHint(histogram);
    } else if (into.histograms !== undefined) into.histograms[length - 1] = undefined;
    into.length = length;
    into.setStart(length - 1, this.#start || (source.starts?.[index] ?? 0));
    this.#start = 0;
    this.#previous = source;
    this.#previousIndex = index;
  }
}

function isSameSample(a: SampleColumns, i: number, b: SampleColumns, j: number): boolean {
  const h = a.histograms?.[i];
  const other = b.histograms?.[j];
  if (h !== undefined || other !== undefined) return h !== undefined && other?.equals(h) === true;
  return a.bits[2 * i] === b.bits[2 * j] && a.bits[2 * i + 1] === b.bits[2 * j + 1];
}

/** A gauge is a gauge wherever it stands. */
function withoutHint(h: FloatHistogram): FloatHistogram {
  if (h.counterReset === CounterReset.unknown || h.counterReset === CounterReset.gauge) return h;
  const to = h.copy();
  to.counterReset = CounterReset.unknown;
  return to;
}
