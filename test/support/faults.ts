import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RunningProcess } from "./process.ts";

const run = promisify(execFile);
const EIO = 5;

/** Calls that can be made to fail, as libfiu names them. */
export type FaultPoint =
  | "posix/io/rw/pwrite"
  | "posix/io/rw/pread"
  | "posix/io/sync/fdatasync"
  | "posix/io/sync/fsync"
  | "posix/io/sync/*";

/** Makes system calls of a process that was started by `command` fail with EIO. */
export class Faults {
  readonly #run: string;
  readonly #control: string;
  readonly #prefix: string;

  /** @param programs paths of fiu-run and fiu-ctrl. */
  constructor(dir: string, programs: { readonly run: string; readonly control: string }) {
    this.#prefix = join(dir, "fiu");
    this.#run = programs.run;
    this.#control = programs.control;
  }

  /** What a command line begins with, for its system calls to be under control. */
  get command(): readonly string[] {
    return [this.#run, "-x", "-f", this.#prefix];
  }

  /** From now on, `point` fails always, or with a probability. */
  async enable(process: RunningProcess, point: FaultPoint, probability = 1): Promise<void> {
    const params = `name=${point},failinfo=${EIO}`;
    const command =
      probability === 1 ? `enable ${params}` : `enable_random ${params},probability=${probability}`;
    await this.#send(process, command);
  }

  async disable(process: RunningProcess, point: FaultPoint): Promise<void> {
    await this.#send(process, `disable name=${point}`);
  }

  async #send({ pid }: RunningProcess, command: string): Promise<void> {
    const { stdout, stderr } = await run(this.#control, [
      "-f",
      this.#prefix,
      "-c",
      command,
      `${pid}`,
    ]);
    if (stdout + stderr !== "") throw new Error(`${command}: ${stdout}${stderr}`);
  }
}
