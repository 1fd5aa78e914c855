import { z } from "zod";
import { bool, bytes, choice, choices, duration, int, list, section, text } from "./fields.ts";

/** Features of PromQL that upstream calls experimental, by upstream's names. */
const PROMQL_FEATURES = [
  "promql-experimental-functions",
  "promql-duration-expr",
  "promql-extended-range-selectors",
  "promql-binop-fill-modifiers",
  "promql-delayed-name-removal",
  "type-and-unit-labels",
  "use-start-timestamps",
] as const;

/** What a tenant may use; each key also stands in `overrides.<tenant>`. 0 means no limit. */
const LIMITS = {
  ingestion_rate: int({
    default: 0,
    min: 0,
    doc: "Samples per second that a tenant may send to one distributor.",
  }),
  ingestion_burst_size: int({
    default: 0,
    min: 0,
    doc: "Samples that may come at once above the rate; 0 takes the rate of one second.",
  }),
  max_series_per_user: int({
    default: 0,
    min: 0,
    doc: "Series that a tenant may have in the head of one ingester.",
  }),
  max_label_names_per_series: int({ default: 30, min: 0, doc: "Labels of one series." }),
  max_label_name_length: int({ default: 1024, min: 0, doc: "Bytes of a label name." }),
  max_label_value_length: int({ default: 2048, min: 0, doc: "Bytes of a label value." }),
  max_native_histogram_buckets: int({
    default: 0,
    min: 0,
    doc: "Buckets of one native histogram; one with more loses resolution, or is refused.",
  }),
  max_exemplars: int({
    default: 0,
    min: 0,
    max: 10_000_000,
    doc: "Exemplars that a tenant may have in one ingester, the newest; 0 keeps none.",
  }),
  creation_grace_period: duration({
    default: "10m",
    doc: "How far ahead of the clock a sample may be.",
  }),
  out_of_order_time_window: duration({
    default: "30m",
    doc: "How far behind the newest sample of the tenant a sample may be.",
  }),
  float_chunk_encoding: choice(["xor", "xor2"], {
    default: "xor",
    doc: "Encoding of floats in new blocks. Prometheus reads `xor2` from 3.14 on.",
  }),
  max_fetched_series_per_query: int({ default: 0, min: 0, doc: "Series that one query may read." }),
  max_fetched_chunks_per_query: int({ default: 0, min: 0, doc: "Chunks that one query may read." }),
  max_fetched_chunk_bytes_per_query: bytes({
    default: "0",
    doc: "Bytes of chunks that one query may read.",
  }),
  max_samples_per_query: int({
    default: 50_000_000,
    min: 0,
    doc: "Samples that one query may hold in memory at once.",
  }),
  max_estimated_memory_consumption_per_query: bytes({
    default: "1GiB",
    doc: "Memory that one query may use: labels, rows and decoded samples, as estimated.",
  }),
  max_query_length: duration({ default: "0", doc: "Longest range of a range query." }),
  max_query_points_per_series: int({
    default: 11_000,
    min: 0,
    doc: "Steps of a range query.",
  }),
  max_query_duration: duration({
    default: "0",
    doc: "Longest run of a query, where it is shorter than querier.timeout.",
  }),
  max_query_expression_size_bytes: bytes({
    default: "1MiB",
    doc: "Longest text of a query.",
  }),
  compactor_blocks_retention_period: duration({
    default: "0",
    doc: "Blocks whose newest sample is older are deleted.",
  }),
  compactor_blocks_retention_size: bytes({
    default: "0",
    doc: "Bytes of blocks that a tenant keeps in the bucket; the oldest ones beyond are deleted.",
  }),
  promql_features: choices(PROMQL_FEATURES, {
    default: [],
    doc: "Experimental features of PromQL that a tenant may use, by the names of Prometheus's feature flags.",
  }),
};

export const limitsSchema = z.strictObject(LIMITS).prefault({} as never);

/** A tenant's overrides: any of the limits, none defaulted. */
const overridesSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(LIMITS).map(([key, field]) => [key, field.def.innerType.optional()]),
  ) as { [K in keyof typeof LIMITS]: z.ZodOptional<(typeof LIMITS)[K]["def"]["innerType"]> },
);

const grpcClient = section({
  max_message_bytes: bytes({ default: "100MiB", doc: "Largest message that is accepted." }),
});

