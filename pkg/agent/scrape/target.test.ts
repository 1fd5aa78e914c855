import { describe, expect, it } from "vitest";
import { formatLabels } from "#pkg/labels/mod.ts";
import { Relabeller } from "#pkg/relabel/mod.ts";
import { parseAgentConfig } from "../config/load.ts";
import { acceptHeader } from "./scraper.ts";
import { type PopulatedTargets, populateTargets } from "./target.ts";

async function populated(keys: string): Promise<PopulatedTargets> {
  const config = await parseAgentConfig(`scrape_configs: [{job_name: j, ${keys}}]`);
  const scrape = config.scrapeConfigs[0]!;
  return populateTargets(scrape, new Relabeller(scrape.relabelConfigs), scrape.staticGroups);
}

describe("populateTargets", () => {
  const f = (name: string, keys: string, want: string[]): void =>
    it(name, async () => {
      const { active, dropped, failures } = await populated(keys);
      expect([
        ...active.map((target) => `${target.url} ${formatLabels(target.labels)}`),
        ...dropped.map(() => "dropped"),
        ...failures,
      ]).toEqual(want);
    });

  f("instance is the address", "static_configs: [{targets: ['h:1'], labels: {a: b}}]", [
    'http://h:1/metrics {a="b", instance="h:1", job="j"}',
  ]);
  f(
    "group labels win over defaults",
    "static_configs: [{targets: [h], labels: {job: x, __scheme__: https, __metrics_path__: /p}}]",
    ['https://h/p {instance="h", job="x"}'],
  );
  f(
    "parameters become labels and back",
    "params: {m: [a, b]}, relabel_configs: [{source_labels: [__address__], target_label: __param_m}, {replacement: r:9, target_label: __address__}], static_configs: [{targets: [h]}]",
    ['http://r:9/metrics?m=h&m=b {instance="r:9", job="j"}'],
  );
  f(
    "meta labels are for relabelling only",
    "relabel_configs: [{source_labels: [__meta_x], target_label: x}], static_configs: [{targets: [h], labels: {__meta_x: '1', __y: '2'}}]",
    ['http://h/metrics {instance="h", job="j", x="1"}'],
  );
  f(
    "relabelling drops",
    "relabel_configs: [{source_labels: [__address__], regex: a, action: drop}], static_configs: [{targets: [a, b]}]",
    ['http://b/metrics {instance="b", job="j"}', "dropped"],
  );
  f("equal targets are one", "static_configs: [{targets: [a, a]}, {targets: [a]}]", [
    'http://a/metrics {instance="a", job="j"}',
  ]);
  f(
    "what makes no target is a failure",
    "relabel_configs: [{source_labels: [__x], target_label: __address__, regex: (.+)}, {source_labels: [__i], target_label: __scrape_interval__, regex: (.+)}], static_configs: [{targets: [a], labels: {__x: 'b/c'}}, {targets: [a], labels: {__i: 1s}}, {targets: ['']}]",
    [
      'target 0 of group 0: "b/c" is no hostname',
      "target 0 of group 1: the scrape timeout is greater than the scrape interval",
      "target 0 of group 2: no address",
    ],
  );
  it("interval and timeout can be relabelled", async () => {
    const { active } = await populated(
      "static_configs: [{targets: [a], labels: {__scrape_interval__: 1m30s, __scrape_timeout__: 5s}}]",
    );
    expect(active[0]).toMatchObject({ intervalMs: 90_000, timeoutMs: 5_000 });
  });
});

it("acceptHeader weighs the protocols as Prometheus does", async () => {
  const config = await parseAgentConfig("scrape_configs: [{job_name: j}]");
  const { protocols, escaping } = config.scrapeConfigs[0]!;
  expect(acceptHeader(protocols, escaping)).toBe(
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
      "application/openmetrics-text;version=0.0.1;q=0.5," +
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
  );
});
