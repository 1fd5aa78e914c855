import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import {
  codeOf,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetail,
  messageOf,
  NarthexError,
} from "#pkg/errs/mod.ts";

/** Metadata keys of the protocol. */
export const TENANT_KEY = "x-scope-orgid";
const CODE_KEY = "narthex-error-code";
const ERROR_KEY = "narthex-error-bin";

/** Trailers are HTTP/2 headers, which peers bound at 8 to 16 KB in all; base64 takes a third. */
const MESSAGE_LENGTH_MAX = 4096;
const DETAIL_LENGTH_MAX = 1024;
/** `grpc-message` is for people with a tool; the message proper is in `narthex-error-bin`. */
const STATUS_DETAILS_LENGTH_MAX = 256;

/** The gRPC status of any thrown value; its trailers carry code, message and detail exactly. */
export function statusOf(error: unknown): StatusObject {
  const code = codeOf(error);
  const message = shorten(messageOf(error), MESSAGE_LENGTH_MAX);
  const detail = error instanceof NarthexError ? error.detail : {};
  const fits = JSON.stringify(detail).length <= DETAIL_LENGTH_MAX;
  const metadata = new Metadata();
  metadata.set(CODE_KEY, code);
  metadata.set(ERROR_KEY, Buffer.from(JSON.stringify({ message, detail: fits ? detail : {} })));
  // ASCII alone: grpc-js throws on what encodeURI refuses, such as half a surrogate pair.
  const details = shorten(message, STATUS_DETAILS_LENGTH_MAX).replace(/[^\x20-\x7e]/g, "?");
  return { code: ERROR_CODES[code].grpc, details, metadata };
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** Statuses without our trailers come from the transport: what they mean for the caller. */
const TRANSPORT_CODES: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.CANCELLED]: "unavailable",
  [status.DEADLINE_EXCEEDED]: "timeout",
  [status.NOT_FOUND]: "unavailable",
  [status.RESOURCE_EXHAUSTED]: "too_large",
  [status.UNAVAILABLE]: "unavailable",
  [status.UNIMPLEMENTED]: "unavailable",
  [status.UNAUTHENTICATED]: "unauthorized",
};

/**
 * The error that a call ended with. One that the peer raised comes back with its own code, message
 * and detail; one of the transport names `peer` and the method.
 */
export function errorOf(error: unknown, peer: string, path: string): NarthexError {
  if (error instanceof NarthexError) return error;
  if (!isServiceError(error)) {
    return new NarthexError("internal", `${path} at ${peer}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const code = error.metadata?.get(CODE_KEY)[0];
  const payload = error.metadata?.get(ERROR_KEY)[0];
  if (typeof code === "string" && code in ERROR_CODES && Buffer.isBuffer(payload)) {
    const { message, detail } = parsePayload(payload, error.details);
    return new NarthexError(code as ErrorCode, message, { cause: error, detail });
  }
  return new NarthexError(
    TRANSPORT_CODES[error.code] ?? "internal",
    `${path} at ${peer}: ${error.details}`,
    { cause: error, detail: { peer } },
  );
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}

function parsePayload(bytes: Buffer, details: string): { message: string; detail: ErrorDetail } {
  try {
    const { message, detail } = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
    return { message: String(message), detail: (detail ?? {}) as ErrorDetail };
  } catch {
    // A peer that writes another form still says something in the status itself.
    return { message: details, detail: {} };
  }
}
