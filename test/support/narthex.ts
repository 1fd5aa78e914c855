import { existsSync } from "node:fs";
import { join } from "node:path";
import { answers, RunningProcess, until } from "./process.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A built program of this project; `npm ci` and `npm run build` make it. */
export function program(name: "narthex" | "narthex-agent" | "narthexctl"): string {
  const path = join(ROOT, "dist", `${name}.js`);
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  return path;
}

/** How to start a Narthex process. */
export interface NarthexSpec {
  readonly name?: string;
  readonly dir: string;
  readonly port: number;
  readonly flags?: Readonly<Record<string, string>>;
  /** What the command line begins with: a program that starts another. */
  readonly through?: readonly string[];
}

/** Starts a server process; resolves at once, see `ready`. */
export function startNarthex(spec: NarthexSpec): RunningProcess {
  const name = spec.name ?? "narthex";
  const flags = {
    "data-dir": join(spec.dir, name),
    "http.listen": `127.0.0.1:${spec.port}`,
    ...spec.flags,
  };
  const [command, ...before] = [...(spec.through ?? []), process.execPath];
  return new RunningProcess({
    name,
    command: command!,
    args: [
      ...before,
      program("narthex"),
      ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    ],
    log: join(spec.dir, `${name}.log`),
  });
}

/** Waits for `/ready`. */
export function ready(running: RunningProcess, port: number, timeoutMs = 60_000): Promise<void> {
  return until(`${running.spec.name} is ready`, () => answers(`http://127.0.0.1:${port}/ready`), {
    process: running,
    timeoutMs,
  });
}
