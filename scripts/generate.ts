// Writes what is derived from sources: pkg/rpc/gen from proto/, docs/config.md and
// docs/config.schema.json from the schema of the configuration. With --check it writes to a
// temporary folder and fails if what is committed differs from that.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configJsonSchema, configReference } from "#pkg/config/mod.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const RPC_FOLDER = "pkg/rpc/gen";

/** Writes everything below `folder`, at the paths that it has in the project. */
function generate(folder: string): void {
  mkdirSync(join(folder, "docs"), { recursive: true });
  generateRpc(join(folder, RPC_FOLDER));
  writeFileSync(join(folder, "docs/config.md"), configReference());
  const schema = JSON.stringify(configJsonSchema(), undefined, 2);
  writeFileSync(join(folder, "docs/config.schema.json"), `${schema}\n`);
}

function generateRpc(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const sources = readdirSync(join(root, "proto/narthex"))
    .filter((name) => name.endsWith(".proto"))
    .sort()
    .map((name) => `proto/narthex/${name}`);
  const pbjs = createRequire(import.meta.url).resolve("protobufjs-cli/bin/pbjs");
  const options = [
    ...["--target", "static-module", "--wrap", "esm", "--es6"],
    ...["--root", "narthex", "--dependency", "protobufjs/minimal.js", "--path", "proto"],
    ...["--force-number", "--no-verify", "--no-convert", "--no-delimited", "--no-typeurl"],
    ...["--no-service", "--dts", "--out", join(folder, "narthex.js")],
  ];
  execFileSync(process.execPath, [pbjs, ...options, ...sources], { cwd: root, stdio: "inherit" });
}

/** What is generated, as paths from the project's root. */
function outputs(folder: string): string[] {
  const rpc = join(folder, RPC_FOLDER);
  const names = existsSync(rpc) ? readdirSync(rpc) : [];
  return [
    ...names.map((name) => `${RPC_FOLDER}/${name}`),
    "docs/config.md",
    "docs/config.schema.json",
  ];
}

function stale(fresh: string): string[] {
  const read = (path: string): string | undefined =>
    existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const paths = new Set([...outputs(fresh), ...outputs(root)]);
  return [...paths].filter((path) => read(join(fresh, path)) !== read(join(root, path))).sort();
}

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(join(tmpdir(), "narthex-generate-"));
  try {
    generate(folder);
    const paths = stale(folder);
    if (paths.length > 0) {
      console.error(`stale: ${paths.join(", ")}; npm run generate writes them anew`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  generate(root);
}
