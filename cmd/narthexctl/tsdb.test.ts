import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { S3Bucket } from "#pkg/objstore/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { hasS3, startS3 } from "../../test/peers/s3.ts";
import { ctl, ctlWith } from "../../test/support/ctl.ts";
import { temporaryFolder } from "../../test/support/temp.ts";
import type { Progress } from "./progress.ts";

const promtool = peer("promtool");
const run = promisify(execFile);
/** A multiple of two hours, in seconds. */
const T0 = 1_699_999_200;
const MORE = { maxBuffer: 1 << 28 };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder("ctl-tsdb");
});
afterAll(() => folder.remove());

/** A text with `series` series of `minutes` minutes; every seventh one begins late. */
function exposition(series: number, minutes: number): string {
  const lines = ["# HELP http_total Requests.", "# TYPE http_total counter"];
  for (let i = 0; i < series; i++) {
    for (let m = i % 7 === 0 ? minutes >> 1 : 0; m < minutes; m++) {
      const labels = `code="${200 + (i % 3)}",path="/p${i}",note="a \\"q\\" \\\\ \\n é"`;
      lines.push(`http_total{${labels}} ${m * i * 1.5} ${T0 + m * 60}.25`);
    }
  }
  lines.push("# TYPE temp gauge");
  for (let m = 0; m < minutes; m++) lines.push(`temp ${Math.sin(m)} ${T0 + m * 60}`);
  lines.push(`temp NaN ${T0 + minutes * 60}`, `temp +Inf ${T0 + minutes * 60 + 1}`);
  lines.push('lat_bucket{le="1"} 3 1699999200', 'lat_bucket{le="+Inf"} 4 1699999200');
  return `${lines.join("\n")}\n# EOF\n`;
}

async function textFile(name: string, text: string): Promise<string> {
  const path = join(folder.dir, name);
  await writeFile(path, text);
  return path;
}

async function created(name: string, text: string, ...args: string[]): Promise<string> {
  const dir = join(folder.dir, name);
  const file = await textFile(`${name}.om`, text);
  const result = await ctl("tsdb", "create-blocks-from", "openmetrics", file, dir, ...args);
  expect(result).toMatchObject({ code: 0, err: "" });
  return dir;
}

test("create-blocks-from makes blocks aligned to two hours, which dump and verify", async () => {
  const text = exposition(20, 300);
  const dir = await created("made", text);
  const list = await ctl("tsdb", "list", dir, "--json");
  const metas = list.out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(metas.map(({ minTime }) => Math.floor(minTime / 7_200_000))).toEqual(
    [0, 1, 2].map((i) => T0 / 7200 + i),
  );
  expect(metas[0]).toMatchObject({ minTime: T0 * 1000, maxTime: (T0 + 119 * 60) * 1000 + 251 });
  const verified = await ctl("tsdb", "verify", dir);
  expect(verified).toMatchObject({ code: 0, err: "" });
  expect(verified.out.match(/: ok \(\d+ series, \d+ chunks/g)).toHaveLength(3);
  expect((await readdir(dir)).filter((name) => name.startsWith("."))).toEqual([]);

  const dumped = await ctl("tsdb", "dump-openmetrics", dir);
  expect(dumped.out).toMatch(/\n# EOF\n$/);
  const again = await created("again", dumped.out);
  expect((await ctl("tsdb", "dump", again)).out).toBe((await ctl("tsdb", "dump", dir)).out);
  expect(dumped.out.split("\n").length).toBe(text.split("\n").length - 3);
});

test("create-blocks-from takes long blocks, labels, text with ms, standard input, any order", async () => {
  const file = await textFile("one.om", exposition(3, 400));
  const make = ["tsdb", "create-blocks-from", "openmetrics", file, join(folder.dir, "one")];
  const sameCode = ["--label", "path=x", "--label", "code=1"];
  // All series of a metric become one, whose samples differ.
  expect(await ctl(...make, ...sameCode)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/duplicate sample for timestamp/),
  });
  const dir = await created(
    "labelled",
    exposition(3, 400),
    "--max-block-duration",
    "1d",
    "--label",
    "dc=a=b",
  );
  expect((await readdir(dir)).length).toBe(1);
  const dumped = await ctl("tsdb", "dump", dir, "--format", "seriesjson", "--match", "temp");
  expect(JSON.parse(dumped.out)).toEqual({ __name__: "temp", dc: "a=b" });

  const into = join(folder.dir, "piped");
  const parts = ["b 2 2000\n", "b 1 10", "00\n\n# a comment\nb{} 1 1000\n"];
  const stdin = parts.map((part) => Buffer.from(part));
  const piped = await ctlWith({ stdin }, "tsdb", "create-blocks-from", "text", "-", into, "-q");
  expect(piped).toEqual({ code: 0, out: "", err: "" });
  const { out } = await ctl("tsdb", "dump", into);
  expect(out).toBe('{__name__="b"} 1 1000\n{__name__="b"} 2 2000\n');
});

