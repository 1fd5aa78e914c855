import type { DestinationStream, Logger } from "pino";
import { pino } from "pino";
import { PinoPretty } from "pino-pretty";

/** The levels that `--log.level` takes. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How to write logs. */
export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto`: pretty where stdout is a terminal, else one JSON object a line. */
  readonly format?: "auto" | "json" | "pretty";
  /** Where lines go; stdout if absent. */
  readonly destination?: DestinationStream;
}

/** Fields whose values never reach a log, at the top of a line or one object deep. */
const SECRET_FIELDS = [
  "password",
  "passwd",
  "secret",
  "secretKey",
  "secret_key",
  "secretAccessKey",
  "secret_access_key",
  "accessKey",
  "token",
  "bearerToken",
  "bearer_token",
  "credentials",
  "authorization",
  "Authorization",
  "cookie",
];

/** A logger. Messages are constant and lower case; what varies goes into fields. */
export function createLogger(options: LoggerOptions): Logger {
  const pretty =
    options.format === "pretty" ||
    ((options.format ?? "auto") === "auto" &&
      options.destination === undefined &&
      process.stdout.isTTY === true);
  const stream: DestinationStream = pretty
    ? PinoPretty({
        colorize: options.destination === undefined,
        ignore: "pid,hostname",
        translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
        destination: options.destination ?? 1,
        sync: true,
      })
    : (options.destination ?? pino.destination({ fd: 1, sync: true }));
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: "[redacted]",
      },
    },
    stream,
  );
}
