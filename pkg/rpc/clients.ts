import { SeriesBatchDecoder } from "#pkg/series-batch/mod.ts";
import type { ChunkSeries, LabelParams } from "#pkg/storage/mod.ts";
import { type CallParams, Channel, type ClientOptions } from "./channel.ts";
import { labelParamsToWire, matchersToWire, selectParamsToWire } from "./convert.ts";
import { exemplarParamsToWire, exemplarsFromMessages } from "./exemplar-stream.ts";
import type { narthex } from "./gen/narthex.js";
import type { IngesterApi, StoreGatewayApi } from "./interfaces.ts";
import { ingesterMethods, storeGatewayMethods } from "./methods.ts";
import { fromMessage } from "./select-stream.ts";

/** A client holds a connection until it is closed. */
export interface Closable {
  close(): void;
}

const PUSH_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 120_000;

/** An ingester behind gRPC at `address` (`host:port`). */
export function ingesterClient(address: string, options: ClientOptions): IngesterApi & Closable {
  const channel = new Channel(address, options);
  const m = ingesterMethods;
  const pushTimeoutMs = options.pushTimeoutMs ?? PUSH_TIMEOUT_MS;
  const query = queryCalls(options);
  return {
    close: () => channel.close(),
    async push(tenant, body, signal) {
      const params = { tenant, signal, timeoutMs: pushTimeoutMs };
      const response = await channel.unary(m.push, body, params);
      const rejected = (response.rejected ?? []).map(({ reason, count, message, histograms }) => ({
        reason: reason ?? "",
        count: count ?? 0,
        message: message ?? "",
        ...(histograms ? { histograms } : {}),
      }));
      const { samples = 0, exemplarsRefused } = response;
      return { samples: samples ?? 0, rejected, ...(exemplarsRefused ? { exemplarsRefused } : {}) };
    },
    select: (tenant, params, signal) =>
      series(
        channel.stream(m.select, { params: selectParamsToWire(params) }, query(tenant, signal)),
        params.onWarning,
      ),
    async labelNames(tenant, params, signal) {
      const request = { params: labelParamsToWire(params) };
      return labels(await channel.unary(m.labelNames, request, query(tenant, signal)), params);
    },
    async labelValues(tenant, name, params, signal) {
      const request = { params: labelParamsToWire(params), name };
      return labels(await channel.unary(m.labelValues, request, query(tenant, signal)), params);
    },
    async metadata(tenant, params, signal) {
      const response = await channel.unary(m.metadata, { ...params }, query(tenant, signal));
      return (response.metadata ?? []).map((one) => ({
        metric: one.metric ?? "",
        type: one.type ?? "",
        help: one.help ?? "",
        unit: one.unit ?? "",
      }));
    },
    exemplars(tenant, params, signal) {
      const request = exemplarParamsToWire(params);
      return exemplarsFromMessages(channel.stream(m.exemplars, request, query(tenant, signal)));
    },
    async tenantStats(signal) {
      const response = await channel.unary(m.tenantStats, {}, query(undefined, signal));
      return (response.tenants ?? []).map((one) => ({
        tenant: one.tenant ?? "",
        series: one.series ?? 0,
        samplesPerSecond: one.samplesPerSecond ?? 0,
      }));
    },
    async deleteSeries(tenant, { matchers, mint, maxt }, signal) {
      const request = { matchers: matchersToWire(matchers), mint, maxt };
      const response = await channel.unary(m.deleteSeries, request, query(tenant, signal));
      return { series: response.series ?? 0, nowMs: response.nowMs ?? 0 };
    },
    async flush(tenant, signal) {
      const request = tenant === undefined ? {} : { tenant };
      await channel.unary(m.flush, request, query(undefined, signal));
    },
  };
}

/** A store-gateway behind gRPC at `address` (`host:port`). */
export function storeGatewayClient(
  address: string,
  options: ClientOptions,
): StoreGatewayApi & Closable {
  const channel = new Channel(address, options);
  const m = storeGatewayMethods;
  const query = queryCalls(options);
  return {
    close: () => channel.close(),
    select: (tenant, blocks, params, signal) => {
      const request = { blocks: [...blocks], params: selectParamsToWire(params) };
      const messages = channel.stream(m.select, request, query(tenant, signal));
      return series(messages, params.onWarning);
    },
    async labelNames(tenant, blocks, params, signal) {
      const request = { blocks: [...blocks], params: labelParamsToWire(params) };
      return labels(await channel.unary(m.labelNames, request, query(tenant, signal)), params);
    },
    async labelValues(tenant, blocks, name, params, signal) {
      const request = { blocks: [...blocks], params: labelParamsToWire(params), name };
      return labels(await channel.unary(m.labelValues, request, query(tenant, signal)), params);
    },
    async blocks(tenant, signal) {
      const response = await channel.unary(m.blocks, {}, query(tenant, signal));
      return (response.blocks ?? []).map(({ id, mint, maxt }) => ({
        id: id ?? "",
        mint: mint ?? 0,
        maxt: maxt ?? 0,
      }));
    },
    async sync(tenant, signal) {
      await channel.unary(m.sync, {}, query(tenant, signal));
    },
  };
}

function queryCalls(
  options: ClientOptions,
): (tenant: string | undefined, signal: AbortSignal) => CallParams {
  const timeoutMs = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
  return (tenant, signal) => ({ tenant, signal, timeoutMs });
}

async function* series(
  messages: AsyncIterable<narthex.SelectResponse.$Properties>,
  onWarning: ((warning: string) => void) | undefined,
): AsyncGenerator<readonly ChunkSeries[]> {
  const decoder = new SeriesBatchDecoder();
  for await (const message of messages) {
    const batch = fromMessage(message, decoder, onWarning);
    if (batch.length > 0) yield batch;
  }
}

function labels(response: narthex.LabelsResponse.$Properties, params: LabelParams): string[] {
  for (const warning of response.warnings ?? []) params.onWarning?.(warning);
  return response.values ?? [];
}
