import type { ExemplarParams, SeriesExemplars } from "#pkg/exemplar/mod.ts";
import type { Matcher } from "#pkg/labels/mod.ts";
import type { ChunkSeries, LabelParams, SelectParams } from "#pkg/storage/mod.ts";

/** Samples of one push that were refused for one reason. */
export interface Rejection {
  /** Such as `out_of_order`, `duplicate_timestamp`, `too_old`, `series_limit`, `invalid_label`. */
  readonly reason: string;
  readonly count: number;
  /** How many of them are native histograms; absent: none. */
  readonly histograms?: number;
  /** Of the first one; names the series. */
  readonly message: string;
}

/** What became of the samples of one push. */
export interface PushOutcome {
  /** Accepted, repeats of what is already there included. */
  readonly samples: number;
  readonly rejected: readonly Rejection[];
  /** Exemplars that were refused, which is no error; absent: none. */
  readonly exemplarsRefused?: number;
}

/** What a metric is, as its target described it. */
export interface MetricMetadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** Which metadata is wanted; `limit` counts metrics, 0 or absent means all. */
export interface MetadataParams {
  readonly metric?: string;
  readonly limit?: number;
}

/** Size and rate of one tenant on one ingester. */
export interface TenantStats {
  readonly tenant: string;
  readonly series: number;
  readonly samplesPerSecond: number;
}

/** What to delete: samples with `mint <= t <= maxt`, ms, of the series all `matchers` select. */
export interface DeletionParams {
  readonly matchers: readonly Matcher[];
  readonly mint: number;
  readonly maxt: number;
}

/** What became of a deletion. */
export interface DeletionOutcome {
  /** Series that lost samples. */
  readonly series: number;
  /** The ingester's clock when it was done: blocks that it makes later are not concerned. */
  readonly nowMs: number;
}

/**
 * An ingester, in this process or behind gRPC. Errors are `NarthexError`s: `unavailable` when it
 * cannot be reached or is not ready, `canceled` soon after `signal` aborts, `timeout` past a
 * deadline. Results of queries are sorted and unique as `storage` has it.
 */
export interface IngesterApi {
  /**
   * Appends an uncompressed remote-write 1.0 `WriteRequest`; `body` is borrowed until the promise
   * settles. Resolves once the samples are in the WAL.
   */
  push(tenant: string, body: Uint8Array, signal?: AbortSignal): Promise<PushOutcome>;
  /** Batches sorted by label set over all batches, each label set once; batches are owned. */
  select(
    tenant: string,
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]>;
  labelNames(tenant: string, params: LabelParams, signal: AbortSignal): Promise<string[]>;
  labelValues(
    tenant: string,
    name: string,
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]>;
  metadata(
    tenant: string,
    params: MetadataParams,
    signal: AbortSignal,
  ): Promise<readonly MetricMetadata[]>;
  /** Sorted by series, each series once. */
  exemplars(
    tenant: string,
    params: ExemplarParams,
    signal: AbortSignal,
  ): Promise<readonly SeriesExemplars[]>;
  tenantStats(signal: AbortSignal): Promise<readonly TenantStats[]>;
  /** Deletes samples of the head and of the blocks that are not only in the bucket yet. */
  deleteSeries(
    tenant: string,
    params: DeletionParams,
    signal: AbortSignal,
  ): Promise<DeletionOutcome>;
  /** Cuts and uploads what the heads of `tenant` (all tenants, if undefined) hold. */
  flush(tenant: string | undefined, signal: AbortSignal): Promise<void>;
}

/** A block that a store-gateway serves; times in ms, `mint` inclusive, `maxt` as in its meta. */
export interface ServedBlock {
  readonly id: string;
  readonly mint: number;
  readonly maxt: number;
}

/** A store-gateway, in this process or behind gRPC. Errors as for `IngesterApi`. */
export interface StoreGatewayApi {
  /** Serves exactly `blocks` (ULIDs), or fails naming the one that it cannot. */
  select(
    tenant: string,
    blocks: readonly string[],
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]>;
  labelNames(
    tenant: string,
    blocks: readonly string[],
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]>;
  labelValues(
    tenant: string,
    blocks: readonly string[],
    name: string,
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]>;
  blocks(tenant: string, signal: AbortSignal): Promise<readonly ServedBlock[]>;
  /** Looks at the tenant's part of the bucket; what was there at the call is served afterwards. */
  sync(tenant: string, signal: AbortSignal): Promise<void>;
}
