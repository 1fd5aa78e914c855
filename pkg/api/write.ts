import type { FastifyInstance, FastifyRequest } from "fastify";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { TenantResolver } from "#pkg/tenant/mod.ts";

/** What the write routes need. */
export interface WriteApi {
  push(tenant: string, compressed: Uint8Array): Promise<void>;
}

/** Cortex and Mimir, Prometheus, Thanos. */
const PUSH_PATHS = ["/api/v1/push", "/api/v1/write", "/api/v1/receive"];

/** Remote write 1.0. Status codes: see the error table; what is accepted answers 204. */
export function writeRoutes(
  write: WriteApi,
  tenants: TenantResolver,
): (server: FastifyInstance) => void {
  return (server) => {
    for (const path of PUSH_PATHS) {
      server.post(path, { config: { plainErrors: true } }, async (request, reply) => {
        const tenant = tenants.single(tenantHeader(request));
        checkProtocol(request);
        const body = request.body;
        if (!(body instanceof Uint8Array) || body.length === 0) {
          throw new NarthexError("bad_data", "decode snappy: the body is empty");
        }
        await write.push(tenant, body);
        return reply.code(204).send();
      });
    }
  };
}

/** `X-Scope-OrgID`, or Thanos's header where that is missing. */
export function tenantHeader(request: FastifyRequest): string | undefined {
  const header = request.headers["x-scope-orgid"] ?? request.headers["thanos-tenant"];
  return Array.isArray(header) ? header[0] : header;
}

/** Answers 415 to what is not remote write 1.0; senders fall back on that. */
function checkProtocol(request: FastifyRequest): void {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "snappy") {
    throw new NarthexError("unsupported", `content encoding ${encoding}, want snappy`);
  }
  const type = request.headers["content-type"];
  if (type === undefined || type === "") return;
  const [media = "", ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  const proto = parameters.find((parameter) => parameter.startsWith("proto="))?.slice(6);
  const version1 = proto === undefined || proto === "prometheus.writerequest";
  if (media !== "application/x-protobuf" || !version1) {
    throw new NarthexError(
      "unsupported",
      `content type ${type}, want application/x-protobuf (remote write 1.0)`,
    );
  }
}
