import { createServer, type Server as NetServer } from "node:net";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
  CorruptionError,
  codeOf,
  ERROR_CODES,
  type ErrorCode,
  NarthexError,
} from "#pkg/errs/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import type { ChunkSeries, LabelParams, SelectParams } from "#pkg/storage/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import {
  ClientPool,
  type Closable,
  type GrpcServer,
  type IngesterApi,
  ingesterClient,
  type StoreGatewayApi,
  serveGrpc,
  storeGatewayClient,
} from "./mod.ts";

const never = new AbortController().signal;
const all = { mint: 0, maxt: 10, matchers: [] };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanups.splice(0).reverse()) await step();
});

function refuse(): never {
  throw new NarthexError("internal", "not part of this test");
}

/** An ingester that has what a test gives it. */
function ingester(parts: Partial<IngesterApi>): IngesterApi {
  return {
    push: refuse,
    select: refuse,
    labelNames: refuse,
    labelValues: refuse,
    metadata: refuse,
    exemplars: refuse,
    tenantStats: refuse,
    deleteSeries: refuse,
    flush: refuse,
    ...parts,
  };
}

async function serve(
  api: { ingester?: Partial<IngesterApi>; storeGateway?: StoreGatewayApi; listen?: string },
  options: { maxReceiveBytes?: number } = {},
): Promise<GrpcServer> {
  const server = await serveGrpc({
    listen: api.listen ?? "127.0.0.1:0",
    ...(api.ingester ? { ingester: ingester(api.ingester) } : {}),
    ...(api.storeGateway ? { storeGateway: api.storeGateway } : {}),
    telemetry: quietTelemetry(),
    ...options,
  });
  cleanups.push(() => server.stop(0));
  return server;
}

function keep<T extends Closable>(client: T): T {
  cleanups.push(() => client.close());
  return client;
}

const connect = (address: string, options = {}): IngesterApi =>
  keep(ingesterClient(address, { telemetry: quietTelemetry(), maxReconnectMs: 200, ...options }));

async function pair(api: Partial<IngesterApi>, options = {}): Promise<IngesterApi> {
  return connect((await serve({ ingester: api })).address, options);
}

function seriesOf(name: string, bytes = 3): ChunkSeries {
  const data = new Uint8Array(bytes).fill(7);
  const chunk = { encoding: 1, mint: 1, maxt: 2, bytes: data, start: 0, end: bytes };
  return { labels: ["__name__", name], chunks: [chunk] };
}

async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const out: T[] = [];
  for await (const batch of batches) out.push(...batch);
  return out;
}

const failure = async (work: Promise<unknown>): Promise<NarthexError> => {
  const error = await work.then(
    () => new Error("it succeeded"),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(NarthexError);
  return error as NarthexError;
};

test("push carries tenant, body and outcome", async () => {
  const seen: unknown[] = [];
  const client = await pair({
    push: (tenant, body) => {
      seen.push(tenant, [...body]);
      return Promise.resolve({
        samples: 3_000_000_000,
        rejected: [{ reason: "out_of_order", count: 2, message: 'up{a="ü"}' }],
      });
    },
  });
  const outcome = await client.push("team-a", Uint8Array.of(0, 1, 255), never);
  expect(seen).toEqual(["team-a", [0, 1, 255]]);
  expect(outcome).toEqual({
    samples: 3_000_000_000,
    rejected: [{ reason: "out_of_order", count: 2, message: 'up{a="ü"}' }],
  });
});

test("push takes bodies of tens of MiB and refuses those over the limit as too_large", async () => {
  const api = {
    push: (_: string, body: Uint8Array) => Promise.resolve({ samples: body.length, rejected: [] }),
  };
  const client = await pair(api);
  const size = 30 * 1024 * 1024;
  expect((await client.push("a", new Uint8Array(size))).samples).toBe(size);
  const small = await serve({ ingester: api }, { maxReceiveBytes: 1000 });
  const refused = await failure(connect(small.address).push("a", new Uint8Array(2000)));
  expect(refused.code).toBe("too_large");
});

test("every error code, message and detail survives the trip exactly", async () => {
  let thrown: unknown;
  const client = await pair({ push: () => Promise.reject(thrown) });
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const message = `push 100%25 of {a="ü😀\n"}: ${code}`;
    thrown = new NarthexError(code, message, { detail: { limit: 5, tenant: "é", ok: true } });
    const error = await failure(client.push("a", new Uint8Array(0)));
    expect([error.code, error.message]).toEqual([code, message]);
    expect(error.detail).toEqual({ limit: 5, tenant: "é", ok: true });
  }
  thrown = new CorruptionError("wal/000001", 77, "crc 1, want 2");
  const corrupt = await failure(client.push("a", new Uint8Array(0)));
  expect([corrupt.code, corrupt.message]).toEqual([
    "corruption",
    "wal/000001 at offset 77: crc 1, want 2",
  ]);
  expect(corrupt.detail).toEqual({ path: "wal/000001", offset: 77 });
  thrown = new TypeError("x is not a function");
  expect((await failure(client.push("a", new Uint8Array(0)))).code).toBe("internal");
});

