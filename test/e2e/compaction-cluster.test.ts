import { expect, test } from "vitest";
import { LocalCluster } from "../cluster/cluster.ts";
import { peer } from "../peers/peers.ts";
import { hasS3 } from "../peers/s3.ts";
import { api } from "../support/compare.ts";
import { until } from "../support/process.ts";
import { SampleSender } from "../support/sender.ts";
import { temporaryFolder } from "../support/temp.ts";

const HOUR_MS = 3_600_000;
const hasPeers = peer("redis-server") !== undefined && hasS3();

const FLAGS = {
  "api.enable-admin": "true",
  "compactor.interval": "1s",
  "compactor.consistency-delay": "0",
  "compactor.deletion-delay": "12s",
  "store-gateway.ignore-deletion-marks-delay": "6s",
  "store-gateway.sync-interval": "1s",
};

/** The value of a metric, summed over its labels and over processes. */
async function metric(urls: readonly string[], name: string): Promise<number[]> {
  return Promise.all(
    urls.map(async (url) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text.split("\n").filter((line) => new RegExp(`^${name}[{ ]`).test(line));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    }),
  );
}

test.skipIf(!hasPeers)(
  "compactors of a cluster share tenants, and deletions reach all of it (redis-server, s3)",
  { timeout: 240_000 },
  async () => {
    const folder = await temporaryFolder("compaction-cluster");
    const cluster = await LocalCluster.start({ dir: folder.dir, compactors: 2, flags: FLAGS });
    try {
      const [push] = cluster.urls("distributor") as [string];
      const [read] = cluster.urls("querier") as [string];
      const startMs = Date.now() - 7 * HOUR_MS;
      const stepMs = 120_000;
      const sender = new SampleSender({
        ...{ url: `${push}/api/v1/push`, seed: 5, series: 21, startMs, stepMs },
      });
      for (let i = 0; i < 150; i++) await sender.send();
      expect(sender.unacknowledged).toBe(0);
      const answer = async (): Promise<string> =>
        JSON.stringify(await api(read, "query", { query: "{__name__!=''}[8h]" }));
      const want = await answer();
      const flushed = await fetch(`${push}/ingester/flush`, { method: "POST" });
      expect(flushed.status).toBe(204);
      const compactors = cluster.urls("compactor");
      let wrong = 0;
      // The newest of four windows waits: its last blocks may still come.
      await until(
        "all windows that are over have one block",
        async () => {
          if ((await answer()) !== want) wrong++;
          const counts = await metric(compactors, "narthex_bucket_blocks_count");
          return counts.some((count) => count > 0 && count <= 6);
        },
        { timeoutMs: 120_000, everyMs: 200 },
      );
      expect([wrong, await answer()]).toEqual([0, want]);
      // One of them did it all: each window had three replicas.
      const done = await metric(compactors, "narthex_compactor_group_compactions_total");
      expect(done.filter((count) => count > 0).length).toBe(1);
      const failed = await metric(compactors, "narthex_compactor_group_compactions_failures_total");
      expect(failed).toEqual([0, 0]);

      const admin = `${read}/prometheus/api/v1/admin/tsdb`;
      const post = async (path: string): Promise<number> =>
        (await fetch(`${admin}/${path}`, { method: "POST" })).status;
      expect(await post("delete_series?match[]=sent_metric_3")).toBe(204);
      const without = (text: string): number => text.split("sent_metric_3").length - 1;
      expect(without(want)).toBe(3);
      expect(without(await answer())).toBe(0);
      expect(await post("clean_tombstones")).toBe(204);
      expect(without(await answer())).toBe(0);
      const { result } = JSON.parse(await answer()) as { result: unknown[] };
      expect(result.length).toBe(18);
    } finally {
      await cluster.stop();
      await folder.remove();
    }
  },
);
