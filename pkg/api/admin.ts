import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Matcher } from "#pkg/labels/mod.ts";
import { parseMetricSelector } from "#pkg/promql/mod.ts";
import type { TenantResolver } from "#pkg/tenant/mod.ts";
import { MAX_TIME_MS, MIN_TIME_MS, PREFIXES, paramsOf } from "./form.ts";
import { successJson } from "./json.ts";
import type { Params } from "./params.ts";
import { clientSignal } from "./server.ts";
import { tenantHeader } from "./write.ts";

/** What the administrative routes need; times in ms, both ends inclusive. */
export interface AdminApi {
  deleteSeries(
    tenant: string,
    params: { readonly matchers: readonly Matcher[]; readonly mint: number; readonly maxt: number },
    signal: AbortSignal,
  ): Promise<void>;
  /** Resolves when what was deleted is in no block that is read. */
  cleanTombstones(tenant: string, signal: AbortSignal): Promise<void>;
  /** Resolves with the name of a folder that holds all of the tenant. */
  snapshot(tenant: string, skipHead: boolean, signal: AbortSignal): Promise<string>;
}

/** Prometheus's administration of a tenant's storage; 403 without `admin`. */
export function adminRoutes(
  admin: AdminApi | undefined,
  tenants: TenantResolver,
): (server: FastifyInstance) => void {
  return (server) => {
    for (const prefix of PREFIXES) {
      const add = (
        path: string,
        handle: (call: AdminCall) => Promise<string | undefined>,
      ): void => {
        server.route({
          method: ["POST", "PUT"],
          url: `${prefix}/admin/tsdb/${path}`,
          handler: async (request, reply) => {
            if (!admin) throw new NarthexError("forbidden", "admin APIs disabled");
            const answer = await handle(callOf(admin, tenants, request, reply));
            if (answer === undefined) return reply.code(204).send();
            return reply.type("application/json").send(answer);
          },
        });
      };
      add("delete_series", deleteSeries);
      add("clean_tombstones", async ({ admin: api, tenant, signal }) => {
        await api.cleanTombstones(tenant, signal);
        return undefined;
      });
      add("snapshot", async ({ admin: api, tenant, params, signal }) => {
        const name = await api.snapshot(tenant, flag(params, "skip_head"), signal);
        return successJson({ name });
      });
    }
  };
}

interface AdminCall {
  readonly admin: AdminApi;
  readonly tenant: string;
  readonly params: Params;
  readonly signal: AbortSignal;
}

function callOf(
  admin: AdminApi,
  tenants: TenantResolver,
  request: FastifyRequest,
  reply: FastifyReply,
): AdminCall {
  return {
    admin,
    tenant: tenants.single(tenantHeader(request)),
    params: paramsOf(request),
    signal: clientSignal(reply),
  };
}

async function deleteSeries({
  admin,
  tenant,
  params,
  signal,
}: AdminCall): Promise<string | undefined> {
  const selectors = params.all("match[]");
  if (selectors.length === 0) {
    throw new NarthexError("bad_data", "no match[] parameter provided");
  }
  const mint = params.time("start", MIN_TIME_MS);
  const maxt = params.time("end", MAX_TIME_MS);
  // All are understood before the first one is carried out.
  for (const matchers of selectors.map(parseSelector)) {
    await admin.deleteSeries(tenant, { matchers, mint, maxt }, signal);
  }
  return undefined;
}

function parseSelector(text: string): readonly Matcher[] {
  try {
    return parseMetricSelector(text);
  } catch (error) {
    throw new NarthexError("bad_data", `invalid parameter "match[]": ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** A truth value as Go's `strconv.ParseBool` takes it; false where it is missing. */
function flag(params: Params, name: string): boolean {
  const value = params.get(name);
  if (value === undefined || /^(?:0|f|F|false|FALSE|False)$/.test(value)) return false;
  if (/^(?:1|t|T|true|TRUE|True)$/.test(value)) return true;
  throw new NarthexError("bad_data", `invalid parameter "${name}": unable to parse boolean`);
}