test("any message of up to 4096 characters survives; longer ones are cut", async () => {
  let message = "";
  const client = await pair({ push: () => Promise.reject(new NarthexError("bad_data", message)) });
  const trip = async (text: string): Promise<string> => {
    message = text;
    return (await failure(client.push("a", new Uint8Array(0)))).message;
  };
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), async (text) => {
      expect(await trip(text)).toBe(text);
    }),
    { numRuns: 40 },
  );
  expect(await trip("x".repeat(4096))).toBe("x".repeat(4096));
  expect(await trip("x".repeat(100_000))).toBe(`${"x".repeat(4095)}…`);
  expect(await trip("half \ud800 pair")).toContain("half ");
});

test("select streams batches in order with params, hints and warnings", async () => {
  let got: SelectParams | undefined;
  const client = await pair({
    async *select(tenant, params) {
      got = params;
      yield [seriesOf(`${tenant}1`), seriesOf(`${tenant}2`)];
      params.onWarning?.("half of it is missing");
      yield [];
      yield [seriesOf(`${tenant}3`, 0)];
      params.onWarning?.("and more");
    },
  });
  const warnings: string[] = [];
  const params: SelectParams = {
    mint: Number.NEGATIVE_INFINITY,
    maxt: 2 ** 52,
    matchers: [
      newMatcher("=", "a", "b"),
      newMatcher("!=", "a", ""),
      newMatcher("=~", "c", "x|y.*"),
      newMatcher("!~", "ü", "z+"),
    ],
    hints: { step: 15, range: 300, func: "rate", grouping: ["job"], by: true, skipChunks: true },
    limit: 10,
    onWarning: (warning) => warnings.push(warning),
  };
  const series = await collect(client.select("t", params, never));
  expect(series.map(({ labels }) => labels[1])).toEqual(["t1", "t2", "t3"]);
  const chunk = series[0]?.chunks[0];
  expect([...(chunk?.bytes.subarray(chunk.start, chunk.end) ?? [])]).toEqual([7, 7, 7]);
  expect(warnings).toEqual(["half of it is missing", "and more"]);
  expect(got?.matchers.map(String)).toEqual(params.matchers.map(String));
  expect(got?.matchers[2]?.matches("yes")).toBe(true);
  expect([got?.mint, got?.maxt, got?.limit, got?.hints]).toEqual([
    params.mint,
    params.maxt,
    10,
    params.hints,
  ]);
});

