import { createHash } from "node:crypto";
import type { z } from "zod";
import type { RelabelConfig } from "#pkg/relabel/mod.ts";
import { bool, duration, entry, int, mapping, section, text, unsupported, word } from "./fields.ts";
import {
  type HttpClientConfig,
  httpClientConfig,
  httpClientProblems,
  httpClientShape,
} from "./http-client.ts";
import { relabelRules } from "./relabel-rules.ts";

/** How samples wait for a remote and are sent to it. */
export interface QueueConfig {
  /** Samples that wait in one shard, beside the batch that fills. */
  readonly capacity: number;
  readonly maxShards: number;
  readonly minShards: number;
  readonly maxSamplesPerSend: number;
  readonly batchSendDeadlineMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Retry when told to slow down; otherwise such batches are dropped. */
  readonly retryOnRateLimit: boolean;
  /** Older samples are dropped instead of sent; 0 is off. */
  readonly sampleAgeLimitMs: number;
}

/** What Prometheus's queues do where nothing is configured. */
export const DEFAULT_QUEUE: QueueConfig = {
  capacity: 10_000,
  maxShards: 50,
  minShards: 1,
  maxSamplesPerSend: 2_000,
  batchSendDeadlineMs: 5_000,
  minBackoffMs: 30,
  maxBackoffMs: 5_000,
  retryOnRateLimit: false,
  sampleAgeLimitMs: 0,
};

/** Whether and how often a remote is told types, helps and units. */
export interface MetadataConfig {
  readonly send: boolean;
  readonly sendIntervalMs: number;
  readonly maxEntriesPerSend: number;
}

/** One receiver of everything. */
export interface RemoteWriteConfig {
  /** As configured, or derived from the rest; names metrics and the position in the log. */
  readonly name: string;
  readonly url: string;
  readonly remoteTimeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly http: HttpClientConfig;
  readonly writeRelabelConfigs: readonly RelabelConfig[];
  readonly queue: QueueConfig;
  readonly metadata: MetadataConfig;
}

const RESERVED_HEADERS = new Set([
  "host",
  "content-encoding",
  "content-length",
  "content-type",
  "user-agent",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "www-authenticate",
  "accept-encoding",
  "transfer-encoding",
  "x-prometheus-remote-write-version",
  "x-prometheus-remote-read-version",
  "x-amz-date",
  "x-amz-security-token",
  "x-amz-content-sha256",
]);

/** One element of `remote_write`. */
export const remoteWriteSchema = entry({
  url: word(),
  remote_timeout: duration().optional(),
  headers: mapping(text()).optional(),
  write_relabel_configs: relabelRules(),
  name: text().optional(),
  send_exemplars: bool().optional(),
  send_native_histograms: bool().optional(),
  round_robin_dns: unsupported(),
  protobuf_message: text().optional(),
  queue_config: section({
    capacity: int(1).optional(),
    max_shards: int(1).optional(),
    min_shards: int(1).optional(),
    max_samples_per_send: int(1).optional(),
    batch_send_deadline: duration().optional(),
    min_backoff: duration().optional(),
    max_backoff: duration().optional(),
    retry_on_http_429: bool().optional(),
    sample_age_limit: duration().optional(),
  }).optional(),
  metadata_config: section({
    send: bool().optional(),
    send_interval: duration().optional(),
    max_samples_per_send: int(1).optional(),
  }).optional(),
  sigv4: unsupported(),
  azuread: unsupported(),
  google_iam: unsupported(),
  ...httpClientShape,
}).superRefine((raw, context) => {
  const report = (message: string, ...path: string[]): void => {
    context.addIssue({ code: "custom", message, path });
  };
  for (const message of httpClientProblems(raw)) report(message);
  if (!/^https?:\/\/[^/]/.test(raw.url) || !URL.canParse(raw.url)) {
    report(`want an http or https URL, got "${raw.url}"`, "url");
  }
  for (const name of Object.keys(raw.headers ?? {})) {
    if (name.toLowerCase() === "authorization") {
      report("use basic_auth or authorization for the authorization header", "headers", name);
    } else if (RESERVED_HEADERS.has(name.toLowerCase())) {
      report(`${name} is a reserved header`, "headers", name);
    }
  }
  const message = raw.protobuf_message ?? "prometheus.WriteRequest";
  if (message === "io.prometheus.write.v2.Request") {
    report(`${message} is not supported by this version`, "protobuf_message");
  } else if (message !== "prometheus.WriteRequest") {
    report(`unknown message "${message}", want prometheus.WriteRequest`, "protobuf_message");
  }
  const queue = queueConfig(raw.queue_config);
  if (queue.minShards > queue.maxShards)
    report("min_shards is greater than max_shards", "queue_config");
  if (queue.maxBackoffMs < queue.minBackoffMs) {
    report("max_backoff is less than min_backoff", "queue_config");
  }
});
type RawRemoteWrite = z.infer<typeof remoteWriteSchema>;

/** A remote write with everything filled in. */
export function remoteWriteConfig(raw: RawRemoteWrite, dir: string): RemoteWriteConfig {
  const digest = createHash("md5").update(JSON.stringify(raw)).digest("hex");
  const metadata = raw.metadata_config;
  return {
    name: raw.name || digest.slice(0, 6),
    url: raw.url,
    remoteTimeoutMs: raw.remote_timeout || 30_000,
    headers: raw.headers ?? {},
    http: httpClientConfig(raw, dir),
    writeRelabelConfigs: raw.write_relabel_configs ?? [],
    queue: queueConfig(raw.queue_config),
    metadata: {
      send: metadata?.send ?? true,
      sendIntervalMs: metadata?.send_interval || 60_000,
      maxEntriesPerSend: metadata?.max_samples_per_send ?? 2_000,
    },
  };
}

function queueConfig(raw: RawRemoteWrite["queue_config"]): QueueConfig {
  return {
    capacity: raw?.capacity ?? DEFAULT_QUEUE.capacity,
    maxShards: raw?.max_shards ?? DEFAULT_QUEUE.maxShards,
    minShards: raw?.min_shards ?? DEFAULT_QUEUE.minShards,
    maxSamplesPerSend: raw?.max_samples_per_send ?? DEFAULT_QUEUE.maxSamplesPerSend,
    batchSendDeadlineMs: raw?.batch_send_deadline ?? DEFAULT_QUEUE.batchSendDeadlineMs,
    minBackoffMs: raw?.min_backoff ?? DEFAULT_QUEUE.minBackoffMs,
    maxBackoffMs: raw?.max_backoff ?? DEFAULT_QUEUE.maxBackoffMs,
    retryOnRateLimit: raw?.retry_on_http_429 ?? DEFAULT_QUEUE.retryOnRateLimit,
    sampleAgeLimitMs: raw?.sample_age_limit ?? DEFAULT_QUEUE.sampleAgeLimitMs,
  };
}
