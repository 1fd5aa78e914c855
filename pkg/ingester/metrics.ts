import { Counter, Gauge, Histogram, type Telemetry } from "#pkg/telemetry/mod.ts";
import { ExemplarMetrics } from "./exemplar-metrics.ts";

/** Metrics of the ingester. */
export class IngesterMetrics {
  readonly ingestedSamples: Counter<"tenant">;
  readonly memorySeries: Gauge<"tenant">;
  readonly walDamage: Counter<"tenant">;
  readonly walFailures: Counter;
  readonly blocksUploaded: Counter<"tenant">;
  readonly uploadFailures: Counter<"tenant">;
  readonly checkpoints: Counter;
  readonly blocksQuarantined: Gauge<"tenant">;
  readonly cutSeconds: Histogram;
  readonly replaySeconds: Gauge;
  readonly exemplars: ExemplarMetrics;

  constructor(telemetry: Telemetry) {
    const registers = [telemetry.registry];
    this.exemplars = new ExemplarMetrics(telemetry);
    this.ingestedSamples = new Counter({
      name: "narthex_ingester_ingested_samples_total",
      help: "Samples accepted, repeats included.",
      labelNames: ["tenant"],
      registers,
    });
    this.memorySeries = new Gauge({
      name: "narthex_ingester_memory_series",
      help: "Series in the heads.",
      labelNames: ["tenant"],
      registers,
    });
    this.walDamage = new Counter({
      name: "narthex_ingester_wal_corruptions_total",
      help: "Damaged places found while replaying WALs.",
      labelNames: ["tenant"],
      registers,
    });
    this.walFailures = new Counter({
      name: "narthex_ingester_wal_writes_failed_total",
      help: "Pushes refused because the WAL could not be written.",
      registers,
    });
    this.blocksUploaded = new Counter({
      name: "narthex_ingester_blocks_uploaded_total",
      help: "Blocks uploaded to the bucket.",
      labelNames: ["tenant"],
      registers,
    });
    this.uploadFailures = new Counter({
      name: "narthex_ingester_block_upload_failures_total",
      help: "Uploads that failed and will be tried again.",
      labelNames: ["tenant"],
      registers,
    });
    this.checkpoints = new Counter({
      name: "narthex_ingester_wal_checkpoints_total",
      help: "Checkpoints that were written between cuts, because a WAL was large or could not be synced.",
      registers,
    });
    this.blocksQuarantined = new Gauge({
      name: "narthex_ingester_blocks_quarantined",
      help: "Blocks on this machine that cannot be opened; they are neither uploaded nor deleted.",
      labelNames: ["tenant"],
      registers,
    });
    this.cutSeconds = new Histogram({
      name: "narthex_ingester_head_cut_duration_seconds",
      help: "Time to write blocks from a head.",
      buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300],
      registers,
    });
    this.replaySeconds = new Gauge({
      name: "narthex_ingester_wal_replay_duration_seconds",
      help: "Time of the replay at start.",
      registers,
    });
  }
}