test("select fails in the middle with the server's error, after what came before it", async () => {
  const client = await pair({
    async *select() {
      yield [seriesOf("a")];
      throw new NarthexError("execution", "query needs 7 GB, limit 1 GB");
    },
  });
  const got: string[] = [];
  const error = await failure(
    (async () => {
      for await (const batch of client.select("t", all, never)) {
        for (const { labels } of batch) got.push(labels[1] as string);
      }
    })(),
  );
  expect([error.code, error.message]).toEqual(["execution", "query needs 7 GB, limit 1 GB"]);
  expect(got).toEqual(["a"]);
});

test("a regular expression that does not compile on the server is bad_data", async () => {
  const client = await pair({ labelNames: () => Promise.resolve([]) });
  const matcher = newMatcher("=~", "a", "b");
  const broken = Object.assign(Object.create(Object.getPrototypeOf(matcher)), matcher, {
    value: "(",
  }) as typeof matcher;
  const params = { mint: 0, maxt: 1, matchers: [broken] };
  expect((await failure(client.labelNames("t", params, never))).code).toBe("bad_data");
});

test("the server stops producing when nobody reads, and when the reader leaves", async () => {
  let produced = 0;
  let ended: (reason: string) => void;
  const end = new Promise<string>((resolve) => (ended = resolve));
  const client = await pair({
    async *select(_tenant, _params, signal) {
      try {
        for (; produced < 1000; produced++) {
          if (signal.aborted) return;
          yield [seriesOf(`s${produced}`, 300_000)];
        }
      } finally {
        ended(signal.aborted ? codeOf(signal.reason) : "not aborted");
      }
    },
  });
  for await (const batch of client.select("t", all, never)) {
    expect(batch).toHaveLength(1);
    // Long enough for a server without backpressure to produce all of it: it would take 300 MB.
    for (let same = 0, before = -1; same < 20; same = before === produced ? same + 1 : 0) {
      before = produced;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(produced).toBeLessThan(200);
    break;
  }
  expect(await end).toBe("canceled");
});

test("aborting cancels calls on both sides, with the caller's reason", async () => {
  let aborted: (code: string) => void;
  let begun: () => void;
  const hang = (signal: AbortSignal | undefined): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => {
        aborted(codeOf(signal.reason));
        reject(signal.reason);
      });
      begun();
    });
  const client = await pair({
    push: (_t, _b, signal) => hang(signal),
    async *select(_t, _p, signal) {
      yield [seriesOf("a")];
      await hang(signal);
    },
  });
  const calls = [
    (signal: AbortSignal) => client.push("t", new Uint8Array(1), signal),
    (signal: AbortSignal) => collect(client.select("t", all, signal)),
  ];
  for (const call of calls) {
    const controller = new AbortController();
    const onServer = new Promise<string>((resolve) => (aborted = resolve));
    const running = new Promise<void>((resolve) => (begun = resolve));
    const outcome = failure(call(controller.signal));
    await running;
    controller.abort(new NarthexError("timeout", "query took 2 min"));
    expect((await outcome).message).toBe("query took 2 min");
    expect(await onServer).toBe("canceled");
  }
  const before = new AbortController();
  before.abort();
  expect((await failure(client.push("t", new Uint8Array(1), before.signal))).code).toBe("canceled");
});

test("a deadline that passes is a timeout on both sides", async () => {
  let aborted: (code: string) => void;
  const onServer = new Promise<string>((resolve) => (aborted = resolve));
  const client = await pair(
    {
      push: (_t, _b, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => {
            aborted(codeOf(signal.reason));
            reject(signal.reason);
          });
        }),
    },
    { pushTimeoutMs: 50 },
  );
  expect((await failure(client.push("t", new Uint8Array(1)))).code).toBe("timeout");
  expect(["timeout", "canceled"]).toContain(await onServer);
});

