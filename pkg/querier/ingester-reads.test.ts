import { expect, test } from "vitest";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import type { Ring } from "#pkg/ring/mod.ts";
import type { IngesterApi } from "#pkg/rpc/mod.ts";
import type { ChunkSeries } from "#pkg/storage/mod.ts";
import { RingReads } from "./ingester-reads.ts";

const never = new AbortController().signal;

test("while what replicas gave is merged, others get their turns", async () => {
  const batches = 40;
  const ingester = {
    async *select() {
      for (let b = 0; b < batches; b++) {
        yield Array.from({ length: 512 }, (_, i): ChunkSeries => {
          const at = String(b * 512 + i).padStart(6, "0");
          return { labels: labelsFromObject({ __name__: "m", at }), chunks: [] };
        });
      }
    },
  } as Partial<IngesterApi> as IngesterApi;
  const instances = ["a", "b"].map((id) => ({
    id,
    address: id,
    zone: id,
    healthy: true,
    readable: true,
  }));
  const ring = {
    readInstances: () => ({ instances, by: "instances", maxMissing: 0 }),
  } as unknown as Ring;
  const reads = new RingReads(ring, () => ingester);
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  let series = 0;
  for await (const batch of reads.select("t", { mint: 0, maxt: 1, matchers: [] }, never)) {
    if (series === 0) setImmediate(turn);
    series += batch.length;
  }
  isOver = true;
  expect(series).toBe(batches * 512);
  expect(turns).toBeGreaterThan(batches / 2);
});
