// Generates pkg/rpc/gen from proto/. With --check it writes elsewhere and fails if the committed
// code differs from what the definitions give.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const committed = join(root, "pkg/rpc/gen");

function generate(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const sources = readdirSync(join(root, "proto/narthex"))
    .filter((name) => name.endsWith(".proto"))
    .sort()
    .map((name) => `proto/narthex/${name}`);
  const pbjs = createRequire(import.meta.url).resolve("protobufjs-cli/bin/pbjs");
  const options = [
    ...["--target", "static-module", "--wrap", "esm", "--es6"],
    ...[
      "--root",
      "narthex",
      "--dependency",
      "protobufjs/minimal.js",
      "--path",
      "proto",
      "--force-number",
    ],
    ...["--no-verify", "--no-convert", "--no-delimited", "--no-typeurl", "--no-service"],
    ...["--dts", "--out", join(folder, "narthex.js")],
  ];
  execFileSync(process.execPath, [pbjs, ...options, ...sources], { cwd: root, stdio: "inherit" });
}

function differences(a: string, b: string): string[] {
  const names = new Set([...readdirSync(a), ...readdirSync(b)]);
  const read = (folder: string, name: string): string | undefined =>
    readdirSync(folder).includes(name) ? readFileSync(join(folder, name), "utf8") : undefined;
  return [...names].filter((name) => read(a, name) !== read(b, name)).sort();
}

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(join(tmpdir(), "narthex-generate-"));
  try {
    generate(folder);
    const stale = differences(folder, committed);
    if (stale.length > 0) {
      console.error(`pkg/rpc/gen is stale (${stale.join(", ")}): run npm run generate`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  generate(committed);
}
