// The types of the libraries, as declarations under dist/types.
import { execFileSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

const DOORS = ["promql/library.d.ts", "tsdb-library/mod.d.ts"];
const IMPORT = /(["'])(#pkg\/[^"']+|\.[^"']+)\.ts\1/g;

/** Writes the declarations that the doors of the libraries reach into the folder `out`. */
export async function writeTypes(root, out = join(root, "dist/types")) {
  execFileSync(process.execPath, [
    join(root, "node_modules/typescript/bin/tsc"),
    "--project",
    join(root, "tsconfig.library.json"),
    "--outDir",
    out,
  ]);
  const reached = new Set();
  const visit = async (file) => {
    if (reached.has(file)) return;
    reached.add(file);
    const found = [];
    const text = (await readFile(file, "utf8")).replace(IMPORT, (_, quote, path) => {
      const target = path.startsWith("#pkg/")
        ? join(out, path.slice("#pkg/".length))
        : join(dirname(file), path);
      found.push(`${target}.d.ts`);
      const from = relative(dirname(file), target);
      return `${quote}${from.startsWith(".") ? from : `./${from}`}.js${quote}`;
    });
    await writeFile(file, text);
    for (const path of found) await visit(path);
  };
  for (const door of DOORS) await visit(join(out, door));
  // What only their insides need is nobody's business, and would want the types of dependencies.
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !reached.has(file)) await rm(file);
  }
}
