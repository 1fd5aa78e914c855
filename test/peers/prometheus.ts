import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peer } from "./peers.ts";

/** A real Prometheus for a test. */
export interface PrometheusServer {
  /** Base URL of its HTTP API. */
  readonly url: string;
  /** Ends it and deletes what it wrote, the data folder that was given aside. */
  stop(): Promise<void>;
}

/**
 * Starts Prometheus on a free port of 127.0.0.1, over the data folder `dataDir` (one of its own
 * where absent), with `config` as its configuration file and further `flags`. Resolves when it is ready.
 */
export async function startPrometheus(
  options: {
    readonly dataDir?: string;
    readonly config?: string;
    readonly flags?: readonly string[];
  } = {},
): Promise<PrometheusServer> {
  const program = peer("prometheus");
  if (!program) throw new Error("peer prometheus is missing");
  const dir = await mkdtemp(join(tmpdir(), "narthex-prometheus-"));
  const configFile = join(dir, "prometheus.yml");
  await writeFile(configFile, options.config ?? "global: {}\n");
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${options.dataDir ?? join(dir, "data")}`,
      "--storage.tsdb.retention.time=100y",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
      ...(options.flags ?? []),
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  child.stderr.on("data", (part) => {
    log += part;
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await ready(url, child);
  } catch (error) {
    await stop();
    throw new Error(`prometheus did not become ready: ${log}`, { cause: error });
  }
  return { url, stop };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it was not ready in 30 s");
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await exited;
  clearTimeout(timer);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
