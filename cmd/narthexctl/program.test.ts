import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeBlock } from "#pkg/block/mod.ts";
import { encodeXor } from "#pkg/chunkenc/mod.ts";
import { FakeClock } from "#pkg/clock/mod.ts";
import { type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { ChunkEncoding, type ChunkSeries, SampleColumns } from "#pkg/storage/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { ctl } from "../../test/support/ctl.ts";
import { temporaryFolder } from "../../test/support/temp.ts";

const promtool = peer("promtool");
const T0 = 1_700_000_000_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: Server;
let base = "";
let answer: { status: number; body: string } = { status: 200, body: "" };
const asked: { path: string; params: URLSearchParams; tenant: string | undefined }[] = [];

beforeAll(async () => {
  folder = await temporaryFolder("ctl");
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://host");
    const tenant = request.headers["x-scope-orgid"] as string | undefined;
    asked.push({ path: url.pathname, params: url.searchParams, tenant });
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await folder.remove();
});

function success(data: unknown, more: object = {}): void {
  answer = { status: 200, body: JSON.stringify({ status: "success", data, ...more }) };
}

async function block(dir: string, series: readonly [Labels, number, number[]][]): Promise<string> {
  await mkdir(dir, { recursive: true });
  async function* batches(): AsyncGenerator<readonly ChunkSeries[]> {
    yield series.map(([labels, from, values]) => {
      const columns = new SampleColumns();
      for (const [i, value] of values.entries()) columns.push(from + i * 1000, value);
      const bytes = encodeXor(columns, 0, columns.length);
      const maxt = from + (values.length - 1) * 1000;
      const place = { bytes, start: 0, end: bytes.length };
      return { labels, chunks: [{ encoding: ChunkEncoding.xor, mint: from, maxt, ...place }] };
    });
  }
  const times = series.flatMap(([, from, values]) => [from, from + values.length * 1000]);
  const meta = await writeBlock(batches(), {
    dir,
    mint: Math.min(...times),
    maxt: Math.max(...times),
    clock: new FakeClock(T0),
    random: seededRandom(series.length),
  });
  return meta!.ulid;
}

test("check config says SUCCESS, or every problem with its path, and fails", async () => {
  const good = join(folder.dir, "good.yaml");
  const bad = join(folder.dir, "bad.yaml");
  await writeFile(good, "ingester: {block_duration: 1h}\n");
  await writeFile(bad, "ingestr: {}\nhttp: {listen: 7, port: 9009}\n");
  const sound = await ctl("check", "config", good);
  expect(sound).toMatchObject({ code: 0, err: "" });
  expect(sound.out).toMatch(/good\.yaml\n {2}SUCCESS/);
  const both = await ctl("check", "config", bad, good);
  expect(both.code).toBe(1);
  expect(both.err).toMatch(/FAILED/);
  expect(both.err).toMatch(/ingestr: unknown key, did you mean ingester\?/);
  expect(both.err).toMatch(/http\.listen: /);
  expect(both.err).toMatch(/http\.port: unknown key/);
  expect(both.out).toMatch(/good\.yaml\n {2}SUCCESS/);
  const missing = await ctl("check", "config", join(folder.dir, "none.yaml"));
  expect(missing).toMatchObject({ code: 1, err: expect.stringMatching(/none\.yaml/) });
});

test("config prints the reference and the schema", async () => {
  expect((await ctl("config", "reference")).out).toMatch(/--ingester\.block-duration/);
  const schema = JSON.parse((await ctl("config", "schema")).out) as { properties: object };
  expect(schema.properties).toHaveProperty("ingester");
});

test("query instant prints each type of result as promtool does", async () => {
  const f = async (data: unknown, want: string): Promise<void> => {
    success(data);
    expect(await ctl("query", "instant", base, "x")).toEqual({ code: 0, out: want, err: "" });
  };
  await f({ resultType: "scalar", result: [1700000000.5, "1"] }, "scalar: 1 @[1700000000.5]\n");
  await f({ resultType: "string", result: [1700000000, "hi"] }, "hi\n");
  const histogram = [1700000000, { count: "3", sum: "1.5", buckets: [[3, "-0.5", "0.5", "3"]] }];
  await f(
    { resultType: "vector", result: [{ metric: { __name__: "up" }, histogram }] },
    "up => {count:3, sum:1.5, [-0.5,0.5]:3} @[1700000000]\n",
  );
  await f(
    {
      resultType: "matrix",
      result: [{ metric: {}, values: [[1700000030, "2"]], histograms: [histogram] }],
    },
    "{} =>\n{count:3, sum:1.5, [-0.5,0.5]:3} @[1700000000]\n2 @[1700000030]\n",
  );
  await f({ resultType: "vector", result: [] }, "");
  const metric = { job: "b", __name__: "up", "a.b": 'q"' };
  await f(
    { resultType: "vector", result: [{ metric, value: [1700000000, "NaN"] }] },
    'up{"a.b"="q\\"", job="b"} => NaN @[1700000000]\n',
  );
  const values = [
    [1700000000, "1"],
    [1700000030, "+Inf"],
  ];
  await f(
    { resultType: "matrix", result: [{ metric: {}, values }] },
    "{} =>\n1 @[1700000000]\n+Inf @[1700000030]\n",
  );
});

test("query passes expression, times and tenant on", async () => {
  success({ resultType: "vector", result: [] });
  asked.length = 0;
  await ctl("query", "instant", `${base}/prometheus/`, "a + b", "--time", "2023-11-14T22:13:20Z");
  await ctl("query", "range", base, "up", "--tenant", "a|b", "--step", "1m");
  await ctl("query", "range", base, "up", "--start", "100", "--end", "100.5");
  expect(asked[0]!.path).toBe("/prometheus/api/v1/query");
  expect(Object.fromEntries(asked[0]!.params)).toEqual({ query: "a + b", time: "1700000000" });
  expect(asked[0]!.tenant).toBeUndefined();
  expect(asked[1]).toMatchObject({ path: "/api/v1/query_range", tenant: "a|b" });
  const range = { query: "up", start: "1699999700", end: "1700000000", step: "60" };
  expect(Object.fromEntries(asked[1]!.params)).toEqual(range);
  expect(Object.fromEntries(asked[2]!.params)).toMatchObject({ start: "100", step: "1" });
});

test("query series and labels print one a line", async () => {
  success([{ __name__: "up", job: "a" }], { warnings: ["partial"] });
  asked.length = 0;
  const series = await ctl("query", "series", base, "up", '{job="a"}', "--start", "1");
  expect(series.out).toBe('{__name__="up", job="a"}\n');
  expect(series.err).toBe("warning: partial\n");
  expect(asked[0]!.params.getAll("match[]")).toEqual(["up", '{job="a"}']);
  success(["a", "b"]);
  expect((await ctl("query", "labels", base, "my.label", "--match", "up")).out).toBe("a\nb\n");
  expect((await ctl("query", "labels", base, "--json")).out).toBe('["a","b"]\n');
  expect(asked.slice(1).map(({ path }) => path)).toEqual([
    "/api/v1/label/my.label/values",
    "/api/v1/labels",
  ]);
});

test("query --json prints the data as it came", async () => {
  const data = { resultType: "scalar", result: [1, "2"] };
  success(data);
  const { out } = await ctl("query", "instant", base, "2", "--json");
  expect(JSON.parse(out)).toEqual(data);
});

test("query fails with the server's words, or with what came instead", async () => {
  const f = async (args: string[], want: RegExp): Promise<void> => {
    const { code, out, err } = await ctl("query", "instant", ...args);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(want);
  };
  answer = {
    status: 400,
    body: JSON.stringify({ status: "error", errorType: "bad_data", error: "parse error" }),
  };
  await f([base, "up{"], /^narthexctl: query error: bad_data: parse error\n$/);
  answer = { status: 404, body: "404 page not found: /api\n" };
  await f([base, "up"], /answered 404: 404 page not found/);
  await f(["http://127.0.0.1:1", "up"], /ask http:\/\/127\.0\.0\.1:1: /);
  await f(["http://", "up"], /want a URL such as/);
  await f([base, "up", "--time", "soon"], /--time.*want a time as RFC 3339/);
  await f([base], /missing required argument 'expr'/);
});

test("help and version succeed; what is unknown fails with a suggestion", async () => {
  expect(await ctl("--help")).toMatchObject({ code: 0, out: expect.stringMatching(/tsdb/) });
  expect(await ctl("tsdb", "dump", "--help")).toMatchObject({ code: 0 });
  expect((await ctl("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await ctl("quer")).toMatchObject({ code: 1, err: expect.stringMatching(/query/) });
  expect(await ctl()).toMatchObject({ code: 1 });
});

test("tsdb list and dump read blocks; times that two blocks hold come once", async () => {
  const dir = join(folder.dir, "bucket", "anonymous");
  const up = labelsFromObject({ __name__: "up", job: "a" });
  const down = labelsFromObject({ __name__: "down" });
  const first = await block(dir, [[up, T0, [1, 2]]]);
  const second = await block(dir, [
    [down, T0 + 1000, [0.5]],
    [up, T0 + 1000, [2, 1e300]],
  ]);
  const list = await ctl("tsdb", "list", dir);
  const lines = list.out.split("\n");
  expect(lines[0]).toMatch(/^BLOCK ULID +MIN TIME +MAX TIME +DURATION +NUM SAMPLES/);
  expect(lines[1]).toMatch(new RegExp(`^${first} +${T0} +${T0 + 2000} +2s +2 +1 +1 +\\d+$`));
  expect(lines[2]).toMatch(new RegExp(`^${second} `));
  const human = await ctl("tsdb", "list", "-r", join(dir, first));
  expect(human.out).toMatch(/2023-11-14T22:13:20Z .*B\n$/);
  const json = await ctl("tsdb", "list", dir, "--json");
  expect(JSON.parse(json.out.split("\n")[0]!)).toMatchObject({ ulid: first, minTime: T0 });

  const dumped = await ctl("tsdb", "dump", dir);
  const upName = '{__name__="up", job="a"}';
  expect(dumped).toEqual({
    code: 0,
    err: "",
    out: [
      `{__name__="down"} 0.5 ${T0 + 1000}\n`,
      `${upName} 1 ${T0}\n${upName} 2 ${T0 + 1000}\n${upName} 1e+300 ${T0 + 2000}\n`,
    ].join(""),
  });
  const f = async (args: string[], want: string): Promise<void> =>
    expect(await ctl("tsdb", "dump", dir, ...args)).toEqual({ code: 0, out: want, err: "" });
  const middle = ["--mint", String(T0 + 1000), "--maxt", "2023-11-14T22:13:21Z"];
  await f([...middle, "--match", "up"], `${upName} 2 ${T0 + 1000}\n`);
  await f([...middle, "--match", "up", '{job=~"a|b"}'], `${upName} 2 ${T0 + 1000}\n`);
  await f(["--match", "other"], "");
});

test("tsdb says where blocks are, and which cannot be read", async () => {
  const bucket = join(folder.dir, "other");
  const id = await block(join(bucket, "team"), [[labelsFromObject({ __name__: "x" }), T0, [1]]]);
  expect(await ctl("tsdb", "list", bucket)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/holds no blocks; there are some in .*team/),
  });
  expect(await ctl("tsdb", "dump", join(bucket, "none"))).toMatchObject({ code: 1 });
  expect(await ctl("tsdb", "dump", bucket, "--match", "{")).toMatchObject({ code: 1 });
  await writeFile(join(bucket, "team", id, "meta.json"), "{}");
  expect(await ctl("tsdb", "list", join(bucket, "team"))).toMatchObject({
    code: 1,
    err: expect.stringMatching(new RegExp(`1 unreadable:\n.*${id}`)),
  });
});

test.skipIf(promtool === undefined)(
  "tsdb dump prints what promtool prints (peer: promtool)",
  async () => {
    const dir = join(folder.dir, "compared");
    const values = [
      1,
      -0,
      0.1,
      1e-7,
      0.0001,
      123456,
      1234567,
      123456789,
      1e21,
      1.5e300,
      Infinity,
      -Infinity,
      NaN,
    ];
    await block(dir, [
      [labelsFromObject({ __name__: "a", x: 'quote " \\ \n' }), T0, values],
      [labelsFromObject({ __name__: "b", job: "é" }), T0, values.slice(2)],
    ]);
    const db = join(folder.dir, "db");
    await mkdir(join(db, "wal"), { recursive: true });
    await cp(dir, db, { recursive: true });
    const { stdout } = await promisify(execFile)(promtool!, ["tsdb", "dump", db]);
    const sorted = (text: string): string[] => text.split("\n").sort();
    expect(sorted((await ctl("tsdb", "dump", dir)).out)).toEqual(sorted(stdout));
  },
);
