import { expect, test } from "vitest";
import { CONFIG_KEYS, configJsonSchema, loadConfig, redacted } from "./mod.ts";

test("defaults stand without any source", () => {
  const config = loadConfig({});
  expect(config.http.listen).toBe("127.0.0.1:9009");
  expect(config.ingester.block_duration).toBe(7_200_000);
  expect(config.limits.max_label_names_per_series).toBe(30);
  expect(config.target).toEqual(["all"]);
});

test("flags win over the environment, which wins over the file", () => {
  const file = { path: "x.yaml", text: "ingester: {block_duration: 1h}\nlog: {level: warn}\n" };
  const env = { NARTHEX_INGESTER_BLOCK_DURATION: "30m", NARTHEX_LOG_LEVEL: "error" };
  const config = loadConfig({ file, env, flags: { "ingester.block-duration": "10m" } });
  expect(config.ingester.block_duration).toBe(600_000);
  expect(config.log.level).toBe("error");
});

test("every problem is named with its path, what was expected and the nearest key", () => {
  const f = (text: string, want: RegExp): void => {
    expect(() => loadConfig({ file: { path: "x.yaml", text } })).toThrow(want);
  };
  f("ingestr: {}", /ingestr: unknown key, did you mean ingester\?/);
  f(
    "ingester: {block_duratoin: 2h}",
    /ingester\.block_duratoin: unknown key, did you mean block_duration\?/,
  );
  f(
    "ingester: {block_duration: soon}",
    /ingester\.block_duration: want a duration such as 5m, got "soon"/,
  );
  f("http: 7", /http: .*expected object/);
  f("ring: {replication_factor: many}", /ring\.replication_factor: .*expected number/);
  f("log: {level: loud}", /log\.level: /);
  f(
    "overrides: {team: {ingestion_rte: 5}}",
    /overrides\.team\.ingestion_rte: unknown key, did you mean ingestion_rate\?/,
  );
  f("a: [", /read x\.yaml:/);
  expect(() => loadConfig({ flags: { "ingester.block-durations": "2h" } })).toThrow(
    /--ingester\.block-durations: unknown flag, did you mean --ingester\.block-duration\?/,
  );
});

test("overrides hold only what they name", () => {
  const text = "overrides: {team: {ingestion_rate: 5, out_of_order_time_window: 1h}}";
  expect(loadConfig({ file: { path: "x", text } }).overrides).toEqual({
    team: { ingestion_rate: 5, out_of_order_time_window: 3_600_000 },
  });
});

test("secrets are not shown", () => {
  const config = loadConfig({ flags: { "bucket.s3.secret-access-key": "hush" } });
  expect(config.bucket.s3.secret_access_key).toBe("hush");
  expect(JSON.stringify(redacted(config))).not.toMatch(/hush/);
});

test("each key has one flag and one environment variable", () => {
  expect(new Set(CONFIG_KEYS.map((key) => key.flag)).size).toBe(CONFIG_KEYS.length);
  expect(new Set(CONFIG_KEYS.map((key) => key.env)).size).toBe(CONFIG_KEYS.length);
  expect(JSON.stringify(configJsonSchema())).toMatch(/block_duration/);
});
