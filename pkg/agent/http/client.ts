import { readFile } from "node:fs/promises";
import { Agent, type Dispatcher, interceptors, request } from "undici";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { HttpClientConfig, Secret } from "../config/http-client.ts";

const REDIRECTS_MAX = 10;

/** How to reach servers with one configuration of authentication and TLS. */
export interface ClientOptions {
  readonly config: HttpClientConfig;
  /** How long to wait for a connection, ms. */
  readonly connectTimeoutMs: number;
}

/** One request. */
export interface ClientRequest {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

/** What connections rest on; when it changes in its files, new connections are made. */
interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * An HTTP client with connections of its own. Secrets and certificates in files are read at each
 * request, so that they can be rotated.
 */
export class HttpClient {
  readonly #options: ClientOptions;
  #dispatcher: Dispatcher | undefined = undefined;
  #certificates: Certificates = { ca: "", cert: "", key: "" };

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Sends a request; errors are `unavailable`, `timeout`, or what `signal` aborts with. */
  async send(init: ClientRequest): Promise<Dispatcher.ResponseData> {
    const headers = await this.#headers(init.headers);
    const dispatcher = await this.#current();
    try {
      return await request(init.url, {
        dispatcher,
        method: init.method,
        headers,
        signal: init.signal,
        ...(init.body === undefined ? {} : { body: init.body }),
      });
    } catch (error) {
      throw requestError(error, init);
    }
  }

  /** Closes all connections; requests that run are cut off. */
  async close(): Promise<void> {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.destroy();
  }

  /** The connections for the certificates as they are now. */
  async #current(): Promise<Dispatcher> {
    const { tls } = this.#options.config;
    const now = {
      ca: await readSecret(tls.ca),
      cert: await readSecret(tls.cert),
      key: await readSecret(tls.key),
    };
    const { ca, cert, key } = this.#certificates;
    if (this.#dispatcher && now.ca === ca && now.cert === cert && now.key === key) {
      return this.#dispatcher;
    }
    // The old connections end with the requests that run on them.
    this.#dispatcher?.close().catch(() => undefined);
    this.#certificates = now;
    this.#dispatcher = buildDispatcher(this.#options, now);
    return this.#dispatcher;
  }

  async #headers(
    given: Readonly<Record<string, string>>,
  ): Promise<Record<string, string | string[]>> {
    const { basicAuth, authorization, headers } = this.#options.config;
    const out: Record<string, string | string[]> = { ...given };
    for (const [name, secret] of headers) {
      const value = await readSecret(secret);
      const before = out[name];
      out[name] = before === undefined ? value : [before, value].flat();
    }
    if (basicAuth) {
      const pair = `${await readSecret(basicAuth.username)}:${await readSecret(basicAuth.password)}`;
      out["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
    } else if (authorization) {
      out["authorization"] = `${authorization.type} ${await readSecret(authorization.credentials)}`;
    }
    return out;
  }
}

function buildDispatcher(
  { config, connectTimeoutMs }: ClientOptions,
  { ca, cert, key }: Certificates,
): Dispatcher {
  const { tls } = config;
  const agent = new Agent({
    pipelining: 1,
    keepAliveTimeout: 5 * 60_000,
    // The caller's signal limits the whole request.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: connectTimeoutMs,
      rejectUnauthorized: !tls.insecureSkipVerify,
      ...(ca === "" ? {} : { ca }),
      ...(cert === "" ? {} : { cert }),
      ...(key === "" ? {} : { key }),
      ...(tls.serverName === "" ? {} : { servername: tls.serverName }),
      ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
      ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
    },
  });
  if (!config.followRedirects) return agent;
  return agent.compose(interceptors.redirect({ maxRedirections: REDIRECTS_MAX }));
}

async function readSecret(secret: Secret): Promise<string> {
  if (secret.file === "") return secret.value;
  try {
    return (await readFile(secret.file, "utf8")).trim();
  } catch (error) {
    throw new NarthexError("unavailable", `read ${secret.file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function requestError(error: unknown, { url, method, signal }: ClientRequest): NarthexError {
  const where = `${method} ${url}`;
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    if (reason instanceof NarthexError) {
      return new NarthexError(reason.code, `${where}: ${reason.message}`, { cause: reason });
    }
    return new NarthexError("canceled", `${where}: canceled`, { cause: reason });
  }
  return new NarthexError("unavailable", `${where}: ${messageOf(error)}`, { cause: error });
}
