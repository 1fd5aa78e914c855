import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ERROR_CODES } from "#pkg/errs/mod.ts";
import { errorTable, reasonTable } from "./errors.ts";
import { readSources } from "./layers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(`${root}/docs/errors.md`, "utf8");

test("docs/errors.md has every error code as it is, and no other", () => {
  expect(errorTable(page)).toEqual(ERROR_CODES);
});

test("docs/errors.md has every reason for refusing samples, and no other", () => {
  const reasons = readSources(root)
    .filter(({ path }) => !path.endsWith(".test.ts"))
    .filter(({ path }) => /^pkg\/(?:limits|tsdb|ingester|distributor)\//.test(path))
    .flatMap(({ text }) => [
      ...text.matchAll(/\breason: "([a-z0-9_]+)"|\breject\(\s*"([a-z0-9_]+)"/g),
      ...text.matchAll(/\breason:[^,]*\? "([a-z0-9_]+)" : "([a-z0-9_]+)"/g),
    ])
    .flatMap((match) => [match[1], match[2]])
    .filter((reason) => reason !== undefined);
  expect(reasonTable(page)).toEqual([...new Set(reasons)].sort());
});

test("a table that differs is told apart", () => {
  const head =
    "| code | HTTP | gRPC | errorType | retry | when |\n| --- | --- | --- | --- | --- | --- |\n";
  const row = "| `timeout` | 503 | 4 | `timeout` | yes | late |\n";
  expect(errorTable(head + row)).toEqual({ timeout: ERROR_CODES.timeout });
  expect(errorTable(head + row.replace("503", "504"))).not.toEqual({
    timeout: ERROR_CODES.timeout,
  });
  expect(errorTable(`${head + row}\n| \`late\` | x |\n`)).toEqual({ timeout: ERROR_CODES.timeout });
  expect(reasonTable("| `a` | x |\n\n## Refused samples\n\n| `b` | y | |\n")).toEqual(["b"]);
});
