import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readMeta } from "#pkg/block/mod.ts";
import { Load } from "./data.ts";
import { pushScrape } from "./push.ts";
import { type BenchServer, startServer } from "./servers.ts";

type Print = (cells: readonly string[]) => void;

const SCRAPE_MS = 15_000;
const MIB = 2 ** 20;
/** Range of a block, of all of them. */
const BLOCK_MS = 7_200_000;
/** What a server does right after its start is no part of what is held above idle. */
const SETTLE_MS = 1_000;

function loadOf(series: number, scrapes: number, seed = 1, endMs = Date.now()): Load {
  return new Load({
    ...{ series, scrapes, seed, intervalMs: SCRAPE_MS },
    ...{ endMs, samplesPerRequest: 2000 },
  });
}

/** How fast a WAL is read back after `kill -9`, and in how much memory. */
export async function replayPart(dir: string, runs: number, print: Print): Promise<void> {
  const [series, scrapes] = [200_000, 100];
  print([
    `replay of ${(series * scrapes) / 1e6} million samples in ${series} series`,
    ...["samples/s", "peak MiB", "MiB before", "ratio", "WAL B/sample"],
  ]);
  for (let run = 0; run < runs; run++) {
    const folder = join(dir, String(run));
    const first = await startServer("narthex", folder);
    const load = loadOf(series, scrapes);
    for (let i = 0; i < scrapes; i++) await pushScrape(first, load);
    const steady = first.process.residentBytes();
    await first.process.stop("SIGKILL");
    const walBytes = await bytesBelow(join(folder, "narthex", "ingester"));
    const again = await startServer("narthex", folder);
    const peak = again.process.peakBytes();
    const seconds = await metric(again, "narthex_ingester_wal_replay_duration_seconds");
    await again.process.stop("SIGTERM", 30_000);
    print([
      "",
      ((series * scrapes) / seconds).toFixed(0),
      (peak / MIB).toFixed(0),
      (steady / MIB).toFixed(0),
      (peak / steady).toFixed(2),
      (walBytes / (series * scrapes)).toFixed(1),
    ]);
  }
  print([]);
}

async function metric(server: BenchServer, name: string): Promise<number> {
  const text = await (await fetch(new URL("/metrics", server.queryUrl))).text();
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
}

/** Memory of many small tenants beside that of one large one with as many series. */
export async function tenantsPart(dir: string, runs: number, print: Print): Promise<void> {
  const [tenants, series, scrapes] = [1000, 100, 4];
  print([
    `memory above idle, ${scrapes} scrapes`,
    ...["MiB", `${tenants} x ${series}`, "ratio", "B/series"],
  ]);
  for (let run = 0; run < runs; run++) {
    const one = await heldBy(join(dir, `one-${run}`), 1, tenants * series, scrapes);
    const many = await heldBy(join(dir, `many-${run}`), tenants, series, scrapes);
    print([
      `1 x ${tenants * series}`,
      (one / MIB).toFixed(1),
      (many / MIB).toFixed(1),
      (many / one).toFixed(2),
      (many / tenants / series).toFixed(0),
    ]);
  }
  print([]);
}

async function heldBy(
  dir: string,
  tenants: number,
  series: number,
  scrapes: number,
): Promise<number> {
  const server = await startServer("narthex", dir);
  try {
    await delay(SETTLE_MS);
    const idle = server.process.residentBytes();
    const loads = Array.from({ length: tenants }, (_, i) => loadOf(series, scrapes, i + 1));
    for (let scrape = 0; scrape < scrapes; scrape++) {
      for (const [i, load] of loads.entries()) await pushScrape(server, load, [], `tenant-${i}`);
    }
    return server.process.residentBytes() - idle;
  } finally {
    await server.process.stop("SIGTERM", 60_000);
  }
}

interface BlockFigures {
  readonly chunkBytesPerSample: number;
  readonly indexBytesPerSeries: number;
}

/** Size of the blocks of one load, ours in both encodings beside Prometheus's. */
export async function blocksPart(
  dir: string,
  servers: readonly string[],
  print: Print,
): Promise<void> {
  const [series, scrapes] = [10_000, 480];
  print([
    `blocks of ${series} series x ${scrapes} scrapes`,
    ...["chunk B/sample", "ratio", "index B/series", "ratio"],
  ]);
  let peer: BlockFigures | undefined;
  // One range of blocks, whole, for all of them: where a range begins decides how chunks are cut.
  const endMs = Math.floor(Date.now() / BLOCK_MS) * BLOCK_MS - SCRAPE_MS;
  const kinds = [
    ...(servers.includes("prometheus") ? ["prometheus"] : []),
    "narthex xor",
    "narthex xor2",
  ];
  for (const kind of kinds) {
    const [name, encoding] = kind.split(" ");
    const folder = join(dir, kind.replace(" ", "-"));
    const flags = encoding === undefined ? {} : { "limits.float-chunk-encoding": encoding };
    const server = await startServer(name!, folder, flags);
    try {
      const load = loadOf(series, scrapes, 1, endMs);
      for (let i = 0; i < scrapes; i++) await pushScrape(server, load);
      const blocks = await blocksOf(server, folder);
      peer ??= blocks;
      print([
        kind,
        blocks.chunkBytesPerSample.toFixed(3),
        (blocks.chunkBytesPerSample / peer.chunkBytesPerSample).toFixed(4),
        blocks.indexBytesPerSeries.toFixed(1),
        (blocks.indexBytesPerSeries / peer.indexBytesPerSeries).toFixed(3),
      ]);
    } finally {
      await server.process.stop("SIGTERM", 60_000);
    }
  }
  print([]);
}

/** Makes the server write all that it holds as blocks, and measures them. */
async function blocksOf(server: BenchServer, dir: string): Promise<BlockFigures> {
  const isOwn = server.name === "narthex";
  const url = isOwn
    ? new URL("/ingester/flush", server.queryUrl)
    : new URL("/api/v1/admin/tsdb/snapshot", server.queryUrl);
  const response = await fetch(url, { method: "POST" });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  let folder = join(dir, "narthex", "bucket", "anonymous");
  if (!isOwn) {
    const { data } = (await response.json()) as { data: { name: string } };
    folder = join(dir, "prometheus", "snapshots", data.name);
  }
  let [samples, series, chunkBytes, indexBytes] = [0, 0, 0, 0];
  for (const id of await readdir(folder)) {
    const block = join(folder, id);
    if (!(await stat(join(block, "index")).catch(() => undefined))) continue;
    const { stats } = await readMeta(block);
    samples += stats?.numSamples ?? 0;
    series += stats?.numSeries ?? 0;
    chunkBytes += await bytesBelow(join(block, "chunks"));
    indexBytes += (await stat(join(block, "index"))).size;
  }
  return { chunkBytesPerSample: chunkBytes / samples, indexBytesPerSeries: indexBytes / series };
}

async function bytesBelow(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    bytes += entry.isDirectory() ? await bytesBelow(path) : (await stat(path)).size;
  }
  return bytes;
}