async function freePort(): Promise<number> {
  const server: NetServer = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("calls to a dead peer fail fast as unavailable, and reach it soon after it is back", async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const client = connect(address);
  const push = (): Promise<unknown> => client.push("t", new Uint8Array(1));
  for (let i = 0; i < 3; i++) {
    const error = await failure(push());
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain(address);
  }
  const api = { push: () => Promise.resolve({ samples: 1, rejected: [] }) };
  const first = await serve({ ingester: api, listen: address });
  const back = async (): Promise<void> => {
    for (;;) {
      const ok = await push().then(
        () => true,
        () => false,
      );
      if (ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await back();
  await first.stop(0);
  expect((await failure(push())).code).toBe("unavailable");
  await serve({ ingester: api, listen: address });
  await back();
});

test("calls that run when the server is cut off fail as unavailable", async () => {
  let begun: () => void;
  const running = new Promise<void>((resolve) => (begun = resolve));
  const server = await serve({
    ingester: {
      push: () => new Promise(() => begun()),
      async *select() {
        yield [seriesOf("a")];
        await new Promise(() => undefined);
      },
    },
  });
  const client = connect(server.address);
  const push = failure(client.push("t", new Uint8Array(1)));
  const stream = client.select("t", all, never)[Symbol.asyncIterator]();
  await stream.next();
  const rest = failure(stream.next());
  await running;
  await server.stop(0);
  expect([(await push).code, (await rest).code]).toEqual(["unavailable", "unavailable"]);
});

test("stop lets running calls end", async () => {
  let begun: () => void;
  let finish: () => void;
  const running = new Promise<void>((resolve) => (begun = resolve));
  const server = await serve({
    ingester: {
      push: () =>
        new Promise((resolve) => {
          finish = () => resolve({ samples: 5, rejected: [] });
          begun();
        }),
    },
  });
  const client = connect(server.address);
  const push = client.push("t", new Uint8Array(1));
  await running;
  const stopped = server.stop(20_000);
  finish!();
  expect((await push).samples).toBe(5);
  (client as IngesterApi & Closable).close();
  await stopped;
});

test("the other calls of an ingester carry arguments and results", async () => {
  const seen: unknown[] = [];
  const client = await pair({
    labelNames: (tenant, params) => {
      seen.push(["names", tenant, params.limit, params.matchers.map(String)]);
      params.onWarning?.("w");
      return Promise.resolve(["a", "ü"]);
    },
    labelValues: (tenant, name, params) => {
      seen.push(["values", tenant, name, params.mint, params.maxt]);
      return Promise.resolve([]);
    },
    metadata: (tenant, params) => {
      seen.push(["metadata", tenant, params]);
      return Promise.resolve([{ metric: "up", type: "gauge", help: "h", unit: "" }]);
    },
    tenantStats: () => Promise.resolve([{ tenant: "t", series: 2 ** 33, samplesPerSecond: 0.5 }]),
    deleteSeries: (tenant, { matchers, mint, maxt }) => {
      seen.push(["delete", tenant, matchers.map(String), mint, maxt]);
      return Promise.resolve({ series: 3, nowMs: 1.7e12 });
    },
    flush: (tenant) => Promise.resolve(void seen.push(["flush", tenant])),
  });
  const warnings: string[] = [];
  const params: LabelParams = {
    mint: -5,
    maxt: 7,
    matchers: [newMatcher("=~", "a", ".+")],
    limit: 3,
    onWarning: (warning) => warnings.push(warning),
  };
  expect(await client.labelNames("t", params, never)).toEqual(["a", "ü"]);
  expect(await client.labelValues("t", "job", params, never)).toEqual([]);
  expect(await client.metadata("t", { metric: "up", limit: 1 }, never)).toEqual([
    { metric: "up", type: "gauge", help: "h", unit: "" },
  ]);
  await client.metadata("t", {}, never);
  expect(await client.tenantStats(never)).toEqual([
    { tenant: "t", series: 2 ** 33, samplesPerSecond: 0.5 },
  ]);
  const deletion = { matchers: [newMatcher("!~", "a", "x|y")], mint: -8.64e15, maxt: 8.64e15 };
  expect(await client.deleteSeries("t", deletion, never)).toEqual({ series: 3, nowMs: 1.7e12 });
  await client.flush("t", never);
  await client.flush(undefined, never);
  expect(warnings).toEqual(["w"]);
  expect(seen).toEqual([
    ["names", "t", 3, ['a=~".+"']],
    ["values", "t", "job", -5, 7],
    ["metadata", "t", { metric: "up", limit: 1 }],
    ["metadata", "t", {}],
    ["delete", "t", ['a!~"x|y"'], -8.64e15, 8.64e15],
    ["flush", "t"],
    ["flush", undefined],
  ]);
});

test("a store-gateway's calls carry the blocks", async () => {
  const seen: unknown[] = [];
  const server = await serve({
    storeGateway: {
      async *select(tenant, blocks) {
        seen.push(["select", tenant, blocks]);
        yield [seriesOf("a")];
      },
      labelNames: (_t, blocks) => Promise.resolve([...blocks]),
      labelValues: (_t, blocks, name) => Promise.resolve([name, ...blocks]),
      blocks: (tenant) => Promise.resolve([{ id: tenant, mint: 1, maxt: 2 }]),
      async sync(tenant) {
        seen.push(["sync", tenant]);
      },
    },
  });
  const client = keep(storeGatewayClient(server.address, { telemetry: quietTelemetry() }));
  expect(await collect(client.select("t", ["b1", "b2"], all, never))).toHaveLength(1);
  expect(await client.labelNames("t", ["b1"], all, never)).toEqual(["b1"]);
  expect(await client.labelValues("t", ["b1"], "job", all, never)).toEqual(["job", "b1"]);
  expect(await client.blocks("t", never)).toEqual([{ id: "t", mint: 1, maxt: 2 }]);
  await client.sync("t", never);
  expect(seen).toEqual([
    ["select", "t", ["b1", "b2"]],
    ["sync", "t"],
  ]);
});

test("a method that the peer does not serve is unavailable; a tenant that is no header, bad_data", async () => {
  const server = await serve({ ingester: {} });
  const client = keep(storeGatewayClient(server.address, { telemetry: quietTelemetry() }));
  expect((await failure(client.blocks("t", never))).code).toBe("unavailable");
  expect((await failure(client.blocks("a\nb", never))).code).toBe("bad_data");
});

test("calls are counted by method and code on both sides", async () => {
  const serverTelemetry = quietTelemetry();
  const clientTelemetry = quietTelemetry();
  const server = await serveGrpc({
    listen: "127.0.0.1:0",
    ingester: ingester({ push: () => Promise.reject(new NarthexError("rate_limited", "slow")) }),
    telemetry: serverTelemetry,
  });
  cleanups.push(() => server.stop(0));
  const client = keep(ingesterClient(server.address, { telemetry: clientTelemetry }));
  await failure(client.push("t", new Uint8Array(1)));
  for (const [side, { registry }] of [
    ["server", serverTelemetry],
    ["client", clientTelemetry],
  ] as const) {
    const text = await registry.metrics();
    const labels = 'method="Ingester/Push",code="rate_limited"';
    expect(text).toContain(`narthex_rpc_${side}_calls_total{${labels}} 1`);
    expect(text).toContain(`narthex_rpc_${side}_running{method="Ingester/Push"} 0`);
  }
});

test("serveGrpc on a port that is taken is unavailable", async () => {
  const server = await serve({ ingester: {} });
  expect((await failure(serve({ ingester: {}, listen: server.address }))).code).toBe("unavailable");
});

test("ClientPool makes one client an address and closes those not retained", () => {
  const closed: string[] = [];
  const pool = new ClientPool((address) => ({ address, close: () => closed.push(address) }));
  expect(pool.get("a")).toBe(pool.get("a"));
  pool.get("b");
  pool.retain(new Set(["b"]));
  expect([closed, pool.size]).toEqual([["a"], 1]);
  pool.close();
  expect(closed).toEqual(["a", "b"]);
});
