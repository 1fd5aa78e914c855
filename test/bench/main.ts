import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { compactionPart } from "./compaction.ts";
import { Load } from "./data.ts";
import { latencyPart, memoryPart } from "./pressure.ts";
import { pushScrape } from "./push.ts";
import { measureQueries, type QueryFigures } from "./queries.ts";
import { available, type BenchServer, cpuOf, startServer } from "./servers.ts";
import { blocksPart, replayPart, tenantsPart } from "./storage.ts";

/** What one run of one server gave. */
interface Figures {
  readonly server: string;
  readonly creationCpuPerMillion: number;
  readonly steadyCpuPerMillion: number;
  readonly bytesPerSeries: number;
  readonly pushMsP50: number;
  readonly queries: readonly QueryFigures[];
}

/** How many series, and how often each is scraped. */
interface Scale {
  readonly series: number;
  readonly scrapes: number;
}

interface Options {
  readonly scales: readonly Scale[];
  readonly runs: number;
  readonly servers: readonly string[];
  readonly queries: RegExp | undefined;
  readonly parts: readonly string[];
}

const SCRAPE_MS = 15_000;

function options(): Options {
  const program = new Command("bench")
    .description("Narthex and its peers under the same load, side by side, as ratios.")
    .option(
      "--scales <list>",
      "series x scrapes, 15 s apart, of each part of the bench",
      "100000x40,10000x480",
    )
    .option("--runs <n>", "runs of each server; medians are printed", "1")
    .option("--servers <list>", "which", "narthex,prometheus,victoria-metrics")
    .option(
      "--parts <list>",
      "compare: all servers under one load; memory: of a query over more and more series; latency: of others beside a heavy query; replay: of a WAL; tenants: memory of many small ones; blocks: their size; compaction: of two-hour blocks",
      "compare,memory,latency,replay,tenants,blocks,compaction",
    )
    .option("--queries <pattern>", "only the queries that match", ".")
    .option("--no-queries", "leave the queries out")
    .parse(process.argv);
  const given = program.opts<{
    scales: string;
    runs: string;
    servers: string;
    queries: string | false;
    parts: string;
  }>();
  const scales = given.scales.split(",").map((text): Scale => {
    const [series, scrapes] = text.split("x").map(Number);
    if (!(series! > 0 && scrapes! > 1)) throw new Error(`--scales: want 1000x40, got ${text}`);
    return { series: series!, scrapes: scrapes! };
  });
  return {
    scales,
    runs: Number(given.runs),
    servers: available(given.servers.split(",")),
    parts: given.parts.split(","),
    queries: given.queries === false ? undefined : new RegExp(given.queries),
  };
}

/** A server with the load in it. */
interface Loaded {
  readonly server: BenchServer;
  readonly figures: Omit<Figures, "queries">;
}

async function load(
  name: string,
  dir: string,
  { series, scrapes, endMs }: Scale & { readonly endMs: number },
): Promise<Loaded> {
  const server = await startServer(name, dir);
  const requests = new Load({
    series,
    scrapes,
    intervalMs: SCRAPE_MS,
    endMs,
    seed: 1,
    samplesPerRequest: 2000,
  });
  await delay(1_000);
  const idleBytes = server.process.residentBytes();
  const times: number[] = [];
  const send = (): Promise<void> => pushScrape(server, requests, times);
  const creation = await cpuOf(server, send);
  times.length = 0;
  const steady = await cpuOf(server, async () => {
    for (let i = 1; i < scrapes; i++) await send();
  });
  const bytes = server.process.residentBytes() - idleBytes;
  times.sort((a, b) => a - b);
  return {
    server,
    figures: {
      server: name,
      creationCpuPerMillion: (creation / series) * 1e6,
      steadyCpuPerMillion: (steady / (series * (scrapes - 1))) * 1e6,
      bytesPerSeries: bytes / series,
      pushMsP50: times[Math.floor(times.length / 2)] ?? 0,
    },
  };
}

