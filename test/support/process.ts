import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What to run. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** File that gets what the process prints. */
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A program that a test started, and ends by its pid. */
export class RunningProcess {
  readonly spec: ProcessSpec;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(spec: ProcessSpec) {
    this.spec = spec;
    const log = openSync(spec.log, "a");
    this.#child = spawn(spec.command, [...spec.args], {
      stdio: ["ignore", log, log],
      env: { ...process.env, ...spec.env },
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    });
    closeSync(log);
    this.#exited = once(this.#child, "exit");
    this.#exited.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal and waits for the end; SIGKILL after `graceMs`. Resolves with the exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM", graceMs = 15_000): Promise<number | null> {
    if (this.running) {
      this.#child.kill(signal);
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
      await this.#exited.finally(() => clearTimeout(timer));
    }
    return this.#child.exitCode;
  }

  /** CPU time used so far, user and system, in seconds. Linux. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Resident memory in bytes. Linux. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "latin1");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  }

  /** The most resident memory since the last call of `resetPeak`, in bytes. Linux. */
  peakBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "latin1");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  }

  /** Makes `peakBytes` begin at what is resident now. */
  resetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, "5");
  }

  /** The last lines it printed, for messages. */
  tail(lines = 20): string {
    return readFileSync(this.spec.log, "utf8").split("\n").slice(-lines).join("\n");
  }
}

/** Free ports of 127.0.0.1; all held until all are found, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Polls `check` until it holds. Throws with `what`, and what the process printed, if it does not. */
export async function until(
  what: string,
  check: () => Promise<boolean> | boolean,
  options: { timeoutMs?: number; everyMs?: number; process?: RunningProcess } = {},
): Promise<void> {
  const end = Date.now() + (options.timeoutMs ?? 60_000);
  let last: unknown;
  for (;;) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
    }
    const owner = options.process;
    if (owner && !owner.running)
      throw new Error(`${what}: ${owner.spec.name} ended\n${owner.tail()}`);
    if (Date.now() > end) {
      throw new Error(
        `${what}: timed out${last ? ` (${String(last)})` : ""}\n${owner?.tail() ?? ""}`,
      );
    }
    await delay(options.everyMs ?? 100);
  }
}

/** True if a GET of `url` answers 200. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  await response.arrayBuffer();
  return response.ok;
}
