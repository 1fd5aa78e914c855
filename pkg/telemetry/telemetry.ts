import type { DestinationStream, Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { measureEventLoopLag } from "./event-loop.ts";
import { createLogger, type LogLevel } from "./logger.ts";

/** What a part needs to be observed: a logger and the registry its metrics live in. */
export interface Telemetry {
  readonly log: Logger;
  readonly registry: Registry;
  /** The logger before it was given a component; what `forComponent` derives from. */
  readonly rootLog?: Logger;
}

/** How to set up telemetry for a process. */
export interface TelemetryOptions {
  readonly logLevel: LogLevel;
  readonly component: string;
  readonly format?: "auto" | "json" | "pretty";
  readonly destination?: DestinationStream;
  /** False leaves out the metrics of the process and of its event loop. */
  readonly processMetrics?: boolean;
}

/**
 * The telemetry of one process. Each package registers its metrics in the registry from its own
 * `metrics.ts`; there is no global registry.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const registry = new Registry();
  if (options.processMetrics !== false) {
    collectDefaultMetrics({ register: registry });
    measureEventLoopLag(registry);
  }
  const rootLog = createLogger({
    level: options.logLevel,
    ...(options.format ? { format: options.format } : {}),
    ...(options.destination ? { destination: options.destination } : {}),
  });
  return { log: rootLog.child({ component: options.component }), registry, rootLog };
}

/** The same registry with a logger that names another component. */
export function forComponent(telemetry: Telemetry, component: string): Telemetry {
  const { log, registry, rootLog = log } = telemetry;
  return { log: rootLog.child({ component }), registry, rootLog };
}

/** Silent telemetry with a registry of its own, for tests and for libraries. */
export function quietTelemetry(): Telemetry {
  return createTelemetry({ logLevel: "silent", component: "quiet", processMetrics: false });
}
