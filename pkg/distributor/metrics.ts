import { Counter, Gauge, Histogram, type Telemetry } from "#pkg/telemetry/mod.ts";

/** Metrics of the write path in front of the ingesters. */
export class DistributorMetrics {
  readonly receivedSamples: Counter<"tenant">;
  readonly receivedExemplars: Counter<"tenant">;
  readonly receivedRequests: Counter<"tenant">;
  readonly discarded: Counter<"reason" | "tenant">;
  readonly pushFailures: Counter<"code">;
  readonly inflight: Gauge;
  readonly decodedBytes: Histogram;

  constructor({ registry }: Telemetry) {
    const registers = [registry];
    this.receivedSamples = new Counter({
      name: "narthex_distributor_received_samples_total",
      help: "Samples accepted by the ingesters.",
      labelNames: ["tenant"],
      registers,
    });
    this.receivedExemplars = new Counter({
      name: "narthex_distributor_received_exemplars_total",
      help: "Exemplars received, kept or not.",
      labelNames: ["tenant"],
      registers,
    });
    this.receivedRequests = new Counter({
      name: "narthex_distributor_requests_in_total",
      help: "Write requests received.",
      labelNames: ["tenant"],
      registers,
    });
    this.discarded = new Counter({
      name: "narthex_discarded_samples_total",
      help: "Samples refused, by reason.",
      labelNames: ["reason", "tenant"],
      registers,
    });
    this.pushFailures = new Counter({
      name: "narthex_distributor_push_failures_total",
      help: "Write requests that failed as a whole.",
      labelNames: ["code"],
      registers,
    });
    this.inflight = new Gauge({
      name: "narthex_distributor_inflight_push_requests",
      help: "Write requests being worked on.",
      registers,
    });
    this.decodedBytes = new Histogram({
      name: "narthex_distributor_request_decoded_bytes",
      help: "Size of write requests after decompression.",
      buckets: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8],
      registers,
    });
  }
}
