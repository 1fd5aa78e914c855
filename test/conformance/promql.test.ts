import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { runScript } from "../promqltest/runner.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const OWN = join(ROOT, "test/promqltest/scripts");
const UPSTREAM = join(
  process.env["NARTHEX_UPSTREAM_DIR"] ?? resolve(ROOT, "../shared/upstream"),
  "promqltest",
);

function scriptsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".test"));
}

test.each(scriptsIn(OWN))("script %s", async (name) => {
  const { failures, passed } = await runScript(readFileSync(join(OWN, name), "utf8"));
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(0);
});

/** Prometheus's scripts, all of which pass whole. */
const COMPLETE = [
  "aggregators",
  "at_modifier",
  "collision",
  "duration_expression",
  "extended_vectors",
  "fill-modifier",
  "functions",
  "histograms",
  "info",
  "limit",
  "literals",
  "name_label_dropping",
  "native_histograms",
  "operators",
  "range_queries",
  "selectors",
  "staleness",
  "start_timestamps",
  "subquery",
  "trig_functions",
  "type_and_unit",
];

const missing = scriptsIn(UPSTREAM).length === 0;

describe(`Prometheus's scripts (upstream: ${missing ? "missing" : "found"})`, () => {
  test.skipIf(missing).each(COMPLETE)("%s.test passes", async (name) => {
    const text = readFileSync(join(UPSTREAM, `${name}.test`), "utf8");
    const { failures, passed } = await runScript(text);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });

  test.skipIf(missing)("none is left out", () => {
    expect(scriptsIn(UPSTREAM).sort()).toEqual(COMPLETE.map((name) => `${name}.test`).sort());
  });
});
