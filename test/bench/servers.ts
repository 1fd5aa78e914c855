import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { peer } from "../peers/peers.ts";
import { startNarthex } from "../support/narthex.ts";
import { answers, freePorts, RunningProcess, until } from "../support/process.ts";

/** A server under measurement. */
export interface BenchServer {
  readonly name: string;
  readonly process: RunningProcess;
  readonly pushUrl: string;
  /** Base of the Prometheus API, without `/api/v1`. */
  readonly queryUrl: string;
}

type Flags = Readonly<Record<string, string>>;
type Start = (dir: string, flags: Flags) => Promise<BenchServer>;

async function narthex(dir: string, flags: Flags): Promise<BenchServer> {
  const [port] = (await freePorts(1)) as [number];
  const process = startNarthex({ dir, port, flags: { "agent.enabled": "false", ...flags } });
  const base = `http://127.0.0.1:${port}`;
  await until("narthex is ready", () => answers(`${base}/ready`), { process });
  return {
    name: "narthex",
    process,
    pushUrl: `${base}/api/v1/push`,
    queryUrl: `${base}/prometheus`,
  };
}

async function prometheus(dir: string): Promise<BenchServer> {
  const [port] = (await freePorts(1)) as [number];
  const config = join(dir, "prometheus.yml");
  const { writeFile } = await import("node:fs/promises");
  await writeFile(config, "global: {scrape_interval: 1h}\n");
  const process = new RunningProcess({
    name: "prometheus",
    command: peer("prometheus") ?? "prometheus",
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--web.enable-admin-api",
    ],
    log: join(dir, "prometheus.log"),
  });
  const base = `http://127.0.0.1:${port}`;
  await until("prometheus is ready", () => answers(`${base}/-/ready`), { process });
  return { name: "prometheus", process, pushUrl: `${base}/api/v1/write`, queryUrl: base };
}

async function victoriaMetrics(dir: string): Promise<BenchServer> {
  const [port] = (await freePorts(1)) as [number];
  const process = new RunningProcess({
    name: "victoria-metrics",
    command: peer("victoria-metrics") ?? "victoria-metrics",
    args: [`-storageDataPath=${join(dir, "vm")}`, `-httpListenAddr=127.0.0.1:${port}`],
    log: join(dir, "victoria-metrics.log"),
  });
  const base = `http://127.0.0.1:${port}`;
  await until("victoria-metrics is ready", () => answers(`${base}/health`), { process });
  return { name: "victoria-metrics", process, pushUrl: `${base}/api/v1/write`, queryUrl: base };
}

const STARTERS: Readonly<Record<string, Start>> = {
  narthex,
  prometheus,
  "victoria-metrics": victoriaMetrics,
};

/** Those of `names` that are on this machine; narthex always is. */
export function available(names: readonly string[]): string[] {
  return names.filter((name) => name === "narthex" || peer(name) !== undefined);
}

/** Starts a server with its data below `dir`; flags are for narthex. */
export async function startServer(
  name: string,
  dir: string,
  flags: Flags = {},
): Promise<BenchServer> {
  await mkdir(dir, { recursive: true });
  const start = STARTERS[name];
  if (start === undefined) throw new Error(`no bench server ${name}`);
  return start(dir, flags);
}

/** CPU seconds that `work` cost the server. */
export async function cpuOf(server: BenchServer, work: () => Promise<void>): Promise<number> {
  const before = server.process.cpuSeconds();
  await work();
  // What the server does right after its answer belongs to the work.
  await delay(200);
  return server.process.cpuSeconds() - before;
}
