import { z } from "zod";
import type { RelabelConfig } from "#pkg/relabel/mod.ts";
import type { ExpositionFormat } from "#pkg/textparse/mod.ts";
import {
  bool,
  choice,
  duration,
  entry,
  ignored,
  int,
  list,
  mapping,
  number,
  size,
  text,
  word,
} from "./fields.ts";
import {
  type HttpClientConfig,
  httpClientConfig,
  httpClientProblems,
  httpClientShape,
  inDir,
} from "./http-client.ts";
import { relabelRules } from "./relabel-rules.ts";
import {
  discoveryShape,
  type FileDiscoveryConfig,
  type TargetGroup,
  targetGroup,
} from "./service-discovery.ts";

/** How a target may write its metrics, in Prometheus's words. */
export const SCRAPE_PROTOCOLS = [
  "PrometheusProto",
  "OpenMetricsText0.0.1",
  "OpenMetricsText1.0.0",
  "PrometheusText0.0.4",
  "PrometheusText1.0.0",
] as const;
/** One of `SCRAPE_PROTOCOLS`. */
export type ScrapeProtocol = (typeof SCRAPE_PROTOCOLS)[number];

const DEFAULT_PROTOCOLS: readonly ScrapeProtocol[] = [
  "OpenMetricsText1.0.0",
  "OpenMetricsText0.0.1",
  "PrometheusText1.0.0",
  "PrometheusText0.0.4",
];

/** One scrape pool. Limits of 0 are off. */
export interface ScrapeConfig {
  readonly jobName: string;
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly metricsPath: string;
  readonly scheme: "http" | "https";
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  /** Text formats to ask for, most wanted first. */
  readonly protocols: readonly ScrapeProtocol[];
  /** For targets that do not say which format they write. */
  readonly fallbackFormat: ExpositionFormat | undefined;
  readonly enableCompression: boolean;
  readonly extraScrapeMetrics: boolean;
  /** False: only `[a-zA-Z_:][a-zA-Z0-9_:]*` may name a metric. */
  readonly utf8Names: boolean;
  /** The `escaping` of the Accept header. */
  readonly escaping: string;
  readonly bodySizeLimitBytes: number;
  readonly sampleLimit: number;
  readonly targetLimit: number;
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
  readonly keepDroppedTargets: number;
  readonly http: HttpClientConfig;
  readonly staticGroups: readonly TargetGroup[];
  readonly fileDiscovery: readonly FileDiscoveryConfig[];
  readonly relabelConfigs: readonly RelabelConfig[];
  readonly metricRelabelConfigs: readonly RelabelConfig[];
}

const protocol = () => choice(SCRAPE_PROTOCOLS);
const scheme = () => choice(["legacy", "utf8"]);
const escaping = () => choice(["allow-utf-8", "underscores", "dots", "values"]);

/** Keys that `global` and scrape configs share. */
const sharedShape = {
  scrape_interval: duration().optional(),
  scrape_timeout: duration().optional(),
  scrape_protocols: list(protocol()).optional(),
  scrape_failure_log_file: ignored(),
  body_size_limit: size().optional(),
  sample_limit: int().optional(),
  target_limit: int().optional(),
  label_limit: int().optional(),
  label_name_length_limit: int().optional(),
  label_value_length_limit: int().optional(),
  keep_dropped_targets: int().optional(),
  metric_name_validation_scheme: scheme().optional(),
  metric_name_escaping_scheme: escaping().optional(),
  scrape_native_histograms: bool().optional(),
  convert_classic_histograms_to_nhcb: bool()
    .refine((value) => !value, "true is not supported by this version")
    .optional(),
  always_scrape_classic_histograms: bool().optional(),
  extra_scrape_metrics: bool().optional(),
};

/** The section `global`, but for what scraping has no use for. */
export const globalShape = {
  ...sharedShape,
  evaluation_interval: duration().optional(),
  rule_query_offset: duration().optional(),
  query_log_file: ignored(),
  external_labels: mapping(text()).optional(),
};

const globalSchema = z.object(globalShape);
type RawGlobal = z.infer<typeof globalSchema>;

/** One element of `scrape_configs`. */
export const scrapeSchema = entry({
  job_name: word(),
  ...sharedShape,
  ...httpClientShape,
  ...discoveryShape,
  metrics_path: text().optional(),
  scheme: choice(["http", "https"]).optional(),
  params: mapping(list(text())).optional(),
  honor_labels: bool().optional(),
  honor_timestamps: bool().optional(),
  track_timestamps_staleness: bool().optional(),
  fallback_scrape_protocol: protocol().optional(),
  enable_compression: bool().optional(),
  native_histogram_bucket_limit: int().optional(),
  native_histogram_min_bucket_factor: number().optional(),
  relabel_configs: relabelRules(),
  metric_relabel_configs: relabelRules(),
}).superRefine((raw, context) => {
  for (const message of httpClientProblems(raw)) context.addIssue({ code: "custom", message });
  if ((raw.relabel_configs?.length ?? 0) > 0) return;
  for (const [i, group] of (raw.static_configs ?? []).entries()) {
    for (const [j, target] of (group.targets ?? []).entries()) {
      if (!target.includes("/")) continue;
      context.addIssue({
        code: "custom",
        path: ["static_configs", i, "targets", j],
        message: `"${target}" is not a valid hostname`,
      });
    }
  }
});
type RawScrape = z.infer<typeof scrapeSchema>;

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 10_000;
const FILE_REFRESH_MS = 5 * 60_000;

