import type { Load } from "./data.ts";
import type { BenchServer } from "./servers.ts";

async function post(url: string, body: Buffer, tenant: string | undefined): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    body: new Uint8Array(body),
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
      ...(tenant === undefined ? {} : { "x-scope-orgid": tenant }),
    },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
}

/** Sends the next scrape of `load`; how long each request took, ms, is added to `times`. */
export async function pushScrape(
  server: BenchServer,
  load: Load,
  times: number[] = [],
  tenant?: string,
): Promise<void> {
  for (const body of load.nextScrape()) {
    const before = performance.now();
    await post(server.pushUrl, body, tenant);
    times.push(performance.now() - before);
  }
}
