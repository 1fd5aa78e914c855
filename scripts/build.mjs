// Bundles each program under cmd/ into one ES module under dist/. Dependencies stay outside the
// bundle: they are installed beside it, and native addons could not be bundled anyway. The library
// of PromQL holds all that it needs, so that a browser can load it as it is; in Node it shares its parts
// with that of blocks. Their types are beside them.
import { chmod, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildLibrary, buildNodeLibraries } from "./library.mjs";
import { writeTypes } from "./types.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const programs = ["narthex", "narthex-agent", "narthexctl"];

await rm(`${root}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    ...Object.fromEntries(programs.map((name) => [name, `cmd/${name}/main.ts`])),
    "query-worker": "cmd/narthex/query-worker.ts",
    "compaction-worker": "cmd/narthex/compaction-worker.ts",
  },
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  sourcemap: true,
  logLevel: "warning",
  banner: { js: "#!/usr/bin/env node" },
  external: Object.keys(
    (await import(`${root}/package.json`, { with: { type: "json" } })).default.dependencies,
  ),
});
await buildLibrary({ absWorkingDir: root, outfile: "dist/promql.js" });
await buildNodeLibraries({ absWorkingDir: root, outdir: "dist/node" });
await writeTypes(root);
for (const name of programs) await chmod(`${root}/dist/${name}.js`, 0o755);
