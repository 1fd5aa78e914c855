import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeHistograms } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { FloatHistogram, jsonBuckets } from "#pkg/histogram/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { startPrometheus } from "../../test/peers/prometheus.ts";
import { writeBlock } from "./mod.ts";

const HOUR_MS = 3_600_000;
const FROM = Math.floor(1_700_000_000_000 / (2 * HOUR_MS)) * 2 * HOUR_MS;
const STEP_MS = 15_000;
const SAMPLES = 200;

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-block-histograms-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A counter that grows new buckets now and then, and is reset once. */
function columnsOf(unit: number): SampleColumns {
  const columns = new SampleColumns();
  for (let s = 0; s < SAMPLES; s++) {
    const age = s < 150 ? s + 1 : s - 149;
    const filled = 1 + Math.floor(age / 20);
    const h = new FloatHistogram();
    h.schema = 3;
    h.zeroThreshold = 2 ** -128;
    h.zeroCount = age * unit;
    h.positiveSpans = Int32Array.of(-4, filled, 2, 1);
    h.positiveBuckets = new Float64Array(filled + 1).fill(age * unit);
    h.negativeSpans = Int32Array.of(7, 1);
    h.negativeBuckets = Float64Array.of(age * unit);
    h.count = age * unit * (filled + 3);
    h.sum = age / 3;
    columns.pushHistogram(FROM + s * STEP_MS, h);
  }
  return columns;
}

interface Matrix {
  readonly data: {
    readonly result: {
      histograms: [number, { count: string; sum: string; buckets: [number, ...string[]][] }][];
    }[];
  };
}

test.skipIf(!peer("prometheus"))("Prometheus serves our blocks of histograms", async () => {
  const kinds = { float: 0.5, integer: 3 } as const;
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    yield Object.entries(kinds).map(([kind, unit]) => ({
      labels: labelsFromObject({ __name__: "h", kind }),
      chunks: encodeHistograms(columnsOf(unit), 0, SAMPLES, kind === "integer"),
    }));
  }
  await writeBlock(batches(), {
    dir,
    mint: FROM,
    maxt: FROM + 2 * HOUR_MS,
    clock: new FakeClock(FROM),
    random: Math.random,
  });
  const server = await startPrometheus({ dataDir: dir });
  try {
    const ask = async (query: string): Promise<Matrix["data"]["result"]> => {
      const url = new URL("/api/v1/query", server.url);
      const time = (FROM + SAMPLES * STEP_MS) / 1000;
      url.search = new URLSearchParams({ query, time: String(time) }).toString();
      return ((await (await fetch(url)).json()) as Matrix).data.result;
    };
    for (const [kind, unit] of Object.entries(kinds)) {
      const [series] = await ask(`h{kind="${kind}"}[2h]`);
      const columns = columnsOf(unit);
      expect(series?.histograms).toHaveLength(SAMPLES);
      series?.histograms.forEach(([time, got], i) => {
        const want = columns.histograms![i]!;
        expect(time * 1000).toBe(columns.timestamps[i]);
        expect([Number(got.count), Number(got.sum)]).toEqual([want.count, want.sum]);
        expect(got.buckets.map((bucket) => bucket.map(Number))).toEqual(
          jsonBuckets(want).map(({ boundaries, lower, upper, count }) => [
            boundaries,
            lower,
            upper,
            count,
          ]),
        );
      });
    }
  } finally {
    await server.stop();
  }
});
