import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from "@grpc/grpc-js";
import { systemClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import type { IngesterApi, StoreGatewayApi } from "./interfaces.ts";
import { rpcMetrics } from "./metrics.ts";
import { channelOptions, type TlsOptions, type TransportOptions } from "./options.ts";
import { ingesterRegistrations, storeGatewayRegistrations } from "./services.ts";

/** What to serve, and where. */
export interface GrpcServerOptions extends TransportOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly ingester?: IngesterApi;
  readonly storeGateway?: StoreGatewayApi;
  readonly telemetry: Telemetry;
  /** With `ca`, clients must show a certificate that it signed. Absent: no TLS. */
  readonly tls?: TlsOptions;
}

/** A server that listens. */
export interface GrpcServer {
  readonly port: number;
  /** `host:port` with the port that was taken. */
  readonly address: string;
  /** Refuses new calls, gives those that run `graceMs` (default 5 s) to end, then cuts them off. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts a server. Rejects with `unavailable` if the address cannot be had. */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  // What it would print to stderr it also raises, and that is logged by whoever catches it.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server(channelOptions(options));
  const metrics = rpcMetrics(options.telemetry.registry, "server");
  const { ingester, storeGateway } = options;
  for (const register of ingester ? ingesterRegistrations(ingester) : []) {
    register(server, metrics);
  }
  for (const register of storeGateway ? storeGatewayRegistrations(storeGateway) : []) {
    register(server, metrics);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.listen, credentials(options.tls), (error, bound) => {
      if (!error) resolve(bound);
      else {
        const message = `listen for grpc on ${options.listen}: ${error.message}`;
        reject(new NarthexError("unavailable", message, { cause: error }));
      }
    });
  });
  const host = options.listen.slice(0, options.listen.lastIndexOf(":"));
  return {
    port,
    address: `${host}:${port}`,
    stop: (graceMs = 5000) => stopServer(server, graceMs),
  };
}

function credentials(tls: TlsOptions | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  if (!tls.cert || !tls.key) {
    throw new NarthexError("bad_data", "tls of the grpc server: want a certificate and its key");
  }
  const pairs = [{ cert_chain: tls.cert, private_key: tls.key }];
  return ServerCredentials.createSsl(tls.ca ?? null, pairs, tls.ca !== undefined);
}

function stopServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = systemClock.setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      timer.cancel();
      resolve();
    });
  });
}
