import { Gauge, Histogram, type Telemetry } from "#pkg/telemetry/mod.ts";

/** Metrics of the HTTP API. */
export class ApiMetrics {
  readonly requests: Histogram<"method" | "route" | "status_code">;
  readonly inflight: Gauge;

  constructor({ registry }: Telemetry) {
    const registers = [registry];
    this.requests = new Histogram({
      name: "narthex_request_duration_seconds",
      help: "Time to answer HTTP requests.",
      labelNames: ["method", "route", "status_code"],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.inflight = new Gauge({
      name: "narthex_inflight_requests",
      help: "HTTP requests being answered.",
      registers,
    });
  }
}
