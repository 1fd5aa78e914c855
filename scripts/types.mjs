// The types of the library of PromQL, as declarations under dist/types.
import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** Writes the declarations of all that `pkg/promql/library.ts` reaches. */
export async function writeTypes(root) {
  const out = join(root, "dist/types");
  execFileSync(process.execPath, [
    join(root, "node_modules/typescript/bin/tsc"),
    "--project",
    join(root, "tsconfig.library.json"),
  ]);
  for (const entry of await readdir(out, { recursive: true })) {
    if (!entry.endsWith(".d.ts")) continue;
    const file = join(out, entry);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/(["'])(#pkg\/[^"']+|\.[^"']+)\.ts\1/g, rewrite(file, out)));
  }
}

/** Imports of sources become imports of the declarations beside them. */
function rewrite(file, out) {
  return (_, quote, path) => {
    if (!path.startsWith("#pkg/")) return `${quote}${path}.js${quote}`;
    const target = relative(dirname(file), join(out, path.slice("#pkg/".length)));
    return `${quote}${target.startsWith(".") ? target : `./${target}`}.js${quote}`;
  };
}
