import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Load } from "./data.ts";
import { pushScrape } from "./push.ts";
import { type BenchServer, startServer } from "./servers.ts";

type Print = (cells: readonly string[]) => void;

const SCRAPE_MS = 15_000;
const MIB = 2 ** 20;

async function loaded(
  dir: string,
  {
    series,
    scrapes,
    metric,
  }: { readonly series: number; readonly scrapes: number; readonly metric?: string },
): Promise<{ readonly server: BenchServer; readonly load: Load; readonly endMs: number }> {
  const server = await startServer("narthex", dir);
  // Old enough that there is room for more scrapes before now.
  const endMs = Date.now() - 3_600_000;
  const load = new Load({
    ...{ series, scrapes, endMs },
    ...{ intervalMs: SCRAPE_MS, seed: 1, samplesPerRequest: 2000 },
    ...(metric === undefined ? {} : { metric }),
  });
  for (let i = 0; i < scrapes; i++) await pushScrape(server, load);
  return { server, load, endMs };
}

function rangeUrl(server: BenchServer, query: string, endMs: number, minutes: number): string {
  const params = new URLSearchParams({
    query,
    start: String(endMs / 1000 - minutes * 60),
    end: String(endMs / 1000),
    step: "15",
  });
  return `${server.queryUrl}/api/v1/query_range?${params}`;
}

async function get(url: string): Promise<void> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok || text.includes('"result":[]'))
    throw new Error(`${url}: ${text.slice(0, 300)}`);
}

/** Peak memory above idle of one aggregation over more and more series. */
export async function memoryPart(dir: string, print: Print): Promise<void> {
  print(["peak memory above idle, sum by (job) (rate(m[5m])) as a range query", "MiB", "ratio"]);
  let first = 0;
  for (const series of [10_000, 100_000, 500_000]) {
    const { server, endMs } = await loaded(join(dir, String(series)), {
      ...{ series, scrapes: 10, metric: "m" },
    });
    try {
      const url = rangeUrl(server, "sum by (job) (rate(m[5m]))", endMs, 2);
      // Ingesting has left garbage behind that its own collector takes in its own time.
      await delay(5_000);
      server.process.resetPeak();
      const idle = server.process.residentBytes();
      for (let i = 0; i < 3; i++) await get(url);
      const grown = (server.process.peakBytes() - idle) / MIB;
      first ||= grown;
      print([`${series} series`, grown.toFixed(1), (grown / first).toFixed(2)]);
    } finally {
      await server.process.stop("SIGTERM", 30_000);
    }
  }
  print([]);
}

const LATENCY_MS = 15_000;

/** How long `/ready` and pushes take beside the heaviest query, and without one. */
export async function latencyPart(dir: string, print: Print): Promise<void> {
  const { server, load, endMs } = await loaded(dir, { series: 100_000, scrapes: 40 });
  try {
    const heavy = rangeUrl(
      server,
      "sum by (namespace) (rate({__name__=~'bench_service_.*'}[5m]))",
      endMs,
      9,
    );
    const idle = await latencies(server, load);
    let running = true;
    const asking = (async () => {
      while (running) await get(heavy);
    })();
    const busy = await latencies(server, load);
    running = false;
    await asking;
    print(["ms beside a heavy query", "/ready p99", "push p50", "push p99"]);
    for (const [name, figures] of [
      ["idle", idle],
      ["busy", busy],
    ] as const) {
      print([name, ...figures.map((ms) => ms.toFixed(1))]);
    }
    print(["busy / idle", ...busy.map((ms, i) => (ms / idle[i]!).toFixed(2))]);
  } finally {
    await server.process.stop("SIGTERM", 30_000);
  }
}

/**
 * Asks a URL every 20 ms, for `ms` or until told to stop; on a thread of its own, since the load is
 * made on this one.
 */
export const PROBE = `
  import { parentPort, workerData } from "node:worker_threads";
  const times = [];
  const end = performance.now() + (workerData.ms ?? Infinity);
  let stopped = false;
  parentPort.once("message", () => {
    stopped = true;
  });
  while (!stopped && performance.now() < end) {
    const before = performance.now();
    await (await fetch(workerData.url)).text();
    times.push(performance.now() - before);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  parentPort.postMessage(times);
  parentPort.close();
`;

/** p99 of `/ready`, and p50 and p99 of pushes, which go on one after the other meanwhile. */
async function latencies(server: BenchServer, load: Load): Promise<[number, number, number]> {
  const url = new URL("/ready", server.queryUrl).href;
  const probe = new Worker(new URL(`data:text/javascript,${encodeURIComponent(PROBE)}`), {
    workerData: { url, ms: LATENCY_MS },
  });
  const answered = once(probe, "message") as Promise<[number[]]>;
  const pushes: number[] = [];
  const end = performance.now() + LATENCY_MS;
  while (performance.now() < end) await pushScrape(server, load, pushes);
  const [ready] = await answered;
  return [quantile(ready, 0.99), quantile(pushes, 0.5), quantile(pushes, 0.99)];
}

/** The quantile `q` of `values`, which it sorts. */
export function quantile(values: number[], q: number): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;
}
