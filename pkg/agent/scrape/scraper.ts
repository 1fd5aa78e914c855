import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { type ExpositionFormat, negotiateFormat } from "#pkg/textparse/mod.ts";
import type { ScrapeConfig, ScrapeProtocol } from "../config/scrape-config.ts";
import type { HttpClient } from "../http/client.ts";
import type { Target } from "./target.ts";

const gunzipAsync = promisify(gunzip);

/** No exposition is larger; a compressed one could claim anything. */
const BODY_BYTES_MAX = 1024 * 1024 * 1024;

/** A scrape body, uncompressed. */
export interface ScrapeBody {
  readonly bytes: Uint8Array;
  readonly format: ExpositionFormat;
  /** What was odd about the Content-Type. */
  readonly warning: string | undefined;
}

const MEDIA: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: "",
  "OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0",
  "OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1",
  "PrometheusText1.0.0": "text/plain;version=1.0.0",
  "PrometheusText0.0.4": "text/plain;version=0.0.4",
};

/** The Accept header that asks for the protocols in their order. */
export function acceptHeader(protocols: readonly ScrapeProtocol[], escaping: string): string {
  let weight = 6;
  const parts = protocols.map((name) => {
    // The older versions know no escaping.
    const scheme = name.endsWith("1.0.0") ? `;escaping=${escaping}` : "";
    return `${MEDIA[name]}${scheme};q=0.${weight-- || 1}`;
  });
  return [...parts, `*/*;q=0.${Math.max(1, weight)}`].join(",");
}

/** Fetches what one target exposes. */
export class Scraper {
  readonly #config: ScrapeConfig;
  readonly #target: Target;
  readonly #client: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    config: ScrapeConfig,
    target: Target,
    { client, userAgent }: { client: HttpClient; userAgent: string },
  ) {
    this.#config = config;
    this.#target = target;
    this.#client = client;
    this.#headers = {
      accept: acceptHeader(config.protocols, config.escaping),
      "accept-encoding": config.enableCompression ? "gzip" : "identity",
      "user-agent": userAgent,
      "x-prometheus-scrape-timeout-seconds": String(target.timeoutMs / 1000),
    };
  }

  /** The body of one scrape. Errors say what went wrong: the network, the status, a limit. */
  async scrape(signal: AbortSignal): Promise<ScrapeBody> {
    const { url } = this.#target;
    const response = await this.#client.send({
      url,
      method: "GET",
      headers: this.#headers,
      signal,
    });
    if (response.statusCode !== 200) {
      await response.body.dump().catch(() => undefined);
      throw new NarthexError(
        "unavailable",
        `GET ${url}: the server returned HTTP status ${response.statusCode}`,
      );
    }
    const limit = this.#config.bodySizeLimitBytes || BODY_BYTES_MAX;
    const raw = await this.#read(response.body, limit, signal);
    const encoding = String(response.headers["content-encoding"] ?? "").toLowerCase();
    const bytes = encoding === "gzip" ? await this.#gunzip(raw, limit) : raw;
    const contentType = String(response.headers["content-type"] ?? "");
    return { bytes, ...negotiateFormat(contentType, this.#config.fallbackFormat) };
  }

  async #read(
    body: AsyncIterable<Buffer>,
    limit: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > limit) throw bodyTooLarge(limit);
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof NarthexError) throw error;
      if (signal.aborted && signal.reason instanceof NarthexError) throw signal.reason;
      const message = `GET ${this.#target.url}: read the body: ${messageOf(error)}`;
      throw new NarthexError("unavailable", message, { cause: error });
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  }

  async #gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
    try {
      return await gunzipAsync(bytes, { maxOutputLength: limit });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        throw bodyTooLarge(limit);
      }
      const message = `GET ${this.#target.url}: gunzip the body: ${messageOf(error)}`;
      throw new NarthexError("bad_data", message, { cause: error });
    }
  }
}

function bodyTooLarge(limit: number): NarthexError {
  return new NarthexError("too_large", `body_size_limit of ${limit} bytes exceeded`, {
    detail: { limit: "body_size_limit" },
  });
}
