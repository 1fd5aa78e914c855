// The bundle of PromQL that Node and browsers load.
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
