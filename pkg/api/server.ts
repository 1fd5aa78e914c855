import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { codeOf, ERROR_CODES, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { ApiMetrics } from "./metrics.ts";

/** A set of routes. */
export type Routes = (server: FastifyInstance) => void;

export interface HttpServerOptions {
  readonly listen: string;
  /** Largest body, as it comes. */
  readonly maxRequestBytes: number;
  readonly telemetry: Telemetry;
  readonly routes: readonly Routes[];
  /** Called for each route as it is added. */
  readonly onRoute?: (methods: string, path: string) => void;
}

/** A server that listens. */
export interface HttpServer {
  /** `host:port` with the port that was taken. */
  readonly address: string;
  readonly server: FastifyInstance;
  /** Stops accepting, lets requests end, closes. */
  stop(): Promise<void>;
}

/** Milliseconds that idle connections are kept; above what Go's and Java's clients use. */
const KEEP_ALIVE_MS = 120_000;

/** Starts the HTTP server with `routes`; errors of handlers become Prometheus's JSON errors. */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const server = fastify({
    bodyLimit: options.maxRequestBytes,
    keepAliveTimeout: KEEP_ALIVE_MS,
    logger: false,
    exposeHeadRoutes: true,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 2048 },
    forceCloseConnections: "idle",
  });
  const metrics = new ApiMetrics(options.telemetry);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  server.addHook("onRequest", (_request, reply, done) => {
    metrics.inflight.inc();
    // There is no `onResponse` where the client leaves in the midst of an answer.
    reply.raw.once("close", () => metrics.inflight.dec());
    done();
  });
  server.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unknown";
    metrics.requests.observe(
      { method: request.method, route, status_code: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
    done();
  });
  server.setErrorHandler((error, request, reply) => sendError(error, request, reply, options));
  server.setNotFoundHandler((request, reply) => {
    void reply
      .code(404)
      .type("text/plain")
      .send(`404 page not found: ${request.url.split("?")[0]}\n`);
  });
  server.addHook("onRoute", ({ method, url }) => {
    const methods = [method].flat().filter((name) => name !== "HEAD");
    if (methods.length > 0) options.onRoute?.(methods.join(","), url);
  });
  for (const routes of options.routes) routes(server);
  const at = options.listen.lastIndexOf(":");
  const host = options.listen.slice(0, at).replace(/^\[|\]$/g, "") || "0.0.0.0";
  try {
    await server.listen({ host, port: Number(options.listen.slice(at + 1)) });
  } catch (error) {
    throw new NarthexError(
      "unavailable",
      `listen for http on ${options.listen}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  const bound = server.server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return { address: `${host}:${port}`, server, stop: () => server.close() };
}

function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  options: HttpServerOptions,
): void {
  const narthex = normalise(error);
  const { http, errorType } = ERROR_CODES[narthex.code];
  if (narthex.code === "internal" || narthex.code === "corruption") {
    options.telemetry.log.error({ err: error, route: request.routeOptions.url }, "request failed");
  }
  if (reply.raw.headersSent) {
    // The status is out already; a cut connection is the only way left to say so.
    reply.raw.destroy();
    return;
  }
  void reply.code(http);
  if (narthex.code === "rate_limited") void reply.header("Retry-After", "1");
  if (isPlainRoute(request)) {
    void reply.type("text/plain; charset=utf-8").send(`${narthex.message}\n`);
    return;
  }
  void reply
    .type("application/json")
    .send(JSON.stringify({ status: "error", errorType, error: narthex.message }));
}

/** Write routes answer in plain text, as upstream does: senders log the first line. */
function isPlainRoute(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { plainErrors?: boolean }).plainErrors === true;
}

/** Errors of the HTTP library, in our codes. */
function normalise(error: unknown): NarthexError {
  if (error instanceof NarthexError) return error;
  const status = (error as { statusCode?: number }).statusCode;
  if (status === 413) return new NarthexError("too_large", messageOf(error), { cause: error });
  if (status === 415) return new NarthexError("unsupported", messageOf(error), { cause: error });
  if (status !== undefined && status >= 400 && status < 500) {
    return new NarthexError("bad_data", messageOf(error), { cause: error });
  }
  return new NarthexError(codeOf(error), messageOf(error), { cause: error });
}

/** A signal that aborts when the client goes away before the answer is complete. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) {
      controller.abort(new NarthexError("canceled", "the client closed the connection"));
    }
  });
  return controller.signal;
}
