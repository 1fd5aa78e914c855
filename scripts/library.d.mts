import type { BuildOptions, BuildResult } from "esbuild";

/** Bundles `pkg/promql/library.ts` with all that it needs; `options` are esbuild's. */
export function buildLibrary(options: BuildOptions): Promise<BuildResult>;
