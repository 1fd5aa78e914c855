import type { Server, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { abortError } from "#pkg/async/mod.ts";
import { systemClock } from "#pkg/clock/mod.ts";
import { codeOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Method } from "./methods.ts";
import { observeCall, type RpcMetrics } from "./metrics.ts";
import { statusOf, TENANT_KEY } from "./status.ts";

/** What a handler knows of its call. */
export interface CallContext {
  /** From the call's metadata; raises `bad_data` where there is none. */
  tenant(): string;
  /** Aborts when the caller cancels, goes away, or its deadline passes. */
  readonly signal: AbortSignal;
}

/** Registers one method with a server. */
export type Registration = (server: Server, metrics: RpcMetrics) => void;

/** A method that is answered with one message. */
export function unary<Req, Res>(
  method: Method<never, Req, Res, unknown>,
  handle: (request: Req, context: CallContext) => Promise<Res>,
): Registration {
  return (server, metrics) => {
    const run = async (call: ServerUnaryCall<Req, Res>): Promise<Res> =>
      await handle(call.request, contextOf(call));
    server.register<Req, Res>(
      method.path,
      (call: ServerUnaryCall<Req, Res>, respond: Respond<Res>) => {
        const done = observeCall(metrics, shortName(method.path));
        run(call).then(
          (value) => {
            done("ok");
            respond(null, value);
          },
          (error: unknown) => {
            done(codeOf(error));
            respond(statusOf(error));
          },
        );
      },
      method.encodeResponse,
      method.decodeRequest,
      "unary",
    );
  };
}

type Respond<Res> = (error: ReturnType<typeof statusOf> | null, value?: Res) => void;

/** A method that is answered with a stream of messages. */
export function streaming<Req, Res>(
  method: Method<never, Req, Res, unknown>,
  handle: (request: Req, context: CallContext) => AsyncIterable<Res>,
): Registration {
  return (server, metrics) => {
    server.register<Req, Res>(
      method.path,
      (call: ServerWritableStream<Req, Res>) => {
        const done = observeCall(metrics, shortName(method.path));
        send(call, handle).then(
          () => {
            done("ok");
            call.end();
          },
          (error: unknown) => {
            done(codeOf(error));
            // Not `destroy`, which drops messages that were written before the error.
            call.emit("error", statusOf(error));
          },
        );
      },
      method.encodeResponse,
      method.decodeRequest,
      "serverStream",
    );
  };
}

/** `Ingester/Push` of `/narthex.Ingester/Push`. */
export function shortName(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

function contextOf(
  call: Pick<ServerUnaryCall<unknown, unknown>, "on" | "getDeadline" | "metadata">,
): CallContext {
  const controller = new AbortController();
  call.on("cancelled", () => {
    const late = Number(call.getDeadline()) <= systemClock.now();
    controller.abort(
      late
        ? new NarthexError("timeout", "deadline of the call passed")
        : new NarthexError("canceled", "canceled by the caller"),
    );
  });
  return {
    signal: controller.signal,
    tenant() {
      const value = call.metadata.get(TENANT_KEY)[0];
      if (typeof value === "string" && value !== "") return value;
      throw new NarthexError("bad_data", `call without ${TENANT_KEY}`);
    },
  };
}

/** Sends each message once the one before is with the transport: a slow reader slows us down. */
async function send<Req, Res>(
  call: ServerWritableStream<Req, Res>,
  handle: (request: Req, context: CallContext) => AsyncIterable<Res>,
): Promise<void> {
  const context = contextOf(call);
  const { signal } = context;
  let sent: Promise<void> = Promise.resolve();
  for await (const message of handle(call.request, context)) {
    await sent;
    if (signal.aborted) throw abortError(signal);
    sent = write(call, message, signal);
    // It is awaited later; until then a failure is not an unhandled one.
    sent.catch(() => undefined);
  }
  await sent;
}

function write<Res>(
  call: ServerWritableStream<never, Res> | ServerWritableStream<unknown, Res>,
  message: Res,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    call.write(message, (error: Error | null | undefined) => {
      signal.removeEventListener("abort", onAbort);
      if (error) reject(new NarthexError("canceled", "the caller is gone", { cause: error }));
      else resolve();
    });
  });
}
