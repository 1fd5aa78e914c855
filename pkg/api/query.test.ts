import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { withEnd } from "#pkg/async/mod.ts";
import { systemClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { Querier } from "#pkg/storage/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { TenantResolver } from "#pkg/tenant/mod.ts";
import { type QueryApi, queryRoutes } from "./query.ts";
import { type HttpServer, serveHttp } from "./server.ts";

let telemetry = quietTelemetry();
let http: HttpServer | undefined;
afterEach(() => http?.stop());

/** What became of the answers. */
class Answers {
  open = 0;
  taken = 0;

  pieces(count: number, failAt = count): AsyncIterableIterator<Uint8Array> {
    this.open++;
    const counted = (n: number): void => {
      this.taken += n;
    };
    const source = (async function* () {
      for (let i = 0; i < count; i++) {
        if (i === failAt) throw new NarthexError("execution", "broke off");
        counted(1);
        yield Buffer.alloc(64 * 1024, 0x20);
      }
    })();
    return withEnd(source, () => this.open--);
  }
}

async function inflight(): Promise<number> {
  const text = await telemetry.registry.metrics();
  return Number(/^narthex_inflight_requests (\d+)$/m.exec(text)?.[1]);
}

async function serve(pieces: () => AsyncIterable<Uint8Array>): Promise<string> {
  const nothing: Querier = {
    select: async function* () {},
    labelNames: async () => [],
    labelValues: async () => [],
  };
  const query: QueryApi = {
    query: async () => ({
      ...{ totalSamples: 0, peakSamples: 0, peakBytes: 0, evalMs: 0 },
      pieces: pieces(),
    }),
    querier: () => nothing,
    metadata: async () => [],
    exemplars: async () => [],
    limits: () => ({ parse: {}, max_query_expression_size_bytes: 1000 }),
    active: { list: () => [], cancel: () => undefined },
  };
  const tenants = new TenantResolver({ authEnabled: false });
  telemetry = quietTelemetry();
  http = await serveHttp({
    listen: "127.0.0.1:0",
    maxRequestBytes: 1e6,
    telemetry,
    routes: [queryRoutes({ query, tenants, clock: systemClock, buildInfo: {} })],
  });
  return `http://${http.address}/api/v1`;
}

test("answers are let go of when they were read, for HEAD too", async () => {
  const answers = new Answers();
  const base = await serve(() => answers.pieces(20));
  const whole = await fetch(`${base}/query?query=m`);
  expect((await whole.arrayBuffer()).byteLength).toBe(20 * 64 * 1024);
  expect(whole.headers.get("content-type")).toContain("application/json");
  expect((await fetch(`${base}/query?query=m`, { method: "HEAD" })).status).toBe(200);
  await expect.poll(() => answers.open).toBe(0);
});

test("an answer is not taken ahead of its client, and let go of when that leaves", async () => {
  const answers = new Answers();
  const base = new URL(await serve(() => answers.pieces(100_000)));
  const socket = connect(Number(base.port), base.hostname);
  socket.on("error", () => undefined);
  socket.write("GET /api/v1/query?query=m HTTP/1.1\r\nHost: narthex\r\n\r\n");
  await once(socket, "data");
  expect(await inflight()).toBe(1);
  socket.destroy();
  await expect.poll(() => answers.open).toBe(0);
  expect(answers.taken).toBeLessThan(10_000);
  await expect.poll(inflight).toBe(0);
});

test("an answer that breaks off early is an error, later a cut connection", async () => {
  const answers = new Answers();
  let failAt = 1;
  const base = await serve(() => answers.pieces(20, failAt));
  const early = await fetch(`${base}/query?query=m`);
  expect(early.status).toBe(422);
  expect(await early.json()).toMatchObject({ errorType: "execution", error: "broke off" });
  failAt = 10;
  const late = await fetch(`${base}/query?query=m`);
  expect(late.status).toBe(200);
  await expect(late.arrayBuffer()).rejects.toThrow();
  await expect.poll(() => answers.open).toBe(0);
});

test("expressions are not parsed where they are longer than a query may be", async () => {
  const base = await serve(() => new Answers().pieces(1));
  const long = `{${"a".repeat(1000)}="b"}`;
  for (const asked of ["format_query?query=", "parse_query?query=", "series?match[]="]) {
    const short = await fetch(`${base}/${asked}${encodeURIComponent('{a="b"}')}`);
    expect(short.status).toBe(200);
    const response = await fetch(`${base}/${asked}${encodeURIComponent(long)}`);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining("max_query_expression_size_bytes"),
    });
  }
});
