import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readSources } from "./layers.ts";
import { sizeViolations } from "./sizes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("files hold one idea", () => {
  expect(sizeViolations(readSources(root))).toEqual([]);
});

test("a file over its limit is found", () => {
  const f = (path: string, lines: number, want: readonly RegExp[]): void => {
    const problems = sizeViolations([{ path, text: "x;\n".repeat(lines) }]);
    expect(problems).toHaveLength(want.length);
    for (const [i, pattern] of want.entries()) expect(problems[i]).toMatch(pattern);
  };
  f("pkg/ring/x.ts", 500, []);
  f("pkg/ring/x.ts", 501, [/^pkg\/ring\/x\.ts: 501 lines, want at most 500/]);
  f("pkg/ring/x.test.ts", 800, []);
  f("pkg/ring/x.test.ts", 801, [/801 lines, want at most 800/]);
});
