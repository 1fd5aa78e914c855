import { compress } from "snappy";
import { withTimeout } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { type ErrorCode, NarthexError } from "#pkg/errs/mod.ts";
import type { RemoteWriteConfig } from "../config/remote-write-config.ts";
import { HttpClient } from "../http/client.ts";

/** Where samples go. */
export interface Sink {
  /** Names metrics, the position in the log, and lines in the log of the process. */
  readonly name: string;
  /**
   * Delivers one uncompressed remote-write 1.0 `WriteRequest`, borrowed until the promise settles.
   * `attempt` counts from 0. Rejects with a `NarthexError`: `unavailable`, `timeout`, `internal`
   * and `rate_limited` are tried again (after `detail.retryAfterMs`, where that is set); anything
   * else drops the request.
   */
  send(body: Uint8Array, signal: AbortSignal, attempt?: number): Promise<void>;
}

/** A sink that sends by HTTP, as Prometheus's remote write does. */
export class HttpSink implements Sink {
  readonly name: string;
  readonly url: string;
  readonly #config: RemoteWriteConfig;
  readonly #client: HttpClient;
  readonly #clock: Clock;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    config: RemoteWriteConfig,
    { clock, userAgent }: { clock: Clock; userAgent: string },
  ) {
    this.name = config.name;
    this.url = config.url;
    this.#config = config;
    this.#clock = clock;
    this.#client = new HttpClient({
      config: config.http,
      connectTimeoutMs: config.remoteTimeoutMs,
    });
    this.#headers = {
      ...config.headers,
      "content-encoding": "snappy",
      "content-type": "application/x-protobuf",
      "user-agent": userAgent,
      "x-prometheus-remote-write-version": "0.1.0",
    };
  }

  async send(body: Uint8Array, signal: AbortSignal, attempt = 0): Promise<void> {
    const packed = await compress(Buffer.from(body.buffer, body.byteOffset, body.length));
    const limited = withTimeout(signal, this.#config.remoteTimeoutMs, this.#clock);
    try {
      const response = await this.#client.send({
        url: this.url,
        method: "POST",
        headers:
          attempt === 0 ? this.#headers : { ...this.#headers, "retry-attempt": `${attempt}` },
        body: packed,
        signal: limited.signal,
      });
      if (response.statusCode >= 200 && response.statusCode < 300) {
        await response.body.dump();
        return;
      }
      const text = await firstLine(response.body);
      throw this.#refusal(response.statusCode, text, retryAfter(response.headers, this.#clock));
    } finally {
      limited.dispose();
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #refusal(status: number, text: string, retryAfterMs: number | undefined): NarthexError {
    return new NarthexError(
      this.#codeOf(status),
      `POST ${this.url}: HTTP status ${status}: ${text}`,
      { detail: { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } },
    );
  }

  #codeOf(status: number): ErrorCode {
    if (status >= 500) return "unavailable";
    if (status === 429) return this.#config.queue.retryOnRateLimit ? "rate_limited" : "bad_data";
    return status === 401 ? "unauthorized" : "bad_data";
  }
}

/** The start of an answer, for a message. */
async function firstLine(body: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  try {
    for await (const chunk of body) {
      text += chunk.toString("utf8");
      if (text.length > 512) break;
    }
  } catch {
    // The status says enough.
  }
  return text.split("\n")[0]!.slice(0, 512);
}

/** The delay that a Retry-After header asks for, in ms. */
function retryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  clock: Clock,
): number | undefined {
  const text = [headers["retry-after"]].flat()[0];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now());
}