/** The one schema of the server's configuration: YAML, flags, environment and reference. */
export const configSchema = z.strictObject({
  target: list({
    default: ["all"],
    doc: "Roles of this process: all, write, read, backend, distributor, ingester, querier, store-gateway, compactor, agent.",
  }),
  data_dir: text({ default: "./data", doc: "Folder of everything that is kept on this machine." }),
  http: section({
    listen: text({ default: "127.0.0.1:9009", doc: "Address of the HTTP API." }),
    max_request_bytes: bytes({ default: "100MB", doc: "Largest request body, compressed." }),
  }),
  grpc: section({
    listen: text({ default: "127.0.0.1:9095", doc: "Address of the gRPC API between roles." }),
    advertise: text({
      default: "",
      doc: "Address that other processes reach `grpc.listen` by, if it differs.",
    }),
    client: grpcClient,
  }),
  log: section({
    level: choice(["trace", "debug", "info", "warn", "error", "silent"], {
      default: "info",
      doc: "Lowest level that is logged.",
    }),
    format: choice(["auto", "json", "pretty"], {
      default: "auto",
      doc: "`auto` is pretty on a terminal and JSON elsewhere.",
    }),
  }),
  auth: section({
    enabled: bool({
      default: false,
      doc: "Require X-Scope-OrgID. When off, the tenant is `anonymous` where the header is missing.",
    }),
  }),
  instance: section({
    id: text({
      default: "",
      doc: "Stable name of this process in the ring; the host name if empty.",
    }),
    zone: text({ default: "", doc: "Availability zone; replicas are spread over zones." }),
  }),
  ring: section({
    store: choice(["memory", "redis"], {
      default: "memory",
      doc: "Where membership is kept; `memory` is for one process.",
    }),
    redis_url: text({ default: "redis://127.0.0.1:6379", doc: "Redis of the ring.", secret: true }),
    key_prefix: text({ default: "narthex/", doc: "Prefix of all keys in Redis." }),
    replication_factor: int({
      default: 3,
      min: 1,
      max: 9,
      doc: "Ingesters that hold each series.",
    }),
    zone_awareness: bool({
      default: true,
      doc: "Place replicas in different zones, where instances name one.",
    }),
    heartbeat_period: duration({
      default: "5s",
      minMs: 10,
      doc: "How often an instance renews its lease.",
    }),
    heartbeat_timeout: duration({
      default: "30s",
      minMs: 50,
      doc: "A lease this old makes an instance unhealthy.",
    }),
  }),
  distributor: section({
    max_decoded_bytes: bytes({
      default: "100MB",
      doc: "Largest write request after decompression.",
    }),
    push_timeout: duration({
      default: "10s",
      minMs: 100,
      doc: "Deadline of a push to the ingesters.",
    }),
  }),
  ingester: section({
    block_duration: duration({ default: "2h", minMs: 1000, doc: "Time range of a block." }),
    flush_interval: duration({
      default: "1m",
      minMs: 100,
      doc: "How often heads are looked at for full blocks.",
    }),
    local_retention: duration({
      default: "5m",
      doc: "How long local copies of uploaded blocks stay after store-gateways can read them, for queries that began before.",
    }),
    wal_fsync: choice(["never", "interval", "always"], {
      default: "interval",
      doc: "When the WAL is forced to disk. Samples survive a crash of the process in every case; of the machine, with `always`.",
    }),
    wal_fsync_interval: duration({
      default: "1s",
      minMs: 10,
      doc: "Period of `wal_fsync: interval`.",
    }),
    wal_segment_bytes: bytes({ default: "64MiB", doc: "Size of a WAL segment file." }),
    replay_memory_max: bytes({
      default: "4GiB",
      doc: "Memory of a tenant's head at which a replay of its WAL cuts blocks from it; 0 means no limit.",
    }),
    wal_checkpoint_bytes: bytes({
      default: "1GiB",
      doc: "Once a tenant's WAL has grown by this much, a checkpoint takes its place, also between two cuts; 0 waits for the cuts.",
    }),
    series_idle_timeout: duration({
      default: "1h",
      doc: "A series without samples for this long leaves the head after a cut.",
    }),
    max_tenants: int({
      default: 0,
      min: 0,
      doc: "Tenants that one ingester takes in; 0 means no limit. Worth setting where anybody can name a tenant.",
    }),
    flush_on_shutdown: bool({ default: false, doc: "Cut and upload everything at SIGTERM." }),
  }),
  querier: section({
    lookback_delta: duration({ default: "5m", doc: "How long a sample counts as current." }),
    timeout: duration({ default: "2m", minMs: 1, doc: "Longest run of a query." }),
    max_concurrent: int({ default: 20, min: 1, doc: "Queries that run at once; more wait." }),
    worker_threads: int({
      default: 0,
      min: 0,
      max: 256,
      doc: "Threads that evaluate queries; 0 takes one less than there are processors, and at least one.",
    }),
    worker_memory: bytes({
      default: "2GiB",
      doc: "Heap of one such thread; a query that needs more fails.",
    }),
  }),
  store_gateway: section({
    sync_interval: duration({
      default: "30s",
      minMs: 100,
      doc: "How often the bucket is looked at for new blocks.",
    }),
    index_cache_bytes: bytes({
      default: "256MiB",
      doc: "Memory of the cache of index headers and postings.",
    }),
    ignore_deletion_marks_delay: duration({
      default: "1h",
      doc: "A block that is marked for deletion is served for this long.",
    }),
  }),
  compactor: section({
    enabled: bool({
      default: true,
      doc: "Merge blocks, apply retention and deletions. Not beside a compactor of another system on the same bucket.",
    }),
    data_dir: text({
      default: "",
      doc: "Folder of copies of blocks that are being merged, emptied at the start; `<data_dir>/compactor` if empty.",
    }),
    interval: duration({
      default: "5m",
      minMs: 100,
      doc: "How often the bucket is looked at for work.",
    }),
    concurrency: int({ default: 1, min: 1, max: 64, doc: "Tenants that are worked on at once." }),
    block_ranges: list({
      default: ["2h", "12h", "24h"],
      doc: "Time ranges that blocks are merged into, each a multiple of the one before.",
    }),
    consistency_delay: duration({
      default: "5m",
      doc: "Fresh blocks are left alone for this long, so that their replicas come too.",
    }),
    max_compaction_bytes: bytes({
      default: "100GiB",
      doc: "Bytes of the blocks of one merge, which are copied to this machine; 0 means no limit.",
    }),
    worker_memory: bytes({
      default: "512MiB",
      doc: "Heap of the thread of a merge; a merge that needs more fails.",
    }),
    deletion_delay: duration({
      default: "12h",
      doc: "How long blocks that are marked for deletion stay in the bucket.",
    }),
    partial_block_deletion_delay: duration({
      default: "1d",
      doc: "How long files of a block without meta.json stay in the bucket.",
    }),
    tombstone_rewrite_delay: duration({
      default: "1h",
      doc: "Blocks with deleted series are written anew after this time.",
    }),
  }),
  api: section({
    enable_admin: bool({
      default: false,
      doc: "Serve /api/v1/admin/tsdb/…, by which series can be deleted.",
    }),
  }),
  bucket: section({
    backend: choice(["filesystem", "s3"], { default: "filesystem", doc: "Where blocks are kept." }),
    prefix: text({ default: "", doc: "Prefix of all keys in the bucket." }),
    root_tenant: text({
      default: "",
      doc: "Tenant to whom blocks at the bucket's root belong, as in a data folder of Prometheus or a bucket of Thanos; they are only read. Empty: they are nobody's.",
    }),
    filesystem: section({
      dir: text({
        default: "",
        doc: "Folder of the filesystem bucket; `<data_dir>/bucket` if empty.",
      }),
    }),
    s3: section({
      endpoint: text({ default: "", doc: "URL of the S3 server." }),
      bucket: text({ default: "", doc: "Name of the bucket." }),
      region: text({ default: "us-east-1", doc: "Region of the signature." }),
      access_key_id: text({ default: "", doc: "Access key.", secret: true }),
      secret_access_key: text({ default: "", doc: "Secret key.", secret: true }),
      path_style: bool({
        default: true,
        doc: "Address the bucket in the path rather than the host name.",
      }),
    }),
  }),
  agent: section({
    enabled: bool({ default: true, doc: "Run the embedded agent with `target: all`." }),
    config_file: text({
      default: "",
      doc: "Prometheus configuration file with scrape_configs; if empty, this process scrapes itself.",
    }),
    scrape_interval: duration({ default: "15s", minMs: 100, doc: "Interval of scraping itself." }),
    tenant: text({ default: "anonymous", doc: "Tenant of what the embedded agent scrapes." }),
  }),
  limits: limitsSchema,
  overrides: z.record(z.string(), overridesSchema).default({}),
});

/** The whole configuration, defaults filled in; durations in ms, sizes in bytes. */
export type Config = z.output<typeof configSchema>;
/** Limits of one tenant; 0 means none. */
export type TenantLimits = z.output<typeof limitsSchema>;
