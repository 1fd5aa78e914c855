import type { FastifyRequest } from "fastify";
import { NarthexError } from "#pkg/errs/mod.ts";
import { Params } from "./params.ts";

/** Largest form, as Go's server has it; bodies of writes may be larger. */
const FORM_BYTES_MAX = 10 * 1024 * 1024;

/** Where the API is found: as Grafana and Mimir address it, and as Prometheus has it. */
export const PREFIXES: readonly string[] = ["/prometheus/api/v1", "/api/v1"];
/** Far before any sample: what `start` is where a request has none. */
export const MIN_TIME_MS = -8.64e15;
/** Far behind any sample: what `end` is where a request has none. */
export const MAX_TIME_MS = 8.64e15;

/** The parameters of a request, those of its form included. */
export function paramsOf(request: FastifyRequest): Params {
  return new Params(request.url, formOf(request));
}

function formOf(request: FastifyRequest): string | undefined {
  const type = request.headers["content-type"] ?? "";
  if (!(request.body instanceof Uint8Array) || request.body.length === 0) return undefined;
  if (!type.startsWith("application/x-www-form-urlencoded")) {
    throw new NarthexError(
      "unsupported",
      `content type ${type}, want application/x-www-form-urlencoded`,
    );
  }
  if (request.body.length > FORM_BYTES_MAX) {
    throw new NarthexError(
      "too_large",
      `form of ${request.body.length} bytes, want at most ${FORM_BYTES_MAX}`,
    );
  }
  return Buffer.from(request.body).toString("utf8");
}
