import { Counter, Gauge, Histogram, type Telemetry } from "#pkg/telemetry/mod.ts";
import type { QueryUsage } from "./active-queries.ts";

/** What queries cost. */
export class QuerierMetrics {
  readonly #running: Gauge;
  readonly #total: Counter<"tenant">;
  readonly #seconds: Histogram;
  readonly #samples: Counter<"tenant">;
  readonly #series: Counter<"tenant">;
  readonly #chunkBytes: Counter<"tenant">;

  constructor({ registry }: Telemetry) {
    const registers = [registry];
    const labelNames = ["tenant"] as const;
    this.#running = new Gauge({
      name: "narthex_querier_queries_in_progress",
      help: "Queries that wait, are evaluated or are being sent.",
      registers,
    });
    this.#total = new Counter({
      name: "narthex_querier_queries_total",
      help: "Queries that came.",
      labelNames,
      registers,
    });
    this.#seconds = new Histogram({
      name: "narthex_querier_query_duration_seconds",
      help: "Time from a query's coming to the end of its answer.",
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    });
    this.#samples = new Counter({
      name: "narthex_querier_query_samples_total",
      help: "Samples that queries looked at, again for each step.",
      labelNames,
      registers,
    });
    this.#series = new Counter({
      name: "narthex_querier_fetched_series_total",
      help: "Series that queries read.",
      labelNames,
      registers,
    });
    this.#chunkBytes = new Counter({
      name: "narthex_querier_fetched_chunk_bytes_total",
      help: "Bytes of chunks that queries read.",
      labelNames,
      registers,
    });
  }

  /** Counts a query; the result is to be called at its end. */
  begin(tenants: readonly string[]): (usage: QueryUsage) => void {
    const tenant = tenants.join("|");
    const stop = this.#seconds.startTimer();
    this.#total.inc({ tenant });
    this.#running.inc();
    return ({ samples, series, chunkBytes }) => {
      stop();
      this.#running.dec();
      this.#samples.inc({ tenant }, samples);
      this.#series.inc({ tenant }, series);
      this.#chunkBytes.inc({ tenant }, chunkBytes);
    };
  }
}
