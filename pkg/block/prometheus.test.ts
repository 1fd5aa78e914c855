import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { compareLabels, labelsFromObject } from "#pkg/labels/mod.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { startPrometheus } from "../../test/peers/prometheus.ts";
import { chunksOf, writeBlock } from "./mod.ts";

const HOUR_MS = 3_600_000;
const FROM = Math.floor(1_700_000_000_000 / (2 * HOUR_MS)) * 2 * HOUR_MS;

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-block-prometheus-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function* batches(count: number): AsyncGenerator<readonly ChunkSeries[]> {
  const all: ChunkSeries[] = [];
  for (let i = 0; i < count; i++) {
    const columns = new SampleColumns();
    for (let s = 0; s < 480; s++) columns.push(FROM + s * 15_000, i * 1e6 + s / 8);
    const labels = labelsFromObject({
      __name__: "requests",
      host: `h${i}`,
      zone: i % 3 === 0 ? "" : `z${i % 3}`,
    });
    all.push({ labels, chunks: chunksOf(columns) });
  }
  yield all.sort((a, b) => compareLabels(a.labels, b.labels));
}

interface Matrix {
  readonly data: {
    readonly result: { metric: Record<string, string>; values: [number, string][] }[];
  };
}

test.skipIf(!peer("prometheus"))("Prometheus serves our block", async () => {
  await writeBlock(batches(200), {
    dir,
    mint: FROM,
    maxt: FROM + 2 * HOUR_MS,
    clock: new FakeClock(FROM),
    random: Math.random,
  });
  const server = await startPrometheus({ dataDir: dir });
  try {
    const ask = async (query: string): Promise<Matrix> => {
      const time = (FROM + 2 * HOUR_MS - 1) / 1000;
      const url = new URL("/api/v1/query", server.url);
      url.search = new URLSearchParams({ query, time: String(time) }).toString();
      return (await (await fetch(url)).json()) as Matrix;
    };
    const all = await ask("requests[2h]");
    expect(all.data.result).toHaveLength(200);
    for (const { metric, values } of all.data.result) {
      const i = Number(metric["host"]!.slice(1));
      expect(values).toEqual(
        Array.from({ length: 480 }, (_, s) => [FROM / 1000 + s * 15, String(i * 1e6 + s / 8)]),
      );
    }
    const f = async (query: string, want: number): Promise<void> => {
      expect((await ask(query)).data.result, query).toHaveLength(want);
    };
    await f('requests{zone=""}[2h]', 67);
    await f('requests{zone!="",host=~"h1.*"}[2h]', 75);
    await f('requests{host="h7"}[2h]', 1);
    const names = await fetch(`${server.url}/api/v1/label/host/values`);
    expect(((await names.json()) as { data: string[] }).data).toHaveLength(200);
  } finally {
    await server.stop();
  }
});
