import { createHash } from "node:crypto";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { type Labels, labelsFromPairs, labelValue } from "#pkg/labels/mod.ts";
import { formatDuration, parseDuration } from "#pkg/model/mod.ts";
import { LabelSet, type Relabeller } from "#pkg/relabel/mod.ts";
import type { ScrapeConfig } from "../config/scrape-config.ts";
import type { TargetGroup } from "../config/service-discovery.ts";

/** A target that is scraped, or was dropped by relabelling (`url` is then empty). */
export interface Target {
  /** Equal for equal targets only. */
  readonly key: string;
  /** Labels before relabelling. */
  readonly discovered: Labels;
  /** Labels that its series get: those that do not begin with `__`. */
  readonly labels: Labels;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** What a target group came to. */
export interface PopulatedTargets {
  readonly active: Target[];
  /** Labels before relabelling of the dropped ones. */
  readonly dropped: Labels[];
  readonly failures: string[];
}

/** Targets of `groups` after relabelling, equal ones once. */
export function populateTargets(
  config: ScrapeConfig,
  relabeller: Relabeller,
  groups: readonly TargetGroup[],
): PopulatedTargets {
  const active = new Map<string, Target>();
  const dropped: Labels[] = [];
  const failures: string[] = [];
  for (const group of groups) {
    for (const [i, address] of group.targets.entries()) {
      const discovered = discoveredLabels(config, group, address);
      try {
        const target = populate(config, relabeller, discovered);
        if (target === undefined) dropped.push(discovered);
        else active.set(target.key, target);
      } catch (error) {
        failures.push(`target ${i} of group ${group.source}: ${messageOf(error)}`);
      }
    }
  }
  return { active: [...active.values()], dropped, failures };
}

function discoveredLabels(config: ScrapeConfig, group: TargetGroup, address: string): Labels {
  const defaults: [string, string][] = [
    ["job", config.jobName],
    ["__scrape_interval__", formatDuration(config.scrapeIntervalMs)],
    ["__scrape_timeout__", formatDuration(config.scrapeTimeoutMs)],
    ["__metrics_path__", config.metricsPath],
    ["__scheme__", config.scheme],
  ];
  for (const [name, values] of Object.entries(config.params)) {
    if (values.length > 0) defaults.push([`__param_${name}`, values[0]!]);
  }
  const own = Object.entries(group.labels).filter(([, value]) => value !== "");
  return labelsFromPairs([...defaults, ...own, ["__address__", address]]);
}

function populate(
  config: ScrapeConfig,
  relabeller: Relabeller,
  discovered: Labels,
): Target | undefined {
  const set = new LabelSet(discovered);
  if (!relabeller.apply(set)) return undefined;
  const address = set.get("__address__");
  if (address === "") throw new NarthexError("bad_data", "no address");
  if (address.includes("/")) throw new NarthexError("bad_data", `"${address}" is no hostname`);
  const intervalMs = durationOf(set, "__scrape_interval__", "scrape interval");
  const timeoutMs = durationOf(set, "__scrape_timeout__", "scrape timeout");
  if (timeoutMs > intervalMs) {
    throw new NarthexError("bad_data", "the scrape timeout is greater than the scrape interval");
  }
  for (const name of set.names()) if (name.startsWith("__meta_")) set.set(name, "");
  if (set.get("instance") === "") set.set("instance", address);
  const all = set.labels();
  const url = urlOf(config, all);
  const key = createHash("sha1")
    .update(JSON.stringify([all, url]))
    .digest("hex");
  return { key, discovered, labels: publicLabels(all), url, intervalMs, timeoutMs };
}

function durationOf(set: LabelSet, name: string, what: string): number {
  const ms = parseDuration(set.get(name));
  if (ms === 0) throw new NarthexError("bad_data", `the ${what} cannot be 0`);
  return ms;
}

function publicLabels(labels: Labels): Labels {
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (!labels[i]!.startsWith("__")) out.push(labels[i]!, labels[i + 1]!);
  }
  return out;
}

/** Errors: `bad_data` where the labels make no URL. */
function urlOf(config: ScrapeConfig, labels: Labels): string {
  const scheme = labelValue(labels, "__scheme__");
  if (scheme !== "http" && scheme !== "https") {
    throw new NarthexError("bad_data", `scheme "${scheme}", want http or https`);
  }
  const params = new Map<string, string[]>();
  for (const [name, values] of Object.entries(config.params)) params.set(name, [...values]);
  for (let i = 0; i < labels.length; i += 2) {
    if (!labels[i]!.startsWith("__param_")) continue;
    const name = labels[i]!.slice("__param_".length);
    params.set(name, [labels[i + 1]!, ...(params.get(name) ?? []).slice(1)]);
  }
  const query = new URLSearchParams();
  for (const [name, values] of [...params].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const value of values) query.append(name, value);
  }
  const path = labelValue(labels, "__metrics_path__");
  const base = `${scheme}://${labelValue(labels, "__address__")}`;
  if (!URL.canParse(base)) throw new NarthexError("bad_data", `"${base}" is no URL`);
  const url = new URL(base);
  url.pathname = path;
  url.search = query.toString();
  return url.href;
}
