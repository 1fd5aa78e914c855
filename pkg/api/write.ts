import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { TenantResolver } from "#pkg/tenant/mod.ts";

/** What the write routes need. */
export interface WriteApi {
  push(tenant: string, compressed: Uint8Array): Promise<void>;
  /** As `push`, for remote write 2.0; errors are in the result. */
  pushV2(tenant: string, compressed: Uint8Array): Promise<WriteResult>;
}

/** What was kept of a request of remote write 2.0. */
interface WriteResult {
  readonly written: {
    readonly samples: number;
    readonly histograms: number;
    readonly exemplars: number;
  };
  readonly error?: unknown;
}

/** Cortex and Mimir, Prometheus, Thanos. */
const PUSH_PATHS = ["/api/v1/push", "/api/v1/write", "/api/v1/receive"];

/** Remote write 1.0 and 2.0. Status codes: see the error table; what is accepted answers 204. */
export function writeRoutes(
  write: WriteApi,
  tenants: TenantResolver,
): (server: FastifyInstance) => void {
  return (server) => {
    for (const path of PUSH_PATHS) {
      const options = {
        config: { plainErrors: true },
        // In every answer, errors too: by that a sender sees that its version was understood.
        onRequest: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
          if (isVersion2(request)) tellWritten(reply, NOTHING);
        },
      };
      server.post(path, options, async (request, reply) => {
        const tenant = tenants.single(tenantHeader(request));
        checkProtocol(request);
        const body = request.body;
        if (!(body instanceof Uint8Array) || body.length === 0) {
          throw new NarthexError("bad_data", "decode snappy: the body is empty");
        }
        if (isVersion2(request)) {
          const { written, error } = await write.pushV2(tenant, body);
          tellWritten(reply, written);
          if (error !== undefined) throw error;
        } else await write.push(tenant, body);
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

const NOTHING: WriteResult["written"] = { samples: 0, histograms: 0, exemplars: 0 };

function tellWritten(reply: FastifyReply, written: WriteResult["written"]): void {
  const prefix = "x-prometheus-remote-write";
  reply.header(`${prefix}-samples-written`, String(written.samples));
  reply.header(`${prefix}-histograms-written`, String(written.histograms));
  reply.header(`${prefix}-exemplars-written`, String(written.exemplars));
}

/** The media type, and the message that it says the body is. */
function contentOf(request: FastifyRequest): { media: string; proto: string | undefined } {
  const type = request.headers["content-type"] ?? "";
  const [media = "", ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  const proto = parameters.find((parameter) => parameter.startsWith("proto="))?.slice(6);
  return { media, proto };
}

function isVersion2(request: FastifyRequest): boolean {
  const { media, proto } = contentOf(request);
  return media === "application/x-protobuf" && proto === "io.prometheus.write.v2.request";
}

/** Answers 415 to what is not remote write; senders fall back on that. */
function checkProtocol(request: FastifyRequest): void {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "snappy") {
    throw new NarthexError("unsupported", `content encoding ${encoding}, want snappy`);
  }
  const type = request.headers["content-type"];
  if (type === undefined || type === "") return;
  const { media, proto } = contentOf(request);
  const version1 = proto === undefined || proto === "prometheus.writerequest";
  if (media !== "application/x-protobuf" || (!version1 && !isVersion2(request))) {
    throw new NarthexError(
      "unsupported",
      `content type ${type}, want application/x-protobuf (remote write 1.0, or 2.0 with its proto)`,
    );
  }
}
