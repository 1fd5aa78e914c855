import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FilesystemBucket } from "#pkg/objstore/mod.ts";
import { buildNodeLibraries } from "../../scripts/library.mjs";
import { writeTypes } from "../../scripts/types.mjs";
import { hasS3, startS3 } from "../peers/s3.ts";
import {
  cortexTenant,
  deleteTenant,
  makeBlock,
  prometheusBucket,
  putBlock,
  thanosExtras,
  thanosSection,
  withExternal,
} from "../support/foreign-buckets.ts";
import { temporaryFolder } from "../support/temp.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/tsdb-library.md"), "utf8");
const EXAMPLES = [...PAGE.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, code, output], i) => [i + 1, code!, output!] as const,
);

type Tsdb = typeof import("../../pkg/tsdb-library/mod.ts");
type Promql = typeof import("../../pkg/promql/library.ts");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let tsdb: Tsdb;
let promql: Promql;

/** A project that has installed the package, as a user's has. */
beforeAll(async () => {
  folder = await temporaryFolder("tsdb-library");
  const installed = join(folder.dir, "node_modules/narthex");
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, "package.json"), join(installed, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(installed, "node_modules"));
  await buildNodeLibraries({ absWorkingDir: ROOT, outdir: join(installed, "dist/node") });
  await writeTypes(ROOT, join(installed, "dist/types"));
  const door = (name: string): Promise<unknown> =>
    import(pathToFileURL(join(installed, `dist/node/${name}.js`)).href);
  tsdb = (await door("tsdb")) as Tsdb;
  promql = (await door("promql")) as Promql;
}, 60_000);

afterAll(() => folder.remove());

test("docs/tsdb-library.md has examples", () => {
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(4);
});

test.each(EXAMPLES)("example %i prints what the page says", (i, code, output) => {
  const file = join(folder.dir, `example-${i}.mjs`);
  writeFileSync(file, code);
  const options = { encoding: "utf8", cwd: folder.dir } as const;
  expect(execFileSync(process.execPath, [file], options)).toBe(output);
});

test("the types of both doors hold in a project of strict TypeScript", () => {
  const code = `
import { type ErrorCode, Engine, NarthexError, type QueryResult } from "narthex/promql";
import { type Block, openBlock, openBucket, type ListedSample, writeBlock } from "narthex/tsdb";

export async function main(): Promise<ErrorCode | undefined> {
  const block: Block = await openBlock("x", { externalLabels: false });
  const { signal } = new AbortController();
  const result: QueryResult = await new Engine().instant(block, "up", { timeMs: 0 }, signal);
  for await (const series of block.series("up", { limit: 1 })) {
    const samples: ListedSample[] = [...series];
    await writeBlock("y", [{ labels: series.labels, samples }]);
  }
  const bucket = await openBucket({ s3: { endpoint: "", bucket: "", accessKeyId: "", secretAccessKey: "" } });
  await writeBlock("z", bucket.tenant("t").chunks("up"), { minTimeMs: 0, maxTimeMs: 1 });
  // @ts-expect-error a selector is no number
  block.series(1);
  return result instanceof NarthexError ? result.code : undefined;
}
`;
  writeFileSync(join(folder.dir, "user.mts"), code);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, target: "es2023", module: "nodenext" },
    ...{ types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] },
  };
  writeFileSync(
    join(folder.dir, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["user.mts"] }),
  );
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const run = (): string =>
    execFileSync(process.execPath, [tsc, "-p", folder.dir], { encoding: "utf8" });
  expect(run()).toBe("");
});

/** What a reader answers to some queries, as text. */
async function answers(source: Parameters<InstanceType<Promql["Engine"]>["range"]>[0]) {
  const engine = new promql.Engine();
  const times = { startMs: 1_699_999_200_000, endMs: 1_700_013_600_000, stepMs: 600_000 };
  const { signal } = new AbortController();
  const out: string[] = [];
  for (const query of [
    '{__name__=~".+"}',
    "sum by (cluster, job) (rate(up[10m]))",
    'up{cluster="eu"} > 10',
    'count by (cluster) ({cluster!=""})',
    "max without (job, replica) (rows_total)",
  ]) {
    const { value } = await engine.range(source, query, times, signal);
    if (value.type !== "matrix") throw new Error(`got a ${value.type}`);
    for (const { labels, values, kinds } of value.series) {
      const steps = [...values].map((v, i) => (kinds[i] === 0 ? "" : v));
      out.push(`${query} ${promql.formatSeries(labels)} ${steps}`);
    }
  }
  return out;
}

