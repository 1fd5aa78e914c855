import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildLibrary } from "../../scripts/library.mjs";
import { temporaryFolder } from "../support/temp.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/promql-library.md"), "utf8");
const EXAMPLES = [...PAGE.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, code, output], i) => [i + 1, code!, output!] as const,
);

let folder: Awaited<ReturnType<typeof temporaryFolder>> | undefined;

beforeAll(async () => {
  folder = await temporaryFolder("library");
  await buildLibrary({ absWorkingDir: ROOT, outfile: join(folder.dir, "promql.mjs") });
});

afterAll(async () => {
  await folder?.remove();
});

test("docs/promql-library.md has examples", () => {
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(3);
});

test.each(EXAMPLES)("example %i prints what the page says", (_, code, output) => {
  const file = join(folder!.dir, "example.mjs");
  writeFileSync(file, code.replaceAll('"narthex/promql"', '"./promql.mjs"'));
  expect(execFileSync(process.execPath, [file], { encoding: "utf8" })).toBe(output);
});
