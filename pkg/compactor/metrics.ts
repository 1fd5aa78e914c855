import { Counter, Gauge, Histogram, type Registry } from "#pkg/telemetry/mod.ts";

/** Metrics of the compactor, named as in the field. */
export class CompactorMetrics {
  readonly runsStarted: Counter;
  readonly runsCompleted: Counter;
  readonly runsFailed: Counter;
  readonly lastRun: Gauge;
  readonly tenants: Gauge;
  readonly compactions: Counter<"reason">;
  readonly failures: Counter<"reason">;
  readonly refused: Counter<"limit">;
  readonly compactionSeconds: Histogram;
  readonly compactedBytes: Counter;
  readonly running: Gauge;
  readonly mergedSeries: Gauge;
  readonly diskBytes: Gauge;
  readonly markedForDeletion: Counter<"reason">;
  readonly markedNoCompact: Counter<"reason">;
  readonly cleaned: Counter;
  readonly cleanFailures: Counter;
  readonly blocks: Gauge<"tenant">;
  readonly blockBytes: Gauge<"tenant">;
  readonly markedBlocks: Gauge<"tenant">;
  readonly partialBlocks: Gauge<"tenant">;
  readonly pendingDeletions: Gauge<"tenant">;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string): Counter =>
      new Counter({ name: `narthex_compactor_${name}`, help, registers });
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name: `narthex_compactor_${name}`, help, registers });
    const by = <L extends string>(name: string, help: string, label: L): Counter<L> =>
      new Counter({ name: `narthex_compactor_${name}`, help, labelNames: [label], registers });
    const ofTenant = (name: string, help: string): Gauge<"tenant"> =>
      new Gauge({ name: `narthex_bucket_${name}`, help, labelNames: ["tenant"], registers });
    this.runsStarted = counter("runs_started_total", "Looks at all tenants that were begun.");
    this.runsCompleted = counter("runs_completed_total", "Looks at all tenants that went well.");
    this.runsFailed = counter("runs_failed_total", "Looks at all tenants with a failure.");
    this.lastRun = gauge(
      "last_successful_run_timestamp_seconds",
      "When a look at all tenants last went well.",
    );
    this.tenants = gauge("tenants", "Tenants that this compactor works on.");
    this.compactions = by("group_compactions_total", "Blocks written, by why.", "reason");
    this.failures = by("group_compactions_failures_total", "Merges that failed.", "reason");
    this.refused = by("plans_refused_total", "Merges not begun because of a limit.", "limit");
    this.compactionSeconds = new Histogram({
      name: "narthex_compactor_group_compaction_duration_seconds",
      help: "Time of a merge, with download and upload.",
      buckets: [0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400],
      registers,
    });
    this.compactedBytes = counter("compacted_bytes_total", "Bytes of blocks that were merged.");
    this.running = gauge("group_compactions_running", "Merges under way.");
    this.mergedSeries = gauge("merged_series", "Series that merges under way have written.");
    this.diskBytes = gauge("disk_bytes", "Bytes of the local copies of merges under way.");
    this.markedForDeletion = by(
      "blocks_marked_for_deletion_total",
      "Blocks marked for deletion, by why.",
      "reason",
    );
    this.markedNoCompact = by(
      "blocks_marked_for_no_compaction_total",
      "Blocks that are left alone from then on, by why.",
      "reason",
    );
    this.cleaned = counter("blocks_cleaned_total", "Blocks deleted from the bucket.");
    this.cleanFailures = counter("block_cleanup_failures_total", "Deletions that failed.");
    this.blocks = ofTenant("blocks_count", "Blocks in the bucket, marked ones included.");
    this.blockBytes = ofTenant("blocks_bytes", "Bytes of blocks that are not marked.");
    this.markedBlocks = ofTenant(
      "blocks_marked_for_deletion_count",
      "Blocks in the bucket that are marked for deletion.",
    );
    this.partialBlocks = ofTenant("blocks_partials_count", "Folders of blocks without meta.json.");
    this.pendingDeletions = ofTenant(
      "deletion_requests_count",
      "Requests to delete series that readers still have to apply.",
    );
  }

  /** Forgets the series of a tenant that belongs to another compactor, or is gone. */
  forget(tenant: string): void {
    const { blocks, blockBytes, markedBlocks, partialBlocks, pendingDeletions } = this;
    for (const gauge of [blocks, blockBytes, markedBlocks, partialBlocks, pendingDeletions]) {
      gauge.remove({ tenant });
    }
  }
}
