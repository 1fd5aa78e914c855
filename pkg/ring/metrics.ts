import { Counter, Gauge, type Registry } from "#pkg/telemetry/mod.ts";

/** Metrics of rings and lifecyclers; shared by all of a process. */
export interface RingMetrics {
  readonly members: Gauge<"name" | "state" | "zone">;
  readonly unhealthy: Gauge<"name">;
  readonly syncFailures: Counter<"name">;
  readonly forgotten: Counter<"name">;
  readonly heartbeats: Counter<"name">;
  readonly heartbeatFailures: Counter<"name">;
}

/** The metrics in `registry`, made on the first call. */
export function ringMetrics(registry: Registry): RingMetrics {
  const counter = (name: string, help: string): Counter<"name"> =>
    (registry.getSingleMetric(name) as Counter<"name"> | undefined) ??
    new Counter({ name, help, labelNames: ["name"] as const, registers: [registry] });
  const members = "narthex_ring_members";
  const unhealthy = "narthex_ring_unhealthy_members";
  return {
    members:
      (registry.getSingleMetric(members) as RingMetrics["members"] | undefined) ??
      new Gauge({
        name: members,
        help: "Instances in the ring as this process sees it.",
        labelNames: ["name", "state", "zone"] as const,
        registers: [registry],
      }),
    unhealthy:
      (registry.getSingleMetric(unhealthy) as RingMetrics["unhealthy"] | undefined) ??
      new Gauge({
        name: unhealthy,
        help: "Instances whose lease has run out or that were reported unreachable.",
        labelNames: ["name"] as const,
        registers: [registry],
      }),
    syncFailures: counter(
      "narthex_ring_sync_failures_total",
      "Attempts to read the ring that failed; the ring read last stays in use.",
    ),
    forgotten: counter(
      "narthex_ring_forgotten_total",
      "Instances that this process removed from the ring.",
    ),
    heartbeats: counter("narthex_ring_heartbeats_total", "Heartbeats written."),
    heartbeatFailures: counter(
      "narthex_ring_heartbeat_failures_total",
      "Heartbeats that could not be written.",
    ),
  };
}