test("create-blocks-from names the line that is wrong, and leaves nothing", async () => {
  const dir = join(folder.dir, "bad");
  // Lines before the trouble fill several windows.
  const many = `${'a{x="0123456789012345678901234567890123456789"} 1 1\n'.repeat(50_000)}`;
  const f = async (tail: string, want: RegExp): Promise<void> => {
    const file = await textFile("bad.om", `# TYPE a gauge\n${many}${tail}`);
    const result = await ctl("tsdb", "create-blocks-from", "openmetrics", file, dir);
    expect(result).toMatchObject({ code: 1, out: "", err: expect.stringMatching(want) });
    expect(await readdir(dir)).toEqual([]);
  };
  await f("b 1\n# EOF\n", /line 50002: want a timestamp for series \{__name__="b"\}, got none/);
  await f('b{x="1" 1 1\n# EOF\n', /^narthexctl: line 50002, offset \d+: /);
  await f("b 1 1\n", /line 50003, offset \d+: the body does not end with # EOF/);
  await f("# EOF\nb 1 1\n", /line 50003, offset \d+: unexpected data after # EOF/);
  await f("b x 1\n# EOF\n", /line 50002, offset \d+: want a value, got "x 1"/);
  const duplicate = /duplicate sample for timestamp 1000 of \{__name__="b"\}: 1 and 2/;
  await f("b 1 1\nb 2 1\n# EOF\n", duplicate);
  expect(await ctl("tsdb", "create-blocks-from", "openmetrics", "/nope", dir)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/read \/nope/),
  });
  const empty = await textFile("empty.om", "# EOF\n");
  expect(await ctl("tsdb", "create-blocks-from", "openmetrics", empty, dir)).toEqual({
    code: 0,
    out: "",
    err: "no samples, no blocks\n",
  });
});

test("analyze tells churn, cardinality and chunks", async () => {
  const dir = await created("analyzed", exposition(14, 120));
  const { out, code } = await ctl("tsdb", "analyze", dir, "--limit", "2", "--extended");
  expect(code).toBe(0);
  expect(out).toMatch(/^Block ID: \w{26}\nDuration: .*\nTotal Series: 17\nLabel names: 5\n/);
  expect(out).toContain("\nPostings (unique label pairs): 23\n");
  expect(out).toContain("\nHighest cardinality labels:\n14 path\n3 __name__\n\n");
  expect(out).toContain("\nHighest cardinality metric names:\n14 http_total\n2 lat_bucket\n\n");
  expect(out).toMatch(
    /samples per float chunk \(min\/avg\/max\): 1\/\d+\/120\n\[ {2}1, 100\]: {2}4 #+\n/,
  );
  expect(out).toContain("buckets per histogram chunk: N/A\n");
  expect(out).toMatch(/\nXOR +17 +\d+ +\d+ +\d+\.\d\d +\d+%\n/);
  const some = await ctl("tsdb", "analyze", dir, "--match", 'http_total{code="200"}');
  expect(some.out).toContain('\nMatcher: http_total{code="200"}\n');
  expect(some.out).toContain("\nMatched series: 5\n");
  const none = await ctl("tsdb", "analyze", dir, "--block", "01HF7YAT00DX1J26TQEBEE2HBC");
  expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/there is no block 01HF/) });
});

