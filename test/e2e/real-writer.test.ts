import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { LocalCluster } from "../cluster/cluster.ts";
import { peer } from "../peers/peers.ts";
import { hasS3 } from "../peers/s3.ts";
import { compareEverything, quietTime } from "../support/compare.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts } from "../support/process.ts";
import { RealWriter, WRITER_PEERS } from "../support/real-writer.ts";
import { temporaryFolder } from "../support/temp.ts";

/** How long Prometheus writes; `NARTHEX_WRITER_SECONDS=300` for the long form. */
const SECONDS = Number(process.env["NARTHEX_WRITER_SECONDS"] ?? "84");
/** What range queries cover: all that has a minute of samples before it. */
const SPAN_SECONDS = Math.max(8, Math.min(120, SECONDS - 74));
const hasWriter = WRITER_PEERS.every((name) => peer(name) !== undefined);
const hasCluster = hasWriter && peer("redis-server") !== undefined && hasS3();
const TIMEOUT_MS = SECONDS * 1000 + 240_000;

async function expectEqual(
  servers: { got: string; want: string },
  writer: RealWriter,
): Promise<void> {
  const at = await quietTime(servers.want, 1_000);
  await writer.caughtUp(at);
  const result = await compareEverything(servers, at, "5m", SPAN_SECONDS);
  expect(result.differences.slice(0, 20)).toEqual([]);
  expect(result.series).toBeGreaterThan(800);
  expect(await writer.counters()).toMatchObject({ failed: 0, dropped: 0 });
  console.log(`compared ${result.metrics} metrics, ${result.series} series: equal`);
}

test.skipIf(!hasWriter)(
  "one process answers as the prometheus that wrote to it (prometheus, prometheus-node-exporter)",
  { timeout: TIMEOUT_MS },
  async () => {
    const folder = await temporaryFolder("writer");
    const [port] = (await freePorts(1)) as [number];
    const flags = { "agent.enabled": "false" };
    const narthex = startNarthex({ dir: folder.dir, port, flags });
    let writer: RealWriter | undefined;
    try {
      await ready(narthex, port);
      const target = `127.0.0.1:${port}`;
      const push = `http://${target}/api/v1/write`;
      writer = await RealWriter.start({ dir: join(folder.dir, "writer"), push, targets: [target] });
      await delay(SECONDS * 1000);
      const servers = { got: `http://${target}/prometheus`, want: writer.url };
      await expectEqual(servers, writer);
      // The same from blocks in the bucket and what has come since.
      const flushed = await fetch(`http://${target}/ingester/flush`, { method: "POST" });
      expect(flushed.status).toBe(204);
      await expectEqual(servers, writer);
    } finally {
      await writer?.stop();
      expect(await narthex.stop()).toBe(0);
      await folder.remove();
    }
  },
);

test.skipIf(!hasCluster)(
  "a cluster that loses an ingester answers as the prometheus that wrote to it (prometheus, prometheus-node-exporter, redis-server, python3-swift)",
  { timeout: 2 * TIMEOUT_MS },
  async () => {
    const folder = await temporaryFolder("cluster");
    const cluster = await LocalCluster.start({ dir: join(folder.dir, "cluster") });
    let writer: RealWriter | undefined;
    try {
      const [distributor] = cluster.urls("distributor") as [string];
      const [querier] = cluster.urls("querier") as [string];
      writer = await RealWriter.start({
        dir: join(folder.dir, "writer"),
        push: `${distributor}/api/v1/push`,
        targets: [distributor, querier].map((url) => new URL(url).host),
      });
      const servers = { got: `${querier}/prometheus`, want: writer.url };
      await delay((SECONDS * 1000) / 2);
      const victim = "ingester-zone-b-0";
      await cluster.kill(victim, "SIGKILL");
      await delay((SECONDS * 1000) / 2);
      await expectEqual(servers, writer);
      await cluster.restart(victim);
      await delay(10_000);
      await expectEqual(servers, writer);
      // The same from blocks of all replicas in the bucket and what has come since.
      const flushed = await fetch(`${distributor}/ingester/flush`, { method: "POST" });
      expect(flushed.status).toBe(204);
      await expectEqual(servers, writer);
    } finally {
      await writer?.stop();
      await cluster.stop();
      await folder.remove();
    }
  },
);
