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
}

class MemorySeries implements Series {
  readonly labels: Labels;
  readonly samples: MemorySample[] = [];

  constructor(labels: Labels) {
    this.labels = labels;
  }

  read(into: SampleColumns, mint: number, maxt: number): void {
    for (const { timeMs, value } of this.samples) {
      if (timeMs < mint || timeMs > maxt) continue;
      if (value === undefined) into.pushStale(timeMs);
      else into.push(timeMs, value);
    }
  }
}

/** Series in memory, for tests: simple, and in the order that a querier promises. */
export class MemoryStorage implements Querier {
  readonly #series = new Map<string, MemorySeries>();
  /** Series per batch; small, so that queries see several. */
  readonly #batchSize: number;

  constructor(batchSize = 3) {
    this.#batchSize = batchSize;
  }

  /** Adds samples; a later one at the same time replaces the one before. */
  append(labels: Labels, samples: readonly MemorySample[]): void {
    const key = labelsKey(labels);
    let series = this.#series.get(key);
    if (!series) {
      series = new MemorySeries(labels);
      this.#series.set(key, series);
    }
    const byTime = new Map(series.samples.map((sample) => [sample.timeMs, sample]));
    for (const sample of samples) byTime.set(sample.timeMs, sample);
    const sorted = [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs);
    series.samples.splice(0, series.samples.length, ...sorted);
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
