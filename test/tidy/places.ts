import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "./layers.ts";

/** Larger files are data, and binary files have no lines to speak of. */
const BYTES_MAX = 4 * 1024 * 1024;

/** Every text file that git has, as it stands in the work tree. */
export function readProject(root: string): SourceFile[] {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  const paths = execFileSync("git", ["ls-files", "-z"], options).split("\0").filter(Boolean);
  return [...new Set(paths)].flatMap((path) => {
    const full = join(root, path);
    if (!existsSync(full)) return [];
    const bytes = readFileSync(full);
    if (bytes.length > BYTES_MAX || bytes.subarray(0, 8000).includes(0)) return [];
    return [{ path, text: bytes.toString("utf8") }];
  });
}

/** Put together here, so that this file does not break its own rule. */
const FOLDERS = ["work", "root", "Users"].map((name) => `/${name}/`);
const HOSTS: readonly string[] = [
  ["registry", "npmjs", "org"],
  ["registry", "yarnpkg", "com"],
  ["registry", "npmmirror", "com"],
  ["npm", "pkg", "github", "com"],
  ["pypi", "org"],
  ["files", "pythonhosted", "org"],
  ["crates", "io"],
  ["proxy", "golang", "org"],
  ["repo", "maven", "apache", "org"],
  ["repo1", "maven", "org"],
  ["deb", "debian", "org"],
].map((parts) => parts.join("."));

const escaped = (words: readonly string[]): string =>
  words.map((word) => word.replace(/[.\\/]/g, "\\$&")).join("|");
/** A folder at the start of an absolute path: not one in the middle of a path. */
const FOLDER = new RegExp(`(?<![\\w.)}\\]*-])(?:${escaped(FOLDERS)})`);
const HOST = new RegExp(`(?<![\\w-])(?:${escaped(HOSTS)})(?![\\w-])`);
/** A registry by any other name, in an address. */
const ANY_REGISTRY = /\/\/(?:[\w-]+\.)*(?:registry|artifactory|nexus)[\w-]*\./;

/** Paths of one machine and hosts of package registries, one sentence each. */
export function placeViolations(files: readonly SourceFile[]): string[] {
  const problems: string[] = [];
  for (const { path, text } of files) {
    for (const [i, line] of text.split("\n").entries()) {
      const at = `${path}:${i + 1}`;
      const folder = FOLDER.exec(line);
      if (folder) {
        problems.push(`${at}: ${folder[0]} is on one machine; use a relative or temporary path`);
      }
      const host = HOST.exec(line) ?? ANY_REGISTRY.exec(line);
      if (host) {
        problems.push(`${at}: ${host[0]} is a registry's host; leave the choice to each machine`);
      }
    }
  }
  return problems;
}
