import { compressSync } from "snappy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App } from "#pkg/app/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { peer } from "../peers/peers.ts";
import { type PrometheusServer, startPrometheus } from "../peers/prometheus.ts";
import { temporaryFolder } from "../support/temp.ts";

const missing = peer("prometheus") === undefined;
/** The newest sample, a whole minute. */
const END = Math.floor(Date.now() / 60_000) * 60 - 60;
const SAMPLES = 121;

function requestBody(): Uint8Array {
  const builder = new WriteRequestBuilder();
  const bits = new DataView(new ArrayBuffer(8));
  for (const [i, job] of ["a", "b", "c"].entries()) {
    const labels = labelsFromObject({ __name__: "stats_total", job });
    for (let k = 0; k < SAMPLES; k++) {
      bits.setFloat64(0, k * (i + 1));
      // Off the steps, where versions differ on whether a range's left end counts.
      const t = (END - (SAMPLES - 1 - k) * 10) * 1000 - 3;
      builder.sample(labels, t, bits.getUint32(0), bits.getUint32(4));
    }
  }
  return new Uint8Array(compressSync(Buffer.from(builder.view())));
}

async function push(url: string): Promise<void> {
  const headers = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };
  const response = await fetch(url, { method: "POST", body: requestBody(), headers });
  expect(response.status, await response.text()).toBe(204);
}

describe.skipIf(missing)(`peer prometheus (missing: ${missing ? "prometheus" : "none"})`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>> | undefined;
  let app: App | undefined;
  let server: PrometheusServer | undefined;

  beforeAll(async () => {
    folder = await temporaryFolder("query-stats");
    app = new App({
      version: "0",
      telemetry: quietTelemetry(),
      config: loadConfig({
        flags: {
          "data-dir": folder.dir,
          "http.listen": "127.0.0.1:0",
          "agent.enabled": "false",
        },
      }),
    });
    const flags = ["--web.enable-remote-write-receiver", "--enable-feature=promql-per-step-stats"];
    server = await startPrometheus({ flags });
    await app.start();
    await push(`http://${app.httpAddress}/api/v1/push`);
    await push(`${server.url}/api/v1/write`);
  });

  afterAll(async () => {
    await server?.stop();
    await app?.stop();
    await folder?.remove();
  });

  async function samples(base: string, path: string): Promise<unknown> {
    const response = await fetch(`${base}/api/v1/${path}&stats=all`);
    const body = (await response.json()) as { data: { stats: { samples: object } } };
    const { peakSamples: _, ...rest } = body.data.stats.samples as { peakSamples: number };
    return rest;
  }

  test.each([
    "stats_total",
    "sum by (job) (stats_total)",
    "rate(stats_total[1m])",
    "sum(rate(stats_total[1m])) + 1",
    "stats_total - on (job) count_over_time(stats_total[5m])",
    `stats_total @ ${END - 60}`,
    `sum(rate(stats_total[1m] @ ${END - 60}))`,
    "max_over_time(sum(stats_total)[130s:30s])",
    "max_over_time(rate(stats_total[1m])[130s:30s] offset 1m)",
    "absent(missing_total)",
    "topk(2, stats_total)",
    "vector(1)",
  ])("%s looks at as many samples as Prometheus says, step by step", async (query) => {
    const text = encodeURIComponent(query);
    const range = `query_range?query=${text}&start=${END - 300}&end=${END}&step=60`;
    const instant = `query?query=${text}&time=${END}`;
    for (const path of [range, instant]) {
      const got = await samples(`http://${app!.httpAddress}`, path);
      expect(got, path).toEqual(await samples(server!.url, path));
    }
  });
});
