export type { Logger } from "pino";
export { Counter, Gauge, Histogram, Registry } from "prom-client";
export { measureEventLoopLag } from "./event-loop.ts";
export { createLogger, LOG_LEVELS, type LoggerOptions, type LogLevel } from "./logger.ts";
export {
  createTelemetry,
  forComponent,
  quietTelemetry,
  type Telemetry,
  type TelemetryOptions,
} from "./telemetry.ts";
