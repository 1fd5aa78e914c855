import { Counter, Gauge, Histogram, type Registry } from "#pkg/telemetry/mod.ts";

const LATENCY_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** Metrics of one side of gRPC. */
export interface RpcMetrics {
  readonly calls: Counter<"method" | "code">;
  readonly seconds: Histogram<"method">;
  readonly running: Gauge<"method">;
}

/** Metrics of `side`, made on the first call for `registry`. */
export function rpcMetrics(registry: Registry, side: "server" | "client"): RpcMetrics {
  const prefix = `narthex_rpc_${side}`;
  const known = registry.getSingleMetric(`${prefix}_calls_total`);
  if (known) {
    return {
      calls: known as Counter<"method" | "code">,
      seconds: registry.getSingleMetric(`${prefix}_seconds`) as Histogram<"method">,
      running: registry.getSingleMetric(`${prefix}_running`) as Gauge<"method">,
    };
  }
  const registers = [registry];
  return {
    calls: new Counter({
      name: `${prefix}_calls_total`,
      help: `Calls that ended, gRPC ${side}, by method and error code.`,
      labelNames: ["method", "code"] as const,
      registers,
    }),
    seconds: new Histogram({
      name: `${prefix}_seconds`,
      help: `Duration of calls, gRPC ${side}; streams to their end.`,
      labelNames: ["method"] as const,
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    running: new Gauge({
      name: `${prefix}_running`,
      help: `Calls that run, gRPC ${side}.`,
      labelNames: ["method"] as const,
      registers,
    }),
  };
}

/** Counts a call that begins; call the result with its outcome when it ends. */
export function observeCall(metrics: RpcMetrics, method: string): (code: string) => void {
  const stopTimer = metrics.seconds.startTimer({ method });
  metrics.running.inc({ method });
  return (code) => {
    stopTimer();
    metrics.running.dec({ method });
    metrics.calls.inc({ method, code });
  };
}
