import { labelParamsFromWire, matchersFromWire, selectParamsFromWire } from "./convert.ts";
import { exemplarParamsFromWire, exemplarsToMessages } from "./exemplar-stream.ts";
import type { narthex } from "./gen/narthex.js";
import { type CallContext, type Registration, streaming, unary } from "./handler.ts";
import type { IngesterApi, StoreGatewayApi } from "./interfaces.ts";
import { ingesterMethods, storeGatewayMethods } from "./methods.ts";
import { toMessages } from "./select-stream.ts";

/** The methods of `narthex.Ingester`, answered by `api`. */
export function ingesterRegistrations(api: IngesterApi): Registration[] {
  const m = ingesterMethods;
  return [
    unary(m.push, async (body, { tenant, signal }) => {
      const outcome = await api.push(tenant(), body, signal);
      return { ...outcome, rejected: [...outcome.rejected] };
    }),
    streaming(m.select, ({ params }, { tenant, signal }) => {
      const warnings: string[] = [];
      const wanted = selectParamsFromWire(params, (warning) => warnings.push(warning));
      return toMessages(api.select(tenant(), wanted, signal), warnings);
    }),
    unary(m.labelNames, ({ params }, { tenant, signal }) =>
      labels(params, (wanted) => api.labelNames(tenant(), wanted, signal)),
    ),
    unary(m.labelValues, ({ params, name }, { tenant, signal }) =>
      labels(params, (wanted) => api.labelValues(tenant(), name ?? "", wanted, signal)),
    ),
    unary(m.metadata, async ({ metric, limit }, { tenant, signal }) => {
      const wanted = { ...(metric ? { metric } : {}), ...(limit ? { limit } : {}) };
      return { metadata: [...(await api.metadata(tenant(), wanted, signal))] };
    }),
    streaming(m.exemplars, (request, { tenant, signal }) =>
      exemplarsToMessages(api.exemplars(tenant(), exemplarParamsFromWire(request), signal)),
    ),
    unary(m.tenantStats, async (_, { signal }) => ({
      tenants: [...(await api.tenantStats(signal))],
    })),
    unary(m.deleteSeries, async ({ matchers, mint, maxt }, { tenant, signal }) => {
      const params = { matchers: matchersFromWire(matchers), mint: mint ?? 0, maxt: maxt ?? 0 };
      return { ...(await api.deleteSeries(tenant(), params, signal)) };
    }),
    unary(m.flush, async ({ tenant }, { signal }) => {
      await api.flush(tenant ?? undefined, signal);
      return {};
    }),
  ];
}

/** The methods of `narthex.StoreGateway`, answered by `api`. */
export function storeGatewayRegistrations(api: StoreGatewayApi): Registration[] {
  const m = storeGatewayMethods;
  return [
    streaming(m.select, ({ blocks, params }, { tenant, signal }) => {
      const warnings: string[] = [];
      const wanted = selectParamsFromWire(params, (warning) => warnings.push(warning));
      return toMessages(api.select(tenant(), blocks ?? [], wanted, signal), warnings);
    }),
    unary(m.labelNames, ({ blocks, params }, { tenant, signal }) =>
      labels(params, (wanted) => api.labelNames(tenant(), blocks ?? [], wanted, signal)),
    ),
    unary(m.labelValues, ({ blocks, params, name }, context) =>
      labels(params, (wanted) =>
        api.labelValues(context.tenant(), blocks ?? [], name ?? "", wanted, context.signal),
      ),
    ),
    unary(m.blocks, async (_: unknown, { tenant, signal }: CallContext) => ({
      blocks: [...(await api.blocks(tenant(), signal))],
    })),
    unary(m.sync, async (_: unknown, { tenant, signal }: CallContext) => {
      await api.sync(tenant(), signal);
      return {};
    }),
  ];
}

type WireLabelParams = narthex.LabelParams.$Properties | null | undefined;

async function labels(
  wire: WireLabelParams,
  ask: (params: ReturnType<typeof labelParamsFromWire>) => Promise<string[]>,
): Promise<narthex.LabelsResponse.$Properties> {
  const warnings: string[] = [];
  const values = await ask(labelParamsFromWire(wire, (warning) => warnings.push(warning)));
  return { values, warnings };
}
