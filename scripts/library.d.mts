import type { BuildOptions, BuildResult } from "esbuild";

/** Bundles `pkg/promql/library.ts` with all that it needs; `options` are esbuild's. */
export function buildLibrary(options: BuildOptions): Promise<BuildResult>;

/** Bundles the libraries for Node into the folder `outdir`. */
export function buildNodeLibraries(options: {
  absWorkingDir: string;
  outdir: string;
}): Promise<BuildResult>;
