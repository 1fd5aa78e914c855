import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** Where a peer may be besides PATH. */
const MORE_FOLDERS = ["/usr/bin", "/usr/sbin", "/usr/local/bin"];

/** True where a missing peer is a failure and not a skip, as in CI. */
export function peersRequired(): boolean {
  return process.env["NARTHEX_REQUIRE_PEERS"] === "1";
}

/**
 * The path of program `name` if it is on this machine, else undefined; throws instead where
 * `NARTHEX_REQUIRE_PEERS=1`. `npm run peers` installs what tests look for.
 */
export function peer(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...MORE_FOLDERS];
  for (const folder of folders) {
    const path = join(folder || ".", name);
    if (isExecutable(path)) return path;
  }
  if (peersRequired()) throw new Error(`peer ${name} is missing; npm run peers installs it`);
  return undefined;
}

/**
 * The path of `part` in the folder of Prometheus's own test data, if it is there; throws instead
 * where peers are required and the folder was named by `NARTHEX_UPSTREAM_DIR`.
 */
export function upstream(part: string): string | undefined {
  const named = process.env["NARTHEX_UPSTREAM_DIR"];
  const path = resolve(named ?? resolve(import.meta.dirname, "../../../shared/upstream"), part);
  if (existsSync(path)) return path;
  if (named !== undefined && peersRequired()) throw new Error(`${path} is missing`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
