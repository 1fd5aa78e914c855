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

/** Prometheus's scripts that need neither native histograms nor start timestamps pass whole. */
const COMPLETE = [
  "at_modifier",
  "collision",
  "duration_expression",
  "fill-modifier",
  "literals",
  "name_label_dropping",
  "selectors",
  "staleness",
  "trig_functions",
  "type_and_unit",
];

/** Of the others at least this many evaluations pass; raise it when more do. */
const PARTLY: Readonly<Record<string, number>> = {
  aggregators: 125,
  extended_vectors: 123,
  functions: 380,
  histograms: 93,
  info: 52,
  limit: 15,
  operators: 145,
  range_queries: 17,
  subquery: 32,
};

const missing = scriptsIn(UPSTREAM).length === 0;

describe(`Prometheus's scripts (upstream: ${missing ? "missing" : "found"})`, () => {
  test.skipIf(missing).each(COMPLETE)("%s.test passes", async (name) => {
    const text = readFileSync(join(UPSTREAM, `${name}.test`), "utf8");
    expect((await runScript(text)).failures).toEqual([]);
  });

  test.skipIf(missing).each(Object.entries(PARTLY))("%s.test passes %i", async (name, count) => {
    const text = readFileSync(join(UPSTREAM, `${name}.test`), "utf8");
    expect((await runScript(text)).passed).toBeGreaterThanOrEqual(count);
  });
});
