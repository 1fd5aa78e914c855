/** Samples' times and start timestamps, ms; a start of 0 is unknown. */
export interface StartedSamples {
  readonly timestamps: ArrayLike<number>;
  readonly starts: ArrayLike<number> | undefined;
}

/**
 * True if the start timestamp of sample `j` says that the counter was reset after the sample before
 * it. A start that is the time of that one is a reset only where its own start is known: then both
 * are of a delta. Source: Prometheus promql/functions.go isStartTimestampReset.
 */
export function isStartReset({ timestamps, starts }: StartedSamples, j: number): boolean {
  if (starts === undefined) return false;
  const start = starts[j]!;
  const before = timestamps[j - 1]!;
  if (start === 0 || start >= timestamps[j]! || start < before) return false;
  return start > before || (starts[j - 1]! !== 0 && starts[j - 1]! < before);
}

/** True if sample `j` claims to begin before the one before it was taken, and not with that one. */
export function startsOverlap({ timestamps, starts }: StartedSamples, j: number): boolean {
  if (starts === undefined) return false;
  return starts[j] !== 0 && starts[j]! < timestamps[j - 1]! && starts[j] !== starts[j - 1];
}

/** The samples of a window by which its increase is extended to the window's ends. */
export interface SampledRange {
  /** Times of the first and last sample, and the ends of the range, ms. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly rangeStartMs: number;
  readonly rangeEndMs: number;
  /** Samples in the window, at least one. */
  readonly count: number;
  /** When the counter began, ms, if that is within the range; then its increase counts from 0. */
  readonly startMs: number | undefined;
  /**
   * For counters: the first value as a part of the increase, if the increase is above 0 and the
   * value not below it; by it follows when the counter was 0.
   */
  readonly firstPart: number | undefined;
}

/**
 * What the increase between the samples is to be multiplied by for the increase over the range:
 * ends to which samples come close are reached, others by half a distance of samples. Undefined for
 * a single sample of which no start is known. Source: Prometheus promql/functions.go
 * extrapolatedRate.
 */
export function extrapolation(range: SampledRange): number | undefined {
  const { firstMs, lastMs, count, startMs } = range;
  if (count === 1 && startMs === undefined) return undefined;
  const between = (lastMs - firstMs) / 1000;
  const average = count > 1 ? between / (count - 1) : 0;
  const threshold = average * 1.1;
  let toEnd = (range.rangeEndMs - lastMs) / 1000;
  if (toEnd >= threshold) toEnd = average / 2;
  let sampled = between;
  let toStart = 0;
  if (startMs !== undefined) sampled = (lastMs - startMs) / 1000;
  else {
    toStart = (firstMs - range.rangeStartMs) / 1000;
    if (toStart >= threshold) toStart = average / 2;
    if (range.firstPart !== undefined) toStart = Math.min(toStart, sampled * range.firstPart);
  }
  return sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
}
