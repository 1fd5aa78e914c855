/**
 * The one table of error codes: what each means on HTTP, on gRPC and in the `errorType` of the
 * Prometheus API. `docs/errors.md` is compared with it by a test.
 */
export const ERROR_CODES = {
  bad_data: { http: 400, grpc: 3, errorType: "bad_data", retry: false },
  unauthorized: { http: 401, grpc: 16, errorType: "bad_data", retry: false },
  forbidden: { http: 403, grpc: 7, errorType: "unavailable", retry: false },
  not_found: { http: 404, grpc: 5, errorType: "not_found", retry: false },
  not_acceptable: { http: 406, grpc: 3, errorType: "not_acceptable", retry: false },
  too_large: { http: 413, grpc: 3, errorType: "bad_data", retry: false },
  unsupported: { http: 415, grpc: 3, errorType: "bad_data", retry: false },
  execution: { http: 422, grpc: 9, errorType: "execution", retry: false },
  rate_limited: { http: 429, grpc: 8, errorType: "bad_data", retry: true },
  canceled: { http: 499, grpc: 1, errorType: "canceled", retry: false },
  timeout: { http: 503, grpc: 4, errorType: "timeout", retry: true },
  unavailable: { http: 503, grpc: 14, errorType: "unavailable", retry: true },
  corruption: { http: 500, grpc: 15, errorType: "internal", retry: false },
  internal: { http: 500, grpc: 13, errorType: "internal", retry: false },
} as const;

/** A key of `ERROR_CODES`. Catch errors by this, never by message. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Facts that go with an error: which tenant, series, file, offset, limit; what was got, wanted. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean>>;

/**
 * The one base class of errors that Narthex raises on purpose. The message names the action, then
 * what was got and wanted; lower case, no period.
 */
export class NarthexError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; detail?: ErrorDetail } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "NarthexError";
    this.code = code;
    this.detail = options.detail ?? {};
  }
}

/** Bytes that are not what the format says. Names the file (or stream) and the byte offset. */
export class CorruptionError extends NarthexError {
  readonly path: string;
  readonly offset: number;

  constructor(path: string, offset: number, message: string, cause?: unknown) {
    super("corruption", `${path} at offset ${offset}: ${message}`, {
      cause,
      detail: { path, offset },
    });
    this.name = "CorruptionError";
    this.path = path;
    this.offset = offset;
  }
}

/** The code of any thrown value: its own for a `NarthexError`, `canceled` for an abort, or
 * `internal`. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof NarthexError) return error.code;
  if (error instanceof Error) {
    if (error.name === "AbortError") return "canceled";
    if (error.name === "TimeoutError") return "timeout";
  }
  return "internal";
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Throws an `internal` error when what must hold does not. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new NarthexError("internal", `assertion: ${message}`);
}

/** The end of a switch over a closed set; reaching it is a bug. */
export function unreachable(value: never): never {
  throw new NarthexError("internal", `unreachable: ${String(value)}`);
}
