import { chunkQuerierAsQuerier, seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { type Labels, labelsToObject, type Matcher } from "#pkg/labels/mod.ts";
import { type ListedSample, parseMetricSelector } from "#pkg/promql/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  type Querier,
  SampleColumns,
  type SelectParams,
  type Series,
} from "#pkg/storage/mod.ts";

/** Which series: a selector such as `up{job=~"a|b"}`, or matchers, all of which must match. */
export type Selector = string | readonly Matcher[];

/** Which samples. */
export interface ReadOptions {
  /** Oldest and newest time, ms since the epoch, both inclusive. Without limits where absent. */
  readonly startMs?: number;
  readonly endMs?: number;
  /** At most this many series or labels, the first in order; 0 or absent: all. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** A series that was found. */
export class FoundSeries {
  /** Labels in order: name and value in turn. */
  readonly labelSet: Labels;
  readonly #series: Series;
  readonly #mint: number;
  readonly #maxt: number;

  /** Made by `SeriesReader`. */
  constructor(series: Series, mint: number, maxt: number) {
    this.labelSet = series.labels;
    this.#series = series;
    this.#mint = mint;
    this.#maxt = maxt;
  }

  /** Labels by name, the metric's name as `__name__`. */
  get labels(): Readonly<Record<string, string>> {
    return labelsToObject(this.labelSet);
  }

  /**
   * The samples as columns, in ascending order of time: the fast way. Decodes them; `into` is
   * cleared and filled if it is given, so that one can serve many series. Errors: `corruption`.
   */
  columns(into = new SampleColumns()): SampleColumns {
    into.clear();
    this.#series.read(into, this.#mint, this.#maxt);
    return into;
  }

  /** The samples one by one: time in ms, and a number, a histogram, or `null` for a stale marker. */
  *[Symbol.iterator](): Generator<ListedSample> {
    const columns = this.columns();
    for (let i = 0; i < columns.length; i++) {
      const histogram = columns.histograms?.[i];
      const value = histogram ?? (columns.isStale(i) ? null : columns.values[i]!);
      yield [columns.timestamps[i]!, value];
    }
  }
}

/**
 * Series of one block or of many. `series`, `labelNames` and `labelValues` are for people; as a
 * `Querier` it is what an `Engine` of `narthex/promql` evaluates over.
 */
export class SeriesReader implements Querier {
  readonly #chunks: ChunkQuerier;
  readonly #samples: Querier;

  /** Made by `openBlock` and `BlockBucket.tenant`. */
  constructor(chunks: ChunkQuerier) {
    this.#chunks = chunks;
    this.#samples = chunkQuerierAsQuerier(chunks);
  }

  /** The series that `selector` selects, in label order; samples are decoded when they are read. */
  async *series(selector: Selector, options: ReadOptions = {}): AsyncGenerator<FoundSeries> {
    const { params, signal } = paramsOf(selector, options);
    for await (const batch of this.#chunks.selectChunks(params, signal)) {
      for (const series of batch) {
        yield new FoundSeries(seriesFromChunks(series), params.mint, params.maxt);
      }
    }
  }

  /** The same series as undecoded chunks that overlap the times; what `writeBlock` takes. */
  async *chunks(selector: Selector, options: ReadOptions = {}): AsyncGenerator<ChunkSeries> {
    const { params, signal } = paramsOf(selector, options);
    for await (const batch of this.#chunks.selectChunks(params, signal)) yield* batch;
  }

  /** Names of labels, in order: of all series, or of those that `selector` selects. */
  names(selector: Selector = [], options: ReadOptions = {}): Promise<string[]> {
    const { params, signal } = paramsOf(selector, options);
    return this.#chunks.labelNames(params, signal);
  }

  /** Values of a label, in order: of all series, or of those that `selector` selects. */
  values(name: string, selector: Selector = [], options: ReadOptions = {}): Promise<string[]> {
    const { params, signal } = paramsOf(selector, options);
    return this.#chunks.labelValues(name, params, signal);
  }

  /** See `Querier`; for engines. */
  select(params: SelectParams, signal: AbortSignal): AsyncIterable<readonly Series[]> {
    return this.#samples.select(params, signal);
  }

  /** See `Querier`; `names` is easier to call. */
  labelNames(params: LabelParams, signal: AbortSignal): Promise<string[]> {
    return this.#chunks.labelNames(params, signal);
  }

  /** See `Querier`; `values` is easier to call. */
  labelValues(name: string, params: LabelParams, signal: AbortSignal): Promise<string[]> {
    return this.#chunks.labelValues(name, params, signal);
  }
}

function paramsOf(
  selector: Selector,
  options: ReadOptions,
): { params: SelectParams; signal: AbortSignal } {
  const { startMs, endMs, limit, signal = new AbortController().signal } = options;
  return {
    params: {
      mint: startMs ?? Number.MIN_SAFE_INTEGER,
      maxt: endMs ?? Number.MAX_SAFE_INTEGER,
      matchers: typeof selector === "string" ? parseMetricSelector(selector) : selector,
      ...(limit === undefined ? {} : { limit }),
    },
    signal,
  };
}
