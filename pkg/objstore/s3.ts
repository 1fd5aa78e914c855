import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import { Client } from "minio";
import { abortError, throwIfAborted } from "#pkg/async/mod.ts";
import { type ErrorCode, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { compareBytes } from "#pkg/labels/mod.ts";
import {
  type Bucket,
  type BucketEntry,
  badRange,
  checkKey,
  checkPrefix,
  type ListOptions,
  missingKey,
} from "./bucket.ts";

/** Larger files are uploaded in parts of this size. */
const PART_BYTES = 64 << 20;

/** Keys asked for at once when listing; the most that S3 gives. */
const PAGE_KEYS = 1000;

/** Where the objects are, and how to get at them. */
export interface S3Options {
  /** A URL, or a host with or without port (then TLS, unless `insecure`). */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region?: string | undefined;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
  /** Buckets in the path and not in the host name; true where absent. */
  readonly pathStyle?: boolean | undefined;
  /** True for http where `endpoint` is no URL. */
  readonly insecure?: boolean | undefined;
  /** Connections kept open. 64 where absent. */
  readonly connectionsMax?: number | undefined;
}

/** A bucket of an S3 server. Makes one attempt a call: wrap it in `retryBucket`. */
export class S3Bucket implements Bucket {
  readonly name: string;
  readonly #client: Client;
  readonly #agent: HttpAgent;
  readonly #bucket: string;
  readonly #region: string | undefined;

  constructor(options: S3Options) {
    const { hostname, port, isTls } = parseEndpoint(options.endpoint, options.insecure === true);
    const agentOptions = { keepAlive: true, maxSockets: options.connectionsMax ?? 64 };
    this.#agent = isTls ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
    this.#bucket = options.bucket;
    this.#region = options.region;
    this.name = options.bucket;
    this.#client = new Client({
      endPoint: hostname,
      port,
      useSSL: isTls,
      accessKey: options.accessKey,
      secretKey: options.secretKey,
      pathStyle: options.pathStyle ?? true,
      partSize: PART_BYTES,
      transportAgent: this.#agent,
      // Its own retries print to the console and hide the status.
      retryOptions: { disableRetry: true },
      ...(options.region ? { region: options.region } : {}),
      ...(options.sessionToken ? { sessionToken: options.sessionToken } : {}),
    });
  }

  /** Makes the bucket unless it is there. */
  async ensure(): Promise<void> {
    await this.#call("", undefined, async () => {
      if (await this.#client.bucketExists(this.#bucket)) return;
      try {
        await this.#client.makeBucket(this.#bucket, this.#region ?? "");
      } catch (error) {
        if (!/^BucketAlready/.test((error as { code?: string }).code ?? "")) throw error;
      }
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<BucketEntry> {
    checkPrefix(prefix);
    throwIfAborted(options.signal);
    const delimiter = options.recursive ? "" : "/";
    for (let token = ""; ; ) {
      const page = await this.#call(prefix, options.signal, () =>
        this.#client.listObjectsV2Query(this.#bucket, prefix, token, delimiter, PAGE_KEYS, ""),
      );
      // A page holds the objects, then what was folded: both sorted, but not together.
      const entries = (page.objects as readonly ListedItem[])
        .map(entryOf)
        .filter((entry) => entry !== undefined)
        .sort((a, b) => compareBytes(a.key, b.key));
      yield* entries;
      if (!page.isTruncated || !page.nextContinuationToken) return;
      token = page.nextContinuationToken;
    }
  }

  async get(key: string, signal?: AbortSignal): Promise<Uint8Array> {
    checkKey(key);
    return this.#call(key, signal, async () =>
      collect(await this.#client.getObject(this.#bucket, key), signal),
    );
  }

  async getRange(
    key: string,
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    checkKey(key);
    if (offset < 0 || length < 0) throw badRange(key, offset, length, -1);
    if (length === 0) return new Uint8Array(0);
    const bytes = await this.#call(key, signal, async () =>
      collect(await this.#client.getPartialObject(this.#bucket, key, offset, length), signal),
    );
    if (bytes.length !== length) throw badRange(key, offset, length, offset + bytes.length);
    return bytes;
  }

  async head(key: string, signal?: AbortSignal): Promise<{ size: number } | undefined> {
    checkKey(key);
    try {
      const { size } = await this.#call(key, signal, () =>
        this.#client.statObject(this.#bucket, key),
      );
      return { size };
    } catch (error) {
      if (error instanceof NarthexError && error.code === "not_found") return undefined;
      throw error;
    }
  }

  async exists(key: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.head(key, signal)) !== undefined;
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    checkKey(key);
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    await this.#call(key, signal, () =>
      this.#client.putObject(this.#bucket, key, body, body.length),
    );
  }

  async putFile(key: string, path: string, signal?: AbortSignal): Promise<void> {
    checkKey(key);
    const { size } = await stat(path);
    await this.#call(key, signal, async () => {
      const stream = createReadStream(path, { highWaterMark: 1 << 20 });
      const onAbort = (): void => void stream.destroy(abortError(signal as AbortSignal));
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        await this.#client.putObject(this.#bucket, key, stream, size);
      } finally {
        signal?.removeEventListener("abort", onAbort);
        stream.destroy();
      }
    });
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    checkKey(key);
    try {
      await this.#call(key, signal, () => this.#client.removeObject(this.#bucket, key));
    } catch (error) {
      if (!(error instanceof NarthexError && error.code === "not_found")) throw error;
    }
  }

  /** Runs `work`, stops waiting for it when `signal` aborts, and translates its errors. */
  async #call<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    let onAbort = (): void => undefined;
    try {
      if (!signal) return await work();
      const aborted = new Promise<never>((_, reject) => {
        onAbort = () => reject(abortError(signal));
      });
      signal.addEventListener("abort", onAbort, { once: true });
      const running = work();
      running.catch(() => undefined);
      return await Promise.race([running, aborted]);
    } catch (error) {
      throw this.#translate(error, key);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #translate(error: unknown, key: string): unknown {
    if (error instanceof NarthexError) return error;
    const code = (error as { code?: string }).code ?? "";
    if (code === "NoSuchKey" || code === "NotFound") return missingKey(this.name, key, error);
    const text = `bucket ${this.name}: ${key}: ${code} ${messageOf(error)}`.trim();
    return new NarthexError(CODES[code] ?? "unavailable", text, { cause: error });
  }
}

