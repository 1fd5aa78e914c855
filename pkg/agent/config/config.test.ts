import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { messageOf } from "#pkg/errs/mod.ts";
import { upstream } from "../../../test/peers/peers.ts";
import { loadAgentConfig, parseAgentConfig, selfScrapeConfig } from "./load.ts";

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return messageOf(error);
  }
  return "";
};

describe("parseAgentConfig", () => {
  const f = (yaml: string, want: unknown): void =>
    it(yaml.trim().replaceAll(/\s+/g, " "), async () => {
      expect(await parseAgentConfig(yaml, { env: { TEST: "env" } })).toMatchObject(want as object);
    });

  f("", { scrapeConfigs: [], remoteWrite: [], externalLabels: [] });
  f("scrape_configs: [{job_name: a}]", {
    scrapeConfigs: [
      {
        jobName: "a",
        scrapeIntervalMs: 60_000,
        scrapeTimeoutMs: 10_000,
        metricsPath: "/metrics",
        scheme: "http",
        honorLabels: false,
        honorTimestamps: true,
        sampleLimit: 0,
        utf8Names: true,
      },
    ],
  });
  f("global: {scrape_interval: 5s, sample_limit: 7}\nscrape_configs: [{job_name: a}]", {
    scrapeConfigs: [{ scrapeIntervalMs: 5_000, scrapeTimeoutMs: 5_000, sampleLimit: 7 }],
  });
  f("scrape_configs: [{job_name: 7, basic_auth: {username: on, password: 007}}]", {
    scrapeConfigs: [
      {
        jobName: "7",
        http: { basicAuth: { username: { value: "on" }, password: { value: "007" } } },
      },
    ],
  });
  f("scrape_configs: [{job_name: a, bearer_token_file: t}]", {
    scrapeConfigs: [{ http: { authorization: { type: "Bearer", credentials: { file: "t" } } } }],
  });
  f("scrape_configs: [{job_name: a, relabel_configs: [{regex: 1, target_label: b}]}]", {
    scrapeConfigs: [{ relabelConfigs: [{ regex: "1", action: "replace", separator: ";" }] }],
  });
  f(
    "scrape_configs: [{job_name: a, body_size_limit: 15MB, fallback_scrape_protocol: OpenMetricsText1.0.0}]",
    {
      scrapeConfigs: [{ bodySizeLimitBytes: 15 * 2 ** 20, fallbackFormat: "openmetrics" }],
    },
  );
  f(
    "remote_write: [{url: http://a/b, headers: {X-Scope-OrgID: t}, queue_config: {max_shards: 3}}]",
    {
      remoteWrite: [
        {
          url: "http://a/b",
          headers: { "X-Scope-OrgID": "t" },
          queue: { maxShards: 3, capacity: 10_000, maxSamplesPerSend: 2_000 },
        },
      ],
    },
  );
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is what is expanded
  f("global: {external_labels: {a: '${TEST}x', b: $TEST, c: $$TEST, d: 'x$$$$', e: '$${TEST}'}}", {
    externalLabels: ["a", "envx", "b", "env", "c", "$TEST", "d", "x$$", "e", "${TEST}"],
  });
  f("global: {external_labels: {a: 'x${NONE}'}}", {
    externalLabels: ["a", "x"],
    warnings: ["global.external_labels.a: environment variable NONE is not set"],
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is what is expanded
});

describe("parseAgentConfig refuses", () => {
  const f = (yaml: string, want: string): void =>
    it(yaml.trim().replaceAll(/\s+/g, " "), async () => {
      expect(await refusal(parseAgentConfig(yaml))).toContain(want);
    });
  const scrape = (keys: string): string => `scrape_configs: [{job_name: a, ${keys}}]`;

  f("scrape_config: []", "scrape_config: unknown key, did you mean scrape_configs?");
  f(
    scrape("metric_path: /x"),
    "scrape_configs.0.metric_path: unknown key, did you mean metrics_path?",
  );
  f(
    scrape("static_configs: [{target: [a]}]"),
    "scrape_configs.0.static_configs.0.target: unknown key, did you mean targets?",
  );
  f(
    scrape("kubernetes_sd_configs: [{role: pod}]"),
    'scrape_configs.0.kubernetes_sd_configs: service discovery "kubernetes" is not supported by this version',
  );
  f(
    scrape("metric_relabel_configs: [{regex: 'a(', action: drop}]"),
    "scrape_configs.0.metric_relabel_configs.0: error parsing regexp: missing closing )",
  );
  f(scrape("scrape_interval: 5 minutes"), "scrape_configs.0.scrape_interval:");
  f(scrape("scrape_interval: 5s, scrape_timeout: 6s"), "scrape_timeout is greater");
  f(scrape("honor_labels: maybe"), 'want true or false, got "maybe"');
  f(scrape("sample_limit: -1"), "want at least 0");
  f(scrape("file_sd_configs: [{files: [a.txt]}]"), "want .json, .yml or .yaml");
  f(scrape("authorization: {type: Basic}"), "use basic_auth instead");
  f(
    scrape("basic_auth: {username: a}, bearer_token: b"),
    "at most one of basic_auth and bearer_token",
  );
  f(scrape("tls_config: {cert_file: a}"), "both of cert and key");
  f(scrape("scrape_protocols: [PrometheusProto]"), "PrometheusProto alone is not supported");
  f("scrape_configs: [{job_name: a}, {job_name: a}]", 'more than one scrape config is named "a"');
  f("scrape_configs: [null]", "scrape_configs.0: want a mapping");
  f("scrape_configs: {a: b}", "scrape_configs: want a list");
  f("remote_write: [{name: a}]", "remote_write.0.url:");
  f("remote_write: [{url: 'localhost:9090'}]", "want an http or https URL");
  f("remote_write: [{url: http://a}, {url: http://a}]", "more than one remote write is named");
  f("a: [", "read configuration:1:");
  f("a: 1\na: 2", "Map keys must be unique");
  it("names every problem at once", async () => {
    const message = await refusal(parseAgentConfig(scrape("scheme: ftp, sample_limit: x")));
    expect(message.split("\n")).toHaveLength(3);
  });
});

describe("loadAgentConfig", () => {
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "narthex-agent-config-"));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });
  it("reads scrape_config_files and resolves paths beside the file", async () => {
    const main = "scrape_config_files: [more-*.yml]\nscrape_configs: [{job_name: a}]\n";
    await writeFile(join(dir, "main.yml"), main);
    await writeFile(
      join(dir, "more-1.yml"),
      "scrape_configs: [{job_name: b, file_sd_configs: [{files: [t.json]}]}]",
    );
    const config = await loadAgentConfig(join(dir, "main.yml"));
    expect(config.scrapeConfigs.map((scrape) => scrape.jobName)).toEqual(["a", "b"]);
    expect(config.scrapeConfigs[1]!.fileDiscovery[0]!.files).toEqual([join(dir, "t.json")]);
    await writeFile(join(dir, "more-2.yml"), "scrape_configs: [{job_name: a}]");
    expect(await refusal(loadAgentConfig(join(dir, "main.yml")))).toContain("more than one");
  });
  it("says which file it cannot read", async () => {
    expect(await refusal(loadAgentConfig(join(dir, "none.yml")))).toContain("none.yml: ENOENT");
  });
});

