import { Counter, Gauge, type Telemetry } from "#pkg/telemetry/mod.ts";
import type { Head } from "#pkg/tsdb/mod.ts";

/** Metrics of exemplars, named as Prometheus and Cortex name theirs. */
export class ExemplarMetrics {
  readonly #appended: Counter<"tenant">;
  readonly #discarded: Counter<"reason" | "tenant">;
  readonly #inStorage: Gauge<"tenant">;
  readonly #series: Gauge<"tenant">;
  readonly #lastTime: Gauge<"tenant">;
  readonly #max: Gauge<"tenant">;
  /** Tenants whose gauges are set. */
  readonly #shown = new Set<string>();

  constructor({ registry }: Telemetry) {
    const registers = [registry];
    const labelNames = ["tenant"] as const;
    const prefix = "narthex_ingester_tsdb_exemplar";
    const gauge = (name: string, help: string): Gauge<"tenant"> =>
      new Gauge({ name: `${prefix}_${name}`, help, labelNames, registers });
    this.#appended = new Counter({
      ...{ name: `${prefix}_exemplars_appended_total`, help: "Exemplars taken in, repeats aside." },
      ...{ labelNames, registers },
    });
    this.#discarded = new Counter({
      ...{ name: "narthex_discarded_exemplars_total", help: "Exemplars refused, by reason." },
      ...{ labelNames: ["reason", "tenant"], registers },
    });
    this.#inStorage = gauge("exemplars_in_storage", "Exemplars in the heads.");
    this.#series = gauge("series_with_exemplars_in_storage", "Series with exemplars in the heads.");
    this.#lastTime = gauge(
      "last_exemplars_timestamp_seconds",
      "Time of the oldest exemplar: how far back the limit reaches.",
    );
    this.#max = gauge("max_exemplars", "Exemplars that may be kept (max_exemplars).");
  }

  /** Counts those of one push. */
  observe(tenant: string, added: number, refused: ReadonlyMap<string, number>): void {
    if (added > 0) this.#appended.inc({ tenant }, added);
    for (const [reason, count] of refused) this.#discarded.inc({ reason, tenant }, count);
  }

  /** Shows what the head of a tenant has; nothing for one that keeps no exemplars. */
  show(tenant: string, { exemplars }: Head): void {
    if (exemplars.limit === 0 && !this.#shown.has(tenant)) return;
    this.#shown.add(tenant);
    this.#inStorage.set({ tenant }, exemplars.length);
    this.#series.set({ tenant }, exemplars.seriesCount);
    this.#lastTime.set({ tenant }, exemplars.oldestTime / 1000);
    this.#max.set({ tenant }, exemplars.limit);
  }
}
