import { yieldNow } from "#pkg/async/mod.ts";
import {
  type ExemplarParams,
  mergeSeriesExemplars,
  type SeriesExemplars,
} from "#pkg/exemplar/mod.ts";
import { compareBytes, type Labels } from "#pkg/labels/mod.ts";
import { doUntilQuorum, type Ring } from "#pkg/ring/mod.ts";
import type { IngesterApi, MetadataParams, MetricMetadata, TenantStats } from "#pkg/rpc/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  mergeChunkQueriers,
  type SelectParams,
  uniteStrings,
} from "#pkg/storage/mod.ts";

/** The recent data of tenants, wherever it is kept. */
export type RecentReads = Pick<
  IngesterApi,
  "select" | "labelNames" | "labelValues" | "metadata" | "exemplars" | "tenantStats"
>;

/**
 * Reads from all ingesters of a ring that may hold the tenant, minus those that the write quorum
 * allows to be missing. Whole answers are gathered before they are merged: only an ingester that
 * answered to the end counts.
 */
export class RingReads implements RecentReads {
  readonly #ring: Ring;
  readonly #client: (address: string) => IngesterApi;

  constructor(ring: Ring, client: (address: string) => IngesterApi) {
    this.#ring = ring;
    this.#client = client;
  }

  async *select(
    tenant: string,
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]> {
    const { results } = await this.#ask(tenant, signal, async (ingester, inner) => {
      const batches: (readonly ChunkSeries[])[] = [];
      for await (const batch of ingester.select(tenant, params, inner)) batches.push(batch);
      return batches;
    });
    const sources = results.filter((batches) => batches.length > 0).map(gathered);
    if (sources.length > 0) yield* mergeChunkQueriers(sources).selectChunks(params, signal);
  }

  async labelNames(tenant: string, params: LabelParams, signal: AbortSignal): Promise<string[]> {
    const ask = (ingester: IngesterApi, inner: AbortSignal): Promise<string[]> =>
      ingester.labelNames(tenant, params, inner);
    return uniteStrings((await this.#ask(tenant, signal, ask)).results, params.limit);
  }

  async labelValues(
    tenant: string,
    name: string,
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]> {
    const ask = (ingester: IngesterApi, inner: AbortSignal): Promise<string[]> =>
      ingester.labelValues(tenant, name, params, inner);
    return uniteStrings((await this.#ask(tenant, signal, ask)).results, params.limit);
  }

  async metadata(
    tenant: string,
    params: MetadataParams,
    signal: AbortSignal,
  ): Promise<readonly MetricMetadata[]> {
    const { results } = await this.#ask(tenant, signal, (ingester, inner) =>
      ingester.metadata(tenant, params, inner),
    );
    const byMetric = new Map(results.flat().map((entry) => [entry.metric, entry]));
    return [...byMetric.values()].sort((a, b) => compareBytes(a.metric, b.metric));
  }

  async exemplars(
    tenant: string,
    params: ExemplarParams,
    signal: AbortSignal,
  ): Promise<readonly SeriesExemplars[]> {
    const { results } = await this.#ask(tenant, signal, (ingester, inner) =>
      ingester.exemplars(tenant, params, inner),
    );
    return mergeSeriesExemplars(results);
  }

  /** Sums over ingesters, divided by the replication factor. */
  async tenantStats(signal: AbortSignal): Promise<readonly TenantStats[]> {
    const { instances, replicationFactor } = this.#ring.current;
    const answers = await Promise.allSettled(
      instances
        .filter((instance) => instance.readable)
        .map((instance) => this.#client(instance.address).tenantStats(signal)),
    );
    const sums = new Map<string, { series: number; rate: number }>();
    for (const answer of answers) {
      if (answer.status === "rejected") continue;
      for (const { tenant, series, samplesPerSecond } of answer.value) {
        const sum = sums.get(tenant) ?? { series: 0, rate: 0 };
        sums.set(tenant, { series: sum.series + series, rate: sum.rate + samplesPerSecond });
      }
    }
    const factor = Math.min(replicationFactor, Math.max(1, instances.length));
    return [...sums].map(([tenant, { series, rate }]) => ({
      tenant,
      series: Math.round(series / factor),
      samplesPerSecond: rate / factor,
    }));
  }

  #ask<T>(
    tenant: string,
    signal: AbortSignal,
    work: (ingester: IngesterApi, signal: AbortSignal) => Promise<T>,
  ): Promise<{ readonly results: readonly T[] }> {
    const set = this.#ring.readInstances(tenant);
    return doUntilQuorum(
      set,
      (instance, inner) => work(this.#client(instance.address), inner),
      signal,
    );
  }
}

/** Batches that are here already, as a source of a merge. */
function gathered(batches: readonly (readonly ChunkSeries[])[]): ChunkQuerier {
  return {
    async *selectChunks() {
      for (const batch of batches) {
        yield batch;
        // Nothing else makes the merge wait, and whoever reads it all would let nobody run.
        await yieldNow();
      }
    },
    labelNames: async () => [],
    labelValues: async () => [],
  };
}

/** The label set with one more label in its place. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const out = labels.slice();
  let at = 0;
  while (at < out.length && compareBytes(out[at]!, name) < 0) at += 2;
  if (out[at] === name) out[at + 1] = value;
  else out.splice(at, 0, name, value);
  return out;
}