test("verify prints each problem with file and offset, and fails", async () => {
  const dir = await created("damaged", exposition(5, 240));
  const { out: listed } = await ctl("tsdb", "list", dir, "--json");
  const [first, second] = listed.split("\n").map((line) => line && JSON.parse(line).ulid);
  const path = join(dir, second, "chunks/000001");
  const bytes = await readFile(path);
  bytes[100] = bytes[100]! ^ 1;
  await writeFile(path, bytes);
  const result = await ctl("tsdb", "verify", dir);
  expect(result.code).toBe(1);
  expect(result.out).toMatch(
    new RegExp(`${second}: 1 problem\n  chunks/000001 at offset \\d+: chunk crc`),
  );
  expect(result.out).toMatch(new RegExp(`1 of 3 blocks are damaged:\n  ${second}\n$`));
  const json = await ctl("tsdb", "verify", dir, "--json", "--block", second);
  expect(JSON.parse(json.out)).toMatchObject({
    id: second,
    problemCount: 1,
    problems: [{ file: "chunks/000001" }],
  });
  expect(await ctl("tsdb", "verify", join(dir, first), "-q")).toEqual({
    code: 0,
    out: "",
    err: "",
  });
});

test("tsdb commands find blocks in data folders and in buckets", async () => {
  const made = await created("spread", exposition(2, 240));
  const [first, second] = (await readdir(made)).sort();
  const data = join(folder.dir, "data");
  const places = [
    [`ingester/t1/blocks/${first}`, first],
    [`bucket/t1/${first}`, first],
    [`bucket/t1/${second}`, second],
    [`bucket/t2/${second}`, second],
    [`bucket/${first}`, first],
  ] as const;
  for (const [place, id] of places)
    await cp(join(made, id!), join(data, place), { recursive: true });
  const ids = async (...args: string[]): Promise<string[]> => {
    const { out, code, err } = await ctl("tsdb", "list", "--json", ...args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).ulid);
  };
  expect(await ids(data, "--tenant", "t1")).toEqual([first, second]);
  expect(await ids(data, "--tenant", "t2")).toEqual([second]);
  expect(await ids(join(data, "bucket/t1"))).toEqual([first, second]);
  const config = await textFile("config.yaml", `data_dir: ${data}\n`);
  expect(await ids("--config.file", config, "--tenant", "t1")).toEqual([first, second]);
  expect(await ids("--config.file", config)).toEqual([first]);
  expect(await readdir(join(data, "bucket"))).not.toContain(".tmp");
  const verified = await ctl("tsdb", "verify", "--config.file", config, "--tenant", "t1");
  expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/bucket\/t1\/.*ok/) });
  const dumps = [
    ["--config.file", config, "--tenant", "t1"],
    [data, "--tenant", "t1"],
  ].map((args) => ctl("tsdb", "dump", ...args));
  const [a, b] = await Promise.all(dumps);
  expect(a).toEqual(b);
  expect(await ctl("tsdb", "list", data)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/want --tenant, one of t1, t2/),
  });
  expect(await ctl("tsdb", "list", data, "--config.file", config)).toMatchObject({ code: 1 });
  expect(await ctl("tsdb", "list")).toMatchObject({ code: 1 });
});

test("long work shows progress, unless it is told not to", async () => {
  const shown: string[] = [];
  const progress: Progress = {
    start: (label) => void shown.push(label),
    update: () => undefined,
    stop: () => undefined,
  };
  const file = await textFile("shown.om", exposition(2, 10));
  const make = ["tsdb", "create-blocks-from", "openmetrics", file];
  await ctlWith({ progress }, ...make, join(folder.dir, "shown"));
  expect(shown).toEqual(["Reading samples", "Writing blocks"]);
  await ctlWith({ progress }, "tsdb", "verify", join(folder.dir, "shown"));
  expect(shown).toHaveLength(3);
  await ctlWith({ progress }, ...make, join(folder.dir, "shown"), "--quiet");
  await ctlWith({ progress }, "tsdb", "verify", join(folder.dir, "shown"), "--quiet");
  expect(shown).toHaveLength(3);
});

test("every tsdb command explains itself", async () => {
  for (const name of ["list", "dump", "dump-openmetrics", "analyze", "verify"]) {
    const { out, code } = await ctl("tsdb", name, "--help");
    expect(code).toBe(0);
    expect(out).toMatch(/--tenant <id>[\s\S]*--config.file <file>[\s\S]*Where blocks are:/);
  }
  const { out } = await ctl("tsdb", "create-blocks-from", "openmetrics", "--help");
  expect(out).toMatch(/--max-block-duration[\s\S]*--label[\s\S]*need a timestamp/);
});