it("selfScrapeConfig scrapes the process itself", () => {
  const [scrape] = selfScrapeConfig("127.0.0.1:9009", 15_000).scrapeConfigs;
  expect(scrape).toMatchObject({
    jobName: "narthex",
    scrapeIntervalMs: 15_000,
    scrapeTimeoutMs: 10_000,
    staticGroups: [{ targets: ["127.0.0.1:9009"] }],
  });
});

/** What this version does not support, as refusals put it. */
const UNSUPPORTED = [
  /^\S+_sd_configs: service discovery "\w+" is not supported by this version$/,
  /^(alerting|rule_files|remote_read): is not allowed in agent mode$/,
  /^(storage|tracing|otlp|remote_write\.0\.oauth2): is not supported by this version$/,
  /^\S+convert_classic_histograms_to_nhcb: true is not supported by this version$/,
  /^\S+protobuf_message: io\.prometheus\.write\.v2\.Request is not supported by this version$/,
  // A receiver without a scheme is accepted by Prometheus and never reached.
  /^remote_write\.\d\.url: want an http or https URL, got "localhost:\d+"$/,
];

const folder = upstream("config");
describe.skipIf(folder === undefined)("Prometheus's configuration files", () => {
  const names = folder === undefined ? [] : readdirSync(folder);
  it("bad ones are refused with a reason", async () => {
    const accepted: string[] = [];
    const bad = names.filter((file) => file.endsWith(".bad.yml"));
    for (const name of bad) {
      const reason = await refusal(loadAgentConfig(`${folder}/${name}`));
      if (reason.length < 10) accepted.push(name);
    }
    expect(bad.length).toBeGreaterThan(100);
    expect(accepted).toEqual([]);
  });
  it("good ones are accepted but for what is not supported", async () => {
    const good = names.filter((file) => file.endsWith(".good.yml"));
    let accepted = 0;
    const others: string[] = [];
    for (const name of good) {
      const reason = await refusal(loadAgentConfig(`${folder}/${name}`));
      if (reason === "") accepted++;
      const problems = reason.split("\n").slice(1);
      for (const problem of problems) {
        const known = UNSUPPORTED.some((pattern) => pattern.test(problem.trim()));
        if (!known) others.push(`${name}: ${problem}`);
      }
    }
    expect(others).toEqual([]);
    expect(accepted).toBeGreaterThan(20);
  });
});
