import { execFile } from "node:child_process";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { peer } from "../peers/peers.ts";
import { api, compareEverything, compareQuery } from "../support/compare.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, RunningProcess, until } from "../support/process.ts";
import { RealWriter, WRITER_PEERS } from "../support/real-writer.ts";
import { SampleSender } from "../support/sender.ts";
import { temporaryFolder } from "../support/temp.ts";

const run = promisify(execFile);
const promtool = peer("promtool");
const hasWriter = WRITER_PEERS.every((name) => peer(name) !== undefined);

/** Lines of `promtool tsdb dump`, which wants the folder of a Prometheus: blocks beside a WAL. */
async function dump(bucketDir: string, scratch: string): Promise<string[]> {
  await mkdir(join(scratch, "wal"), { recursive: true });
  for (const name of await readdir(bucketDir)) {
    if (name.length === 26)
      await cp(join(bucketDir, name), join(scratch, name), { recursive: true });
  }
  const { stdout } = await run(promtool ?? "promtool", ["tsdb", "dump", scratch], {
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout.trimEnd().split("\n");
}

test.skipIf(promtool === undefined)(
  "promtool reads flushed blocks, which hold exactly what was written (promtool)",
  { timeout: 120_000 },
  async () => {
    const folder = await temporaryFolder("blocks");
    const [port] = (await freePorts(1)) as [number];
    const flags = { "agent.enabled": "false" };
    const narthex = startNarthex({ dir: folder.dir, port, flags });
    try {
      await ready(narthex, port);
      const base = `http://127.0.0.1:${port}`;
      const sender = new SampleSender({ url: `${base}/api/v1/push`, seed: 7, series: 300 });
      for (let i = 0; i < 30; i++) await sender.send();
      expect((await fetch(`${base}/ingester/flush`, { method: "POST" })).status).toBe(204);
      for (let i = 0; i < 5; i++) await sender.send();
      expect((await fetch(`${base}/ingester/flush`, { method: "POST" })).status).toBe(204);
      const bucket = join(folder.dir, "narthex", "bucket", "anonymous");
      const blocks = (await readdir(bucket)).filter((name) => name.length === 26);
      expect(blocks.length).toBeGreaterThanOrEqual(2);
      for (const block of blocks) {
        const { stdout } = await run(promtool ?? "promtool", ["tsdb", "analyze", bucket, block]);
        expect(stdout).toMatch(/Total Series: 300|Series: 300/);
      }
      const got = (await dump(bucket, join(folder.dir, "dump"))).sort();
      expect(got.length).toBe(sender.acknowledged.length);
      expect(got).toEqual(sender.acknowledged.map((sample) => sample.dumpLine).sort());
    } finally {
      await narthex.stop();
      await folder.remove();
    }
  },
);

test.skipIf(!hasWriter)(
  "a block that prometheus wrote answers through narthex as through prometheus (prometheus, prometheus-node-exporter)",
  { timeout: 180_000 },
  async () => {
    const folder = await temporaryFolder("foreign");
    const [port, promPort] = (await freePorts(2)) as [number, number];
    const writerDir = join(folder.dir, "writer");
    const dead = "http://127.0.0.1:9/api/v1/push";
    const writer = await RealWriter.start({ dir: writerDir, push: dead, targets: [] });
    await delay(84_000);
    const snapshotAt = Date.now();
    await writer.stop();
    // Restarted with the admin API, it writes its head as a block.
    const data = RealWriter.dataDir(writerDir);
    const prometheus = new RunningProcess({
      name: "prometheus",
      command: peer("prometheus") ?? "prometheus",
      args: [
        `--config.file=${await emptyConfig(folder.dir)}`,
        `--storage.tsdb.path=${data}`,
        `--web.listen-address=127.0.0.1:${promPort}`,
        "--web.enable-admin-api",
      ],
      log: join(folder.dir, "prometheus-2.log"),
    });
    const want = `http://127.0.0.1:${promPort}`;
    const narthex = startNarthex({
      dir: folder.dir,
      port,
      flags: { "agent.enabled": "false", "store-gateway.sync-interval": "1s" },
    });
    try {
      await until("prometheus is ready", async () => (await fetch(`${want}/-/ready`)).ok, {
        process: prometheus,
      });
      const response = await fetch(`${want}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
      const { data: snapshot } = (await response.json()) as { data: { name: string } };
      const source = join(data, "snapshots", snapshot.name);
      await ready(narthex, port);
      const bucket = join(folder.dir, "narthex", "bucket", "imported");
      await cp(source, bucket, { recursive: true });
      const got = `http://127.0.0.1:${port}/prometheus`;
      const headers = { "X-Scope-OrgID": "imported" };
      await until("the block is seen", async () => {
        const answer = await fetch(
          `${got}/api/v1/query?query=count(up)&time=${(snapshotAt - 5_000) / 1000}`,
          {
            headers,
          },
        );
        return (await answer.text()).includes('"value"');
      });
      const at = Math.floor(snapshotAt / 1000) - 2 + 0.4321;
      const result = await compareEverything({ got, want, headers }, at, "1m", 8);
      expect(result.differences.slice(0, 20)).toEqual([]);
      expect(result.series).toBeGreaterThan(500);
      expect(await api<string[]>(got, "labels", {}, headers)).toEqual(
        await api<string[]>(want, "labels"),
      );
      // The tenant without that block sees nothing of it.
      expect(await api<string[]>(got, "labels")).toEqual([]);
      expect(
        await compareQuery({ got, want, headers }, "query", { query: "up", time: String(at) }),
      ).toEqual([]);
    } finally {
      await prometheus.stop();
      await narthex.stop();
      await folder.remove();
    }
  },
);

async function emptyConfig(dir: string): Promise<string> {
  const { writeFile } = await import("node:fs/promises");
  const path = join(dir, "empty.yml");
  await writeFile(path, "global: {scrape_interval: 1h}\n");
  return path;
}
