import type { FastifyInstance } from "fastify";
import type { TenantStats } from "#pkg/rpc/mod.ts";
import type { Registry } from "#pkg/telemetry/mod.ts";
import { indexPage, ringPage } from "./pages.ts";
import { clientSignal } from "./server.ts";

/** One service of this process. */
export interface ServiceStatus {
  readonly name: string;
  readonly state: string;
  readonly failure?: string;
}

/** One instance of a ring. */
export interface RingMember {
  readonly id: string;
  readonly address: string;
  readonly zone: string;
  readonly state: string;
  readonly healthy: boolean;
  readonly heartbeatAgeMs: number;
  readonly slotShare: number;
}

/** What the status routes show. */
export interface StatusApi {
  readonly version: string;
  readonly targets: readonly string[];
  readonly registry: Registry;
  /** Why the process cannot serve yet, or undefined. */
  notReady(): string | undefined;
  /** True once it is shutting down. */
  stopping(): boolean;
  services(): readonly ServiceStatus[];
  /** Rings by name; empty in a process that needs none. */
  rings(): ReadonlyMap<string, readonly RingMember[]>;
  /** Undefined where this process cannot read tenants. */
  tenants?: ((signal: AbortSignal) => Promise<readonly TenantStats[]>) | undefined;
  /** The configuration without secrets, as YAML. */
  configYaml(): string;
  reload(): Promise<void>;
  /** Cuts and uploads what the heads hold; undefined where there is no ingester. */
  flush?: ((tenant: string | undefined, signal: AbortSignal) => Promise<void>) | undefined;
  /** Paths of all routes, for the front page. */
  routes(): readonly string[];
}

/** Health, metrics, configuration, ring, and the front page. */
export function statusRoutes(status: StatusApi): (server: FastifyInstance) => void {
  return (server) => {
    const ready = (): { code: number; text: string } => {
      const reason = status.notReady();
      return reason === undefined
        ? { code: 200, text: "ready\n" }
        : { code: 503, text: `not ready: ${reason}\n` };
    };
    for (const path of ["/ready", "/-/ready"]) {
      server.get(path, async (_request, reply) => {
        const { code, text } = ready();
        if (status.stopping()) void reply.header("X-Prometheus-Stopping", "true");
        return reply.code(code).type("text/plain").send(text);
      });
    }
    server.get("/-/healthy", async (_request, reply) =>
      reply.type("text/plain").send("Narthex is Healthy.\n"),
    );
    server.get("/metrics", async (_request, reply) =>
      reply.type(status.registry.contentType).send(await status.registry.metrics()),
    );
    server.get("/config", async (_request, reply) =>
      reply.type("text/plain; charset=utf-8").send(status.configYaml()),
    );
    server.get("/services", async (_request, reply) =>
      reply.type("text/plain; charset=utf-8").send(
        status
          .services()
          .map(
            ({ name, state, failure }) => `${name} => ${state}${failure ? ` (${failure})` : ""}\n`,
          )
          .join(""),
      ),
    );
    server.get("/ring", async (request, reply) => {
      const rings = status.rings();
      if ((request.headers.accept ?? "").includes("application/json")) {
        return reply.send(Object.fromEntries(rings));
      }
      return reply.type("text/html; charset=utf-8").send(ringPage(rings));
    });
    server.route({
      method: ["POST", "PUT"],
      url: "/-/reload",
      handler: async (_request, reply) => {
        await status.reload();
        return reply.type("text/plain").send("reloaded\n");
      },
    });
    const { flush } = status;
    if (flush !== undefined) {
      server.post("/ingester/flush", async (request, reply) => {
        const query = new URLSearchParams(request.url.split("?")[1] ?? "");
        await flush(query.get("tenant") ?? undefined, clientSignal(reply));
        return reply.code(204).send();
      });
    }
    server.get("/", async (_request, reply) => {
      const tenants = await tenantsOf(status, clientSignal(reply));
      return reply
        .type("text/html; charset=utf-8")
        .header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        .send(indexPage(status, tenants));
    });
  };
}

/** Tenants for the front page, which is shown without them rather than not at all. */
async function tenantsOf(
  status: StatusApi,
  signal: AbortSignal,
): Promise<readonly TenantStats[] | string> {
  if (status.tenants === undefined) return "this process does not read tenants";
  try {
    return await status.tenants(signal);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
