import { Counter, Gauge, Histogram, type Registry } from "#pkg/telemetry/mod.ts";

const REMOTE = ["remote_name", "url"] as const;

/** What an agent says of itself; named after Prometheus's own, with `narthex_agent_`. */
export interface AgentMetrics {
  readonly logSamples: Counter;
  readonly logDroppedSamples: Counter;
  readonly logDroppedSegments: Counter;
  readonly logCorruptions: Counter;
  readonly logBytes: Gauge;
  readonly logSegment: Gauge;

  readonly scrapes: Counter;
  readonly scrapeDuplicates: Counter;
  readonly scrapeOutOfOrder: Counter;
  readonly scrapeSampleLimit: Counter;
  readonly scrapeBodyLimit: Counter;
  readonly scrapesSkipped: Counter;
  readonly poolTargets: Gauge<"scrape_job">;
  readonly poolOverTargetLimit: Counter<"scrape_job">;
  readonly poolSyncFailures: Counter<"scrape_job">;
  readonly reloadSuccess: Gauge;
  readonly reloadTimestamp: Gauge;

  readonly samples: Counter<(typeof REMOTE)[number]>;
  readonly samplesFailed: Counter<(typeof REMOTE)[number]>;
  readonly samplesRetried: Counter<(typeof REMOTE)[number]>;
  readonly samplesDropped: Counter<(typeof REMOTE)[number] | "reason">;
  readonly samplesPending: Gauge<(typeof REMOTE)[number]>;
  readonly bytes: Counter<(typeof REMOTE)[number]>;
  readonly metadata: Counter<(typeof REMOTE)[number]>;
  readonly metadataFailed: Counter<(typeof REMOTE)[number]>;
  readonly shards: Gauge<(typeof REMOTE)[number]>;
  readonly shardsDesired: Gauge<(typeof REMOTE)[number]>;
  readonly shardsMin: Gauge<(typeof REMOTE)[number]>;
  readonly shardsMax: Gauge<(typeof REMOTE)[number]>;
  readonly shardCapacity: Gauge<(typeof REMOTE)[number]>;
  readonly highestSent: Gauge<(typeof REMOTE)[number]>;
  readonly highestRead: Gauge;
  readonly sendDuration: Histogram<(typeof REMOTE)[number]>;
}

const PREFIX = "narthex_agent_";

/** Registers the metrics of an agent; a registry takes those of one only. */
export function createAgentMetrics(registry: Registry): AgentMetrics {
  const registers = [registry];
  const counter = <L extends string = string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
  ): Counter<L> =>
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const gauge = <L extends string = string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
  ): Gauge<L> => new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const remote = "remote_storage_";
  return {
    logSamples: counter("wal_samples_appended_total", "Samples appended to the log."),
    logDroppedSamples: counter(
      "wal_samples_dropped_total",
      "Samples dropped because the disk took none and memory was full.",
    ),
    logDroppedSegments: counter(
      "wal_segments_dropped_total",
      "Segments of the log dropped before every remote had them, for size or age.",
    ),
    logCorruptions: counter("wal_corruptions_total", "Segments of the log with a broken tail."),
    logBytes: gauge("wal_storage_size_bytes", "Size of the log."),
    logSegment: gauge("wal_segment_current", "Segment of the log that is written now."),
    scrapes: counter("target_scrapes_total", "Scrapes begun."),
    scrapeDuplicates: counter(
      "target_scrapes_sample_duplicate_timestamp_total",
      "Samples dropped as a second one of their series and timestamp.",
    ),
    scrapeOutOfOrder: counter(
      "target_scrapes_sample_out_of_order_total",
      "Samples dropped as older than the newest of their series.",
    ),
    scrapeSampleLimit: counter(
      "target_scrapes_exceeded_sample_limit_total",
      "Scrapes that failed for sample_limit.",
    ),
    scrapeBodyLimit: counter(
      "target_scrapes_exceeded_body_size_limit_total",
      "Scrapes that failed for body_size_limit.",
    ),
    scrapesSkipped: counter(
      "target_scrapes_skipped_total",
      "Scrapes left out because the one before took too long.",
    ),
    poolTargets: gauge("target_scrape_pool_targets", "Targets of a scrape pool.", ["scrape_job"]),
    poolOverTargetLimit: counter(
      "target_scrape_pool_exceeded_target_limit_total",
      "Times that a scrape pool had more targets than target_limit.",
      ["scrape_job"],
    ),
    poolSyncFailures: counter(
      "target_sync_failed_total",
      "Targets that could not be made from what was discovered.",
      ["scrape_job"],
    ),
    reloadSuccess: gauge(
      "config_last_reload_successful",
      "1 if the last attempt to load the configuration succeeded.",
    ),
    reloadTimestamp: gauge(
      "config_last_reload_success_timestamp_seconds",
      "When the configuration was last loaded.",
    ),
    samples: counter(`${remote}samples_total`, "Samples sent.", REMOTE),
    samplesFailed: counter(`${remote}samples_failed_total`, "Samples refused for good.", REMOTE),
    samplesRetried: counter(`${remote}samples_retried_total`, "Samples sent once more.", REMOTE),
    samplesDropped: counter(`${remote}samples_dropped_total`, "Samples never sent.", [
      ...REMOTE,
      "reason",
    ]),
    samplesPending: gauge(`${remote}samples_pending`, "Samples that wait in shards.", REMOTE),
    bytes: counter(`${remote}bytes_total`, "Bytes of samples sent, uncompressed.", REMOTE),
    metadata: counter(`${remote}metadata_total`, "Metadata entries sent.", REMOTE),
    metadataFailed: counter(`${remote}metadata_failed_total`, "Metadata entries refused.", REMOTE),
    shards: gauge(`${remote}shards`, "Shards that send.", REMOTE),
    shardsDesired: gauge(`${remote}shards_desired`, "Shards that the load asks for.", REMOTE),
    shardsMin: gauge(`${remote}shards_min`, "Fewest shards allowed.", REMOTE),
    shardsMax: gauge(`${remote}shards_max`, "Most shards allowed.", REMOTE),
    shardCapacity: gauge(`${remote}shard_capacity`, "Samples that fit one shard.", REMOTE),
    highestSent: gauge(
      `${remote}queue_highest_sent_timestamp_seconds`,
      "Newest timestamp that was sent.",
      REMOTE,
    ),
    highestRead: gauge(
      `${remote}highest_timestamp_in_seconds`,
      "Newest timestamp that was appended to the log.",
    ),
    sendDuration: new Histogram({
      name: `${PREFIX}${remote}sent_batch_duration_seconds`,
      help: "Time of one attempt to send a batch.",
      labelNames: [...REMOTE],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60],
      registers,
    }),
  };
}