/** A scrape config with everything filled in; what is wrong goes to `report`. */
export function scrapeConfig(
  raw: RawScrape,
  global: RawGlobal,
  context: { dir: string; report: (problem: string) => void; warn: (text: string) => void },
): ScrapeConfig {
  const { dir } = context;
  const limit = (
    key:
      | "sample_limit"
      | "target_limit"
      | "label_limit"
      | "label_name_length_limit"
      | "label_value_length_limit"
      | "keep_dropped_targets"
      | "body_size_limit",
  ): number => raw[key] || global[key] || 0;
  const names = raw.metric_name_validation_scheme ?? global.metric_name_validation_scheme;
  if (raw.scrape_native_histograms ?? global.scrape_native_histograms) {
    context.warn("native histograms are scraped as classic ones");
  }
  return {
    jobName: raw.job_name,
    ...timing(raw, global, context.report),
    metricsPath: raw.metrics_path || "/metrics",
    scheme: raw.scheme ?? "http",
    params: raw.params ?? {},
    honorLabels: raw.honor_labels ?? false,
    honorTimestamps: raw.honor_timestamps ?? true,
    trackTimestampsStaleness: raw.track_timestamps_staleness ?? false,
    protocols: protocols(raw, global, context.report),
    fallbackFormat: fallbackFormat(raw, context.report),
    enableCompression: raw.enable_compression ?? true,
    extraScrapeMetrics: raw.extra_scrape_metrics ?? global.extra_scrape_metrics ?? false,
    utf8Names: names !== "legacy",
    escaping: escapingScheme(raw, global, context.report),
    bodySizeLimitBytes: limit("body_size_limit"),
    sampleLimit: limit("sample_limit"),
    targetLimit: limit("target_limit"),
    labelLimit: limit("label_limit"),
    labelNameLengthLimit: limit("label_name_length_limit"),
    labelValueLengthLimit: limit("label_value_length_limit"),
    keepDroppedTargets: limit("keep_dropped_targets"),
    http: httpClientConfig(raw, dir),
    staticGroups: (raw.static_configs ?? []).map((group, i) => targetGroup(group, String(i))),
    fileDiscovery: (raw.file_sd_configs ?? []).map((config) => ({
      files: config.files.map((path) => inDir(dir, path)),
      refreshIntervalMs: config.refresh_interval || FILE_REFRESH_MS,
    })),
    relabelConfigs: raw.relabel_configs ?? [],
    metricRelabelConfigs: raw.metric_relabel_configs ?? [],
  };
}

/** Interval and timeout of `global`, with Prometheus's defaults. */
export function globalTiming(
  global: RawGlobal,
  report: (problem: string) => void,
): { intervalMs: number; timeoutMs: number } {
  const intervalMs = global.scrape_interval || INTERVAL_MS;
  const timeoutMs = global.scrape_timeout || Math.min(TIMEOUT_MS, intervalMs);
  if (timeoutMs > intervalMs) report("scrape_timeout is greater than scrape_interval");
  return { intervalMs, timeoutMs };
}

function timing(
  raw: RawScrape,
  global: RawGlobal,
  report: (problem: string) => void,
): { scrapeIntervalMs: number; scrapeTimeoutMs: number } {
  const defaults = globalTiming(global, () => undefined);
  const scrapeIntervalMs = raw.scrape_interval || defaults.intervalMs;
  const own = raw.scrape_timeout || 0;
  if (own > scrapeIntervalMs) report("scrape_timeout is greater than scrape_interval");
  return {
    scrapeIntervalMs,
    scrapeTimeoutMs: own || Math.min(defaults.timeoutMs, scrapeIntervalMs),
  };
}

function protocols(
  raw: RawScrape,
  global: RawGlobal,
  report: (problem: string) => void,
): readonly ScrapeProtocol[] {
  const list = raw.scrape_protocols ?? global.scrape_protocols ?? DEFAULT_PROTOCOLS;
  if (list.length === 0) report("scrape_protocols cannot be empty");
  if (new Set(list).size < list.length) report("scrape_protocols names one protocol twice");
  const texts = list.filter((name) => name !== "PrometheusProto");
  if (list.length > 0 && texts.length === 0) {
    report("scrape_protocols: PrometheusProto alone is not supported by this version");
  }
  return texts;
}

function fallbackFormat(
  raw: RawScrape,
  report: (problem: string) => void,
): ExpositionFormat | undefined {
  const name = raw.fallback_scrape_protocol;
  if (name === undefined) return undefined;
  if (name === "PrometheusProto") {
    report("fallback_scrape_protocol: PrometheusProto is not supported by this version");
  }
  return name.startsWith("OpenMetrics") ? "openmetrics" : "text";
}

function escapingScheme(
  raw: RawScrape,
  global: RawGlobal,
  report: (problem: string) => void,
): string {
  const names = raw.metric_name_validation_scheme ?? global.metric_name_validation_scheme;
  const inherited =
    raw.metric_name_validation_scheme === undefined
      ? global.metric_name_escaping_scheme
      : undefined;
  const chosen =
    raw.metric_name_escaping_scheme ??
    inherited ??
    (names === "legacy" ? "underscores" : "allow-utf-8");
  if (chosen === "allow-utf-8" && names === "legacy") {
    report(
      "metric_name_escaping_scheme is allow-utf-8, but metric_name_validation_scheme is legacy",
    );
  }
  return chosen;
}
