import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { layerViolations, readSources } from "./layers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("imports point down the layers", () => {
  expect(layerViolations(readSources(root))).toEqual([]);
});

test("a planted bad import is found", () => {
  const f = (path: string, text: string, want: RegExp): void => {
    expect(layerViolations([{ path, text }]).join("\n")).toMatch(want);
  };
  f("pkg/labels/x.ts", 'import { a } from "#pkg/storage/mod.ts";', /labels \(layer 1\) imports/);
  f("pkg/labels/x.ts", 'import {\n  a,\n} from "#pkg/app/mod.ts";', /imports app/);
  f("pkg/errs/x.ts", 'export { a } from "#pkg/labels/mod.ts";', /errs \(layer 0\) imports labels/);
  f("pkg/errs/x.ts", 'const a = await import("#pkg/api/mod.ts");', /errs \(layer 0\) imports api/);
  f("pkg/querier/x.ts", 'import { a } from "#pkg/ingester/mod.ts";', /part querier imports part/);
  f("pkg/promql/x.ts", 'import { a } from "#pkg/tsdb/mod.ts";', /do not know each other/);
  f("pkg/api/x.ts", 'import { a } from "#pkg/labels/compare.ts";', /goes past the door/);
  f("pkg/api/x.ts", 'import { a } from "../labels/mod.ts";', /another package is #pkg/);
  f("pkg/api/x.ts", 'import { Client } from "minio";', /only objstore may import minio/);
  f("pkg/novel/x.ts", "export const a = 1;", /in no layer/);
});