/** S3's error codes that another attempt does not mend. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  AccessDenied: "unauthorized",
  InvalidAccessKeyId: "unauthorized",
  SignatureDoesNotMatch: "unauthorized",
  AuthorizationHeaderMalformed: "unauthorized",
  ExpiredToken: "unauthorized",
  NoSuchBucket: "not_found",
  InvalidRange: "bad_data",
  InvalidBucketName: "bad_data",
  KeyTooLongError: "bad_data",
  EntityTooLarge: "too_large",
};

interface ListedItem {
  readonly name?: string;
  readonly prefix?: string;
  readonly size?: number;
  readonly lastModified?: Date;
}

function entryOf(item: ListedItem): BucketEntry | undefined {
  if (item.prefix !== undefined) return { key: item.prefix, size: 0, lastModified: 0 };
  // Some tools leave an empty object in place of a folder.
  if (item.name === undefined || item.name.endsWith("/")) return undefined;
  return { key: item.name, size: item.size ?? 0, lastModified: item.lastModified?.getTime() ?? 0 };
}

async function collect(stream: Readable, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const onAbort = (): void => void stream.destroy(abortError(signal as AbortSignal));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const parts: Buffer[] = [];
    for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function parseEndpoint(
  endpoint: string,
  insecure: boolean,
): { hostname: string; port: number; isTls: boolean } {
  let url: URL;
  try {
    url = new URL(
      /^https?:\/\//.test(endpoint) ? endpoint : `http${insecure ? "" : "s"}://${endpoint}`,
    );
  } catch (error) {
    throw new NarthexError("bad_data", `s3 endpoint ${endpoint} is no URL`, { cause: error });
  }
  const isTls = url.protocol === "https:";
  return { hostname: url.hostname, port: Number(url.port) || (isTls ? 443 : 80), isTls };
}
