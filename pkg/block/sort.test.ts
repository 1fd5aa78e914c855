import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "#pkg/labels/mod.ts";
import { sortSymbols } from "./sort.ts";

test("sortSymbols equals sort(compareBytes), over many runs", async () => {
  const text = fc.string({ unit: "binary", maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 50 }), fc.nat(5000), async (some, more) => {
      const all = [...some];
      for (let i = 0; i < more; i++) all.push(`s${(i * 7919) % 3001}`);
      const want = [...all].sort(compareBytes);
      expect((await sortSymbols(all)).join("\n") === want.join("\n")).toBe(true);
    }),
    { numRuns: 20 },
  );
  expect(await sortSymbols([])).toEqual([]);
});
