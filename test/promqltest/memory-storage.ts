import { NarthexError } from "#pkg/errs/mod.ts";
import {
  bucketsShrank,
  CounterReset,
  type FloatHistogram,
  sameBounds,
  validateHistogram,
} from "#pkg/histogram/mod.ts";
import {
  compareBytes,
  compareLabels,
  type Labels,
  labelsKey,
  labelValue,
  type Matcher,
} from "#pkg/labels/mod.ts";
import type {
  LabelParams,
  Querier,
  SampleColumns,
  SelectParams,
  Series,
} from "#pkg/storage/mod.ts";

/** One sample as a script loads it. */
export interface MemorySample {
  readonly timeMs: number;
  /** Undefined for a stale marker. */
  readonly value: number | undefined;
  /** Takes the place of the value. */
  readonly histogram?: FloatHistogram | undefined;
  /** Start timestamp; 0, the default, for unknown. */
  readonly startMs?: number;
}

class MemorySeries implements Series {
  readonly labels: Labels;
  readonly samples: MemorySample[] = [];

  constructor(labels: Labels) {
    this.labels = labels;
  }

  replaceSamples(samples: readonly MemorySample[]): void {
    this.samples.splice(0, this.samples.length, ...withStoredHints(samples));
  }

  read(into: SampleColumns, mint: number, maxt: number): void {
    for (const { timeMs, value, histogram, startMs } of this.samples) {
      if (timeMs < mint || timeMs > maxt) continue;
      if (histogram !== undefined) into.pushHistogram(timeMs, histogram);
      else if (value === undefined) into.pushStale(timeMs);
      else into.push(timeMs, value);
      into.setStart(into.length - 1, startMs ?? 0);
    }
  }
}

/**
 * Samples with the counter reset hints that they would have if they were read from the chunks of a
 * real storage: a chunk holds no reset after its first histogram, and about that one nothing is
 * known.
 */
function withStoredHints(samples: readonly MemorySample[]): MemorySample[] {
  let previous: FloatHistogram | undefined;
  return samples.map((sample) => {
    const { histogram } = sample;
    if (histogram === undefined) {
      previous = undefined;
      return sample;
    }
    const stored = histogram.copy();
    if (histogram.counterReset !== CounterReset.gauge) {
      stored.counterReset = CounterReset.unknown;
      const continues = previous !== undefined && continuesChunk(previous, histogram);
      previous = stored.copy();
      if (continues) stored.counterReset = CounterReset.notReset;
    } else previous = undefined;
    return { ...sample, histogram: stored };
  });
}

/** True if `h` can be in a chunk of counters behind `previous`. */
function continuesChunk(previous: FloatHistogram, h: FloatHistogram): boolean {
  if (h.counterReset === CounterReset.reset) return false;
  return (
    h.count >= previous.count &&
    h.schema === previous.schema &&
    h.zeroThreshold === previous.zeroThreshold &&
    sameBounds(h.customValues, previous.customValues) &&
    !bucketsShrank(h, previous)
  );
}

/** Series in memory, for tests: simple, and in the order that a querier promises. */
export class MemoryStorage implements Querier {
  readonly #series = new Map<string, MemorySeries>();
  /** Series per batch; small, so that queries see several. */
  readonly #batchSize: number;

  constructor(batchSize = 3) {
    this.#batchSize = batchSize;
  }

  /** Adds samples; a later one at the same time replaces the one before. Errors: `bad_data` for a
   * histogram whose numbers do not go together. */
  append(labels: Labels, samples: readonly MemorySample[]): void {
    for (const { histogram } of samples) {
      const problem = histogram && validateHistogram(histogram);
      if (problem !== undefined) throw new NarthexError("bad_data", problem);
    }
    const key = labelsKey(labels);
    let series = this.#series.get(key);
    if (!series) {
      series = new MemorySeries(labels);
      this.#series.set(key, series);
    }
    const byTime = new Map(series.samples.map((sample) => [sample.timeMs, sample]));
    for (const sample of samples) byTime.set(sample.timeMs, sample);
    const sorted = [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs);
    series.replaceSamples(sorted);
  }

  clear(): void {
    this.#series.clear();
  }

  async *select(params: SelectParams, signal: AbortSignal): AsyncGenerator<readonly Series[]> {
    const found = this.#matching(params.matchers).filter((series) =>
      series.samples.some(({ timeMs }) => timeMs >= params.mint && timeMs <= params.maxt),
    );
    found.sort((a, b) => compareLabels(a.labels, b.labels));
    for (let i = 0; i < found.length; i += this.#batchSize) {
      signal.throwIfAborted();
      yield found.slice(i, i + this.#batchSize);
    }
  }

  async labelNames(params: LabelParams): Promise<string[]> {
    const names = new Set<string>();
    for (const { labels } of this.#matching(params.matchers)) {
      for (let i = 0; i < labels.length; i += 2) names.add(labels[i]!);
    }
    return [...names].sort(compareBytes);
  }

  async labelValues(name: string, params: LabelParams): Promise<string[]> {
    const values = new Set<string>();
    for (const { labels } of this.#matching(params.matchers)) {
      const value = labelValue(labels, name);
      if (value !== "") values.add(value);
    }
    return [...values].sort(compareBytes);
  }

  #matching(matchers: readonly Matcher[]): MemorySeries[] {
    return [...this.#series.values()].filter(({ labels }) =>
      matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name))),
    );
  }
}