test.skipIf(!promtool)("blocks equal those that promtool makes of the same text", async () => {
  const text = exposition(40, 300);
  const ours = await created("ours", text);
  const theirs = join(folder.dir, "theirs");
  const file = await textFile("both.om", text);
  await run(promtool!, ["tsdb", "create-blocks-from", "openmetrics", file, theirs], MORE);
  await mkdir(join(ours, "wal"));
  await mkdir(join(theirs, "wal"), { recursive: true });
  const dump = async (dir: string): Promise<string[]> => {
    const { stdout } = await run(promtool!, ["tsdb", "dump", dir], MORE);
    return stdout.split("\n").sort();
  };
  const dumps = [await dump(ours), await dump(theirs)];
  expect(dumps[0]!.length).toBeGreaterThan(10_000);
  expect(dumps[0]).toEqual(dumps[1]);
  const mine = (await ctl("tsdb", "dump", theirs)).out.split("\n").sort();
  expect(mine).toEqual(dumps[1]);
  const metas = async (dir: string): Promise<object[]> => {
    const { out } = await ctl("tsdb", "list", dir, "--json");
    return out
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { minTime, maxTime, stats } = JSON.parse(line);
        const { numSamples, numSeries } = stats;
        return { minTime, maxTime, numSamples, numSeries };
      });
  };
  expect(await metas(ours)).toEqual(await metas(theirs));
  expect(await ctl("tsdb", "verify", theirs)).toMatchObject({ code: 0 });
});

test.skipIf(!promtool)("analyze prints what promtool prints (peer: promtool)", async () => {
  const dir = await created("compared", exposition(15, 110));
  const [id] = await readdir(dir);
  const { stdout } = await run(promtool!, ["tsdb", "analyze", dir, id!, "--limit=1000"], MORE);
  const ours = await ctl("tsdb", "analyze", dir, id!, "--limit", "1000");
  /** Lists with their lines sorted: equal counts stand in any order. */
  const lists = (text: string): Record<string, string[]> =>
    Object.fromEntries(
      text
        .replace(/^Duration: .*$/m, "")
        .replace("Total Series", "Series")
        .trim()
        .split("\n\n")
        .map((part) => part.split("\n"))
        .map(([title, ...lines]) => [title!, lines.sort()]),
    );
  const [got, want] = [lists(ours.out), lists(stdout)];
  for (const title of Object.keys(want)) expect(got[title], title).toEqual(want[title]);
});

test.skipIf(!hasS3())(
  "tsdb commands read a bucket of an S3 server (peer)",
  { timeout: 60_000 },
  async () => {
    const server = await startS3();
    try {
      const bucket = new S3Bucket({ ...server, pathStyle: true });
      await bucket.ensure();
      const dir = await created("remote", exposition(3, 240));
      for (const id of await readdir(dir)) {
        for (const name of ["index", "chunks/000001", "meta.json"]) {
          await bucket.putFile(`pre/t1/${id}/${name}`, join(dir, id, name));
        }
      }
      bucket.close();
      const { endpoint, bucket: name, region, accessKey, secretKey } = server;
      const s3 = {
        endpoint,
        bucket: name,
        region,
        access_key_id: accessKey,
        secret_access_key: secretKey,
      };
      const config = await textFile(
        "s3.yaml",
        JSON.stringify({ bucket: { backend: "s3", prefix: "pre", s3 } }),
      );
      const where = ["--config.file", config, "--tenant", "t1"];
      const dumped = await ctl("tsdb", "dump", ...where);
      expect(dumped).toEqual(await ctl("tsdb", "dump", dir));
      expect(dumped.out.length).toBeGreaterThan(1000);
      expect(await ctl("tsdb", "verify", ...where, "-q")).toEqual({ code: 0, out: "", err: "" });
      expect((await ctl("tsdb", "list", ...where, "--json")).out).toBe(
        (await ctl("tsdb", "list", dir, "--json")).out,
      );
    } finally {
      await server.stop();
    }
  },
);
