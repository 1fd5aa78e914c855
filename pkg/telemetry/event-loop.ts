import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";

/** How often the event loop is asked; a stall shorter than this is not seen. */
const RESOLUTION_MS = 10;
/** A quantile speaks of at least this much time, however often metrics are read. */
const WINDOW_MS = 15_000;
const QUANTILES = [0.5, 0.9, 0.99, 1] as const;

/**
 * Registers `narthex_event_loop_lag_seconds{quantile}`: how late the event loop ran what was due,
 * over the last 15 to 30 s (quantile 1 is the worst). Returns the way to stop measuring.
 */
export function measureEventLoopLag(registry: Registry): () => void {
  let current = start();
  let last: IntervalHistogram | undefined;
  let since = performance.now();
  const gauge = new Gauge({
    name: "narthex_event_loop_lag_seconds",
    help: "How late the event loop runs what is due; over the last 15 to 30 seconds.",
    labelNames: ["quantile"] as const,
    registers: [registry],
    collect() {
      for (const quantile of QUANTILES) {
        const worst = Math.max(lagSeconds(current, quantile), lagSeconds(last, quantile));
        gauge.set({ quantile: String(quantile) }, worst);
      }
      if (performance.now() - since < WINDOW_MS) return;
      last?.disable();
      last = current;
      last.disable();
      current = start();
      since = performance.now();
    },
  });
  return () => {
    current.disable();
    registry.removeSingleMetric("narthex_event_loop_lag_seconds");
  };
}

function start(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return histogram;
}

/** The monitor records the whole time between two of its timers; what exceeds its period is lag. */
function lagSeconds(histogram: IntervalHistogram | undefined, quantile: number): number {
  if (!histogram || histogram.count === 0) return 0;
  const nanoseconds = quantile === 1 ? histogram.max : histogram.percentile(quantile * 100);
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
}
