import {
  type CallOptions,
  ChannelCredentials,
  Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  Metadata,
} from "@grpc/grpc-js";
import { abortError, throwIfAborted } from "#pkg/async/mod.ts";
import { systemClock } from "#pkg/clock/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { shortName } from "./handler.ts";
import type { Method } from "./methods.ts";
import { observeCall, type RpcMetrics, rpcMetrics } from "./metrics.ts";
import { channelOptions, type TlsOptions, type TransportOptions } from "./options.ts";
import { errorOf, TENANT_KEY } from "./status.ts";

/** Settings of a client. */
export interface ClientOptions extends TransportOptions {
  readonly telemetry: Telemetry;
  /** Deadline of a push; default 10 s. */
  readonly pushTimeoutMs?: number;
  /** Deadline of every other call, streams included; default 2 min. Callers bound more tightly
   * by their signals. */
  readonly queryTimeoutMs?: number;
  /** The longest pause between two attempts to reach a peer that is gone; default 2 s. */
  readonly maxReconnectMs?: number;
  /** Absent: no TLS. */
  readonly tls?: TlsOptions;
}

/** One call: whose, for how long, until when. */
export interface CallParams {
  readonly tenant?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** A connection to one peer that comes back by itself. Calls fail fast while it is down. */
export class Channel {
  readonly address: string;
  readonly #client: Client;
  readonly #metrics: RpcMetrics;

  constructor(address: string, options: ClientOptions) {
    this.address = address;
    this.#metrics = rpcMetrics(options.telemetry.registry, "client");
    const { tls, maxReconnectMs = 2000 } = options;
    const credentials = tls
      ? ChannelCredentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null)
      : ChannelCredentials.createInsecure();
    this.#client = new Client(address, credentials, {
      ...channelOptions(options),
      "grpc.initial_reconnect_backoff_ms": Math.min(100, maxReconnectMs),
      "grpc.max_reconnect_backoff_ms": maxReconnectMs,
      "grpc.dns_min_time_between_resolutions_ms": maxReconnectMs,
      // Peers are addressed directly: no proxies, no service config from DNS. Whoever calls knows
      // whether to repeat a call and where.
      "grpc.enable_http_proxy": 0,
      "grpc.service_config_disable_resolution": 1,
      "grpc.enable_retries": 0,
    });
  }

  /** Ends the connection; calls that run fail. */
  close(): void {
    this.#client.close();
  }

  /** One request, one response. */
  async unary<Req, Res>(
    method: Method<Req, unknown, never, Res>,
    request: Req,
    params: CallParams,
  ): Promise<Res> {
    throwIfAborted(params.signal);
    const metadata = metadataOf(params);
    const done = observeCall(this.#metrics, shortName(method.path));
    try {
      const response = await this.#unary(method, request, metadata, params);
      done("ok");
      return response;
    } catch (error) {
      const meant = this.#meaning(error, method.path, params.signal);
      done(meant.code);
      throw meant;
    }
  }

  /** One request, a stream of responses. Ending the iteration early cancels the call. */
  async *stream<Req, Res>(
    method: Method<Req, unknown, never, Res>,
    request: Req,
    params: CallParams,
  ): AsyncGenerator<Res> {
    throwIfAborted(params.signal);
    const metadata = metadataOf(params);
    const done = observeCall(this.#metrics, shortName(method.path));
    let outcome = "canceled";
    let call: ClientReadableStream<Res> | undefined;
    const onAbort = (): void => call?.cancel();
    try {
      call = this.#client.makeServerStreamRequest<Req, Res>(
        method.path,
        method.encodeRequest,
        method.decodeResponse,
        request,
        metadata,
        callOptions(params),
      );
      params.signal?.addEventListener("abort", onAbort, { once: true });
      for await (const message of call) {
        if (params.signal?.aborted) throw abortError(params.signal);
        yield message as Res;
      }
      outcome = "ok";
    } catch (error) {
      const meant = this.#meaning(error, method.path, params.signal);
      outcome = meant.code;
      throw meant;
    } finally {
      params.signal?.removeEventListener("abort", onAbort);
      call?.cancel();
      done(outcome);
    }
  }

  #unary<Req, Res>(
    method: Method<Req, unknown, never, Res>,
    request: Req,
    metadata: Metadata,
    params: CallParams,
  ): Promise<Res> {
    return new Promise((resolve, reject) => {
      let call: ClientUnaryCall | undefined;
      const onAbort = (): void => call?.cancel();
      call = this.#client.makeUnaryRequest<Req, Res>(
        method.path,
        method.encodeRequest,
        method.decodeResponse,
        request,
        metadata,
        callOptions(params),
        (error, response) => {
          params.signal?.removeEventListener("abort", onAbort);
          if (error) reject(error);
          else resolve(response as Res);
        },
      );
      params.signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #meaning(error: unknown, path: string, signal: AbortSignal | undefined): NarthexError {
    if (signal?.aborted) return abortError(signal);
    return errorOf(error, this.address, shortName(path));
  }
}

function callOptions(params: CallParams): CallOptions {
  return { deadline: systemClock.now() + params.timeoutMs };
}

function metadataOf({ tenant }: CallParams): Metadata {
  const metadata = new Metadata();
  if (tenant === undefined) return metadata;
  try {
    metadata.set(TENANT_KEY, tenant);
  } catch (error) {
    throw new NarthexError("bad_data", `tenant cannot be sent: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return metadata;
}
