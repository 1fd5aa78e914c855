import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { runScript } from "./runner.ts";

/** The scripts that a path stands for: itself, or all `.test` files below it. */
function scriptsOf(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => {
      const inner = join(path, name);
      if (statSync(inner).isDirectory()) return scriptsOf(inner);
      return name.endsWith(".test") ? [inner] : [];
    });
}

async function main(paths: readonly string[]): Promise<number> {
  if (paths.length === 0) {
    console.error("usage: npm run promqltest -- DIR…");
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const file of paths.flatMap(scriptsOf)) {
    const result = await runScript(readFileSync(file, "utf8"));
    passed += result.passed;
    failed += result.failures.length;
    for (const { line, query, reason } of result.failures) {
      console.log(`${file}:${line}: ${query}: ${reason}`);
    }
    console.log(`${file}: ${result.passed} passed, ${result.failures.length} failed`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
