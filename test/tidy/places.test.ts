import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { placeViolations, readProject } from "./places.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("no file names a folder of one machine or the host of a registry", () => {
  expect(placeViolations(readProject(root))).toEqual([]);
});

test("readProject reads what is committed, without what is ignored", () => {
  const paths = readProject(root).map(({ path }) => path);
  expect(paths).toContain("package.json");
  expect(paths).toContain("test/tidy/places.test.ts");
  expect(paths.filter((path) => path.startsWith("node_modules/"))).toEqual([]);
});

test("a planted place is found", () => {
  const f = (text: string, want: readonly RegExp[]): void => {
    const problems = placeViolations([{ path: "docs/x.md", text }]);
    expect(problems).toHaveLength(want.length);
    for (const [i, pattern] of want.entries()) expect(problems[i]).toMatch(pattern);
  };
  const folder = (name: string): string => ["", name, "x"].join("/");
  const host = (...parts: string[]): string => parts.join(".");
  f(`one\ncd ${folder("work")}`, [/^docs\/x\.md:2: .* is on one machine/]);
  f(`"${folder("root")}"`, [/on one machine/]);
  f(`(${folder("Users")})`, [/on one machine/]);
  f(`see https://${host("registry", "npmjs", "org")}/a`, [/registry's host/]);
  f(`index-url = ${host("pypi", "org")}`, [/registry's host/]);
  f(`https://${host("registry", "example", "internal")}/npm`, [/registry's host/]);
  f(`https://${host("npm", "artifactory", "example", "com")}`, [/registry's host/]);
  f("a relative ../work/x, data/work/x and registry.metrics()", []);
  f("the registry of metrics, //registry", []);
});
