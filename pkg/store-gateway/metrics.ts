import { Counter, Gauge, Histogram, Registry } from "#pkg/telemetry/mod.ts";

/** Metrics of a bucket store. */
export class StoreMetrics {
  readonly blocks: Gauge;
  readonly tenants: Gauge;
  readonly syncs: Counter<"source">;
  readonly syncFailures: Counter;
  readonly quarantined: Counter<"stage">;
  readonly quarantinedNow: Gauge;
  readonly headerBytes: Gauge;
  readonly headerLoads: Counter;
  readonly pagesRequested: Counter;
  readonly pagesHit: Counter;
  readonly queriedBlocks: Counter;
  readonly queryBytes: Histogram;

  /** @param registry a registry of its own where absent. */
  constructor(registry: Registry = new Registry()) {
    const registers = [registry];
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.blocks = gauge("narthex_bucket_store_blocks", "Blocks that are served.");
    this.tenants = gauge("narthex_bucket_store_tenants", "Tenants whose blocks are known.");
    this.syncs = new Counter({
      name: "narthex_bucket_store_syncs_total",
      help: "Looks at a tenant's blocks in the bucket, by where the list came from.",
      labelNames: ["source"] as const,
      registers,
    });
    this.syncFailures = counter(
      "narthex_bucket_store_sync_failures_total",
      "Looks at a tenant's blocks that failed.",
    );
    this.quarantined = new Counter({
      name: "narthex_bucket_store_quarantined_blocks_total",
      help: "Blocks that turned out to be unreadable, by what of them was.",
      labelNames: ["stage"] as const,
      registers,
    });
    this.quarantinedNow = gauge(
      "narthex_bucket_store_quarantined_blocks",
      "Blocks that cannot be read and fail the queries that need them.",
    );
    this.headerBytes = gauge(
      "narthex_bucket_store_index_header_bytes",
      "Memory of the index headers that are held.",
    );
    this.headerLoads = counter(
      "narthex_bucket_store_index_header_loads_total",
      "Index headers read from the bucket.",
    );
    this.pagesRequested = counter(
      "narthex_bucket_store_index_cache_requests_total",
      "Pages of indexes asked for.",
    );
    this.pagesHit = counter(
      "narthex_bucket_store_index_cache_hits_total",
      "Pages of indexes that were in memory.",
    );
    this.queriedBlocks = counter(
      "narthex_bucket_store_series_blocks_queried_total",
      "Blocks that queries read from.",
    );
    this.queryBytes = new Histogram({
      name: "narthex_bucket_store_query_bytes",
      help: "Bytes of indexes and chunks that a query read, cached ones included.",
      buckets: [1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10],
      registers,
    });
  }
}