test("buckets of every layout answer queries as their series in memory do", async () => {
  const dir = join(folder.dir, "made");
  const [a, b, c] = [await makeBlock(dir, 0), await makeBlock(dir, 1), await makeBlock(dir, 0, 3)];
  const merged = (lists: (typeof a.series)[]): InstanceType<Promql["SeriesList"]> => {
    const all = new Map<string, (typeof a.series)[number]>();
    for (const { labels, samples } of lists.flat()) {
      const key = JSON.stringify(Object.entries(labels).sort());
      all.set(key, { labels, samples: [...(all.get(key)?.samples ?? []), ...samples] });
    }
    return new promql.SeriesList([...all.values()]);
  };
  const f = async (
    name: string,
    tenant: string,
    fill: (bucket: FilesystemBucket) => Promise<void>,
    want: InstanceType<Promql["SeriesList"]>,
  ): Promise<void> => {
    const path = join(folder.dir, name);
    const bucket = await FilesystemBucket.open(path, { sync: false });
    await fill(bucket);
    await bucket.close();
    const before = readdirSync(path, { recursive: true }).sort();
    const opened = await tsdb.openBucket({ dir: path, rootTenant: "root" });
    expect(opened.tenants(), name).toEqual([tenant]);
    const got = await answers(opened.tenant(tenant));
    await opened.close();
    expect(got, name).toEqual(await answers(want));
    expect(got.length).toBeGreaterThan(8);
    expect(readdirSync(path, { recursive: true }).sort()).toEqual(before);
  };
  const plain = merged([a.series, b.series]);
  await f("prometheus", "root", (bucket) => prometheusBucket(bucket, [a, b]), plain);
  for (const version of [1, 2] as const) {
    const fill = async (bucket: FilesystemBucket): Promise<void> => {
      await cortexTenant(bucket, "acme", version, { kept: [a, b], deleted: c });
      await cortexTenant(bucket, "gone", version, { kept: [a] });
      await deleteTenant(bucket, "gone", version === 1 ? "cortex" : "mimir");
    };
    await f(`cortex-${version}`, "acme", fill, plain);
  }
  const [eu, us] = [
    { cluster: "eu", replica: "0" },
    { cluster: "us", replica: "0" },
  ];
  const thanos = merged([
    ...[a, b].map(({ series }) => withExternal(series, eu)),
    withExternal(c.series, us),
  ]);
  const fillThanos = async (bucket: FilesystemBucket): Promise<void> => {
    await putBlock(bucket, "", a, thanosSection(eu));
    await putBlock(bucket, "", b, thanosSection(eu));
    await putBlock(bucket, "", c, thanosSection(us));
    await thanosExtras(bucket, a);
  };
  await f("thanos", "root", fillThanos, thanos);
});

test("errors are of one class in both libraries, and name what is damaged", async () => {
  const made = await makeBlock(join(folder.dir, "torn"), 0);
  const path = join(made.dir, "chunks/000001");
  const bytes = readFileSync(path);
  bytes[40] = bytes[40]! ^ 1;
  writeFileSync(path, bytes);
  const block = await tsdb.openBlock(made.dir);
  const query = new promql.Engine().instant(
    block,
    '{__name__=~".+"}',
    { timeMs: made.meta.maxTime },
    new AbortController().signal,
  );
  const error = await query.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(promql.NarthexError);
  expect(error).toBeInstanceOf(tsdb.NarthexError);
  expect(error).toMatchObject({ code: "corruption" });
  expect((await tsdb.verifyBlock(made.dir)).problems[0]).toMatchObject({ file: "chunks/000001" });
  await block.close();
  await expect(tsdb.openBlock(join(folder.dir, "none"))).rejects.toThrow(/ENOENT|missing/);
  await expect(tsdb.openBucket({})).rejects.toMatchObject({ code: "bad_data" });
});

test("writeBlock refuses what makes no block, and copies chunks of another one", async () => {
  const dir = join(folder.dir, "written");
  const up = { labels: { __name__: "up" }, samples: [[1, 1] as const] };
  const refuse = (series: Parameters<Tsdb["writeBlock"]>[1], options = {}): Promise<void> =>
    expect(tsdb.writeBlock(dir, series, options)).rejects.toMatchObject({ code: "bad_data" });
  await refuse([up, up]);
  await refuse([
    {
      ...up,
      samples: [
        [2, 1],
        [1, 1],
      ],
    },
  ]);
  await refuse([up], { minTimeMs: 2, maxTimeMs: 3 });
  async function* backwards() {
    yield up;
    yield { ...up, labels: { __name__: "a" } };
  }
  await refuse(backwards());
  await refuse(backwards(), { minTimeMs: 0, maxTimeMs: 3 });
  expect(await tsdb.writeBlock(dir, [])).toBeUndefined();
  const made = await makeBlock(join(folder.dir, "source"), 0);
  const source = await tsdb.openBlock(made.dir);
  const { minTime, maxTime } = source.meta;
  const copy = await tsdb.writeBlock(dir, source.chunks([]), {
    minTimeMs: minTime,
    maxTimeMs: maxTime,
  });
  expect(copy?.stats).toEqual(source.meta.stats);
  await source.close();
  expect(readdirSync(dir)).toEqual([copy!.ulid]);
});

test.skipIf(!hasS3())("openBucket reads an S3 server (peer)", { timeout: 60_000 }, async () => {
  const server = await startS3();
  try {
    const { S3Bucket } = await import("#pkg/objstore/mod.ts");
    const bucket = new S3Bucket({ ...server, pathStyle: true });
    await bucket.ensure();
    const made = await makeBlock(join(folder.dir, "s3"), 0);
    await putBlock(bucket, "some/where/", made, thanosSection({ cluster: "eu" }));
    const { endpoint, bucket: name, region, accessKey, secretKey } = server;
    const s3 = {
      endpoint,
      bucket: name,
      region,
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
    };
    const opened = await tsdb.openBucket({ s3, prefix: "some/where" });
    expect(opened.tenants()).toEqual(["anonymous"]);
    const want = new promql.SeriesList(withExternal(made.series, { cluster: "eu" }));
    expect(await answers(opened.tenant("anonymous"))).toEqual(await answers(want));
    await opened.close();
    bucket.close();
  } finally {
    await server.stop();
  }
});
