import { NarthexError } from "#pkg/errs/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import {
  compareBytes,
  compareLabels,
  type Labels,
  labelsFromObject,
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

/** A time, ms since the epoch, and what was there; `null` says that the series ended (stale). */
export type ListedSample = readonly [timeMs: number, value: number | FloatHistogram | null];

/** A series as a caller writes it; samples in ascending order of time, each time once. */
export interface ListedSeries {
  /** Labels by name, the metric's name as `__name__`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly ListedSample[];
}

/** Series in memory to evaluate over; the plainest `Querier`, for small data and for tests. */
export class SeriesList implements Querier {
  readonly #series: readonly Listed[];

  /** Takes over the lists. Errors: `bad_data` for equal label sets and for times out of order. */
  constructor(series: readonly ListedSeries[]) {
    const listed = series.map(({ labels, samples }) => new Listed(labels, samples));
    this.#series = listed.sort((a, b) => compareLabels(a.labels, b.labels));
    const keys = new Set(listed.map(({ labels }) => labelsKey(labels)));
    if (keys.size < listed.length) {
      throw new NarthexError("bad_data", "two series have the same labels");
    }
  }

  async *select(params: SelectParams, signal: AbortSignal): AsyncGenerator<readonly Series[]> {
    signal.throwIfAborted();
    const { mint, maxt, limit = 0 } = params;
    const found = this.#matching(params.matchers).filter((series) => series.overlaps(mint, maxt));
    yield limit > 0 ? found.slice(0, limit) : found;
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
    for (const { labels } of this.#matching(params.matchers)) values.add(labelValue(labels, name));
    values.delete("");
    return [...values].sort(compareBytes);
  }

  #matching(matchers: readonly Matcher[]): Listed[] {
    return this.#series.filter(({ labels }) =>
      matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name))),
    );
  }
}

class Listed implements Series {
  readonly labels: Labels;
  readonly #samples: readonly ListedSample[];

  constructor(labels: Readonly<Record<string, string>>, samples: readonly ListedSample[]) {
    this.labels = labelsFromObject(labels);
    this.#samples = samples;
    for (let i = 1; i < samples.length; i++) {
      if (samples[i]![0] > samples[i - 1]![0]) continue;
      throw new NarthexError("bad_data", `sample ${i} is not after the one before it`);
    }
  }

  overlaps(mint: number, maxt: number): boolean {
    return this.#samples.some(([timeMs]) => timeMs >= mint && timeMs <= maxt);
  }

  read(into: SampleColumns, mint: number, maxt: number): void {
    for (const [timeMs, value] of this.#samples) {
      if (timeMs < mint || timeMs > maxt) continue;
      if (value === null) into.pushStale(timeMs);
      else if (typeof value === "number") into.push(timeMs, value);
      else into.pushHistogram(timeMs, value);
    }
  }
}
