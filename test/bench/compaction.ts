import { once } from "node:events";
import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { writeBlock } from "#pkg/block/mod.ts";
import { encodeXor } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { compareLabels, type Labels } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { type Chunk, ChunkEncoding, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { startNarthex } from "../support/narthex.ts";
import { answers, freePorts, until } from "../support/process.ts";
import { seriesLabels } from "./data.ts";
import { PROBE, quantile } from "./pressure.ts";

type Print = (cells: readonly string[]) => void;

const HOUR_MS = 3_600_000;
const STEP_MS = 15_000;
const SAMPLES = (2 * HOUR_MS) / STEP_MS;
const SAMPLES_PER_CHUNK = 120;
const BATCH = 500;
const MIB = 2 ** 20;
/** A border of 24 h windows. */
const FROM = Math.floor(1_700_000_000_000 / (24 * HOUR_MS)) * 24 * HOUR_MS;

/** How many blocks of how many series. */
export interface CompactionScale {
  readonly blocks: number;
  readonly series: number;
}

/** What merging two-hour blocks into one costs, and what others notice of it. */
export async function compactionPart(
  dir: string,
  { blocks, series }: CompactionScale,
  print: Print,
): Promise<void> {
  const [port] = (await freePorts(1)) as [number];
  const flags = {
    "agent.enabled": "false",
    "compactor.interval": "1s",
    "compactor.block-ranges": "2h,24h",
    "store-gateway.sync-interval": "1s",
  };
  await mkdir(dir, { recursive: true });
  const made = join(dir, "made");
  const bytes = await makeBlocks(made, { blocks, series });
  const server = startNarthex({ dir, port, flags });
  const base = `http://127.0.0.1:${port}`;
  try {
    await until("narthex is ready", () => answers(`${base}/ready`), { process: server });
    await delay(3_000);
    const idleBytes = server.residentBytes();
    server.resetPeak();
    const cpu = server.cpuSeconds();
    const tenant = join(dir, "narthex", "bucket", "anonymous");
    const probe = new Worker(new URL(`data:text/javascript,${encodeURIComponent(PROBE)}`), {
      workerData: { url: `${base}/ready` },
    });
    const answered = once(probe, "message") as Promise<[number[]]>;
    const began = performance.now();
    await rename(made, tenant);
    const isMarked = async (): Promise<boolean> =>
      (await readdir(join(tenant, "markers")).catch(() => [])).length >= blocks;
    await until("the blocks are compacted", isMarked, { process: server, timeoutMs: 900_000 });
    const wall = (performance.now() - began) / 1000;
    const used = server.cpuSeconds() - cpu;
    probe.postMessage("stop");
    const [ready] = await answered;
    print([`compaction of ${blocks} x ${series} series x ${SAMPLES} samples`, ""]);
    print(["MiB of blocks", (bytes / MIB).toFixed(0)]);
    print(["/ready p50, ms", quantile(ready, 0.5).toFixed(1)]);
    print(["/ready p99, ms", quantile(ready, 0.99).toFixed(1)]);
    print(["/ready worst, ms", quantile(ready, 1).toFixed(1)]);
    print(["peak RSS above idle, MiB", ((server.peakBytes() - idleBytes) / MIB).toFixed(0)]);
    print(["wall, s", wall.toFixed(1)]);
    print(["CPU, s", used.toFixed(1)]);
    print([]);
  } finally {
    await server.stop("SIGTERM", 30_000);
  }
}

/** Writes the blocks below `dir`; returns their bytes. */
async function makeBlocks(dir: string, { blocks, series }: CompactionScale): Promise<number> {
  const labels = Array.from({ length: series }, (_, i) => seriesLabels(i, undefined));
  labels.sort(compareLabels);
  for (let i = 0; i < blocks; i++) {
    const mint = FROM + i * 2 * HOUR_MS;
    await writeBlock(batches(labels, mint, i + 1), {
      dir,
      mint,
      maxt: mint + 2 * HOUR_MS,
      clock: new FakeClock(mint + 3 * HOUR_MS),
      random: seededRandom(i),
    });
  }
  let bytes = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

async function* batches(
  labels: readonly Labels[],
  mint: number,
  seed: number,
): AsyncGenerator<readonly ChunkSeries[]> {
  const random = seededRandom(seed);
  const columns = new SampleColumns(SAMPLES);
  for (let at = 0; at < labels.length; at += BATCH) {
    yield labels.slice(at, at + BATCH).map((own, i) => {
      columns.clear();
      let value = Math.floor(random() * 1e6);
      for (let s = 0; s < SAMPLES; s++) {
        value += i % 2 === 0 ? Math.floor(random() * 100) : (random() - 0.5) * 10;
        columns.push(mint + s * STEP_MS, value);
      }
      return { labels: own, chunks: chunksOf(columns) };
    });
  }
}

function chunksOf(columns: SampleColumns): Chunk[] {
  const out: Chunk[] = [];
  for (let from = 0; from < columns.length; from += SAMPLES_PER_CHUNK) {
    const to = from + SAMPLES_PER_CHUNK;
    const bytes = encodeXor(columns, from, to);
    const [mint, maxt] = [columns.timestamps[from]!, columns.timestamps[to - 1]!];
    out.push({ encoding: ChunkEncoding.xor, mint, maxt, bytes, start: 0, end: bytes.length });
  }
  return out;
}