/** Loads one server after the other, then lets those that speak PromQL take turns at queries. */
async function measure(dir: string, scale: Scale, given: Options): Promise<Figures[]> {
  const running: Loaded[] = [];
  const endMs = Date.now();
  try {
    for (const name of given.servers) {
      process.stderr.write(`${scale.series} x ${scale.scrapes}: ${name}\n`);
      running.push(await load(name, join(dir, name), { ...scale, endMs }));
      // It answers another dialect; only its writes are compared.
      if (name === "victoria-metrics") await running.at(-1)!.server.process.stop("SIGTERM", 30_000);
    }
    const asked = running.filter(({ server }) => server.name !== "victoria-metrics");
    const queries = given.queries
      ? await measureQueries(
          asked.map(({ server }) => server),
          {
            endMs,
            spanMs: scale.scrapes * SCRAPE_MS,
            queries: given.queries,
          },
        )
      : [];
    return running.map(({ server, figures }) => ({
      ...figures,
      queries: queries[asked.findIndex((one) => one.server === server)] ?? [],
    }));
  } finally {
    for (const { server } of running) await server.process.stop("SIGTERM", 30_000);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function report(all: readonly Figures[], servers: readonly string[]): void {
  const of = (server: string, pick: (figures: Figures) => number): number =>
    median(all.filter((figures) => figures.server === server).map(pick));
  const peers = servers.filter((server) => server !== "narthex");
  const rows: [string, (figures: Figures) => number][] = [
    ["CPU-s per million samples, known series", (f) => f.steadyCpuPerMillion],
    ["CPU-s per million new series", (f) => f.creationCpuPerMillion],
    ["bytes of memory per series above idle", (f) => f.bytesPerSeries],
    ["ms per push of 2,000 samples, median", (f) => f.pushMsP50],
  ];
  print(["", ...servers, ...peers.map((peer) => `narthex / ${peer}`)]);
  for (const [label, pick] of rows) {
    const own = of("narthex", pick);
    print([
      label,
      ...servers.map((server) => of(server, pick).toFixed(2)),
      ...peers.map((peer) => (own / of(peer, pick)).toFixed(2)),
    ]);
  }
  const peer = peers.find((name) => all.some((f) => f.server === name && f.queries.length > 0));
  const names = all.find((f) => f.server === "narthex")?.queries.map((query) => query.query) ?? [];
  if (peer === undefined || names.length === 0) return;
  print([]);
  print(["query", "narthex CPU ms", `${peer} CPU ms`, "CPU ratio", "latency ratio"]);
  const ratios: number[] = [];
  for (const [i, name] of names.entries()) {
    const cpu = (server: string): number => of(server, (f) => f.queries[i]?.cpuMs ?? Number.NaN);
    const wall = (server: string): number => of(server, (f) => f.queries[i]?.wallMs ?? Number.NaN);
    const ratio = cpu("narthex") / cpu(peer);
    ratios.push(ratio);
    print([
      name,
      cpu("narthex").toFixed(2),
      cpu(peer).toFixed(2),
      ratio.toFixed(2),
      (wall("narthex") / wall(peer)).toFixed(2),
    ]);
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  print([`geometric mean of ${ratios.length} queries`, "", "", mean.toFixed(2), ""]);
  print(["worst", "", "", Math.max(...ratios).toFixed(2), ""]);
}

function print(cells: readonly string[]): void {
  process.stdout.write(
    `${cells.map((cell, i) => (i === 0 ? cell.padEnd(72) : cell.padStart(20))).join("")}\n`,
  );
}

async function main(): Promise<void> {
  const given = options();
  const dir = await mkdtemp(join(tmpdir(), "narthex-bench-"));
  try {
    for (const scale of given.parts.includes("compare") ? given.scales : []) {
      const { series, scrapes } = scale;
      const all: Figures[] = [];
      for (let run = 0; run < given.runs; run++) {
        const folder = join(dir, `${series}-${run}`);
        all.push(...(await measure(folder, scale, given)));
        await rm(folder, { recursive: true, force: true });
      }
      print([`${series} series x ${scrapes} scrapes, medians of ${given.runs}`]);
      report(all, given.servers);
      print([]);
    }
    if (given.parts.includes("replay")) await replayPart(join(dir, "replay"), given.runs, print);
    if (given.parts.includes("tenants")) await tenantsPart(join(dir, "tenants"), given.runs, print);
    if (given.parts.includes("blocks")) await blocksPart(join(dir, "blocks"), given.servers, print);
    if (given.parts.includes("memory")) await memoryPart(join(dir, "memory"), print);
    if (given.parts.includes("latency")) await latencyPart(join(dir, "latency"), print);
    if (given.parts.includes("compaction")) {
      await compactionPart(join(dir, "compaction"), { blocks: 12, series: 50_000 }, print);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
