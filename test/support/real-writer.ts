import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { peer } from "../peers/peers.ts";
import { answers, freePorts, RunningProcess, until } from "./process.ts";

/** The programs that a real writer needs. */
export const WRITER_PEERS = ["prometheus", "prometheus-node-exporter"] as const;

/** Prometheus that scrapes node-exporter, itself and others every second and remote-writes. */
export class RealWriter {
  readonly url: string;
  readonly #prometheus: RunningProcess;
  readonly #nodeExporter: RunningProcess;

  private constructor(url: string, prometheus: RunningProcess, nodeExporter: RunningProcess) {
    this.url = url;
    this.#prometheus = prometheus;
    this.#nodeExporter = nodeExporter;
  }

  /** @param targets `host:port` of further things to scrape. */
  static async start(options: {
    dir: string;
    push: string;
    targets: readonly string[];
  }): Promise<RealWriter> {
    await mkdir(options.dir, { recursive: true });
    const [port, nodePort] = (await freePorts(2)) as [number, number];
    const nodeExporter = new RunningProcess({
      name: "node-exporter",
      command: peer("prometheus-node-exporter") ?? "prometheus-node-exporter",
      args: [`--web.listen-address=127.0.0.1:${nodePort}`],
      log: join(options.dir, "node-exporter.log"),
    });
    const job = (name: string, targets: readonly string[]): string =>
      `  - job_name: ${name}\n    static_configs: [{targets: [${targets.map((t) => `'${t}'`).join(", ")}]}]\n`;
    const config = join(options.dir, "prometheus.yml");
    await writeFile(
      config,
      `global: {scrape_interval: 1s}\nscrape_configs:\n${job("prometheus", [`127.0.0.1:${port}`])}${job("node", [`127.0.0.1:${nodePort}`])}${job("narthex", options.targets)}remote_write:\n  - url: ${options.push}\n`,
    );
    const prometheus = new RunningProcess({
      name: "prometheus",
      command: peer("prometheus") ?? "prometheus",
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(options.dir, "prometheus")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--storage.tsdb.min-block-duration=2h",
      ],
      log: join(options.dir, "prometheus.log"),
    });
    const url = `http://127.0.0.1:${port}`;
    await until("prometheus is ready", () => answers(`${url}/-/ready`), { process: prometheus });
    return new RealWriter(url, prometheus, nodeExporter);
  }

  /** Sums of the counters that must stay 0, and of what was sent. */
  async counters(): Promise<{ failed: number; dropped: number; sent: number }> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const sum = (name: string): number =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].reduce(
        (total, match) => total + Number(match[1]),
        0,
      );
    return {
      failed: sum("prometheus_remote_storage_samples_failed_total"),
      dropped: sum("prometheus_remote_storage_samples_dropped_total"),
      sent: sum("prometheus_remote_storage_samples_total"),
    };
  }

  /** Waits until everything scraped before `time` (s) has been sent. */
  async caughtUp(time: number, timeoutMs = 120_000): Promise<void> {
    await until(
      "remote write has caught up",
      async () => {
        const text = await (await fetch(`${this.url}/metrics`)).text();
        const match =
          /^prometheus_remote_storage_queue_highest_sent_timestamp_seconds\{.*\} (\S+)$/m.exec(
            text,
          );
        return Number(match?.[1] ?? 0) > time + 1;
      },
      { timeoutMs, everyMs: 500 },
    );
    // The stamp has whole seconds and one of several shards.
    await delay(2_000);
  }

  async stop(): Promise<void> {
    await this.#prometheus.stop("SIGTERM", 20_000);
    await this.#nodeExporter.stop();
  }

  /** The folder of Prometheus's own data; whole once it was stopped. */
  static dataDir(dir: string): string {
    return join(dir, "prometheus");
  }
}
