import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { banViolations } from "./bans.ts";
import { readSources } from "./layers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("what has one home stays there", () => {
  expect(banViolations(readSources(root))).toEqual([]);
});

test("a planted violation is found, with its place and what to use instead", () => {
  const f = (path: string, text: string, want: RegExp): void => {
    expect(banViolations([{ path, text }]).join("\n")).toMatch(want);
  };
  f(
    "pkg/ring/x.ts",
    "const a = 1;\nconst t = Date.now();",
    /^pkg\/ring\/x\.ts:2: Date\.now: .*Clock/,
  );
  f("pkg/ring/x.ts", "const t = new Date();", /new Date\(\): .*Clock/);
  f("pkg/ring/x.ts", "setInterval(beat, 5);", /setInterval: .*sleep/);
  f("pkg/ring/x.ts", "const r = Math.random();", /Math\.random: .*#pkg\/prng/);
  f("cmd/narthex/x.ts", "const r = Math.random();", /Math\.random: .*#pkg\/prng/);
  f("pkg/ring/x.ts", 'const e = process.env["HOME"];', /process\.env: .*schema\.ts/);
  f("pkg/ring/x.ts", "const p = new RegExp(text);", /RegExp\(: .*#pkg\/re2/);
  f("pkg/ring/x.ts", "const p = RegExp(text);", /RegExp\(: .*#pkg\/re2/);
  f("pkg/ring/x.ts", "await fs.writeFile(path, text);", /writeFile: .*atomicWrite/);
  f("pkg/ring/x.ts", "writeFileSync(path, text);", /writeFileSync: .*atomicWrite/);
  f("pkg/tsdb/head.ts", "await writeFile(path, text);", /writeFile: .*atomicWrite/);
});

test("homes, tests and comments are left alone", () => {
  const f = (path: string, text: string): void => {
    expect(banViolations([{ path, text }])).toEqual([]);
  };
  f("pkg/clock/x.ts", "const t = Date.now();");
  f("pkg/prng/x.ts", "const r = Math.random();");
  f("pkg/re2/x.ts", "const p = new RegExp(text);");
  f("pkg/wlog/x.ts", "await file.writeFile(bytes);");
  f("pkg/tsdb/checkpoint.ts", "await file.writeFile(bytes);");
  f("cmd/narthex/x.ts", "const e = process.env;");
  f("pkg/ring/x.test.ts", "const t = Date.now();");
  f(
    "pkg/ring/x.ts",
    "  // Date.now() would jump here.\n  /** Not Math.random. */\n   * new RegExp(x)",
  );
  f("pkg/ring/x.ts", "const t = new Date(ms).toISOString();");
});
