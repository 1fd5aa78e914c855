import { readFile } from "node:fs/promises";
import { FakeClock } from "#pkg/clock/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import type { Io } from "../../cmd/narthexctl/io.ts";
import { run } from "../../cmd/narthexctl/program.ts";
import { SILENT } from "../../cmd/narthexctl/progress.ts";

/** What the clock of the command says. */
export const CTL_TIME_MS = 1_700_000_000_000;

const random = seededRandom(1);

/** Runs a command line of `narthexctl` in this process; `io` changes what it sees of the world. */
export async function ctlWith(
  io: Partial<Io>,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await run(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readFile: (path) => readFile(path, "utf8"),
    stdin: [],
    fetch,
    clock: new FakeClock(CTL_TIME_MS),
    random,
    env: {},
    progress: SILENT,
    signal: new AbortController().signal,
    ...io,
  });
  return { code, out, err };
}

/** As `ctlWith`, in a plain world. */
export function ctl(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return ctlWith({}, ...args);
}
