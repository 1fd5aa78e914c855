import type { Labels, Matcher } from "#pkg/labels/mod.ts";
import type { SampleColumns } from "./columns.ts";

/** What a selection asks for. Times are ms since the epoch, both ends inclusive. */
export interface SelectParams {
  readonly mint: number;
  readonly maxt: number;
  /** At least one; all must match. */
  readonly matchers: readonly Matcher[];
  /** What the caller will do with the series; storage may use it to do less, never to be wrong. */
  readonly hints?: SelectHints;
  /** At most this many series; the first in label order. 0 or absent: all. */
  readonly limit?: number;
  /** Receives what the user should know of the answer, such as a part of it that is missing. */
  readonly onWarning?: (warning: string) => void;
}

/** Hints of the engine; times in ms. Source: Prometheus storage.SelectHints. */
export interface SelectHints {
  readonly step?: number;
  readonly range?: number;
  readonly func?: string;
  readonly grouping?: readonly string[];
  readonly by?: boolean;
  /** True if of each series only the last sample of the range is wanted; earlier ones may come. */
  readonly lastOnly?: boolean;
  /** True if only the label sets are wanted (`/series`); samples and chunks may be left out. */
  readonly skipChunks?: boolean;
}

/** What a request for label names or values asks for. */
export interface LabelParams {
  readonly mint: number;
  readonly maxt: number;
  /** May be empty: then all series count. */
  readonly matchers: readonly Matcher[];
  readonly limit?: number;
  readonly onWarning?: (warning: string) => void;
}

/** One series of an answer. */
export interface Series {
  readonly labels: Labels;
  /**
   * Appends the samples with `mint <= t <= maxt` to `into` (which is not cleared first) in
   * ascending order, each timestamp once, stale markers included. Never throws on data it
   * validated at its border; corrupt chunk bytes raise `corruption`.
   */
  read(into: SampleColumns, mint: number, maxt: number): void;
}

/** Names and values of labels. Results are sorted in byte order and unique. */
export interface LabelQuerier {
  labelNames(params: LabelParams, signal: AbortSignal): Promise<string[]>;
  labelValues(name: string, params: LabelParams, signal: AbortSignal): Promise<string[]>;
}

/**
 * A tenant's series as the PromQL engine reads them. A querier is bound to its tenant(s) when it is
 * made; no method takes a tenant.
 */
export interface Querier extends LabelQuerier {
  /**
   * Streams the matching series in batches, sorted by label set over all batches, each label set
   * once. A batch and its series stay valid after the next batch was asked for. Stops soon after
   * `signal` aborts, with a `canceled` error. Errors reject the iteration.
   */
  select(params: SelectParams, signal: AbortSignal): AsyncIterable<readonly Series[]>;
}

/** Encoding byte of a chunk, as block files write it. Source: Prometheus tsdb/chunkenc. */
export const ChunkEncoding = {
  none: 0,
  xor: 1,
  histogram: 2,
  floatHistogram: 3,
  /** Floats, with start timestamps where there are any. */
  xor2: 4,
  /** Histograms with start timestamps. */
  histogramSt: 5,
  floatHistogramSt: 6,
  /** Downsampled by Thanos: up to five chunks in one. */
  aggregate: 0xff,
} as const;
/** A value of `ChunkEncoding`; other numbers are unknown encodings, to be refused by name. */
export type ChunkEncoding = (typeof ChunkEncoding)[keyof typeof ChunkEncoding];

/**
 * One chunk: `bytes[start, end)` is the chunk's data as it stands in a block between the encoding
 * byte and the checksum (for XOR: a 2-byte sample count, then the bit stream). Immutable.
 */
export interface Chunk {
  readonly encoding: number;
  /** First and last timestamp, ms, both inclusive. */
  readonly mint: number;
  readonly maxt: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A series with its chunks, ordered by `mint`; they may overlap and repeat (replicas). */
export interface ChunkSeries {
  readonly labels: Labels;
  readonly chunks: readonly Chunk[];
}

/** Series as undecoded chunks: what ingesters, store-gateways and blocks give. */
export interface ChunkQuerier extends LabelQuerier {
  /** As `Querier.select`, with chunks that overlap `[mint, maxt]`, not cut to it. */
  selectChunks(params: SelectParams, signal: AbortSignal): AsyncIterable<readonly ChunkSeries[]>;
}
