import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { VERSION } from "#pkg/version/mod.ts";
import { type Lock, lockViolations, type Manifest, manifestViolations } from "./package.ts";

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8"));
}

test("package.json and the program have one version, dependencies are exact", () => {
  expect(manifestViolations(readJson("package.json") as Manifest, VERSION)).toEqual([]);
});

test("package-lock.json installs from any registry", () => {
  expect(lockViolations(readJson("package-lock.json") as Lock, VERSION)).toEqual([]);
});

test("a planted bad manifest is found", () => {
  const f = (manifest: Manifest, want: RegExp): void => {
    expect(manifestViolations(manifest, "1.2.3").join("\n")).toMatch(want);
  };
  f({ version: "1.2.4" }, /version 1\.2\.4, want 1\.2\.3/);
  for (const loose of ["^1.0.0", "~1.0.0", "1.x", "*", "latest", ">=1.0.0", "1.0"]) {
    f({ version: "1.2.3", dependencies: { a: loose } }, /dependencies\.a: .* is not exact/);
    f({ version: "1.2.3", devDependencies: { a: loose } }, /devDependencies\.a: .* is not exact/);
  }
  const exact = { version: "1.2.3", dependencies: { a: "1.0.0", b: "2.0.0-rc.1" } };
  expect(manifestViolations(exact, "1.2.3")).toEqual([]);
});

test("a planted bad lock is found", () => {
  const f = (lock: Lock, want: RegExp): void => {
    expect(lockViolations(lock, "1.2.3").join("\n")).toMatch(want);
  };
  const sound = { version: "1.2.3", packages: { "": { version: "1.2.3" } } };
  expect(lockViolations(sound, "1.2.3")).toEqual([]);
  f({ ...sound, version: "1.0.0" }, /version 1\.0\.0, want 1\.2\.3/);
  f({ ...sound, packages: { "": { version: "1.0.0" } } }, /packages\[""\]: version 1\.0\.0/);
  f(
    { ...sound, packages: { a: { version: "1.0.0", resolved: "https://host/a.tgz" } } },
    /a: resolved https:\/\/host\/a\.tgz/,
  );
  const optional = { version: "1.0.0", optionalDependencies: { "a-linux": "1.0.0" } };
  f({ ...sound, packages: { "node_modules/a": optional } }, /optional a-linux has no entry/);
  const found = { ...sound.packages, "node_modules/a": optional, "node_modules/a-linux": {} };
  expect(lockViolations({ ...sound, packages: found }, "1.2.3")).toEqual([]);
});
