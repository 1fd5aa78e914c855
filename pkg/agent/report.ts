import { labelsToObject } from "#pkg/labels/mod.ts";
import { formatDuration } from "#pkg/model/mod.ts";
import type { ScrapePool } from "./scrape/pool.ts";

/** A target that is scraped, as in `/api/v1/targets` of Prometheus. */
export interface ActiveTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly globalUrl: string;
  readonly lastError: string;
  /** RFC 3339; year 1 before the first scrape. */
  readonly lastScrape: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
  readonly health: "unknown" | "up" | "down";
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
}

/** The `data` of `/api/v1/targets`. */
export interface TargetsReport {
  readonly activeTargets: readonly ActiveTarget[];
  readonly droppedTargets: readonly {
    readonly discoveredLabels: Readonly<Record<string, string>>;
    readonly scrapePool: string;
  }[];
  readonly droppedTargetCounts: Readonly<Record<string, number>>;
}

/** What the pools scrape and how it goes. */
export function targetsReport(pools: Iterable<ScrapePool>): TargetsReport {
  const activeTargets: ActiveTarget[] = [];
  const droppedTargets: TargetsReport["droppedTargets"][number][] = [];
  const counts: [string, number][] = [];
  for (const pool of pools) {
    const scrapePool = pool.config.jobName;
    for (const { target, status } of pool.loops) {
      activeTargets.push({
        discoveredLabels: labelsToObject(target.discovered),
        labels: labelsToObject(target.labels),
        scrapePool,
        scrapeUrl: target.url,
        globalUrl: target.url,
        lastError: status.lastError,
        lastScrape:
          status.lastScrapeMs === 0
            ? "0001-01-01T00:00:00Z"
            : new Date(status.lastScrapeMs).toISOString(),
        lastScrapeDuration: status.lastDurationSeconds,
        health: status.health,
        scrapeInterval: formatDuration(target.intervalMs),
        scrapeTimeout: formatDuration(target.timeoutMs),
      });
    }
    for (const labels of pool.dropped) {
      droppedTargets.push({ discoveredLabels: labelsToObject(labels), scrapePool });
    }
    counts.push([scrapePool, pool.droppedCount]);
  }
  return { activeTargets, droppedTargets, droppedTargetCounts: Object.fromEntries(counts) };
}
