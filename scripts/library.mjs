// The bundles of the libraries.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

/** Bundles `pkg/promql/library.ts` with all that it needs; `options` are esbuild's. */
export function buildLibrary(options) {
  return build({
    entryPoints: ["pkg/promql/library.ts"],
    bundle: true,
    // Neither Node's modules nor a browser's: what needs one of them does not belong in here.
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    target: "es2023",
    format: "esm",
    sourcemap: true,
    logLevel: "warning",
    ...options,
  });
}

/**
 * Bundles the libraries for Node into the folder `outdir`: `promql.js`, `tsdb.js`, and what they
 * share, so that an error or a histogram of one is one of the other. Dependencies stay outside.
 */
export async function buildNodeLibraries({ absWorkingDir, outdir }) {
  const manifest = await readFile(join(absWorkingDir, "package.json"), "utf8");
  return build({
    absWorkingDir,
    outdir,
    entryPoints: { promql: "pkg/promql/library.ts", tsdb: "pkg/tsdb-library/mod.ts" },
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: true,
    logLevel: "warning",
    external: Object.keys(JSON.parse(manifest).dependencies),
  });
}
